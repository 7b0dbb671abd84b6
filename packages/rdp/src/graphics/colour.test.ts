import { describe, expect, test } from '@jest/globals';
import { fromPel, fromPelAsFreeRdp, fromPelAsRdesktop, PALETTE, toPel } from './colour.js';

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
    let worst = 0;
    for (let colour = 0; colour < 1 << 24; colour += 1009) {
      const shown = fromPel(toPel(colour, 8), 8);
      for (const shift of [0, 8, 16]) worst = Math.max(worst, Math.abs(((shown >> shift) & 0xff) - ((colour >> shift) & 0xff)));
    }
    expect(worst).toBeLessThanOrEqual(52);
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
    const pels = Array.from({ length: 2 ** depth }, (_, pel) => pel);
    expect(pels.filter((pel) => toPel(fromPel(pel, depth), depth) !== pel)).toEqual([]);
    expect(fromPel(toPel(0xffffff, depth), depth)).toBe(0xffffff);
    expect(fromPel(toPel(0, depth), depth)).toBe(0);
  });

  test("FreeRDP's greens at 16 bits, as libfreerdp 2.11 decodes them", () => {
    const seen = [[0, 0], [1, 4], [8, 33], [15, 61], [16, 66], [32, 132], [48, 198], [56, 231], [61, 251], [62, 255], [63, 255]];
    for (const [green, shown] of seen) expect(fromPelAsFreeRdp(0xf800 | (green << 5) | 4, 16)).toBe(0xff0021 | (shown << 8));
    expect(fromPelAsFreeRdp(0x4210, 15)).toBe(fromPel(0x4210, 15));
  });

  test("rdesktop's greens at 15 bits, as version 1.9 shows them", () => {
    const seen = [[0x20e06f, 0x21e36b], [0x3a6ea5, 0x396da5], [0xaaaaaa, 0xadaead], [0xb5d0c7, 0xb5d3c6], [0xc0c0c0, 0xc6c3c6]];
    for (const [pixel, shown] of seen) expect(fromPelAsRdesktop(toPel(pixel, 15), 15).toString(16)).toBe(shown.toString(16));
    expect(fromPelAsRdesktop(0x4210, 16)).toBe(fromPel(0x4210, 16));
  });
});
