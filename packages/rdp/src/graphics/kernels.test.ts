import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { bytesPerPel, type ColourDepth, toPel } from './colour.js';
import { compressInterleaved } from './interleaved.twin.js';
import { Kernels } from './kernels.js';
import { chequered, expectSame, flat, gradient, noise, patchwork, photograph, type Picture, text, windows } from './pictures.js';
import { compressPlanar } from './planar.twin.js';

const FORMATS: readonly (readonly [ColourDepth, boolean])[] = [[8, false], [15, false], [16, false], [24, false], [32, true], [32, false]];

/** What the twins make of a picture. */
function expected({ width, height, pixels }: Picture, depth: ColourDepth, skipAlpha: boolean): Uint8Array | undefined {
  const pels = new Uint32Array(width * height);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) pels[(height - 1 - y) * width + x] = toPel(pixels[y * width + x], depth);
  }
  const target = new Uint8Array(4 * width * height + 64);
  const length = depth === 32 ? compressPlanar(pels, width, height, skipAlpha, target) : compressInterleaved(pels, width, height, depth, target);
  return length > 0 ? target.slice(0, length) : undefined;
}

const kernels = new Kernels(320 * 240);

function actual({ width, height, pixels }: Picture, depth: ColourDepth, skipAlpha: boolean): Uint8Array | undefined {
  kernels.gather(pixels, width, { x: 0, y: 0, width, height }, width, depth);
  return kernels.compress(width, height, depth, skipAlpha);
}

describe('the kernels compute what their twins do, byte for byte', () => {
  test.each(FORMATS)('at %i bits, alpha skipped: %s, on pictures made of pieces', (depth, skipAlpha) => {
    fc.assert(
      fc.property(fc.integer({ min: 1 }), fc.integer({ min: 1, max: 32 }), fc.integer({ min: 1, max: 64 }), (seed, fours, height) => {
        const picture = patchwork(seed, 4 * fours, height);
        expectSame(actual(picture, depth, skipAlpha), expected(picture, depth, skipAlpha));
      }),
      { numRuns: 200 },
    );
  });

  test.each(FORMATS)('at %i bits, alpha skipped: %s, on whole pictures', (depth, skipAlpha) => {
    for (const picture of [flat(64, 64, 0x3a6ea5), noise(64, 64), gradient(64, 64), chequered(64, 64), photograph(64, 64), text(512, 64), windows(320, 240)]) {
      expectSame(actual(picture, depth, skipAlpha), expected(picture, depth, skipAlpha));
    }
  });

  test('and refuse a bitmap larger than their memory', () => {
    expect(() => kernels.gather(new Uint32Array(324 * 240), 324, { x: 0, y: 0, width: 324, height: 240 }, 324, 32)).toThrow('77760 pels');
  });
});

test.each([8, 15, 16, 24, 32] as const)('gathers rows from the bottom, padded with their last pel, at %i bits', (depth) => {
  const own = new Kernels(8, 40);
  own.pixels.set(
    Array.from({ length: 15 }, (_, i) => 0x0f1e2d * i),
    7,
  );
  // From another array, and in place.
  for (const pixels of [own.pixels.slice(7), own.pixels.subarray(7)]) {
    own.gather(pixels, 5, { x: 1, y: 1, width: 3, height: 2 }, 4, depth);
    const data = Buffer.from(own.pack(8, depth));
    const bytes = bytesPerPel(depth);
    const pels = Array.from({ length: 8 }, (_, i) => data.readUIntLE(i * bytes, bytes));
    expect(pels).toEqual([11, 12, 13, 13, 6, 7, 8, 8].map((i) => toPel(0x0f1e2d * i, depth)));
  }
});

test('converts every colour as its twin does', () => {
  const pixels = Uint32Array.from({ length: 4096 }, (_, i) => (i * 0x10f1) & 0xffffff);
  for (const depth of [8, 15, 16] as const) {
    kernels.gather(pixels, 64, { x: 0, y: 0, width: 64, height: 64 }, 64, depth);
    const data = Buffer.from(kernels.pack(4096, depth));
    const bytes = bytesPerPel(depth);
    const pels = Array.from({ length: 4096 }, (_, i) => data.readUIntLE(i * bytes, bytes));
    expect(pels).toEqual(Array.from({ length: 4096 }, (_, i) => toPel(pixels[(63 - (i >> 6)) * 64 + (i & 63)], depth)));
  }
});
