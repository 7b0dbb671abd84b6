/**
 * The screen in tiles of 64 by 64 pixels, as damage comes in: which change steadily enough to be looked at closely, and when.
 *
 * Not pure: state of one screen. Nothing here reads a pixel.
 */
import { CELL } from './cells.js';
import type { Rect } from './ports.js';

/** Cells along a tile's side. */
const SIDE = 4;
const TILE = SIDE * CELL;
/** Milliseconds without a change after which a tile stands still: longer than between the frames of a slow film, or the blinks of a cursor are apart. */
const STILL = 330;
/** Milliseconds without a change after which a film that begins is another one. */
const LONG_STILL = 2000;
/** Milliseconds of changes after which a tile is worth looks, and the fewest changes in that time. */
const STEADY = 150;
const STEADY_CHANGES = 3;
/** Milliseconds between two looks at a tile. */
const LOOK_INTERVAL = 75;

export class Tiles {
  readonly columns: number;
  readonly rows: number;
  /** When each tile changed last. */
  private readonly last: Float64Array;
  /** When the changes began that have had no gap since. */
  private readonly since: Float64Array;
  private readonly changes: Uint16Array;
  /** It had stood still for long before these changes. */
  private readonly isFresh: Uint8Array;
  /** A picture was there when it stood still. */
  private readonly wasPicture: Uint8Array;
  /** A bit for each of the tile's cells that may have changed since the last look, row by row. */
  private readonly touched: Uint16Array;
  private readonly lastLook: Float64Array;
  private readonly isWatched: Uint8Array;
  /** Number of cells of a tile, and of its neighbours, that belong to streams. */
  private readonly members: Uint16Array;

  /** @param cells those of the same screen: columns and rows */
  constructor(private readonly cells: { readonly columns: number; readonly rows: number }) {
    this.columns = Math.ceil(cells.columns / SIDE);
    this.rows = Math.ceil(cells.rows / SIDE);
    const count = this.columns * this.rows;
    this.last = new Float64Array(count).fill(-Infinity);
    this.since = new Float64Array(count);
    this.changes = new Uint16Array(count);
    this.isFresh = new Uint8Array(count);
    this.wasPicture = new Uint8Array(count);
    this.touched = new Uint16Array(count);
    this.lastLook = new Float64Array(count).fill(-Infinity);
    this.isWatched = new Uint8Array(count);
    this.members = new Uint16Array(count);
  }

  /** Takes in a rectangle that has changed. INVARIANT: inside the screen */
  touch({ x, y, width, height }: Rect, now: number): void {
    for (let row = Math.floor(y / TILE); row * TILE < y + height; row++) {
      for (let column = Math.floor(x / TILE); column * TILE < x + width; column++) {
        const tile = row * this.columns + column;
        if (now >= this.last[tile] + STILL) {
          this.isFresh[tile] = now >= this.last[tile] + LONG_STILL ? 1 : 0;
          if (this.isFresh[tile]) this.wasPicture[tile] = 0;
          this.since[tile] = now;
          this.changes[tile] = 0;
        }
        if (this.last[tile] !== now && this.changes[tile] < 0xffff) this.changes[tile]++;
        this.last[tile] = now;
        const columnBits = range(x - column * TILE, x + width - column * TILE);
        const rowBits = range(y - row * TILE, y + height - row * TILE);
        for (let at = 0; at < SIDE; at++) if (rowBits & (1 << at)) this.touched[tile] |= columnBits << (SIDE * at);
      }
    }
  }

  /** Says which cells belong to streams. @param owners 0 for those that do not */
  setMembers(owners: Uint32Array): void {
    this.members.fill(0);
    for (let cell = 0; cell < owners.length; cell++) {
      if (owners[cell] === 0) continue;
      const column = cell % this.cells.columns;
      const tileColumn = column >> 2;
      const tileRow = ((cell - column) / this.cells.columns) >> 2;
      this.members[tileRow * this.columns + tileColumn]++;
    }
  }

