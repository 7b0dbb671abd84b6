/**
 * The encoders' hot loops, in WebAssembly (assembly/): pixels are gathered into its memory, converted and compressed there.
 *
 * One instance for the process, and scratch memory that no encoding leaves anything in: `gather`, then `compress` or `pack`, in one turn.
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

interface Kernels {
  readonly memory: { readonly buffer: ArrayBuffer; grow(pages: number): number };
  convert8(pels: number, total: number, table: number): void;
  convert15(pels: number, total: number): void;
  convert16(pels: number, total: number): void;
  compressInterleaved(pels: number, width: number, height: number, bytes: number, white: number, delta: number, start: number): number;
  compressPlanar(pels: number, width: number, height: number, skipAlpha: number, scratch: number, start: number): number;
}

const code = new WebAssembly.Module(readFileSync(new URL('./kernels.wasm', import.meta.url)));
const kernels = new WebAssembly.Instance(code).exports as Kernels;

/** Bytes that vector loads and stores may touch past the end of a range. */
const SLACK = 64;
const TABLE_BYTES = 1 << 15;
const PAGE = 1 << 16;

/** Where things lie in memory, in bytes, for bitmaps of up to `capacity` pels. */
interface Layout {
  readonly capacity: number;
  readonly pels: number;
  readonly scratch: number;
  readonly stream: number;
}

/** Palette indices lie first; the kernels have no data of their own. */
const TABLE = 0;
let layout: Layout = { capacity: 0, pels: 0, scratch: 0, stream: 0 };
let words = new Uint32Array(0);
let bytes = new Uint8Array(0);
let tableLoaded = false;

function reserve(total: number): void {
  if (total <= layout.capacity) return;
  const room = 4 * total + SLACK;
  const pels = TABLE + TABLE_BYTES + SLACK;
  const scratch = pels + room;
  // Four planes, each with slack, and a mark for each row, of which there are at most a quarter as many as pels.
  const stream = (scratch + room + 4 * SLACK + total + 15) & ~15;
  const end = stream + room;
  const missing = Math.ceil((end - kernels.memory.buffer.byteLength) / PAGE);
  if (missing > 0) kernels.memory.grow(missing);
  layout = { capacity: total, pels, scratch, stream };
  bytes = new Uint8Array(kernels.memory.buffer);
  words = new Uint32Array(kernels.memory.buffer);
}

/**
 * Takes a rectangle of pixels in as pels of a depth, the bottom row first, each row `width` pels long and filled up with its last pel: the
 * order and the padding of a bitmap on the wire.
 *
 * @param pixels 0x00RRGGBB, row-major; @param stride pixels a row; @param width INVARIANT: a multiple of 4, at least the rectangle's
 */
export function gather(pixels: Uint32Array, stride: number, rect: Rect, width: number, depth: ColourDepth): void {
  const total = width * rect.height;
  reserve(total);
  let to = layout.pels >> 2;
  for (let row = rect.y + rect.height - 1; row >= rect.y; row--) {
    const from = row * stride + rect.x;
    for (let i = 0; i < rect.width; i++) words[to + i] = pixels[from + i];
    for (let i = rect.width; i < width; i++) words[to + i] = words[to + i - 1];
    to += width;
  }
  if (depth === 16) kernels.convert16(layout.pels, total);
  else if (depth === 15) kernels.convert15(layout.pels, total);
  else if (depth === 8) {
    if (!tableLoaded) bytes.set(nearestTable(), TABLE);
    tableLoaded = true;
    kernels.convert8(layout.pels, total, TABLE);
  }
}

/** Compresses what was gathered. @returns the stream; nothing if it would not be shorter than the raw pels */
export function compress(width: number, height: number, depth: ColourDepth, skipAlpha: boolean): Uint8Array | undefined {
  const { pels, scratch, stream } = layout;
  const length =
    depth === 32
      ? kernels.compressPlanar(pels, width, height, skipAlpha ? 1 : 0, scratch, stream)
      : kernels.compressInterleaved(pels, width, height, bytesPerPel(depth), whitePel(depth), scratch, stream);
  return length > 0 ? bytes.slice(stream, stream + length) : undefined;
}

/** The gathered pels as raw bytes, little-endian. */
export function pack(total: number, depth: ColourDepth): Uint8Array {
  const first = layout.pels;
  const size = bytesPerPel(depth);
  if (size === 4) return bytes.slice(first, first + 4 * total);
  const data = new Uint8Array(size * total);
  for (let i = 0, at = 0; i < total; i++, at += size) {
    const pel = words[(first >> 2) + i];
    data[at] = pel;
    if (size > 1) data[at + 1] = pel >> 8;
    if (size > 2) data[at + 2] = pel >> 16;
  }
  return data;
}
