/**
 * How fast the bitmap codecs are on one core, and how small what they write is, on pictures of the kinds that screens show.
 *
 * Run: `node dist/bitmap-codecs.js [--seconds 0.5]`. Prints millions of pixels for each second of processor time: of the encoder as the server
 * uses it (pixels to finished bitmaps, tile by tile), and of the compressor alone as a WebAssembly kernel and as its plain TypeScript twin.
 * Every output is verified: decoded, and compared pixel by pixel after the rounding of its depth.
 */
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { graphics } from '@belvedere/rdp/testing';

type ColourDepth = graphics.ColourDepth;
const { Frame, fromPel, toPel } = graphics;

export interface Figure {
  readonly picture: string;
  readonly bitsPerPixel: ColourDepth;
  /** Pixels to bitmaps, as the server does it. */
  readonly encoder: number;
  /** The compressor's plain twin alone, from pels to a stream. */
  readonly twin: number;
  /** Bytes of all bitmaps. */
  readonly bytes: number;
  /** Bytes of the raw pels. */
  readonly rawBytes: number;
}

const TILE = 64;
export const DEPTHS: readonly ColourDepth[] = [8, 15, 16, 24, 32];

/** Milliseconds of processor time that this process has used. */
const processorTime = (): number => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
};

/** Runs `round`, which handles `pixels` pixels, for about `milliseconds` of processor time. @returns millions of pixels a second */
function measure(pixels: number, milliseconds: number, round: () => void): number {
  for (let warm = 0; warm < 3; warm++) round();
  const start = processorTime();
  let rounds = 0;
  let elapsed = 0;
  while (elapsed < milliseconds) {
    round();
    rounds++;
    elapsed = processorTime() - start;
  }
  return (rounds * pixels) / elapsed / 1000;
}

/** Throws unless a bitmap shows the picture. */
function verify(bitmap: graphics.EncodedBitmap, { width, pixels }: graphics.Picture, what: string): void {
  const shown = graphics.decodeBitmap(bitmap);
  for (let y = 0; y < bitmap.height; y++) {
    for (let x = 0; x < bitmap.visibleWidth; x++) {
      const expected = fromPel(toPel(pixels[(bitmap.y + y) * width + bitmap.x + x], bitmap.bitsPerPixel), bitmap.bitsPerPixel);
      if (shown[y * bitmap.width + x] !== expected) throw new Error(`${what}: pixel ${bitmap.x + x},${bitmap.y + y} is wrong`);
    }
  }
}

/** The pels of every tile, the bottom row first. */
function tilesOf({ width, height, pixels }: graphics.Picture, depth: ColourDepth): Uint32Array[] {
  const tiles: Uint32Array[] = [];
  for (let top = 0; top < height; top += TILE) {
    for (let left = 0; left < width; left += TILE) {
      tiles.push(Uint32Array.from({ length: TILE * TILE }, (_, i) => toPel(pixels[(top + TILE - 1 - Math.floor(i / TILE)) * width + left + (i % TILE)], depth)));
    }
  }
  return tiles;
}

