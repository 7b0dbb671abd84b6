// The test card's graphical picture, computed: the same formula as testcard/picture.inc, and the colours each depth can hold.
// Pure.

/** A graphical mode of the test card: pixels and bits a pixel (4, 8, 15, 16, 24 or 32). */
export interface Mode {
  readonly width: number;
  readonly height: number;
  readonly depth: number;
  /** From 0, the first, without it: each screen has a picture of its own. */
  readonly screen?: number;
}

/** Rows of BGRX pixels, row-major, without gaps between rows; X is 0xff. */
export interface Picture {
  readonly width: number;
  readonly height: number;
  readonly pixels: Uint8Array;
}

/** A rectangle of screen pixels. */
export interface Area {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

const MARK_SIZE = 16;
/** Top left, top right, bottom left, bottom right. */
const MARKS = [0xff0000, 0x00ff00, 0x0000ff, 0xffff00] as const;
const BARS = [0x000000, 0xff0000, 0x00ff00, 0xffff00, 0x0000ff, 0xff00ff, 0x00ffff, 0xffffff] as const;
/** What a ramp's level is multiplied by: red, green, blue, grey. */
const RAMPS = [0x010000, 0x000100, 0x000001, 0x010101] as const;
const WHITE = 0xffffff;
const FLAT = 0x3a6ea5;

const checker = (bit: number): number => ((bit & 1) === 1 ? WHITE : 0);

/** The colour 0xrrggbb that the formula gives for one pixel, before the mode's depth takes its part. */
export function pictureColour(x: number, y: number, width: number, height: number, screen = 0): number {
  if (x === 0 || y === 0 || x === width - 1 || y === height - 1) return WHITE;
  const right = x >= width - MARK_SIZE;
  const bottom = y >= height - MARK_SIZE;
  if ((x < MARK_SIZE || right) && (y < MARK_SIZE || bottom)) return MARKS[(right ? 1 : 0) + (bottom ? 2 : 0)]!;

  const u = Math.floor((x * 256) / width);
  const v = Math.floor((y * 256) / height);
  switch (((v >> 5) + screen) & 7) {
    case 0:
      return BARS[u >> 5]!;
    case 1:
      return u * RAMPS[(v >> 3) & 3]!;
    case 2:
      if (u < 128) return checker(x + y);
      return ((x + y) & 1) === 1 ? 0xff0000 : 0x00ffff;
    case 3:
      if (u < 64) return checker(x);
      if (u < 128) return checker(y);
      return u < 192 ? checker((x >> 1) + (y >> 1)) : checker((x >> 2) + (y >> 2));
    case 4:
    case 5:
      return (((x ^ y) & 0xff) << 16) | (((x + y) & 0xff) << 8) | ((x - y) & 0xff);
    case 6:
      return (u << 16) | (v << 8) | (255 - u);
    default:
      return FLAT;
  }
}

/**
 * The colour 0xrrggbb that a screen of `depth` bits shows for a wanted one.
 *
 * 32 and 24 bits hold it whole. 16 bits keep 5, 6 and 5 bits and 15 bits keep 5 of each; a display repeats the highest of them below.
 * 8 and 4 bits go through the palettes that the test card loads: 3, 3 and 2 bits; or one bit each and one for bright.
 */
export function shownColour(colour: number, depth: number): number {
  const red = (colour >> 16) & 0xff;
  const green = (colour >> 8) & 0xff;
  const blue = colour & 0xff;
  switch (depth) {
    case 24:
    case 32:
      return colour;
    case 16:
      return rgb(widen(red >> 3, 5), widen(green >> 2, 6), widen(blue >> 3, 5));
    case 15:
      return rgb(widen(red >> 3, 5), widen(green >> 3, 5), widen(blue >> 3, 5));
    case 8:
      return rgb(fromPalette((red >> 5) * 9), fromPalette((green >> 5) * 9), fromPalette((blue >> 6) * 21));
    case 4: {
      const bright = red >= 192 || green >= 192 || blue >= 192 ? 21 : 0;
      return rgb(fromPalette((red >> 7) * 42 + bright), fromPalette((green >> 7) * 42 + bright), fromPalette((blue >> 7) * 42 + bright));
    }
    default:
      throw new Error(`the test card draws in 4, 8, 15, 16, 24 and 32 bits, not in ${depth}`);
  }
}

/** A channel of 5 or 6 bits as a display shows it: its highest bits repeated below, so that full stays full. */
const widen = (value: number, bits: 5 | 6): number => (bits === 5 ? (value << 3) | (value >> 2) : (value << 2) | (value >> 4));

/** A palette channel of 6 bits, as the VGA's own converter makes it 8: the lowest bit fills what is new. */
export const fromPalette = (value: number) => (value << 2) | ((value & 1) * 3);

const rgb = (red: number, green: number, blue: number) => (red << 16) | (green << 8) | blue;

/** How often a display shows each of a mode's pixels in each direction: the VGA's own 320 by 200 is shown as 640 by 400. */
const repeats = ({ width, height, depth }: Mode): number => (width === 320 && height === 200 && depth <= 8 ? 2 : 1);

/** The picture that the test card draws in a mode, as a display shows it. */
export function expectedPicture(mode: Mode): Picture {
  const times = repeats(mode);
  const width = mode.width * times;
  const height = mode.height * times;
  const pixels = new Uint8Array(width * height * 4);
  let at = 0;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const colour = shownColour(pictureColour(Math.floor(x / times), Math.floor(y / times), mode.width, mode.height, mode.screen), mode.depth);
      pixels[at] = colour & 0xff;
      pixels[at + 1] = (colour >> 8) & 0xff;
      pixels[at + 2] = colour >> 16;
      pixels[at + 3] = 0xff;
      at += 4;
    }
  }
  return { width, height, pixels };
}

/** Where a graphical mode shows the keys that were pressed, in the mode's own pixels, unless `echo off` was said. */
export const statusArea = ({ height }: Pick<Mode, 'height'>): Area => ({ x: 24, y: height - 40, width: 256, height: 16 });

/** The square that blinks between white and black after `blink start`. */
export const blinkArea = ({ width }: Pick<Mode, 'width'>): Area => ({ x: width - 64, y: 32, width: 32, height: 32 });

/** The moving rectangle's side in pixels, and its colour. */
export const RECTANGLE = { size: 64, colour: 0xff8000 } as const;
