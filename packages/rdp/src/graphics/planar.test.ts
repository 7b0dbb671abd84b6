import { describe, expect, test } from '@jest/globals';
import { WireError } from '@belvedere/wire';
import fc from 'fast-check';
import { expectSame, flat, gradient, noise, patchwork, photograph, text, windows } from './pictures.js';
import { decompressPlanar } from './planar.js';
import { compressPlanar } from './planar.twin.js';

const hex = (digits: string): Uint8Array => Uint8Array.from(Buffer.from(digits.replaceAll(/[ ,]/g, ''), 'hex'));

function compress(pels: Uint32Array, width: number, height: number, skipAlpha = true): Uint8Array | undefined {
  const target = new Uint8Array(4 * width * height + 8);
  const length = compressPlanar(pels, width, height, skipAlpha, target);
  return length === 0 ? undefined : target.slice(0, length);
}

describe('planar', () => {
  // The standard's worked example of one plane, 6 by 3, [MS-RDPEGDI] 3.1.9.2.3; here it is red, green and blue at once.
  const plane = hex('13 FF 20 FE FD 60 01 7D F5 C2 9A 38 60 01 67 8B A3 78 AF');
  const values = [255, 255, 255, 255, 254, 253, 254, 192, 132, 96, 75, 25, 253, 140, 62, 14, 135, 193];

  test("decodes the standard's example", () => {
    const pels = decompressPlanar(Uint8Array.of(0x30, ...plane, ...plane, ...plane), 6, 3);
    expect([...pels]).toEqual(values.map((value) => value * 0x010101));
    const withAlpha = decompressPlanar(Uint8Array.of(0x10, ...plane, ...plane, ...plane, ...plane), 6, 3);
    expect([...withAlpha]).toEqual([...pels]);
  });

  test("writes the standard's example, after an opaque alpha plane", () => {
    const stream = compress(Uint32Array.from(values, (value) => value * 0x010101), 6, 3, false)!;
    const alpha = hex('15 FF 06 06');
    expect(Buffer.from(stream).toString('hex')).toBe(Buffer.from([0x10, ...alpha, ...plane, ...plane, ...plane]).toString('hex'));
  });

  // [MS-RDPEGDI] 3.1.9.2: AAAABBCCCCCD is raw A, run 3; raw BBC, run 4; raw D.
  test("finds the runs of the standard's first example", () => {
    const row = [...'AAAABBCCCCCD'].map((letter) => letter.charCodeAt(0) * 0x010101);
    const coded = hex('13 41 34 42 42 43 10 44');
    expect(compress(Uint32Array.from(row), 12, 1)).toEqual(Uint8Array.of(0x30, ...coded, ...coded, ...coded));
  });

  test.each([true, false])('gives back any picture, alpha skipped: %s', (skipAlpha) => {
    fc.assert(
      fc.property(fc.integer({ min: 1 }), fc.integer({ min: 1, max: 24 }), fc.integer({ min: 1, max: 30 }), (seed, fours, height) => {
        const width = 4 * fours;
        const pels = patchwork(seed, width, height).pixels;
        const stream = compress(pels, width, height, skipAlpha);
        if (stream) expectSame(decompressPlanar(stream, width, height), pels);
        else expect(skipAlpha && pels.length > 2).toBe(false);
      }),
      { numRuns: 150 },
    );
  });

  test('codes runs of every length', () => {
    for (let length = 1; length <= 200; length++) {
      for (const colour of [0, 0x111111]) {
        const pels = new Uint32Array(212).fill(colour, 4, 4 + length);
        pels.set([1, 2, 3, 4], 4 + length);
        expectSame(decompressPlanar(compress(pels, 212, 1)!, 212, 1), pels);
      }
    }
  });

  test('compresses what it is for, and stores noise in three planes where it may', () => {
    const size = (pels: Uint32Array, skipAlpha = true): number => compress(pels, 64, 64, skipAlpha)?.length ?? 64 * 64 * 4;
    expect(size(flat(64, 64, 0x123456).pixels)).toBeLessThan(400);
    expect(size(text(64, 64).pixels)).toBeLessThan(6000);
    expect(size(windows(64, 64).pixels)).toBeLessThan(6000);
    expect(size(gradient(64, 64).pixels)).toBeLessThan(4500);
    expect(size(photograph(64, 64).pixels)).toBeLessThanOrEqual(64 * 64 * 3 + 2);
    expect(size(noise(64, 64).pixels)).toBe(64 * 64 * 3 + 2);
    expect(size(noise(64, 64).pixels, false)).toBeLessThan(64 * 64 * 3.3);
    expectSame(decompressPlanar(compress(noise(64, 64).pixels, 64, 64)!, 64, 64), noise(64, 64).pixels);
  });

  test('refuses every truncation', () => {
    for (const pels of [patchwork(4, 16, 16).pixels, noise(16, 16).pixels]) {
      const stream = compress(pels, 16, 16)!;
      for (let length = 0; length < stream.length; length++) {
        expect(() => decompressPlanar(stream.subarray(0, length), 16, 16)).toThrow(WireError);
      }
      expect(() => decompressPlanar(Uint8Array.of(...stream, 0), 16, 16)).toThrow(WireError);
    }
  });

  test('refuses colour loss and chroma subsampling', () => {
    const body = new Uint8Array(3 * 16 + 1);
    expect(() => decompressPlanar(Uint8Array.of(0x21, ...body), 4, 4)).toThrow('colour loss');
    expect(() => decompressPlanar(Uint8Array.of(0x28, ...body), 4, 4)).toThrow('colour loss');
  });

  test('throws nothing but WireError on any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), (stream) => {
        try {
          expect(decompressPlanar(stream, 4, 4)).toHaveLength(16);
        } catch (error) {
          expect(error).toBeInstanceOf(WireError);
        }
      }),
      { numRuns: 1000 },
    );
  });
});
