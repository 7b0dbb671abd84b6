/**
 * A rectangle of pixels as a bitmap of the wire, and back.
 *
 * [MS-RDPBCGR] 2.2.9.1.1.3.1.2.2 (TS_BITMAP_DATA). Pure, but for scratch memory that no call leaves anything in: pixels and
 * the client's format in, bytes out; no connection in the arguments.
 */
import { WireError } from '@belvedere/wire';
import { bytesPerPel, type ColourDepth, fromPel } from './colour.js';
import { decompressInterleaved } from './interleaved.js';
import { Kernels } from './kernels.js';
import { decompressPlanar } from './planar.js';
import type { Rect } from './region.js';

/** What a client takes: the session's depth and its Bitmap Capability Set. [MS-RDPBCGR] 2.2.7.1.2 */
export interface BitmapFormat {
  readonly bitsPerPixel: ColourDepth;
  /** Compressed bitmaps: `bitmapCompressionFlag`. */
  readonly compressed: boolean;
  /** At 32 bits, bitmaps without an alpha plane: DRAW_ALLOW_SKIP_ALPHA in `drawingFlags`. */
  readonly skipAlpha: boolean;
}

/** The content of one TS_BITMAP_DATA. */
export interface EncodedBitmap {
  /** destLeft and destTop: screen pixels. */
  readonly x: number;
  readonly y: number;
  /** Screen pixels to draw: destRight is x + visibleWidth - 1. INVARIANT: width - 3 <= visibleWidth <= width */
  readonly visibleWidth: number;
  /** Pels a row of `data`; destBottom is y + height - 1. INVARIANT: `width` is a multiple of 4 */
  readonly width: number;
  readonly height: number;
  readonly bitsPerPixel: ColourDepth;
  /** Interleaved RLE up to 24 bits, planar at 32; otherwise raw pels, little-endian. Both bottom row first. */
  readonly compressed: boolean;
  readonly data: Uint8Array;
}

/** For pixels that are not in the memory of kernels of their own; replaced when a larger bitmap comes. */
let common = new Kernels(64 * 64);

/**
 * Encodes a rectangle, compressed where the client takes that and it is shorter.
 *
 * @param pixels 0x00RRGGBB, row-major (BGRX in bytes); @param stride pixels a row
 * @param rect INVARIANT: inside the pixels
 * @param kernels those whose memory the pixels are in, where that is so
 */
export function encodeBitmap(pixels: Uint32Array, stride: number, rect: Rect, format: BitmapFormat, kernels?: Kernels): EncodedBitmap {
  const { x, y, height } = rect;
  const { bitsPerPixel } = format;
  const width = (rect.width + 3) & ~3;
  const total = width * height;
  if (!kernels && total > common.capacity) common = new Kernels(total);
  const memory = kernels ?? common;
  memory.gather(pixels, stride, rect, width, bitsPerPixel);
  const stream = format.compressed ? memory.compress(width, height, bitsPerPixel, format.skipAlpha) : undefined;
  const data = stream ?? memory.pack(total, bitsPerPixel);
  return { x, y, visibleWidth: rect.width, width, height, bitsPerPixel, compressed: stream !== undefined, data };
}

/** Largest bitmap that is decoded: a row or a column of 65,535 pels of no use to anyone is refused before memory is taken for it. */
const MAX_PELS = 1 << 24;

/**
 * Decodes a bitmap to pixels.
 *
 * @param palette 0x00RRGGBB, for 8 bits
 * @returns 0x00RRGGBB, row-major, the top row first, `width` pixels a row (the padding on the right included)
 * @throws WireError if the data is not what its format says
 */
export function decodeBitmap(
  bitmap: Pick<EncodedBitmap, 'width' | 'height' | 'bitsPerPixel' | 'compressed' | 'data'>,
  palette?: Uint32Array,
): Uint32Array {
  const { width, height, bitsPerPixel, compressed, data } = bitmap;
  if (width < 1 || height < 1 || width * height > MAX_PELS) {
    throw new WireError('TS_BITMAP_DATA.width', 0, `${width}x${height} pels`);
  }
  const values = !compressed
    ? readRawPels(data, width, height, bitsPerPixel)
    : bitsPerPixel === 32
      ? decompressPlanar(data, width, height)
      : decompressInterleaved(data, width, height, bitsPerPixel);
  const pixels = new Uint32Array(width * height);
  for (let row = 0; row < height; row++) {
    const from = (height - 1 - row) * width;
    for (let x = 0; x < width; x++) pixels[row * width + x] = fromPel(values[from + x], bitsPerPixel, palette);
  }
  return pixels;
}

/** Raw rows are padded to four bytes each. */
function readRawPels(data: Uint8Array, width: number, height: number, depth: ColourDepth): Uint32Array {
  const bytes = bytesPerPel(depth);
  const stride = (width * bytes + 3) & ~3;
  if (data.length !== stride * height) {
    throw new WireError('TS_BITMAP_DATA.bitmapDataStream', 0, `${width}x${height} pels of ${bytes} bytes need ${stride * height} bytes, have ${data.length}`);
  }
  const values = new Uint32Array(width * height);
  for (let row = 0, i = 0; row < height; row++) {
    for (let at = row * stride, end = at + width * bytes; at < end; at += bytes, i++) {
      let pel = data[at];
      for (let k = 1; k < bytes; k++) pel |= data[at + k] << (8 * k);
      values[i] = pel >>> 0;
    }
  }
  return values;
}
