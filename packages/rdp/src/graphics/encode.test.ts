import { describe, expect, test } from '@jest/globals';
import { WireError } from '@belvedere/wire';
import { fromPel, toPel } from './colour.js';
import { type BitmapFormat, decodeBitmap, encodeBitmap } from './encode.js';
import { flat, gradient, noise, type Picture, text, windows } from './pictures.js';

const FORMATS: BitmapFormat[] = ([8, 15, 16, 24, 32] as const).flatMap((bitsPerPixel) =>
  [false, true].map((compressed) => ({ bitsPerPixel, compressed, skipAlpha: bitsPerPixel === 32 && compressed })),
);
FORMATS.push({ bitsPerPixel: 32, compressed: true, skipAlpha: false });

const PICTURES: [string, Picture][] = [
  ['flat', flat(80, 70, 0x3a6ea5)],
  ['noise', noise(80, 70)],
  ['gradient', gradient(80, 70)],
  ['text', text(80, 70)],
  ['windows', windows(80, 70)],
];

describe.each(FORMATS)('a bitmap of $bitsPerPixel bits, compressed: $compressed, without alpha: $skipAlpha', (format) => {
  test.each(PICTURES)('shows a picture of %s after the rounding of its depth', (_name, picture) => {
    for (const rect of [{ x: 0, y: 0, width: 64, height: 64 }, { x: 3, y: 2, width: 77, height: 1 }, { x: 79, y: 69, width: 1, height: 1 }]) {
      const bitmap = encodeBitmap(picture.pixels, picture.width, rect, format);
      expect(bitmap).toMatchObject({ x: rect.x, y: rect.y, visibleWidth: rect.width, height: rect.height, bitsPerPixel: format.bitsPerPixel });
      expect(bitmap.width).toBe(Math.ceil(rect.width / 4) * 4);
      if (!format.compressed) expect(bitmap.compressed).toBe(false);
      const pixels = decodeBitmap(bitmap);
      for (let y = 0; y < rect.height; y++) {
        for (let x = 0; x < rect.width; x++) {
          const original = picture.pixels[(rect.y + y) * picture.width + rect.x + x];
          const expected = fromPel(toPel(original, format.bitsPerPixel), format.bitsPerPixel);
          if (pixels[y * bitmap.width + x] !== expected) expect({ x, y, shown: pixels[y * bitmap.width + x] }).toEqual({ x, y, shown: expected });
        }
      }
    }
  });
});

test('is sent raw where compression would make it longer', () => {
  const { pixels } = noise(64, 64);
  const rect = { x: 0, y: 0, width: 64, height: 64 };
  for (const [bitsPerPixel, bytes] of [[15, 2], [16, 2], [24, 3]] as const) {
    const bitmap = encodeBitmap(pixels, 64, rect, { bitsPerPixel, compressed: true, skipAlpha: false });
    expect(bitmap.compressed).toBe(false);
    expect(bitmap.data).toHaveLength(64 * 64 * bytes);
  }
});

test('refuses data of the wrong length and sizes of no use', () => {
  const raw = { width: 4, height: 2, bitsPerPixel: 16, compressed: false } as const;
  expect(() => decodeBitmap({ ...raw, data: new Uint8Array(15) })).toThrow(WireError);
  expect(() => decodeBitmap({ ...raw, data: new Uint8Array(17) })).toThrow(WireError);
  expect(() => decodeBitmap({ ...raw, width: 65535, height: 65535, compressed: true, data: new Uint8Array(1) })).toThrow(WireError);
  expect(() => decodeBitmap({ ...raw, width: 0, data: new Uint8Array(0) })).toThrow(WireError);
});

test('reads raw rows that are padded to four bytes', () => {
  const data = Uint8Array.of(0x1f, 0, 0xe0, 7, 0, 0xf8, 9, 9);
  expect([...decodeBitmap({ width: 3, height: 1, bitsPerPixel: 16, compressed: false, data })]).toEqual([0x0000ff, 0x00ff00, 0xff0000]);
});
