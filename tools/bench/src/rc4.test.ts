import { expect, test } from '@jest/globals';
import { figures } from './rc4.js';

test('RC4 and the packets that it seals are measured, and right', () => {
  const all = figures(20);
  expect(all.map(({ what }) => what)).toHaveLength(4);
  for (const { megabytesPerSecond } of all) expect(megabytesPerSecond).toBeGreaterThan(0);
});
