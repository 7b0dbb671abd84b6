/**
 * A recorded screen as a file: what changed from frame to frame, tile by tile, and where films were.
 *
 * Pure. The file is one stream of zlib's; inside, little-endian words: width, height; then for each frame its time in microseconds, the number of
 * films and their rectangles, the number of changed rectangles, and for each its place and its pixels, three bytes each.
 */
import { deflateSync, inflateSync } from 'node:zlib';
import type { Rect, Region } from '@belvedere/video';

/** What changed at one time. */
export interface Delta {
  /** Milliseconds from the start. */
  readonly time: number;
  /** Where films show; disjoint. */
  readonly films: Region;
  /** One box a tile. */
  readonly changed: Region;
  /** 0x00RRGGBB, box after box, row by row. */
  readonly pixels: Uint32Array;
}

export interface Recording {
  readonly width: number;
  readonly height: number;
  readonly frames: readonly Delta[];
}

const area = (region: Region): number => region.reduce((sum, { width, height }) => sum + width * height, 0);

export function encodeRecording({ width, height, frames }: Recording): Uint8Array {
  const size = frames.reduce((sum, { films, changed, pixels }) => sum + 16 + 16 * (films.length + changed.length) + 3 * pixels.length, 8);
  const bytes = Buffer.alloc(size);
  let at = bytes.writeUInt32LE(height, bytes.writeUInt32LE(width, 0));
  const rects = (region: Region): void => {
    at = bytes.writeUInt32LE(region.length, at);
    for (const rect of region) for (const value of [rect.x, rect.y, rect.width, rect.height]) at = bytes.writeUInt32LE(value, at);
  };
  for (const { time, films, changed, pixels } of frames) {
    at = bytes.writeBigUInt64LE(BigInt(Math.round(1000 * time)), at);
    rects(films);
    rects(changed);
    for (const pixel of pixels) {
      bytes[at++] = pixel & 0xff;
      bytes[at++] = (pixel >> 8) & 0xff;
      bytes[at++] = pixel >> 16;
    }
  }
  return deflateSync(bytes, { level: 1 });
}

/** @throws RangeError if the bytes are no recording */
export function decodeRecording(file: Uint8Array): Recording {
  const bytes = inflateSync(file);
  const width = bytes.readUInt32LE(0);
  const height = bytes.readUInt32LE(4);
  let at = 8;
  const rects = (): Region => {
    const count = bytes.readUInt32LE(at);
    at += 4;
    if (16 * count > bytes.length - at) throw new RangeError(`a recording with ${count} rectangles where ${bytes.length - at} bytes are left`);
    return Array.from({ length: count }, (): Rect => {
      const [x, y, w, h] = [0, 4, 8, 12].map((offset) => bytes.readUInt32LE(at + offset));
      at += 16;
      if (w === 0 || h === 0 || x + w > width || y + h > height) throw new RangeError(`a recording of ${width}x${height} with a rectangle ${w}x${h} at ${x},${y}`);
      return { x, y, width: w, height: h };
    });
  };
  const frames: Delta[] = [];
  while (at < bytes.length) {
    const time = Number(bytes.readBigUInt64LE(at)) / 1000;
    at += 8;
    const films = rects();
    const changed = rects();
    const pixels = new Uint32Array(area(changed));
    if (3 * pixels.length > bytes.length - at) throw new RangeError(`a recording that ends in its frame at ${time} ms`);
    for (let pixel = 0; pixel < pixels.length; pixel++, at += 3) pixels[pixel] = bytes[at] | (bytes[at + 1] << 8) | (bytes[at + 2] << 16);
    frames.push({ time, films, changed, pixels });
  }
  return { width, height, frames };
}

/** Draws a frame's changes over the frame before. @param screen 0x00RRGGBB, row-major, `width` a row */
export function draw({ changed, pixels }: Delta, screen: Uint32Array, width: number): void {
  let from = 0;
  for (const rect of changed) {
    for (let row = 0; row < rect.height; row++, from += rect.width) screen.set(pixels.subarray(from, from + rect.width), (rect.y + row) * width + rect.x);
  }
}
