/**
 * The screen in cells of 16 by 16 pixels: which columns and rows of each have changed at its last looks, how steadily it changes, and whether
 * what it shows looks like a photograph or like something drawn.
 *
 * Not pure: state of one screen. A look compares a cell with what it showed at the look before, so that time between looks costs nothing.
 */

/** Pixels along a cell's side. */
export const CELL = 16;

const HEAT_LIMIT = 8;
const TEXTURE_LIMIT = 4;
const { clz32, imul } = Math;
/** All columns and all rows of a cell. */
const FULL = 0xffffffff;
/** Rows that stand for a whole cell where it and all around it changed in full. */
const SAMPLED_ROWS = [3, 11];
/** Colours are counted in this many buckets. */
const BUCKETS = 32;
/** Pixels whose colours say something. */
const FEWEST_PIXELS = 16;

export class Cells {
  readonly columns: number;
  readonly rows: number;
  /** Looks that found a change, less those that did not; 0 to 8. */
  readonly heat: Uint8Array;
  /** Above 0: like a photograph; below: a background and little else, as text and windows have; -4 to 4. */
  readonly texture: Int8Array;
  /** Bits of the last three looks: columns changed in the lower half, rows in the upper. */
  private readonly newest: Uint32Array;
  private readonly middle: Uint32Array;
  private readonly oldest: Uint32Array;
  /** Counts looks, so that the colours of a cell whose kind is certain are looked at now and then. */
  private turn = 0;
  private readonly buckets = new Uint16Array(BUCKETS);
  /** What each cell showed at its last look. */
  private readonly seen: Uint32Array;
  private readonly isSeen: Uint8Array;

  /** @param width pixels; @param height pixels */
  constructor(
    private readonly width: number,
    private readonly height: number,
  ) {
    this.columns = Math.ceil(width / CELL);
    this.rows = Math.ceil(height / CELL);
    const count = this.columns * this.rows;
    this.heat = new Uint8Array(count);
    this.texture = new Int8Array(count);
    this.newest = new Uint32Array(count);
    this.middle = new Uint32Array(count);
    this.oldest = new Uint32Array(count);
    this.seen = new Uint32Array(width * height);
    this.isSeen = new Uint8Array(count);
  }

  /** Whether any of the cell's last looks found a change. */
  moves(cell: number): boolean {
    return (this.newest[cell] | this.middle[cell] | this.oldest[cell]) !== 0;
  }

  /** Columns that changed at the last two looks: bit 0 is the left one. */
  movingColumns(cell: number): number {
    return (this.newest[cell] | this.middle[cell]) & 0xffff;
  }

  /** Rows that changed at the last two looks: bit 0 is the top one. */
  movingRows(cell: number): number {
    return (this.newest[cell] | this.middle[cell]) >>> 16;
  }

  /** Looks at a cell, which may have changed since the last time. @param pixels 0x00RRGGBB, row-major */
  look(cell: number, pixels: Uint32Array): void {
    const column = cell % this.columns;
    const left = column * CELL;
    const top = ((cell - column) / this.columns) * CELL;
    const width = Math.min(CELL, this.width - left);
    const height = Math.min(CELL, this.height - top);
    const first = top * this.width + left;
    if (!this.isSeen[cell]) {
      this.isSeen[cell] = 1;
      for (let y = 0, at = first; y < height; y++, at += this.width) for (let x = 0; x < width; x++) this.seen[at + x] = pixels[at + x];
      this.note(cell, 0);
      return;
    }
    const isInside = width === CELL && height === CELL && this.isSurrounded(cell);
    const changed = isInside ? this.sample(first, pixels) : this.compare(first, width, height, pixels);
    this.note(cell, changed);
    if (changed === 0 || width < CELL || height < CELL) return;
    const texture = this.texture[cell];
    const isCertain = texture === TEXTURE_LIMIT || texture === -TEXTURE_LIMIT;
    if (!isCertain || (this.turn++ & 7) === 0) this.judge(cell, first, changed, pixels);
  }

  /** A look at a cell that is known not to have changed. */
  pass(cell: number): void {
    this.note(cell, 0);
  }

  /** A cell has stood still for long: forgets that it moved. */
  cool(cell: number): void {
    this.heat[cell] = 0;
    this.texture[cell] = 0;
    this.newest[cell] = 0;
    this.middle[cell] = 0;
    this.oldest[cell] = 0;
  }