/** @param picture INVARIANT: whole tiles */
function codec(name: string, picture: graphics.Picture, bitsPerPixel: ColourDepth, milliseconds: number): Figure {
  const { width, height } = picture;
  const frame = new Frame(width, height);
  frame.capture({ width, height, stride: 4 * width, pixels: graphics.screenBytes(picture) }, [{ x: 0, y: 0, width, height }], () => undefined);
  const format = { bitsPerPixel, compressed: true, skipAlpha: true };
  const { grid, pixels, kernels } = frame;
  const rects = Array.from({ length: grid.count }, (_, tile) => grid.rect(tile, grid.whole(tile)));
  const bitmaps = rects.map((rect) => graphics.encodeBitmap(pixels, width, rect, format, kernels));
  for (const bitmap of bitmaps) verify(bitmap, picture, `${name} at ${bitsPerPixel} bits`);
  const encoder = measure(width * height, milliseconds, () => {
    for (const rect of rects) graphics.encodeBitmap(pixels, width, rect, format, kernels);
  });

  const tiles = tilesOf(picture, bitsPerPixel);
  const target = new Uint8Array(4 * TILE * TILE + 64);
  const compress = (tile: Uint32Array): number =>
    bitsPerPixel === 32 ? graphics.compressPlanar(tile, TILE, TILE, true, target) : graphics.compressInterleaved(tile, TILE, TILE, bitsPerPixel, target);
  tiles.forEach((tile, i) => {
    const length = compress(tile);
    const { compressed, data } = bitmaps[i];
    if (compressed !== length > 0 || (compressed && Buffer.compare(data, target.subarray(0, length)) !== 0)) {
      throw new Error(`${name} at ${bitsPerPixel} bits: the kernel and its twin differ on tile ${i}`);
    }
  });
  const twin = measure(width * height, milliseconds, () => tiles.forEach(compress));
  const bytes = bitmaps.reduce((total, { data }) => total + data.length, 0);
  return { picture: name, bitsPerPixel, encoder, twin, bytes, rawBytes: width * height * graphics.bytesPerPel(bitsPerPixel) };
}

/** How fast a frame takes in a screen of which everything is called damaged. @returns millions of pixels a second, unchanged and changed */
export function captures(width: number, height: number, milliseconds: number): readonly [unchanged: number, changed: number] {
  const frame = new Frame(width, height);
  const screens = [graphics.windows(width, height), graphics.noise(width, height)].map((picture) => ({ width, height, stride: 4 * width, pixels: graphics.screenBytes(picture) }));
  const everything = [{ x: 0, y: 0, width, height }];
  let round = 0;
  const take = (screen: number): void => frame.capture(screens[screen], everything, () => undefined);
  take(0);
  const unchanged = measure(width * height, milliseconds, () => take(0));
  const changed = measure(width * height, milliseconds, () => take(++round % 2));
  const colours = new Uint32Array(screens[round % 2].pixels.buffer);
  if (frame.pixels.some((pixel, i) => pixel !== (colours[i] & 0xffffff))) throw new Error('the frame is not what the screen shows');
  return [unchanged, changed];
}

/** All figures. @param milliseconds for each */
export function figures(milliseconds: number, width = 1024, height = 768): Figure[] {
  const pictures: readonly (readonly [string, graphics.Picture])[] = [
    ['windows', graphics.windows(width, height)],
    ['text', graphics.text(width, height)],
    ['photograph', graphics.photograph(width, height)],
    ['gradient', graphics.gradient(width, height)],
    ['noise', graphics.noise(width, height)],
  ];
  return pictures.flatMap(([name, picture]) => DEPTHS.map((depth) => codec(name, picture, depth, milliseconds)));
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const { values } = parseArgs({ options: { seconds: { type: 'string', default: '0.5' } } });
  const seconds = Number(values.seconds);
  if (!(seconds > 0 && seconds <= 60)) throw new RangeError(`--seconds ${values.seconds}: give a number above 0, at most 60`);
  console.log('picture      bits  encoder Mpixel/s  plain twin Mpixel/s   gain   KB of raw KB');
  for (const { picture, bitsPerPixel, encoder, twin, bytes, rawBytes } of figures(1000 * seconds)) {
    const gain = `${(encoder / twin).toFixed(1)}x`;
    const sizes = `${(bytes / 1024).toFixed(0).padStart(4)} of ${(rawBytes / 1024).toFixed(0)}`;
    console.log(`${picture.padEnd(12)} ${String(bitsPerPixel).padStart(4)} ${encoder.toFixed(0).padStart(17)} ${twin.toFixed(0).padStart(20)} ${gain.padStart(6)}   ${sizes}`);
  }
  const [unchanged, changed] = captures(1024, 768, 1000 * seconds);
  console.log(`taking in a screen: ${unchanged.toFixed(0)} Mpixel/s where nothing changed, ${changed.toFixed(0)} where everything did`);
}