  /**
   * Goes through what is due.
   *
   * @param isLive a picture has a new frame: a tile that has no part in it stands still for now
   * @param visit.begin the tile is watched from now on; each of its cells is looked at for the first time
   * @param visit.look a cell of a watched tile that may have changed since its last look
   * @param visit.pass a cell of a watched tile that has not
   * @param visit.rest a cell of a watched tile that has stood still for long
   * @returns whether anything was visited
   */
  visit(now: number, isLive: boolean, visit: Visit): boolean {
    let isVisited = false;
    for (let tile = 0; tile < this.last.length; tile++) {
      // The same sums as in `due`: a difference may round otherwise.
      const isStill = now >= this.last[tile] + STILL;
      const isNear = this.isNearMembers(tile);
      const isWanted = isNear || (!isStill && (this.wasPicture[tile] !== 0 || (this.changes[tile] >= STEADY_CHANGES && this.last[tile] - this.since[tile] >= STEADY)));
      if (!isWanted) {
        if (this.isWatched[tile]) this.each(tile, visit.rest);
        this.isWatched[tile] = 0;
        continue;
      }
      if (!this.isWatched[tile]) {
        this.isWatched[tile] = 1;
        this.touched[tile] = 0;
        this.lastLook[tile] = now;
        const isFresh = this.isFresh[tile] !== 0;
        this.each(tile, (cell) => visit.begin(cell, isFresh));
      } else if (this.touched[tile] !== 0) {
        if (now < this.lastLook[tile] + LOOK_INTERVAL) continue;
        const touched = this.touched[tile];
        this.touched[tile] = 0;
        this.lastLook[tile] = now;
        this.each(tile, (cell, bit) => (touched & (1 << bit) ? visit.look(cell, isNear) : visit.pass(cell)));
      } else if (isStill && this.changes[tile] > 0) {
        this.changes[tile] = 0;
        this.wasPicture[tile] = this.members[tile] > 0 ? 1 : 0;
        this.each(tile, visit.still);
      } else if (isLive && !isStill && now >= this.lastLook[tile] + LOOK_INTERVAL) {
        this.lastLook[tile] = now;
        this.each(tile, visit.pass);
      } else continue;
      isVisited = true;
    }
    return isVisited;
  }

  /** When a look is due at the latest at a tile with cells of streams, whatever comes; undefined if there is none. */
  get due(): number | undefined {
    let due = Infinity;
    for (let tile = 0; tile < this.last.length; tile++) {
      if (this.members[tile] === 0) continue;
      due = Math.min(due, this.touched[tile] !== 0 ? this.lastLook[tile] + LOOK_INTERVAL : this.last[tile] + STILL);
    }
    return due < Infinity ? due : undefined;
  }

  private isNearMembers(tile: number): boolean {
    const column = tile % this.columns;
    const row = (tile - column) / this.columns;
    for (let y = Math.max(0, row - 1); y <= Math.min(this.rows - 1, row + 1); y++) {
      for (let x = Math.max(0, column - 1); x <= Math.min(this.columns - 1, column + 1); x++) if (this.members[y * this.columns + x] > 0) return true;
    }
    return false;
  }

  private each(tile: number, call: (cell: number, bit: number) => void): void {
    const left = (tile % this.columns) * SIDE;
    const top = Math.floor(tile / this.columns) * SIDE;
    for (let y = 0; y < SIDE && top + y < this.cells.rows; y++) {
      for (let x = 0; x < SIDE && left + x < this.cells.columns; x++) call((top + y) * this.cells.columns + left + x, SIDE * y + x);
    }
  }
}

/** What `Tiles.visit` calls for each cell. */
export interface Visit {
  /** Its tile is watched from now on. @param isFresh it had stood still for long */
  begin(cell: number, isFresh: boolean): void;
  /** It may have changed since the last look. @param isNear its tile is one of a picture, or beside it */
  look(cell: number, isNear: boolean): void;
  /** It has not changed, other cells of its tile may have. */
  pass(cell: number): void;
  /** Its tile has not changed for long, and is watched on. */
  still(cell: number): void;
  /** Its tile is not watched any more. */
  rest(cell: number): void;
}

/** Bits of the cells of a tile that the pixels from `start` to before `end` touch. */
function range(start: number, end: number): number {
  const first = Math.max(0, Math.floor(start / CELL));
  const last = Math.min(SIDE - 1, Math.floor((end - 1) / CELL));
  return ((1 << (last + 1)) - 1) & ~((1 << first) - 1);
}
