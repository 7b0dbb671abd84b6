/**
 * The screen in cells of 16 by 16 pixels: which columns and rows of each have changed at its last looks, how steadily it changes, and whether
 * what it shows looks like a photograph or like something drawn.
 *
 * Not pure: state of one screen. A look compares a cell with what it showed at the look before, so that time between looks costs nothing.
 */

/** Pixels along a cell's side. */
export const CELL = 16;

const HEAT_LIMIT = 8;
/** Heat at which a cell may begin a picture. */
export const HOT = 5;
const TEXTURE_LIMIT = 4;
const { clz32, imul } = Math;
/** All columns and all rows of a cell. */
const FULL = 0xffffffff;
/** Rows that stand for a whole cell where the others are not asked for. */
const UPPER_ROW = 3;
const LOWER_ROW = 11;
/** How a cell was looked at last. */
const Known = { NOTHING: 0, SAMPLE: 1, PIXELS: 2 } as const;
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
  /** Something has come out otherwise than before that the shape of a picture may depend on. */
  isStirred = false;
  /** Counts looks, so that the colours of a cell whose kind is certain are looked at now and then. */
  private turn = 0;
  private readonly buckets = new Uint16Array(BUCKETS);
  /** What each cell showed at its last look, if that was exact. */
  private readonly seen: Uint32Array;
  /** The sampled rows of each cell at its last look, as a hash. */
  private readonly sampled: Uint32Array;
  /** What is known of a cell's last look: Known */
  private readonly known: Uint8Array;

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
    this.sampled = new Uint32Array(count);
    this.known = new Uint8Array(count);
  }

  /** Whether any of the cell's last looks found a change. */
  moves(cell: number): boolean {
    return (this.newest[cell] | this.middle[cell] | this.oldest[cell]) !== 0;
  }

  /** Whether the cell's last look found a change. */
  movesStill(cell: number): boolean {
    return this.newest[cell] !== 0;
  }

  /** Columns that changed at the last two looks: bit 0 is the left one. */
  movingColumns(cell: number): number {
    return (this.newest[cell] | this.middle[cell]) & 0xffff;
  }

  /** Rows that changed at the last two looks: bit 0 is the top one. */
  movingRows(cell: number): number {
    return (this.newest[cell] | this.middle[cell]) >>> 16;
  }

  /**
   * Looks at a cell, which may have changed since the last time.
   *
   * @param pixels 0x00RRGGBB, row-major; @param isNear a picture is there or beside it: which columns and rows have changed is wanted, though it be
   * text
   */
  look(cell: number, pixels: Uint32Array, isNear: boolean): void {
    const column = cell % this.columns;
    const left = column * CELL;
    const top = ((cell - column) / this.columns) * CELL;
    const width = Math.min(CELL, this.width - left);
    const height = Math.min(CELL, this.height - top);
    const first = top * this.width + left;
    const isWhole = width === CELL && height === CELL;
    const hash = isWhole ? this.sample(first, pixels) : 0;
    const isFirst = this.known[cell] === Known.NOTHING;
    const hasChanged = !isFirst && (!isWhole || hash !== this.sampled[cell]);
    this.sampled[cell] = hash;
    let changed = hasChanged ? FULL : 0;
    const { texture } = this;
    const isText = texture[cell] === -TEXTURE_LIMIT;
    if (isWhole && !isFirst && ((isText && !isNear) || this.isSurrounded(cell))) this.known[cell] = Known.SAMPLE;
    else {
      const differs = this.compare(first, width, height, pixels);
      if (this.known[cell] === Known.PIXELS) changed = differs;
      this.known[cell] = Known.PIXELS;
    }
    if (isFirst) return;
    this.note(cell, changed);
    if (changed === 0 || !isWhole) return;
    // What is certainly a photograph is looked at again now and then.
    if (texture[cell] < TEXTURE_LIMIT || (this.turn++ & 7) === 0) this.judge(cell, first, changed, pixels);
  }

  /** A look at a cell that is known not to have changed. */
  pass(cell: number): void {
    this.note(cell, 0);
  }

  /** A cell has stood still: what was hot, as in a film that falters, is soon hot again. */
  cool(cell: number): void {
    this.isStirred = true;
    this.heat[cell] = this.heat[cell] >= HOT ? HOT - 2 : 0;
    this.newest[cell] = 0;
    this.middle[cell] = 0;
    this.oldest[cell] = 0;
  }

  /** Nobody looks at a cell any more: forgets what it showed. */
  rest(cell: number): void {
    this.known[cell] = Known.NOTHING;
    this.cool(cell);
  }

  /** A cell has stood still for so long that what it is like says nothing any more. */
  forget(cell: number): void {
    this.rest(cell);
    this.heat[cell] = 0;
    this.texture[cell] = 0;
  }

  private note(cell: number, changed: number): void {
    const { heat, newest, middle, oldest } = this;
    const last = newest[cell];
    const before = middle[cell];
    if ((changed | last) !== (last | before) && this.texture[cell] >= 0) this.isStirred = true;
    if ((oldest[cell] | before | last) === 0 || (before | last | changed) === 0) this.isStirred = true;
    oldest[cell] = before;
    middle[cell] = last;
    newest[cell] = changed;
    const warmth = heat[cell];
    if (changed !== 0) {
      if (warmth < HEAT_LIMIT) heat[cell] = warmth + 1;
    } else if (warmth > 0) heat[cell] = warmth - 1;
    if (heat[cell] !== warmth && this.texture[cell] >= 0) this.isStirred = true;
  }

  /** Whether a cell and its eight neighbours changed in full at the last look. */
  private isSurrounded(cell: number): boolean {
    const { columns, newest } = this;
    for (let row = cell - columns; row <= cell + columns; row += columns) {
      for (let near = row - 1; near <= row + 1; near++) if (newest[near] !== FULL) return false;
    }
    return true;
  }

  /** @returns a hash of some rows */
  private sample(first: number, pixels: Uint32Array): number {
    let upper = 0;
    let lower = 0;
    for (let at = first + UPPER_ROW * this.width, end = at + CELL, down = (LOWER_ROW - UPPER_ROW) * this.width; at < end; at++) {
      upper = imul(upper ^ pixels[at], 0x01000193);
      lower = imul(lower ^ pixels[at + down], 0x01000193);
    }
    return (upper ^ (lower << 1)) >>> 0;
  }

  /** Compares a cell with its last exact look, and takes it over. @returns bits of the columns and rows that changed; those beyond the screen's edge change with the last ones */
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
    const before = texture[cell];
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
    if (Math.sign(texture[cell]) !== Math.sign(before)) this.isStirred = true;
  }
}

/** Number of bits that are set. */
export function bitCount(word: number): number {
  let bits = word - ((word >>> 1) & 0x55555555);
  bits = (bits & 0x33333333) + ((bits >>> 2) & 0x33333333);
  return Math.imul((bits + (bits >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}
