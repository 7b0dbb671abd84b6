import { expect, jest, test } from '@jest/globals';
import { diskFigures, opening } from './disk.js';

jest.setTimeout(120_000); // for a busy host

test('a VDI and the raw file are measured, and have the same bytes', async () => {
  const figures = await diskFigures(8, 2);
  expect(figures.map(({ what }) => what)).toEqual(expect.arrayContaining(['first writes all over, 4 KiB', 'writes in order, 1 MiB', 'reads all over, 4 KiB', 'cold reads in order, 128 KiB']));
  for (const { raw, vdi, share, least, most } of figures) {
    for (const speed of [raw, vdi]) expect(speed).toBeGreaterThan(0);
    expect(least).toBeLessThanOrEqual(share);
    expect(share).toBeLessThanOrEqual(most);
  }
});

test('the opening of a large image is measured', async () => {
  const { opened, memory } = await opening();
  expect(opened).toBeGreaterThan(0);
  expect(memory).toBeLessThan(8 << 20);
});
