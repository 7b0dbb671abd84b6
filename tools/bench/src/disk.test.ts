import { expect, jest, test } from '@jest/globals';
import { diskFigures, opening } from './disk.js';

jest.setTimeout(60_000); // for a busy host

test('a VDI and the raw file are measured, and have the same bytes', async () => {
  const figures = await diskFigures(8, 2);
  expect(figures).toHaveLength(5);
  for (const { raw, vdi, share } of figures) {
    expect(raw).toBeGreaterThan(0);
    expect(share).toBeCloseTo(vdi / raw, 5);
  }
});

test('the opening of a large image is measured', async () => {
  const { opened, memory } = await opening();
  expect(opened).toBeGreaterThan(0);
  expect(memory).toBeLessThan(8 << 20);
});
