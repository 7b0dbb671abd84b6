import { expect, test } from '@jest/globals';
import { captures, DEPTHS, figures } from './bitmap-codecs.js';

test('the bitmap codecs are measured, and right', () => {
  const all = figures(5, 256, 128);
  expect(all).toHaveLength(5 * DEPTHS.length);
  for (const { encoder, twin, bytes, rawBytes } of all) {
    expect(encoder).toBeGreaterThan(0);
    expect(twin).toBeGreaterThan(0);
    expect(bytes).toBeLessThanOrEqual(rawBytes);
  }
  for (const speed of captures(256, 128, 5)) expect(speed).toBeGreaterThan(0);
});