  /** Nobody looks at a cell any more: forgets what it showed, too. */
  forget(cell: number): void {
    this.isSeen[cell] = 0;
    this.cool(cell);
  }

  private note(cell: number, changed: number): void {
    const { heat, newest, middle } = this;
    this.oldest[cell] = middle[cell];
    middle[cell] = newest[cell];
    newest[cell] = changed;
    if (changed !== 0) heat[cell] = Math.min(HEAT_LIMIT, heat[cell] + 1);
    else if (heat[cell] > 0) heat[cell]--;
  }

  /** Whether a cell and its eight neighbours changed in full at the last look. */
  private isSurrounded(cell: number): boolean {
    const { columns, newest } = this;
    for (let row = cell - columns; row <= cell + columns; row += columns) {
      for (let near = row - 1; near <= row + 1; near++) if (newest[near] !== FULL) return false;
    }
    return true;
  }

  /** Compares some rows only. @returns all bits, or none */
  private sample(first: number, pixels: Uint32Array): number {
    const { seen, width } = this;
    let differs = 0;
    for (let line = 0; line < SAMPLED_ROWS.length; line++) {
      const from = first + SAMPLED_ROWS[line] * width;
      for (let at = from; at < from + CELL; at++) {
        const pixel = pixels[at];
        differs |= pixel ^ seen[at];
        seen[at] = pixel;
      }
    }
    if (differs !== 0) return FULL;
    // The next look will compare every pixel.
    for (let y = 0, from = first; y < CELL; y++, from += width) for (let at = from; at < from + CELL; at++) seen[at] = pixels[at];
    return 0;
  }

  /** @returns bits of the columns and rows that changed; those beyond the screen's edge change with the last ones */
  private compare(first: number, width: number, height: number, pixels: Uint32Array): number {
    const { seen } = this;
    let columns = 0;
    let rows = 0;
    for (let y = 0, from = first; y < height; y++, from += this.width) {
      let changed = 0;
      for (let x = 0; x < width; x++) {
        const pixel = pixels[from + x];
        if (pixel === seen[from + x]) continue;
        seen[from + x] = pixel;
        changed |= 1 << x;
      }
      columns |= changed;
      if (changed !== 0) rows |= 1 << y;
    }
    if (columns & (1 << (width - 1))) columns |= 0xffff << width;
    if (rows & (1 << (height - 1))) rows |= 0xffff << height;
    return ((columns & 0xffff) | (rows << 16)) >>> 0;
  }

  /** Looks at the colours of what changed in a cell: many of them, or one that most have and few besides, as text on its background. @param changed bits of its columns and rows */
  private judge(cell: number, first: number, changed: number, pixels: Uint32Array): void {
    const columns = changed & 0xffff;
    const left = 31 - clz32(columns & -columns);
    const right = 32 - clz32(columns);
    let rows = changed >>> 16;
    const step = bitCount(rows) >> 2;
    const { buckets, texture } = this;
    buckets.fill(0);
    let count = 0;
    for (let skipped = 0; rows !== 0; rows &= rows - 1) {
      // A quarter of the rows, where there are many.
      if (skipped++ < step - 1) continue;
      skipped = 0;
      const from = first + (31 - clz32(rows & -rows)) * this.width;
      for (let at = from + left, end = from + right; at < end; at++) buckets[imul(pixels[at], 0x9e3779b1) >>> 27]++;
      count += right - left;
    }
    let kinds = 0;
    let most = 0;
    for (let bucket = 0; bucket < BUCKETS; bucket++) {
      if (buckets[bucket] === 0) continue;
      kinds++;
      if (buckets[bucket] > most) most = buckets[bucket];
    }
    // A cell of one colour, as in a fade, says nothing; nor do a few pixels.
    if (kinds < 2 || count < FEWEST_PIXELS) return;
    if (most < 0.25 * count && kinds >= Math.min(12, count / 3)) texture[cell] = Math.min(TEXTURE_LIMIT, texture[cell] + 1);
    else if (most > 0.35 * count || kinds < Math.min(9, count / 4)) texture[cell] = Math.max(-TEXTURE_LIMIT, texture[cell] - 1);
  }
}

/** Number of bits that are set. */
export function bitCount(word: number): number {
  let bits = word - ((word >>> 1) & 0x55555555);
  bits = (bits & 0x33333333) + ((bits >>> 2) & 0x33333333);
  return Math.imul((bits + (bits >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}
