/**
 * Pixels as JPEG, by libjpeg-turbo.
 *
 * ITU-T T.81: baseline, 4:2:0, standard Huffman tables. Pure: pixels in, bytes out.
 */
import { Buffer } from 'node:buffer';
import turbo from '@julusian/jpeg-turbo';
import type { Rect } from './ports.js';

/**
 * Encodes a rectangle.
 *
 * @param pixels 0x00RRGGBB, row-major (BGRX in bytes); @param stride pixels a row
 * @param rect INVARIANT: inside the pixels
 * @param quality 10 to 100
 */
export function encodeJpeg(pixels: Uint32Array, stride: number, rect: Rect, quality: number): Uint8Array {
  const { x, y, width, height } = rect;
  const options = { format: turbo.FORMAT_BGRX, width, height, subsampling: turbo.SAMP_420, quality };
  const first = y * stride + x;
  // The library wants the last row as long as the others: what ends before it does is copied together.
  if (first + height * stride <= pixels.length) {
    return turbo.compressSync(Buffer.from(pixels.buffer, pixels.byteOffset + 4 * first, 4 * height * stride), { ...options, stride });
  }
  const copy = new Uint32Array(width * height);
  for (let row = 0; row < height; row++) copy.set(pixels.subarray(first + row * stride, first + row * stride + width), row * width);
  return turbo.compressSync(Buffer.from(copy.buffer), options);
}
