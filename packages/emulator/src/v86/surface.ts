/**
 * The engine's side of a screen: a BGRX framebuffer in shared memory that is written only where it differs.
 * Comparing a line costs far less than sending it, so nothing here trusts that what was written did change.
 */
import { TILE_WIDTH, Tiles } from './tiles.js';

export class Surface {
  width = 0;
  height = 0;
  /** Bytes a row. */
  stride = 0;
  /** The pixels, as 32-bit words 0x00RRGGBB. */
  words: Uint32Array = new Uint32Array(0);
  copiedBytes = 0;
  /** Set by every change, cleared by whoever reports it. */
  changed = false;
  #bytes: Buffer = Buffer.alloc(0);
  #tiles = new Tiles(1, 1);

  /** @param resized told of each new framebuffer, before anything is drawn in it */
  constructor(private readonly resized: (width: number, height: number, pixels: SharedArrayBuffer, tiles: SharedArrayBuffer) => void) {}

  /** Takes a new, black framebuffer when the size differs; returns whether it did. */
  resize(width: number, height: number): boolean {
    if (width === this.width && height === this.height) return false;
    this.width = width;
    this.height = height;
    this.stride = width * 4;
    const memory = new SharedArrayBuffer(this.stride * height);
    this.words = new Uint32Array(memory);
    this.#bytes = Buffer.from(memory);
    this.#tiles = new Tiles(width, height);
    this.resized(width, height, memory, this.#tiles.memory);
    return true;
  }

  /** Copies what differs of one row. @param at where the row's `stride` bytes of BGRX start in `source` */
  putLine(y: number, source: Buffer, at: number): void {
    const row = y * this.stride;
    const bytes = this.#bytes;
    if (source.compare(bytes, row, row + this.stride, at, at + this.stride) === 0) return;
    for (let x = 0; x < this.stride; x += TILE_WIDTH * 4) {
      const length = Math.min(TILE_WIDTH * 4, this.stride - x);
      if (source.compare(bytes, row + x, row + x + length, at + x, at + x + length) === 0) continue;
      source.copy(bytes, row + x, at + x, at + x + length);
      this.touched(x >> 2, y, length >> 2, 1);
    }
  }

  /** Says that the caller has drawn in `words`. */
  touched(x: number, y: number, width: number, height: number): void {
    this.#tiles.mark(x, y, width, height);
    this.copiedBytes += width * height * 4;
    this.changed = true;
  }

  /** Blanks what is not black. */
  clear(): void {
    const black = Buffer.alloc(this.stride);
    for (let y = 0; y < this.height; y++) this.putLine(y, black, 0);
  }
}
