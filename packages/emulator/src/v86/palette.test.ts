import { describe, expect, test } from '@jest/globals';
import { colours, highColours, pixelColours, svgaColours } from './palette.js';

const registers = (change = {}) => ({
  vga256_palette: Int32Array.from({ length: 256 }, (_unused, index) => index),
  dac_map: Uint8Array.from({ length: 16 }, (_unused, index) => index + 0x10),
  dac_mask: 0xff,
  attribute_mode: 0,
  color_select: 0,
  color_plane_enable: 0x0f,
  ...change,
});

describe('palette', () => {
  test('goes through the attribute registers', () => {
    expect(colours(registers())).toEqual([0x10, 0x11, 0x12, 0x13, 0x14, 0x15, 0x16, 0x17, 0x18, 0x19, 0x1a, 0x1b, 0x1c, 0x1d, 0x1e, 0x1f]);
  });

  test('takes the upper bits from the colour select register', () => {
    expect(colours(registers({ color_select: 0x0c }))[1]).toBe(0xd1);
    expect(colours(registers({ color_select: 0x0f, attribute_mode: 0x80 }))[1]).toBe(0xf1);
  });

  test('leaves out disabled planes and masked bits', () => {
    expect(colours(registers({ color_plane_enable: 0x07 }))[9]).toBe(0x11);
    expect(colours(registers({ dac_mask: 0x0f }))[9]).toBe(0x09);
  });

  test('is direct in modes of 8 bits', () => {
    expect(pixelColours(registers({ attribute_mode: 0x40 }))[0x99]).toBe(0x99);
    expect(pixelColours(registers())[0x99]).toBe(0x19);
    expect(svgaColours(registers())[0xab]).toBe(0xab);
  });

  test('fills the lower bits of 15 and 16-bit pixels', () => {
    const sixteen = highColours(16);
    expect([0xffff, 0xf800, 0x07e0, 0x001f, 0x8410].map((pixel) => sixteen[pixel])).toEqual([0xffffff, 0xff0000, 0x00ff00, 0x0000ff, 0x848284]);
    const fifteen = highColours(15);
    expect([0x7fff, 0x7c00, 0x03e0, 0x001f, 0x4210].map((pixel) => fifteen[pixel])).toEqual([0xffffff, 0xff0000, 0x00ff00, 0x0000ff, 0x848484]);
  });
});
