/**
 * Mouse pointers as the content of a Color Pointer Update.
 *
 * [MS-RDPBCGR] 2.2.9.1.1.4.4 (TS_COLORPOINTERATTRIBUTE). Pure. Both masks are bottom row first; a pixel is transparent where its bit of the
 * AND mask is set and its colour black, and shows the XOR mask's colour where the bit is clear.
 */

/** The fields of TS_COLORPOINTERATTRIBUTE that describe the picture. */
export interface ColorPointer {
  /** The pixel that points, from the top left corner. */
  readonly hotSpot: { readonly xPos: number; readonly yPos: number };
  readonly width: number;
  readonly height: number;
  /** 24 bits a pixel, BGR, rows padded to 2 bytes. */
  readonly xorMaskData: Uint8Array;
  /** 1 bit a pixel, leftmost in the highest bit, rows padded to 2 bytes. */
  readonly andMaskData: Uint8Array;
}

/**
 * Makes a pointer from a drawing.
 * @param rows the top row first: `X` black, `.` white, anything else transparent. INVARIANT: equally long, at most 32 by 32
 */
export function drawPointer(rows: readonly string[], hotSpot: ColorPointer['hotSpot']): ColorPointer {
  const height = rows.length;
  const width = rows[0].length;
  const xorStride = (3 * width + 1) & ~1;
  const andStride = ((width + 15) >> 4) * 2;
  const xorMaskData = new Uint8Array(xorStride * height);
  const andMaskData = new Uint8Array(andStride * height).fill(0xff);
  rows.forEach((row, y) => {
    const line = height - 1 - y;
    for (let x = 0; x < width; x++) {
      if (row[x] !== 'X' && row[x] !== '.') continue;
      andMaskData[line * andStride + (x >> 3)] &= ~(0x80 >> (x & 7));
      if (row[x] === '.') xorMaskData.fill(0xff, line * xorStride + 3 * x, line * xorStride + 3 * x + 3);
    }
  });
  return { hotSpot, width, height, xorMaskData, andMaskData };
}

const ARROW_ROWS = [
  'X           ',
  'XX          ',
  'X.X         ',
  'X..X        ',
  'X...X       ',
  'X....X      ',
  'X.....X     ',
  'X......X    ',
  'X.......X   ',
  'X........X  ',
  'X.....XXXXX ',
  'X..X..X     ',
  'X.X X..X    ',
  'XX  X..X    ',
  'X    X..X   ',
  '     X..X   ',
  '      X..X  ',
  '      X..X  ',
  '       XX   ',
];

/** The default arrow, 32 by 32 pixels, which every client takes. */
export const ARROW: ColorPointer = drawPointer(
  Array.from({ length: 32 }, (_, y) => (ARROW_ROWS[y] ?? '').padEnd(32)),
  { xPos: 0, yPos: 0 },
);
