/** Whether any part of a picture shows on a display, wherever: for looks at what must not be shown. Pure. */
import type { Picture } from './picture.js';

/** Pixels of one row that are looked for together. */
const RUN = 32;
/** A run must change its colour so often: a flat one would be found in every window. */
const CHANGES = 8;
/** Every so many pixels of a row begins a run. */
const STEP = 16;
const FACTOR = 0x01000193;
/** FACTOR to the power of RUN, for what leaves a rolling hash. */
const LEAVING = Array.from({ length: RUN }).reduce<number>((power) => Math.imul(power, FACTOR), 1);

/** Runs of pixels that are the picture's own. */
export class Glimpse {
  /** By their hash. */
  private readonly runs = new Map<number, Uint32Array>();

  /** @throws when the picture has no run with enough changes, and so nothing that could be told from another */
  constructor(picture: Picture) {
    for (let y = 0; y < picture.height; y++) {
      const row = colours(picture, y);
      for (let x = 0; x + RUN <= row.length; x += STEP) {
        const run = row.slice(x, x + RUN);
        if (changes(run) >= CHANGES) this.runs.set(run.reduce((hash, colour) => (Math.imul(hash, FACTOR) + colour) | 0, 0), run);
      }
    }
    if (this.runs.size === 0) throw new RangeError(`a picture of ${picture.width}x${picture.height} in which no ${RUN} pixels beside each other change their colour ${CHANGES} times`);
  }

  isIn(display: Picture): boolean {
    for (let y = 0; y < display.height; y++) {
      const row = colours(display, y);
      let hash = 0;
      for (let x = 0; x < row.length; x++) {
        hash = (Math.imul(hash, FACTOR) + row[x]!) | 0;
        if (x >= RUN) hash = (hash - Math.imul(row[x - RUN]!, LEAVING)) | 0;
        if (x < RUN - 1) continue;
        const run = this.runs.get(hash);
        if (run?.every((colour, i) => colour === row[x - RUN + 1 + i])) return true;
      }
    }
    return false;
  }
}

function colours({ width, stride, data }: Picture, y: number): Uint32Array {
  const row = new Uint32Array(width);
  for (let x = 0, at = y * stride; x < width; x++, at += 4) row[x] = (data[at + 2]! << 16) | (data[at + 1]! << 8) | data[at]!;
  return row;
}

function changes(run: Uint32Array): number {
  let count = 0;
  for (let i = 1; i < run.length; i++) if (run[i] !== run[i - 1]) count++;
  return count;
}
