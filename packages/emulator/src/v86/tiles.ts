/**
 * Which tiles of a screen have changed, in memory that two threads share: one marks, the other takes.
 * A tile's bit is set after its pixels are written and cleared before they are read, so that no change is missed.
 */
import type { Rect, Region } from '../ports.js';

/** Pixels. */
export const TILE_WIDTH = 64;
export const TILE_HEIGHT = 16;

export class Tiles {
  readonly #words: Int32Array;
  readonly #wordsPerRow: number;
  readonly #columns: number;
  readonly #rows: number;

  /** @param memory `Tiles.bytes` bytes; absent to allocate */
  constructor(
    readonly width: number,
    readonly height: number,
    readonly memory: SharedArrayBuffer = new SharedArrayBuffer(Tiles.bytes(width, height)),
  ) {
    this.#columns = Math.ceil(width / TILE_WIDTH);
    this.#rows = Math.ceil(height / TILE_HEIGHT);
    this.#wordsPerRow = Math.ceil(this.#columns / 32);
    this.#words = new Int32Array(memory);
  }

  static bytes(width: number, height: number): number {
    return 4 * Math.ceil(Math.ceil(width / TILE_WIDTH) / 32) * Math.ceil(height / TILE_HEIGHT);
  }

  /** Marks every tile that the rectangle touches. The rectangle must lie inside the screen. */
  mark(x: number, y: number, width: number, height: number): void {
    const right = Math.floor((x + width - 1) / TILE_WIDTH);
    const bottom = Math.floor((y + height - 1) / TILE_HEIGHT);
    for (let row = Math.floor(y / TILE_HEIGHT); row <= bottom; row++) {
      for (let column = Math.floor(x / TILE_WIDTH); column <= right; column++) {
        Atomics.or(this.#words, row * this.#wordsPerRow + (column >> 5), 1 << (column & 31));
      }
    }
  }

  /** Clears all marks and returns what they covered, as few rectangles: runs of tiles, joined downwards where they line up. */
  take(): Region {
    const done: Rect[] = [];
    let open: { x: number; y: number; width: number; height: number }[] = [];
    for (let row = 0; row < this.#rows; row++) {
      const y = row * TILE_HEIGHT;
      const height = Math.min(TILE_HEIGHT, this.height - y);
      const next: typeof open = [];
      for (const { x, width } of this.#takeRow(row)) {
        const above = open.find((rect) => rect.x === x && rect.width === width);
        if (above) {
          above.height += height;
          next.push(above);
        } else {
          next.push({ x, y, width, height });
        }
      }
      for (const rect of open) if (!next.includes(rect)) done.push(rect);
      open = next;
    }
    return [...done, ...open];
  }

  #takeRow(row: number): { x: number; width: number }[] {
    const runs: { x: number; width: number }[] = [];
    let start = -1;
    let bits = 0;
    for (let column = 0; column <= this.#columns; column++) {
      if ((column & 31) === 0) {
        bits = column < this.#columns ? Atomics.exchange(this.#words, row * this.#wordsPerRow + (column >> 5), 0) : 0;
      }
      const set = column < this.#columns && ((bits >>> (column & 31)) & 1) === 1;
      if (set && start < 0) start = column;
      if (!set && start >= 0) {
        const x = start * TILE_WIDTH;
        runs.push({ x, width: Math.min(column * TILE_WIDTH, this.width) - x });
        start = -1;
      }
    }
    return runs;
  }
}
