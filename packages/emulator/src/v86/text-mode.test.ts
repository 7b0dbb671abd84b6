import { beforeEach, describe, expect, test } from '@jest/globals';
import type { Vga } from './inside.js';
import { Surface } from './surface.js';
import { TextMode } from './text-mode.js';
import { Tiles } from './tiles.js';

const COLUMNS = 80;
/** The sixteen colours of the tests: index n is 0x0n0n0n. */
const grey = (index: number): number => index * 0x010101;

function adapter(change: Partial<Vga> = {}): Vga {
  const memory = new Uint8Array(0x40000);
  return {
    vga_memory: memory,
    plane2: memory.subarray(0x20000, 0x30000),
    vga256_palette: Int32Array.from({ length: 256 }, (_unused, index) => grey(index)),
    dac_map: Uint8Array.from({ length: 16 }, (_unused, index) => index),
    dac_mask: 0xff,
    attribute_mode: 0x0c,
    color_plane_enable: 0x0f,
    color_select: 0,
    clocking_mode: 0,
    character_map_select: 0,
    max_scan_line: 0x4f,
    line_compare: 0x3ff,
    offset_register: COLUMNS / 2,
    start_address: 0,
    underline_location_register: 0x1f,
    horizontal_display_enable_end: COLUMNS - 1,
    horizontal_blank_start: COLUMNS,
    vertical_display_enable_end: 399,
    vertical_blank_start: 406,
    cursor_address: 0xffff,
    cursor_scanline_start: 14,
    cursor_scanline_end: 15,
    ...change,
  } as Vga;
}

let surface: Surface;
let tiles: Tiles;
let characters: Uint8Array;

beforeEach(() => {
  surface = new Surface((width, height, _pixels, memory) => {
    tiles = new Tiles(width, height, memory);
  });
  characters = new Uint8Array(0x4000);
});

function put(vga: Vga, column: number, row: number, character: number, attribute: number): void {
  const at = (vga.start_address + row * COLUMNS + column) * 2;
  vga.vga_memory[at] = character;
  vga.vga_memory[at + 1] = attribute;
}

function glyph(vga: Vga, character: number, rows: readonly number[], font = 0): void {
  vga.plane2.set(rows, font + character * 32);
}

/** Rows of pixels as palette indices in hexadecimal. */
function picture(left: number, top: number, width: number, height: number): string[] {
  return Array.from({ length: height }, (_unused, y) =>
    Array.from({ length: width }, (_unused2, x) => ((surface.words[(top + y) * surface.width + left + x] ?? 0) & 0xff).toString(16)).join(''),
  );
}

