import { describe, expect, test } from '@jest/globals';
import { fromPel, fromPelAsFreeRdp, gatherPels, PALETTE, toPel } from './colour.js';

describe('colour', () => {
  test('the palette has 256 colours that all map to themselves', () => {
    expect(new Set(PALETTE).size).toBe(256);
    for (const [i, colour] of PALETTE.entries()) expect(toPel(colour, 8)).toBe(i);
  });

  test('the colours of text modes and old desktops are exact at 8 bits', () => {
    for (const colour of [0x000000, 0xaa5500, 0xaaaaaa, 0x555555, 0x5555ff, 0xffff55, 0xffffff, 0xc0c0c0, 0x808080, 0x000080, 0x008080]) {
      expect(fromPel(toPel(colour, 8), 8)).toBe(colour);
    }
  });

  test('any colour at 8 bits is near', () => {
    for (let colour = 0; colour < 1 << 24; colour += 0x10507) {
      const shown = fromPel(toPel(colour, 8), 8);
      for (const shift of [0, 8, 16]) expect(Math.abs(((shown >> shift) & 0xff) - ((colour >> shift) & 0xff))).toBeLessThanOrEqual(55);
    }
  });

  test('pels are what the standard says', () => {
    expect(toPel(0xff0000, 16)).toBe(0xf800);
    expect(toPel(0x00ff00, 16)).toBe(0x07e0);
    expect(toPel(0x0000ff, 16)).toBe(0x001f);
    expect(toPel(0xff0000, 15)).toBe(0x7c00);
    expect(toPel(0x00ff00, 15)).toBe(0x03e0);
    expect(toPel(0x0000ff, 15)).toBe(0x001f);
    expect(toPel(0xaa123456, 24)).toBe(0x123456);
    expect(toPel(0xaa123456, 32)).toBe(0x123456);
  });

  test.each([15, 16] as const)('what a client shows at %i bits comes back as the same pel, black and white exactly', (depth) => {
    for (let pel = 0; pel < 2 ** depth; pel++) expect(toPel(fromPel(pel, depth), depth)).toBe(pel);
    expect(fromPel(toPel(0xffffff, depth), depth)).toBe(0xffffff);
    expect(fromPel(toPel(0, depth), depth)).toBe(0);
  });

  test("FreeRDP's greens at 16 bits, as libfreerdp 2.11 decodes them", () => {
    const seen = [[0, 0], [1, 4], [8, 33], [15, 61], [16, 66], [32, 132], [48, 198], [56, 231], [61, 251], [62, 255], [63, 255]];
    for (const [green, shown] of seen) expect(fromPelAsFreeRdp(0xf800 | (green << 5) | 4, 16)).toBe(0xff0021 | (shown << 8));
    expect(fromPelAsFreeRdp(0x4210, 15)).toBe(fromPel(0x4210, 15));
  });

  test.each([8, 15, 16, 24, 32] as const)('gathers rows from the bottom, padded with their last pel, at %i bits', (depth) => {
    const pixels = Uint32Array.from({ length: 5 * 3 }, (_, i) => 0xff000000 + 0x0f1e2d * i);
    const pels = new Uint32Array(8);
    gatherPels(pixels, 5, { x: 1, y: 1, width: 3, height: 2 }, depth, 4, pels);
    expect([...pels]).toEqual([11, 12, 13, 13, 6, 7, 8, 8].map((i) => toPel(0x0f1e2d * i, depth)));
  });
});
