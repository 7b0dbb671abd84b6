import { expect, test } from '@jest/globals';
import { BitmapCache } from './bitmap-cache.js';
import { Frame } from './frame.js';
import { noise, screenBytes } from './pictures.js';
import { box } from './tiles.js';

const FORMAT = { bitsPerPixel: 32, compressed: false, skipAlpha: false } as const;

function frameOf(seed: number): Frame {
  const frame = new Frame(512, 512);
  change(frame, seed);
  return frame;
}

function change(frame: Frame, seed: number): void {
  const picture = noise(512, 512, seed);
  frame.capture({ width: 512, height: 512, stride: 2048, pixels: screenBytes(picture) }, [{ x: 0, y: 0, width: 512, height: 512 }], () => {});
}

test('keeps a bitmap until its tile changes', () => {
  const frame = frameOf(1);
  const cache = new BitmapCache();
  const whole = frame.grid.whole(3);
  const bitmap = cache.get(frame, 3, whole, FORMAT);
  expect(cache.get(frame, 3, whole, { ...FORMAT, skipAlpha: true })).toBe(bitmap);
  expect(cache.get(frame, 3, box(0, 0, 8, 8), FORMAT)).not.toBe(bitmap);
  expect(cache.get(frame, 3, whole, { ...FORMAT, bitsPerPixel: 16 })).not.toBe(bitmap);
  expect(cache.get(frame, 3, whole, FORMAT)).toBe(bitmap);
  change(frame, 2);
  expect(cache.get(frame, 3, whole, FORMAT)).not.toBe(bitmap);
  cache.clear();
  expect(cache.bytes).toBe(0);
});

test('keeps no more than its limit, the newest', () => {
  const frame = frameOf(1);
  const cache = new BitmapCache(10 * 64 * 64 * 4);
  for (let round = 1; round < 4; round++) {
    const bitmaps = Array.from({ length: 64 }, (_, tile) => cache.get(frame, tile, frame.grid.whole(tile), FORMAT));
    expect(cache.bytes).toBe(10 * 64 * 64 * 4);
    expect(cache.get(frame, 63, frame.grid.whole(63), FORMAT)).toBe(bitmaps[63]);
    expect(cache.encoded).toBe(64 * round);
    change(frame, round + 1);
  }
});
