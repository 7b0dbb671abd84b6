/**
 * The grid of tiles over a screen, and sets of changed pixels kept as one box a tile.
 *
 * Pure. A box is a part of one tile packed into 32 bits, so that a set for a whole screen is a small typed array: bits 0-7 left, 8-15 top,
 * 16-23 right, 24-31 bottom, in pixels from the tile's corner; right and bottom are exclusive. 0 is the empty box.
 */
import type { Rect, Region } from './region.js';

/** Pixels along a tile's side. Its raw pixels at 32 bits, 16 KiB, fit one fast-path update without fragments. */
export const TILE = 64;

export const box = (left: number, top: number, right: number, bottom: number): number =>
  (left | (top << 8) | (right << 16) | (bottom << 24)) >>> 0;
export const boxLeft = (packed: number): number => packed & 0xff;
export const boxTop = (packed: number): number => (packed >>> 8) & 0xff;
export const boxRight = (packed: number): number => (packed >>> 16) & 0xff;
export const boxBottom = (packed: number): number => packed >>> 24;

/** The smallest box around two boxes of the same tile. */
export function joinBoxes(a: number, b: number): number {
  if (a === 0) return b;
  if (b === 0) return a;
  return box(
    Math.min(boxLeft(a), boxLeft(b)),
    Math.min(boxTop(a), boxTop(b)),
    Math.max(boxRight(a), boxRight(b)),
    Math.max(boxBottom(a), boxBottom(b)),
  );
}

/** Tiles of a screen, numbered row by row; those at the right and bottom edge may be smaller. */
export class TileGrid {
  readonly columns: number;
  readonly rows: number;

  /** @param width pixels; @param height pixels */
  constructor(
    readonly width: number,
    readonly height: number,
  ) {
    this.columns = Math.ceil(width / TILE);
    this.rows = Math.ceil(height / TILE);
  }

  get count(): number {
    return this.columns * this.rows;
  }

  /** The box of a whole tile, cut at the screen's edge. */
  whole(tile: number): number {
    return box(0, 0, Math.min(TILE, this.width - this.left(tile)), Math.min(TILE, this.height - this.top(tile)));
  }

  /** x of the tile's corner. */
  left(tile: number): number {
    return (tile % this.columns) * TILE;
  }

  /** y of the tile's corner. */
  top(tile: number): number {
    return Math.floor(tile / this.columns) * TILE;
  }

  /** The screen rectangle of a tile's box. */
  rect(tile: number, packed: number): Rect {
    return {
      x: this.left(tile) + boxLeft(packed),
      y: this.top(tile) + boxTop(packed),
      width: boxRight(packed) - boxLeft(packed),
      height: boxBottom(packed) - boxTop(packed),
    };
  }

  /** Calls `visit` with each tile that a rectangle touches and the part of it that it covers. What lies outside the screen is left out. */
  forEachTile(rect: Rect, visit: (tile: number, packed: number) => void): void {
    const left = Math.max(0, rect.x);
    const top = Math.max(0, rect.y);
    const right = Math.min(this.width, rect.x + rect.width);
    const bottom = Math.min(this.height, rect.y + rect.height);
    for (let y = top; y < bottom; y = y - (y % TILE) + TILE) {
      const tileY = y - (y % TILE);
      for (let x = left; x < right; x = x - (x % TILE) + TILE) {
        const tileX = x - (x % TILE);
        const part = box(x - tileX, y - tileY, Math.min(TILE, right - tileX), Math.min(TILE, bottom - tileY));
        visit((tileY / TILE) * this.columns + tileX / TILE, part);
      }
    }
  }
}

/** The tiles of a grid that have changed, and the box of each. */
export class TileSet {
  private readonly boxes: Uint32Array;
  private members = 0;

  constructor(readonly grid: TileGrid) {
    this.boxes = new Uint32Array(grid.count);
  }

  /** Number of tiles that have anything in the set. */
  get size(): number {
    return this.members;
  }

  /** The tile's box; 0 if it has none. */
  get(tile: number): number {
    return this.boxes[tile];
  }

  /** Adds a part of a tile. */
  add(tile: number, packed: number): void {
    const old = this.boxes[tile];
    if (old === 0 && packed !== 0) this.members++;
    this.boxes[tile] = joinBoxes(old, packed);
  }

  addRect(rect: Rect): void {
    this.grid.forEachTile(rect, (tile, packed) => this.add(tile, packed));
  }

  addAll(): void {
    for (let tile = 0; tile < this.boxes.length; tile++) this.boxes[tile] = this.grid.whole(tile);
    this.members = this.boxes.length;
  }

  delete(tile: number): void {
    if (this.boxes[tile] !== 0) this.members--;
    this.boxes[tile] = 0;
  }

  /** The first tile of the set at or after `from`, starting again at tile 0 after the last one; -1 if the set is empty. */
  next(from: number): number {
    if (this.members === 0) return -1;
    for (let tile = from; tile < this.boxes.length; tile++) if (this.boxes[tile] !== 0) return tile;
    for (let tile = 0; tile < from; tile++) if (this.boxes[tile] !== 0) return tile;
    return -1;
  }

  /** The first tile of the set after `tile`; -1 if there is none. */
  after(tile: number): number {
    for (let at = tile + 1; at < this.boxes.length; at++) if (this.boxes[at] !== 0) return at;
    return -1;
  }

  /** The set as disjoint rectangles: boxes that meet along a whole edge become one, first along rows of tiles, then down. */
  region(): Region {
    const open = new Map<string, Rect>();
    const done: Rect[] = [];
    for (let row = 0; row < this.grid.rows; row++) {
      const runs: Rect[] = [];
      for (let column = 0; column < this.grid.columns; column++) {
        const tile = row * this.grid.columns + column;
        if (this.boxes[tile] === 0) continue;
        const rect = this.grid.rect(tile, this.boxes[tile]);
        const last = runs.at(-1);
        if (last && last.x + last.width === rect.x && last.y === rect.y && last.height === rect.height) {
          runs[runs.length - 1] = { ...last, width: last.width + rect.width };
        } else runs.push(rect);
      }
      const above = new Map(open);
      open.clear();
      for (const run of runs) {
        const key = `${run.x},${run.width}`;
        const upper = above.get(key);
        if (upper && upper.y + upper.height === run.y) {
          above.delete(key);
          open.set(key, { ...upper, height: upper.height + run.height });
        } else open.set(key, run);
      }
      done.push(...above.values());
    }
    return [...done, ...open.values()];
  }
}
