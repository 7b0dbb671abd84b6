import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { EDID_SIZE, edidBlock } from './edid.js';

describe('an EDID', () => {
  test('says its maker, its name and its size', () => {
    const block = edidBlock(2, { width: 1024, height: 768 });
    // Three letters of five bits: B is 2, L 12, V 22.
    expect([block[8], block[9]]).toEqual([(2 << 2) | (12 >> 3), ((12 & 7) << 5) | 22]);
    expect(Buffer.from(block).includes('Belvedere 2\n')).toBe(true);
    // (1024 + 160) * (768 + 45) * 60 Hz in units of 10 kHz
    expect(block[54]! | (block[55]! << 8)).toBe(5776);
  });

  test('of any size adds up to nothing, and holds that size', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 320, max: 2560 }), fc.integer({ min: 200, max: 2560 }), (number, width, height) => {
        const block = edidBlock(number, { width, height });
        expect(block).toHaveLength(EDID_SIZE);
        expect(block.reduce((sum, byte) => sum + byte, 0) & 0xff).toBe(0);
        expect([block[56]! | ((block[58]! >> 4) << 8), block[59]! | ((block[61]! >> 4) << 8)]).toEqual([width, height]);
      }),
    );
  });
});
