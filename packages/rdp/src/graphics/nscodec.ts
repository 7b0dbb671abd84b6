/**
 * NSCodec: pictures as planes of luma and two chromas, each run-length encoded.
 *
 * [MS-RDPNSC] 2.2.2 (the stream), 3.1.8.1 to 3.1.8.3 (colour, sub-sampling, runs). Pure.
 */
import type { Rect } from './region.js';

/** What a client takes of NSCodec. */
export interface NsCodecFormat {
  /** Bits that chroma loses: 1 to 7. */
  readonly colorLossLevel: number;
  /** Chroma of half the width and height. */
  readonly subsampling: boolean;
}

/** Bytes of a stream before its planes. */
const HEADER = 20;
/** The longest run that has a length of one byte. */
const SHORT_RUN = 256;
/** Bytes at a plane's end that stay as they are. */
const TAIL = 4;

/**
 * Encodes a rectangle.
 *
 * @param pixels 0x00RRGGBB, row-major; @param stride pixels a row
 * @param rect INVARIANT: inside the pixels
 */
export function encodeNsCodec(pixels: Uint32Array, stride: number, rect: Rect, { colorLossLevel, subsampling }: NsCodecFormat): Uint8Array {
  const { width, height } = rect;
  const lumaWidth = subsampling ? (width + 7) & ~7 : width;
  const rows = subsampling ? (height + 1) & ~1 : height;
  const luma = new Uint8Array(lumaWidth * height);
  const orange = new Int16Array(lumaWidth * rows);
  const green = new Int16Array(lumaWidth * rows);
  for (let row = 0; row < rows; row++) {
    const from = (rect.y + (row < height ? row : height - 1)) * stride + rect.x;
    for (let column = 0, to = row * lumaWidth; column < lumaWidth; column++, to++) {
      const pixel = pixels[from + (column < width ? column : width - 1)];
      const red = (pixel >> 16) & 0xff;
      const blue = pixel & 0xff;
      const middle = (pixel >> 8) & 0xff;
      if (row < height) luma[to] = (red + 2 * middle + blue) >> 2;
      orange[to] = red - blue;
      green[to] = middle - ((red + blue) >> 1);
    }
  }
  const chroma = (plane: Int16Array): Uint8Array => (subsampling ? halved(plane, lumaWidth, rows, colorLossLevel) : Uint8Array.from(plane, (value) => value >> colorLossLevel));
  const planes = [luma, chroma(orange), chroma(green)].map(shorter);
  const stream = new Uint8Array(planes.reduce((size, plane) => size + plane.length, HEADER));
  const header = new DataView(stream.buffer);
  let to = HEADER;
  // The alpha plane, of length 0, is left out: all is opaque.
  planes.forEach((plane, index) => {
    header.setUint32(4 * index, plane.length, true);
    stream.set(plane, to);
    to += plane.length;
  });
  stream[16] = colorLossLevel;
  stream[17] = subsampling ? 1 : 0;
  return stream;
}

/** The mean of each two by two values, with the lowest bits lost. */
function halved(plane: Int16Array, width: number, height: number, colorLossLevel: number): Uint8Array {
  const half = new Uint8Array((width >> 1) * (height >> 1));
  for (let row = 0, to = 0; row < height; row += 2) {
    for (let at = row * width, end = at + width; at < end; at += 2, to++) {
      half[to] = (plane[at] + plane[at + 1] + plane[at + width] + plane[at + width + 1]) >> (2 + colorLossLevel);
    }
  }
  return half;
}

/** A plane in runs, or as it is where that is no longer. */
function shorter(plane: Uint8Array): Uint8Array {
  const runs = encodeRuns(plane);
  return runs && runs.length < plane.length ? runs : plane;
}

/** @returns nothing where runs need no fewer bytes */
function encodeRuns(plane: Uint8Array): Uint8Array | undefined {
  const body = plane.length - TAIL;
  if (body < 1) return undefined;
  const out = new Uint8Array(plane.length);
  let to = 0;
  for (let at = 0; at < body; ) {
    const value = plane[at];
    let length = 1;
    while (at + length < body && plane[at + length] === value) length++;
    if (to + 7 + TAIL > out.length) return undefined;
    out[to++] = value;
    if (length > 1) {
      out[to++] = value;
      if (length <= SHORT_RUN) out[to++] = length - 2;
      else {
        out[to++] = 0xff;
        new DataView(out.buffer).setUint32(to, length, true);
        to += 4;
      }
    }
    at += length;
  }
  out.set(plane.subarray(body), to);
  return out.subarray(0, to + TAIL);
}

/**
 * Decodes a stream to pixels.
 *
 * @returns 0x00RRGGBB, row-major
 * @throws RangeError if the stream is not what its header says
 */
export function decodeNsCodec(stream: Uint8Array, width: number, height: number): Uint32Array {
  const header = new DataView(stream.buffer, stream.byteOffset, stream.byteLength);
  if (stream.length < HEADER) throw new RangeError(`an NSCodec stream of ${stream.length} bytes`);
  const [colorLossLevel, subsampling] = [stream[16], stream[17] !== 0];
  const lumaWidth = subsampling ? (width + 7) & ~7 : width;
  const chromaWidth = subsampling ? lumaWidth >> 1 : lumaWidth;
  const chromaSize = subsampling ? chromaWidth * ((height + 1) >> 1) : width * height;
  let from = HEADER;
  const [luma, orange, green] = [lumaWidth * height, chromaSize, chromaSize].map((size, index) => {
    const length = header.getUint32(4 * index, true);
    if (length > stream.length - from) throw new RangeError(`plane ${index} of an NSCodec stream has ${length} bytes where ${stream.length - from} are left`);
    const plane = stream.subarray(from, (from += length));
    return length < size ? decodeRuns(plane, size) : plane.subarray(0, size);
  });
  const pixels = new Uint32Array(width * height);
  const limit = (value: number): number => (value < 0 ? 0 : value > 255 ? 255 : value);
  for (let row = 0; row < height; row++) {
    for (let column = 0; column < width; column++) {
      const y = luma[row * lumaWidth + column];
      const at = subsampling ? (row >> 1) * chromaWidth + (column >> 1) : row * chromaWidth + column;
      const co = ((orange[at] << (colorLossLevel - 1)) << 24) >> 24;
      const cg = ((green[at] << (colorLossLevel - 1)) << 24) >> 24;
      pixels[row * width + column] = (limit(y + co - cg) << 16) | (limit(y + cg) << 8) | limit(y - co - cg);
    }
  }
  return pixels;
}

function decodeRuns(runs: Uint8Array, size: number): Uint8Array {
  const plane = new Uint8Array(size);
  const end = runs.length - TAIL;
  let to = 0;
  for (let at = 0; at < end; ) {
    const value = runs[at++];
    let length = 1;
    if (at < end && runs[at] === value && size - to > TAIL + 1) {
      length = runs[at + 1] + 2;
      at += 2;
      if (length === 0xff + 2) {
        length = new DataView(runs.buffer, runs.byteOffset).getUint32(at, true);
        at += 4;
      }
    }
    if (length > size - TAIL - to) throw new RangeError(`a run of ${length} bytes where ${size - TAIL - to} are missing`);
    plane.fill(value, to, to + length);
    to += length;
  }
  if (to !== size - TAIL || end < 0) throw new RangeError(`a plane of ${to + TAIL} bytes instead of ${size}`);
  plane.set(runs.subarray(end), to);
  return plane;
}
