import { describe, expect, test } from '@jest/globals';
import { WireError } from '@belvedere/wire';
import fc from 'fast-check';
import { bytesPerPel } from './colour.js';
import { decompressInterleaved, type InterleavedDepth } from './interleaved.js';
import { compressInterleaved } from './interleaved.twin.js';
import { chequered, expectSame, flat, gradient, noise, patchwork, text, windows } from './pictures.js';

const DEPTHS: readonly InterleavedDepth[] = [8, 15, 16, 24];
const hex = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text.replaceAll(' ', ''), 'hex'));

function compress(pels: Uint32Array, width: number, height: number, depth: InterleavedDepth): Uint8Array | undefined {
  const target = new Uint8Array(width * height * bytesPerPel(depth) + 8);
  const length = compressInterleaved(pels, width, height, depth, target);
  return length === 0 ? undefined : target.slice(0, length);
}

/** A picture made of pieces, cut down to a depth. */
const pelsOf = (seed: number, width: number, height: number, depth: InterleavedDepth): Uint32Array =>
  patchwork(seed, width, height).pixels.map((pixel) => pixel & (2 ** depth - 1));

describe('interleaved RLE', () => {
  // One order of each kind, 4 pels a row and 8 bits a pel, so that the bytes can be read: orders and what they draw, bottom row first.
  const orders: readonly [name: string, stream: string, pels: string, width: number][] = [
    ['background run', '04 04', '00000000 00000000', 4],
    ['background run after another, which inserts a foreground pel', '64 11 02 02', '11111111 1111ee11', 4],
    ['background run after another that ended the first line, which does not', '04 04', '00000000 00000000', 4],
    ['foreground run', '24 24', 'ffffffff 00000000', 4],
    ['foreground run with its pel', 'c4 0f', '0f0f0f0f', 4],
    ['foreground/background image', '44 05 81 00 00', 'ff00ff0000000000 ff000000000000ff 0000000000000000 0000000000000000', 32],
    ['foreground/background image with its pel', 'd1 0f a1', '0f000000 000f000f', 8],
    ['colour run', '68 aa', 'aaaaaaaa aaaaaaaa', 4],
    ['colour image', '84 01 02 03 04', '01020304', 4],
    ['dithered run', 'e4 01 02', '01020102 01020102', 8],
    ['white or black pel', 'fd fe fd fe', 'ff00ff00', 4],
    ['special foreground/background image', '68 00 f9 fa', '0000000000000000 ffff000000000000 00ffff0000000000', 8],
    ['longer background run', '00 00', '00'.repeat(32), 4],
    ['longer foreground run with its pel', 'c0 00 0f', '0f'.repeat(16), 16],
    ['longer foreground/background image', '40 03 09', 'ff0000ff', 4],
    ['mega background run', 'f0 08 00', '00'.repeat(8), 4],
    ['mega foreground run', 'f1 04 00', 'ffffffff', 4],
    ['mega foreground/background image', 'f2 04 00 03', 'ffff0000', 4],
    ['mega colour run', 'f3 08 00 aa', 'aa'.repeat(8), 4],
    ['mega colour image', 'f4 04 00 01 02 03 04', '01020304', 4],
    ['mega foreground run with its pel', 'f6 04 00 0f', '0f0f0f0f', 4],
    ['mega foreground/background image with its pel', 'f7 04 00 0f 05', '0f000f00', 4],
    ['mega dithered run', 'f8 02 00 01 02', '01020102', 4],
  ];
  test.each(orders)('decodes a %s', (_name, stream, pels, width) => {
    const expected = hex(pels);
    const decoded = decompressInterleaved(hex(stream), width, expected.length / width, 8);
    expect(Buffer.from(Uint8Array.from(decoded)).toString('hex')).toBe(Buffer.from(expected).toString('hex'));
  });

  test.each(DEPTHS)('gives back any picture at %i bits', (depth) => {
    fc.assert(
      fc.property(fc.integer({ min: 1 }), fc.integer({ min: 1, max: 20 }), fc.integer({ min: 1, max: 40 }), (seed, fours, height) => {
        const width = 4 * fours;
        const pels = pelsOf(seed, width, height, depth);
        const stream = compress(pels, width, height, depth);
        if (stream) expectSame(decompressInterleaved(stream, width, height, depth), pels);
      }),
      { numRuns: 150 },
    );
  });

  test('covers runs longer than one order can', () => {
    for (const [width, height] of [[256, 300], [4, 40000]]) {
      const pels = new Uint32Array(width * height).fill(0x1234);
      pels[pels.length - 1] = 0x4321;
      const stream = compress(pels, width, height, 16)!;
      expect(stream.length).toBeLessThan(20);
      expectSame(decompressInterleaved(stream, width, height, 16), pels);
    }
    const black = new Uint32Array(256 * 600);
    expectSame(decompressInterleaved(compress(black, 256, 600, 8)!, 256, 600, 8), black);
  });

  test('compresses what it is for', () => {
    const size = (pels: Uint32Array): number => compress(pels, 64, 64, 24)?.length ?? 64 * 64 * 3;
    expect(size(flat(64, 64, 0x123456).pixels)).toBeLessThan(10);
    expect(size(chequered(64, 64).pixels)).toBeLessThan(700);
    expect(size(text(64, 64).pixels)).toBeLessThan(900);
    expect(size(windows(256, 256).pixels.subarray(0, 4096))).toBeLessThan(4096);
    expect(size(gradient(64, 64).pixels)).toBeLessThanOrEqual(64 * 64 * 3);
    expect(compress(noise(64, 64).pixels, 64, 64, 24)).toBeUndefined();
  });

  test.each(DEPTHS)('refuses every truncation at %i bits', (depth) => {
    for (let seed = 1; seed < 6; seed++) {
      const stream = compress(pelsOf(seed, 16, 16, depth), 16, 16, depth);
      if (!stream) continue;
      for (let length = 0; length < stream.length; length++) {
        expect(() => decompressInterleaved(stream.subarray(0, length), 16, 16, depth)).toThrow(WireError);
      }
      expect(() => decompressInterleaved(Uint8Array.of(...stream, 0xfe), 16, 16, depth)).toThrow(WireError);
    }
    expect.hasAssertions();
  });

  test('throws nothing but WireError on any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), fc.constantFrom(...DEPTHS), (stream, depth) => {
        try {
          expect(decompressInterleaved(stream, 8, 8, depth)).toHaveLength(64);
        } catch (error) {
          expect(error).toBeInstanceOf(WireError);
        }
      }),
      { numRuns: 1000 },
    );
  });
});