describe('text mode', () => {
  test('draws nine dots a character, the ninth in the background', () => {
    const vga = adapter();
    glyph(vga, 0x41, [0b10000001, 0b11111111]);
    put(vga, 1, 0, 0x41, 0x12);
    new TextMode(vga, surface).refresh(0, characters);
    expect([surface.width, surface.height]).toEqual([720, 400]);
    expect(picture(9, 0, 9, 3)).toEqual(['211111121', '222222221', '111111111']);
    expect(characters[1]).toBe(0x41);
  });

  test('continues line graphics into the ninth dot, where the guest wants it', () => {
    const vga = adapter();
    glyph(vga, 0xc4, [0b00000001]);
    glyph(vga, 0xe0, [0b00000001]);
    put(vga, 0, 0, 0xc4, 0x07);
    put(vga, 1, 0, 0xe0, 0x07);
    const text = new TextMode(vga, surface);
    text.refresh(0, characters);
    expect(picture(0, 0, 18, 1)).toEqual(['000000077' + '000000070']);
    vga.attribute_mode &= ~0x04;
    text.refresh(0, characters);
    expect(picture(0, 0, 9, 1)).toEqual(['000000070']);
  });

  test('draws eight dots, and forty wide columns', () => {
    const vga = adapter({ clocking_mode: 0x01 });
    glyph(vga, 0x41, [0b10000001]);
    put(vga, 0, 0, 0x41, 0x0f);
    new TextMode(vga, surface).refresh(0, characters);
    expect(surface.width).toBe(640);
    expect(picture(0, 0, 8, 1)).toEqual(['f000000f']);
    const wide = adapter({ clocking_mode: 0x09, horizontal_display_enable_end: 39, horizontal_blank_start: 40, offset_register: 20 });
    glyph(wide, 0x41, [0b10000001]);
    put(wide, 0, 0, 0x41, 0x0f);
    new TextMode(wide, surface).refresh(0, characters);
    expect(surface.width).toBe(640);
    expect(picture(0, 0, 16, 1)).toEqual(['ff000000000000ff']);
  });

  test.each([
    [0x47, 350, 8, 43.75],
    [0x4d, 350, 14, 25],
    [0x4f, 480, 16, 30],
    [0xc7, 400, 16, 25],
  ])('with last scan line %p and %p lines has rows of %p lines', (maxScanLine, lines, cell, rows) => {
    const vga = adapter({ max_scan_line: maxScanLine, vertical_display_enable_end: lines - 1, vertical_blank_start: lines + 6 });
    glyph(vga, 0x41, [0xff]);
    put(vga, 0, 1, 0x41, 0x0f);
    const text = new TextMode(vga, surface);
    text.refresh(0, characters);
    expect(surface.height).toBe(lines);
    expect(text.rows).toBe(Math.ceil(rows));
    expect(picture(0, cell - 1, 1, 2)).toEqual(['0', 'f']);
  });

  test('takes the font of bit 3 where the guest chose two', () => {
    // Font A is place 1 (8 KiB), font B place 0.
    const vga = adapter({ character_map_select: 0b100000 });
    glyph(vga, 0x41, [0xff]);
    glyph(vga, 0x41, [0x0f], 0x2000);
    put(vga, 0, 0, 0x41, 0x07);
    put(vga, 1, 0, 0x41, 0x0f);
    new TextMode(vga, surface).refresh(0, characters);
    expect(picture(0, 0, 18, 1)).toEqual(['777777770' + '0000ffff0']);
  });

  test('blinks, or shows bright backgrounds', () => {
    const vga = adapter();
    glyph(vga, 0x41, [0xf0]);
    put(vga, 0, 0, 0x41, 0x92);
    const text = new TextMode(vga, surface);
    text.refresh(0, characters);
    expect(text.blinks).toBe(true);
    expect(picture(0, 0, 9, 1)).toEqual(['222211111']);
    expect(text.refresh(1, characters)).toBe(false);
    expect(picture(0, 0, 9, 1)).toEqual(['111111111']);
    vga.attribute_mode &= ~0x08;
    text.refresh(0, characters);
    expect(text.blinks).toBe(false);
    expect(picture(0, 0, 9, 1)).toEqual(['222299999']);
  });

  test('draws the cursor in the colour of its cell, and blinking damages its tiles alone', () => {
    const vga = adapter({ cursor_address: 2 * COLUMNS + 3, cursor_scanline_start: 13, cursor_scanline_end: 14 });
    put(vga, 3, 2, 0x20, 0x17);
    const text = new TextMode(vga, surface);
    text.refresh(0, characters);
    expect(picture(27, 32 + 12, 9, 4)).toEqual(['111111111', '777777777', '777777777', '111111111']);
    tiles.take();
    text.refresh(1, characters);
    expect(picture(27, 32 + 12, 9, 4)).toEqual(['111111111', '111111111', '111111111', '111111111']);
    expect(tiles.take()).toEqual([{ x: 0, y: 32, width: 64, height: 16 }]);
    text.refresh(1, characters);
    expect(tiles.take()).toEqual([]);
  });

  test.each([
    ['switched off', { cursor_scanline_start: 0x20 | 13 }],
    ['upside down', { cursor_scanline_start: 14, cursor_scanline_end: 3 }],
  ])('shows no cursor that is %s', (_name, change) => {
    const vga = adapter({ cursor_address: 0, ...change });
    put(vga, 0, 0, 0x20, 0x0f);
    const text = new TextMode(vga, surface);
    text.refresh(0, characters);
    expect(text.blinks).toBe(false);
    expect(new Set(picture(0, 0, 9, 16).join(''))).toEqual(new Set(['0']));
  });

  test('draws only what changed, and everything when the palette or a font did', () => {
    const vga = adapter();
    glyph(vga, 0x41, [0xff]);
    const text = new TextMode(vga, surface);
    text.refresh(0, characters);
    tiles.take();
    put(vga, 79, 24, 0x41, 0x07);
    expect(text.refresh(0, characters)).toBe(true);
    expect(tiles.take()).toEqual([{ x: 704, y: 384, width: 16, height: 16 }]);
    expect(text.refresh(0, characters)).toBe(false);
    vga.vga256_palette[7] = 0xabcdef;
    text.refresh(0, characters);
    expect(surface.words[384 * 720 + 711]).toBe(0xabcdef);
    expect(tiles.take()).toEqual([{ x: 0, y: 0, width: 720, height: 400 }]);
    glyph(vga, 0x41, [0x00]);
    text.fontChanged = true;
    text.refresh(0, characters);
    expect(surface.words[384 * 720 + 711]).toBe(0);
  });

  test('starts where the guest says, and splits the screen', () => {
    const vga = adapter({ start_address: 0x100, line_compare: 31 });
    glyph(vga, 0x41, [0xff]);
    glyph(vga, 0x42, [0xff]);
    put(vga, 0, 0, 0x41, 0x03);
    vga.vga_memory.set([0x42, 0x05], 0);
    new TextMode(vga, surface).refresh(0, characters);
    expect(picture(0, 0, 1, 1)).toEqual(['3']);
    expect(picture(0, 32, 1, 1)).toEqual(['5']);
  });

  test('underlines on a monochrome adapter', () => {
    const vga = adapter({ attribute_mode: 0x0e, underline_location_register: 12 });
    put(vga, 0, 0, 0x20, 0x01);
    put(vga, 1, 0, 0x20, 0x07);
    new TextMode(vga, surface).refresh(0, characters);
    expect(picture(0, 12, 18, 1)).toEqual(['111111111' + '000000000']);
  });
});
