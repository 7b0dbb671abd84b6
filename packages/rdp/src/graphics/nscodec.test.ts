import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { decodeNsCodec, encodeNsCodec } from './nscodec.js';

const WIDTH = 97;
const HEIGHT = 61;
const ramp = Uint32Array.from({ length: WIDTH * HEIGHT }, (_, at) => {
  const [x, y] = [at % WIDTH, Math.floor(at / WIDTH)];
  return ((2 * x) << 16) | ((x + y) << 8) | (255 - 3 * y);
});
const WHOLE = { x: 0, y: 0, width: WIDTH, height: HEIGHT };

function worst(shown: Uint32Array, from: Uint32Array): number {
  let most = 0;
  shown.forEach((pixel, at) => {
    for (const shift of [0, 8, 16]) most = Math.max(most, Math.abs(((pixel >> shift) & 0xff) - ((from[at] >> shift) & 0xff)));
  });
  return most;
}

describe('NSCodec', () => {
  test.each([1, 3, 5])('loses little at a colour loss level of %i', (colorLossLevel) => {
    const shown = decodeNsCodec(encodeNsCodec(ramp, WIDTH, WHOLE, { colorLossLevel, subsampling: false }), WIDTH, HEIGHT);
    expect(worst(shown, ramp)).toBeLessThanOrEqual(3 + 2 ** colorLossLevel);
  });

  test('sub-sampled, soft colours stay what they are, on odd sides too', () => {
    for (const rect of [WHOLE, { x: 3, y: 5, width: 41, height: 33 }, { x: 90, y: 60, width: 7, height: 1 }]) {
      const shown = decodeNsCodec(encodeNsCodec(ramp, WIDTH, rect, { colorLossLevel: 2, subsampling: true }), rect.width, rect.height);
      const part = Uint32Array.from({ length: rect.width * rect.height }, (_, at) => ramp[(rect.y + Math.floor(at / rect.width)) * WIDTH + rect.x + (at % rect.width)]);
      expect(worst(shown, part)).toBeLessThanOrEqual(12);
    }
  });

  test('greys are exact', () => {
    const greys = Uint32Array.from({ length: 64 * 64 }, (_, at) => ((at * 37) & 0xff) * 0x010101);
    const rect = { x: 0, y: 0, width: 64, height: 64 };
    expect(decodeNsCodec(encodeNsCodec(greys, 64, rect, { colorLossLevel: 3, subsampling: true }), 64, 64)).toEqual(greys);
  });

  test('a flat picture is a few runs, however large', () => {
    const flat = new Uint32Array(640 * 480).fill(0x336699);
    const rect = { x: 0, y: 0, width: 640, height: 480 };
    const stream = encodeNsCodec(flat, 640, rect, { colorLossLevel: 3, subsampling: true });
    expect(stream.length).toBe(20 + 3 * 11);
    expect(worst(decodeNsCodec(stream, 640, 480), flat)).toBeLessThanOrEqual(12);
  });

  test('runs of every length come back', () => {
    const lengths = fc.array(fc.record({ length: fc.constantFrom(1, 2, 3, 4, 5, 255, 256, 257, 300), grey: fc.integer({ min: 0, max: 3 }) }), { minLength: 1, maxLength: 12 });
    fc.assert(
      fc.property(lengths, (runs) => {
        const row = Uint32Array.from(runs.flatMap(({ length, grey }) => Array.from({ length }, () => grey * 0x404040)));
        const rect = { x: 0, y: 0, width: row.length, height: 1 };
        expect(decodeNsCodec(encodeNsCodec(row, row.length, rect, { colorLossLevel: 1, subsampling: false }), row.length, 1)).toEqual(row);
      }),
    );
  });

  test('a stream that lies is refused', () => {
    const stream = encodeNsCodec(new Uint32Array(64 * 64), 64, { x: 0, y: 0, width: 64, height: 64 }, { colorLossLevel: 3, subsampling: false });
    expect(() => decodeNsCodec(stream.subarray(0, 19), 64, 64)).toThrow('an NSCodec stream of 19 bytes');
    expect(() => decodeNsCodec(stream.subarray(0, 25), 64, 64)).toThrow('bytes where 5 are left');
    expect(() => decodeNsCodec(stream, 65, 64)).toThrow('instead of');
    expect(() => decodeNsCodec(stream, 63, 64)).toThrow('a run of');
  });
});
