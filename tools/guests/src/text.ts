// The test card's text picture, computed: the same cells as testcard/text.inc, and what a VGA makes of cells and a font.
// Pure.
import { fromPalette, type Picture } from './picture.js';

export const TEXT_COLUMNS = 80;
export const TEXT_ROWS = 25;

/** The cursor's cell in the text picture. */
export const TEXT_CURSOR = { row: 21, column: 2 } as const;

/** The row that shows the keys that were pressed, unless `echo off` was said. */
export const KEYS_ROW = 22;

/** The cells of the text picture, row-major: the character code in the low byte, the attribute in the high one. */
export function expectedText(): Uint16Array {
  const cells = new Uint16Array(TEXT_COLUMNS * TEXT_ROWS);
  const put = (row: number, column: number, code: number, attribute: number) => {
    cells[row * TEXT_COLUMNS + column] = code | (attribute << 8);
  };
  const write = (row: number, column: number, text: string, attribute: number) => {
    for (const [i, letter] of [...text].entries()) put(row, column + i, letter.charCodeAt(0), attribute);
  };

  for (let row = 0; row < TEXT_ROWS; row++) write(row, 0, ' '.repeat(TEXT_COLUMNS), row === 0 ? 0x1f : row === 24 ? 0x70 : 0x07);
  for (let code = 0; code < 256; code++) {
    const row = 2 + (code >> 4);
    const column = 2 + (code & 15);
    put(row, column, code, 0x07);
    put(row, column + 20, 0x41 + (code & 15), code);
  }
  for (let row = 2; row <= 17; row++) for (let column = 42; column <= 77; column++) put(row, column, frameCode(row, column), 0x1e);
  write(0, 1, 'Belvedere test card', 0x1f);
  write(19, 2, 'The quick brown fox jumps over the lazy dog 0123456789', 0x0f);
  write(20, 2, 'This line blinks', 0x8e);
  write(KEYS_ROW, 2, 'Keys', 0x0a);
  write(24, 1, 'COM1 115200 8N1, one command a line', 0x70);
  return cells;
}

/** The frame of double lines, filled with four shades of nine columns each (code page 437). */
function frameCode(row: number, column: number): number {
  const left = column === 42;
  const right = column === 77;
  if (row === 2) return left ? 0xc9 : right ? 0xbb : 0xcd;
  if (row === 17) return left ? 0xc8 : right ? 0xbc : 0xcd;
  if (left || right) return 0xba;
  return [0xb0, 0xb1, 0xb2, 0xdb][Math.floor((column - 42) / 9)]!;
}

/** How cells become pixels. */
export interface TextLook {
  /** 256 glyphs of 16 rows, a byte a row, the leftmost pixel in its highest bit. */
  readonly font: Uint8Array;
  /** Pixels a cell is wide: with 9, the last column is background but for the line-drawing codes 0xc0 to 0xdf, which repeat their eighth. */
  readonly cellWidth: 8 | 9;
  /** Whether blinking characters are shown at this moment. */
  readonly blinkShown: boolean;
  /** The cursor's cell and its first and last row of pixels, if it is shown at this moment. */
  readonly cursor?: { readonly row: number; readonly column: number; readonly from: number; readonly to: number };
}

const CELL_HEIGHT = 16;

/** The 16 colours of a VGA in text mode as 6-bit red, green and blue; 6 is brown. */
const textColour = (index: number): readonly [number, number, number] => {
  const bright = index & 8 ? 21 : 0;
  const channel = (bit: number) => (index & bit ? 42 : 0) + bright;
  return [channel(4), index === 6 ? 21 : channel(2), channel(1)];
};

/** Draws text cells as a VGA does in mode 3, with bit 7 of the attribute blinking. */
export function textPicture(cells: Uint16Array, look: TextLook): Picture {
  const width = TEXT_COLUMNS * look.cellWidth;
  const height = TEXT_ROWS * CELL_HEIGHT;
  const pixels = new Uint8Array(width * height * 4);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const row = Math.floor(y / CELL_HEIGHT);
      const column = Math.floor(x / look.cellWidth);
      const [red, green, blue] = textColour(cellColour(cells[row * TEXT_COLUMNS + column]!, row, column, x % look.cellWidth, y % CELL_HEIGHT, look));
      pixels.set([fromPalette(blue), fromPalette(green), fromPalette(red), 0xff], (y * width + x) * 4);
    }
  }
  return { width, height, pixels };
}

/** The palette index of one pixel of a cell. */
function cellColour(cell: number, row: number, column: number, x: number, y: number, { font, blinkShown, cursor }: TextLook): number {
  const code = cell & 0xff;
  const foreground = (cell >> 8) & 0x0f;
  const background = (cell >> 12) & 0x07;
  if (cursor && row === cursor.row && column === cursor.column && y >= cursor.from && y <= cursor.to) return foreground;
  if (cell & 0x8000 && !blinkShown) return background;
  const repeats = x === 8 && code >= 0xc0 && code <= 0xdf;
  const dot = x < 8 ? x : repeats ? 7 : undefined;
  return dot !== undefined && font[code * CELL_HEIGHT + y]! & (0x80 >> dot) ? foreground : background;
}
