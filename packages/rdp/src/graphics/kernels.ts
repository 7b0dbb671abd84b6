/**
 * The hot loops, in WebAssembly (assembly/): pixels are compared, gathered, converted and compressed in its memory.
 *
 * An instance has memory of a size for good. Encoding is `gather`, then `compress` or `pack`, in one turn; nothing is left between two.
 */
import { readFileSync } from 'node:fs';
import { bytesPerPel, type ColourDepth, nearestTable } from './colour.js';
import { whitePel } from './interleaved.js';
import type { Rect } from './region.js';

/** What of WebAssembly is used here; Node's own types leave it to those of browsers. */
declare const WebAssembly: {
  readonly Module: new (code: Uint8Array) => object;
  readonly Instance: new (module: object) => { readonly exports: unknown };
};

interface Exports {
  readonly memory: { readonly buffer: ArrayBuffer; grow(pages: number): number };
  absorb(from: number, fromStride: number, to: number, toStride: number, width: number, height: number): number;
  gather(from: number, stride: number, width: number, height: number, padded: number, pels: number): void;
  pack(pels: number, total: number, bytes: number, to: number): void;
  convert8(pels: number, total: number, table: number): void;
  convert15(pels: number, total: number): void;
  convert16(pels: number, total: number): void;
  compressInterleaved(pels: number, width: number, height: number, bytes: number, white: number, delta: number, start: number): number;
  compressPlanar(pels: number, width: number, height: number, skipAlpha: number, scratch: number, start: number): number;
}

const code = new WebAssembly.Module(readFileSync(new URL('./kernels.wasm', import.meta.url)));

/** Bytes that vector loads and stores may touch past the end of a range. */
const SLACK = 64;
const TABLE_BYTES = 1 << 15;
const PAGE = 1 << 16;

const align = (offset: number): number => (offset + 15) & ~15;

export class Kernels {
  /** Words in memory for the caller's own use: pixels 0x00RRGGBB. */
  readonly pixels: Uint32Array;
  private readonly exports = new WebAssembly.Instance(code).exports as Exports;
  private readonly words: Uint32Array;
  private readonly bytes: Uint8Array;
  // Where things lie, in bytes. The palette's table lies first: the kernels have no data of their own.
  private readonly table = 0;
  private readonly pels = TABLE_BYTES + SLACK;
  private readonly scratch: number;
  private readonly stream: number;
  private tableLoaded = false;

  /** @param capacity pels of the largest bitmap, its padding included; @param pixels words for the caller */
  constructor(
    readonly capacity: number,
    pixels = 0,
  ) {
    const room = 4 * capacity + SLACK;
    this.scratch = align(this.pels + room);
    // Four planes, each with slack, and a mark for each row, of which there are at most a quarter as many as pels.
    this.stream = align(this.scratch + room + 4 * SLACK + capacity);
    const start = align(this.stream + room);
    const { memory } = this.exports;
    const missing = Math.ceil((start + 4 * pixels + SLACK - memory.buffer.byteLength) / PAGE);
    if (missing > 0) memory.grow(missing);
    this.bytes = new Uint8Array(memory.buffer);
    this.words = new Uint32Array(memory.buffer);
    this.pixels = new Uint32Array(memory.buffer, start, pixels);
  }

  /**
   * Copies a part of one picture in `pixels` into another there, without the unused byte of each pixel.
   *
   * @param from, to first pixel of the part, as indices of `pixels`; @param width, height pixels. INVARIANT: at most 64
   * @returns the box of the pixels that differ from before, relative to the part, packed as in tiles.ts; 0 if none does
   */
  absorb(from: number, fromStride: number, to: number, toStride: number, width: number, height: number): number {
    const base = this.pixels.byteOffset;
    return this.exports.absorb(base + 4 * from, fromStride, base + 4 * to, toStride, width, height) >>> 0;
  }

  /**
   * Takes a rectangle in as pels of a depth, the bottom row first, each row `width` pels long and filled up with its last pel: the order and
   * the padding of a bitmap on the wire. Pixels that lie in this instance's memory need no copy first.
   *
   * @param pixels 0x00RRGGBB, row-major; @param stride pixels a row
   * @param width INVARIANT: a multiple of 4, at least the rectangle's, and width * height is within the capacity
   */
  gather(pixels: Uint32Array, stride: number, rect: Rect, width: number, depth: ColourDepth): void {
    const total = width * rect.height;
    if (total > this.capacity) throw new RangeError(`a bitmap of ${total} pels, where ${this.capacity} is the most`);
    const first = rect.y * stride + rect.x;
    if (pixels.buffer === this.words.buffer) {
      this.exports.gather(pixels.byteOffset + 4 * first, stride, rect.width, rect.height, width, this.pels);
    } else {
      let to = this.pels >> 2;
      for (let row = rect.height - 1; row >= 0; row--, to += width) {
        const from = first + row * stride;
        this.words.set(pixels.subarray(from, from + rect.width), to);
        this.words.fill(this.words[to + rect.width - 1], to + rect.width, to + width);
      }
    }
    if (depth === 16) this.exports.convert16(this.pels, total);
    else if (depth === 15) this.exports.convert15(this.pels, total);
    else if (depth === 8) {
      if (!this.tableLoaded) this.bytes.set(nearestTable(), this.table);
      this.tableLoaded = true;
      this.exports.convert8(this.pels, total, this.table);
    }
  }

  /** Compresses what was gathered. @returns the stream; nothing if it would not be shorter than the raw pels */
  compress(width: number, height: number, depth: ColourDepth, skipAlpha: boolean): Uint8Array | undefined {
    const { pels, scratch, stream } = this;
    const length =
      depth === 32
        ? this.exports.compressPlanar(pels, width, height, skipAlpha ? 1 : 0, scratch, stream)
        : this.exports.compressInterleaved(pels, width, height, bytesPerPel(depth), whitePel(depth), scratch, stream);
    return length > 0 ? this.bytes.slice(stream, stream + length) : undefined;
  }

  /** The gathered pels as raw bytes, little-endian. */
  pack(total: number, depth: ColourDepth): Uint8Array {
    const { pels, stream } = this;
    const size = bytesPerPel(depth);
    if (size === 4) return this.bytes.slice(pels, pels + 4 * total);
    this.exports.pack(pels, total, size, stream);
    return this.bytes.slice(stream, stream + size * total);
  }
}
