/** Pictures, and what differs between two. Pure. */
import { PNG } from 'pngjs';

/** Rows from the top, each `stride` bytes, four bytes a pixel: blue, green, red, unused. */
export interface Picture {
  readonly width: number;
  readonly height: number;
  readonly stride: number;
  readonly data: Uint8Array;
}

export interface Rect {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

export interface Difference {
  /** Pixels that differ. */
  readonly pixels: number;
  /** Around groups of them that are near each other; the largest group first. */
  readonly boxes: readonly Rect[];
}

/** A part of a picture, sharing its bytes. @throws when the part is not inside */
export function crop(picture: Picture, { x, y, width, height }: Rect): Picture {
  if (!(x >= 0 && y >= 0 && width > 0 && height > 0 && x + width <= picture.width && y + height <= picture.height)) {
    throw new RangeError(`${width}x${height} at ${x},${y} is not inside ${picture.width}x${picture.height}`);
  }
  return { width, height, stride: picture.stride, data: picture.data.subarray(y * picture.stride + 4 * x) };
}

/** The colour at a place as 0xRRGGBB. */
export function colourAt({ stride, data }: Picture, x: number, y: number): number {
  const at = y * stride + 4 * x;
  return (data[at + 2]! << 16) | (data[at + 1]! << 8) | data[at]!;
}

const five = (value: number): number => (value & 0xf8) | (value >> 5);

/** The green that each viewer shows, of the green and the red that it is sent: widened to eight bits each in its own way. */
const shownGreen = {
  rdesktop: {
    15: (green: number, red: number) => (green & 0xf8) | ((red & 8) >> 1) | (green >> 6), // the lowest bit of red gets in
    16: (green: number) => (green & 0xfc) | (green >> 6),
  },
  freerdp: {
    15: five,
    16: (green: number) => Math.min(255, (green & 0xfc) + (green >> 5)), // middle greens up to four brighter
  },
} as const;

/**
 * The picture that a viewer shows of another in a session of so many bits: each colour loses its low bits, and the viewer fills them up.
 * @param viewer `freerdp` is any viewer that is made of it
 * @param depth 15 (five bits each), 16 (six for green), 24 or 32 (nothing is lost)
 */
export function shownBy(viewer: keyof typeof shownGreen, depth: 15 | 16 | 24 | 32, picture: Picture): Picture {
  if (depth === 24 || depth === 32) return picture;
  const { width, height } = picture;
  const green: (green: number, red: number) => number = shownGreen[viewer][depth];
  const data = new Uint8Array(width * height * 4);
  for (let y = 0; y < height; y++) {
    for (let x = 0, from = y * picture.stride, to = y * width * 4; x < width; x++, from += 4, to += 4) {
      data[to] = five(picture.data[from]!);
      data[to + 1] = green(picture.data[from + 1]!, picture.data[from + 2]!);
      data[to + 2] = five(picture.data[from + 2]!);
    }
  }
  return { width, height, stride: width * 4, data };
}

/** Groups are made of squares of so many pixels. */
const tile = 16;

/**
 * Compares two pictures of one size.
 * @param ignore rectangles that may differ
 * @param tolerance largest difference of one colour of a pixel that counts as equal
 */
export function comparePictures(a: Picture, b: Picture, { ignore = [], tolerance = 0 }: { readonly ignore?: readonly Rect[]; readonly tolerance?: number } = {}): Difference {
  if (a.width !== b.width || a.height !== b.height) throw new RangeError(`pictures of different sizes: ${a.width}x${a.height} and ${b.width}x${b.height}`);
  const columns = Math.ceil(a.width / tile);
  const tiles = new Map<number, Rect>();
  let pixels = 0;
  for (let y = 0; y < a.height; y++) {
    for (let x = 0; x < a.width; x++) {
      const i = y * a.stride + 4 * x;
      const j = y * b.stride + 4 * x;
      const far = (channel: number): boolean => Math.abs(a.data[i + channel]! - b.data[j + channel]!) > tolerance;
      if (!(far(0) || far(1) || far(2)) || ignore.some((rect) => contains(rect, x, y))) continue;
      pixels++;
      const key = Math.floor(y / tile) * columns + Math.floor(x / tile);
      tiles.set(key, around(tiles.get(key), { x, y, width: 1, height: 1 }));
    }
  }
  return { pixels, boxes: group(tiles, columns) };
}

const contains = (rect: Rect, x: number, y: number): boolean => x >= rect.x && y >= rect.y && x < rect.x + rect.width && y < rect.y + rect.height;

function around(a: Rect | undefined, b: Rect): Rect {
  if (!a) return b;
  const x = Math.min(a.x, b.x);
  const y = Math.min(a.y, b.y);
  return { x, y, width: Math.max(a.x + a.width, b.x + b.width) - x, height: Math.max(a.y + a.height, b.y + b.height) - y };
}

/** Joins neighbouring tiles to boxes. */
function group(tiles: Map<number, Rect>, columns: number): Rect[] {
  const boxes: Rect[] = [];
  const left = new Set(tiles.keys());
  for (const first of tiles.keys()) {
    if (!left.delete(first)) continue;
    let box: Rect | undefined;
    const open = [first];
    for (let key = open.pop(); key !== undefined; key = open.pop()) {
      box = around(box, tiles.get(key)!);
      for (const row of [-columns, 0, columns]) {
        for (const column of [-1, 0, 1]) {
          const next = key + row + column;
          const wraps = Math.abs((next % columns) - (key % columns)) > 1;
          if (!wraps && left.delete(next)) open.push(next);
        }
      }
    }
    boxes.push(box!);
  }
  return boxes.sort((a, b) => b.width * b.height - a.width * a.height);
}

/** The picture as a PNG file's bytes. */
export function toPng(picture: Picture): Buffer {
  const { width, height } = picture;
  const png = new PNG({ width, height });
  for (let y = 0; y < height; y++) {
    for (let x = 0, from = y * picture.stride, to = y * width * 4; x < width; x++, from += 4, to += 4) {
      png.data[to] = picture.data[from + 2]!;
      png.data[to + 1] = picture.data[from + 1]!;
      png.data[to + 2] = picture.data[from]!;
      png.data[to + 3] = 0xff;
    }
  }
  return PNG.sync.write(png);
}

/** The picture in a PNG file's bytes. */
export function fromPng(bytes: Uint8Array): Picture {
  const { width, height, data } = PNG.sync.read(Buffer.from(bytes));
  const swapped = new Uint8Array(data.length);
  for (let i = 0; i < data.length; i += 4) {
    swapped[i] = data[i + 2]!;
    swapped[i + 1] = data[i + 1]!;
    swapped[i + 2] = data[i]!;
  }
  return { width, height, stride: 4 * width, data: swapped };
}
