/**
 * From the indices in video memory to colours: the attribute controller's 16 registers, then the DAC's 256 colours.
 * Pure, given the adapter's registers. Colours are 0x00RRGGBB.
 */
import type { Vga } from './inside.js';

type Registers = Pick<Vga, 'vga256_palette' | 'dac_map' | 'dac_mask' | 'attribute_mode' | 'color_select' | 'color_plane_enable'>;

/** Attribute mode control: pixels of 8 bits, and the source of palette bits 5 and 4. */
const EIGHT_BITS = 0x40;
const SELECT_BITS = 0x80;

/** The 16 colours of text and 4-bit modes, by index. */
export function colours(vga: Registers): number[] {
  return Array.from({ length: 16 }, (_unused, index) => {
    let entry = vga.dac_map[index & vga.color_plane_enable & 15]! & 0x3f;
    if (vga.attribute_mode & SELECT_BITS) entry = (entry & 0x0f) | ((vga.color_select << 4) & 0x30);
    entry |= (vga.color_select << 4) & 0xc0;
    return vga.vga256_palette[entry & vga.dac_mask]!;
  });
}

/** The colour of each possible value in v86's pixel buffer. */
export function pixelColours(vga: Registers): Uint32Array {
  const table = new Uint32Array(256);
  if (vga.attribute_mode & EIGHT_BITS) {
    for (let index = 0; index < 256; index++) table[index] = vga.vga256_palette[index & vga.dac_mask]!;
    return table;
  }
  const sixteen = colours(vga);
  for (let index = 0; index < 256; index++) table[index] = sixteen[index & 15]!;
  return table;
}

/** The 256 colours of an 8-bit SVGA mode. */
export function svgaColours(vga: Registers): Uint32Array {
  return Uint32Array.from({ length: 256 }, (_unused, index) => vga.vga256_palette[index & vga.dac_mask]!);
}

/** Each 16-bit pixel's colour; the upper bits of a channel fill its lower ones, so that white is white. */
export function highColours(depth: 15 | 16): Uint32Array {
  const table = new Uint32Array(0x10000);
  for (let pixel = 0; pixel < 0x10000; pixel++) {
    const blue = five(pixel & 31);
    const green = depth === 15 ? five((pixel >> 5) & 31) : six((pixel >> 5) & 63);
    const red = five((pixel >> (depth === 15 ? 10 : 11)) & 31);
    table[pixel] = (red << 16) | (green << 8) | blue;
  }
  return table;
}

const five = (value: number): number => (value << 3) | (value >> 2);
const six = (value: number): number => (value << 2) | (value >> 4);
