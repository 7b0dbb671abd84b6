/** Pictures for tests and benchmarks of codecs, and their comparison. Pure; every picture is the same each time. */
import type { Rect } from './region.js';

/** Pixels 0x00RRGGBB, row-major, `width` a row. */
export interface Picture {
  readonly width: number;
  readonly height: number;
  readonly pixels: Uint32Array;
}

/** A repeatable sequence of 32-bit numbers (xorshift). @param seed not 0 */
export function randomNumbers(seed: number): () => number {
  let state = seed >>> 0 || 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>>= 0);
  };
}

const paint = (width: number, height: number, pixel: (x: number, y: number) => number): Picture => {
  const pixels = new Uint32Array(width * height);
  for (let y = 0; y < height; y++) for (let x = 0; x < width; x++) pixels[y * width + x] = pixel(x, y);
  return { width, height, pixels };
};

export const flat = (width: number, height: number, colour: number): Picture => paint(width, height, () => colour);

export function noise(width: number, height: number, seed = 1): Picture {
  const random = randomNumbers(seed);
  return paint(width, height, () => random() & 0xffffff);
}

export const gradient = (width: number, height: number): Picture =>
  paint(width, height, (x, y) => (((255 * x) / width) << 16) | (((255 * y) / height) << 8) | ((x + y) & 0xff));

/** Two colours in turn, as old programs shade areas. */
export const chequered = (width: number, height: number): Picture => paint(width, height, (x, y) => ((x + y) & 1 ? 0x808080 : 0xc0c0c0));

/** Smooth light with grain, as a photograph has. */
export function photograph(width: number, height: number, seed = 7): Picture {
  const random = randomNumbers(seed);
  const light = (x: number, y: number, phase: number): number =>
    128 + 60 * Math.sin(x / 37 + phase) + 50 * Math.cos(y / 29 - phase) + 14 * Math.sin((x + y) / 11);
  return paint(width, height, (x, y) => {
    const grain = (random() & 7) - 4;
    const channel = (phase: number): number => Math.max(0, Math.min(255, Math.round(light(x, y, phase) + grain)));
    return (channel(0) << 16) | (channel(0.7) << 8) | channel(1.4);
  });
}

/** Lines of glyph-like marks, eight by sixteen pixels a cell, in the colours of a terminal. */
export function text(width: number, height: number, seed = 3): Picture {
  const random = randomNumbers(seed);
  const picture = flat(width, height, 0x000000);
  for (let top = 0; top + 16 <= height; top += 16) {
    const length = (random() % (width >> 3)) >> (random() & 1);
    const colour = [0xaaaaaa, 0xffffff, 0x55ff55, 0xaaaaaa][random() & 3];
    for (let cell = 0; cell < length; cell++) {
      if (random() % 6 === 0) continue; // a space
      for (let y = 3; y < 13; y++) {
        const bits = random() & random() & 0x7e;
        for (let x = 0; x < 8; x++) if (bits & (0x80 >> x)) picture.pixels[(top + y) * width + 8 * cell + x] = colour;
      }
    }
  }
  return picture;
}

/** A desktop: windows with title bars, buttons and text on a plain ground. */
export function windows(width: number, height: number, seed = 5): Picture {
  const random = randomNumbers(seed);
  const picture = flat(width, height, 0x3a6ea5);
  const fill = ({ x, y, width: w, height: h }: Rect, colour: number): void => {
    for (let row = y; row < Math.min(height, y + h); row++) picture.pixels.fill(colour, row * width + x, row * width + Math.min(width, x + w));
  };
  const page = text(width, height, seed);
  for (let i = 0; i < 6; i++) {
    const w = (width >> 2) + (random() % (width >> 2));
    const h = (height >> 2) + (random() % (height >> 2));
    const x = random() % (width - w);
    const y = random() % (height - h);
    fill({ x, y, width: w, height: h }, 0xd4d0c8);
    fill({ x: x + 2, y: y + 2, width: w - 4, height: 18 }, i === 5 ? 0x0a246a : 0x808080);
    fill({ x: x + 4, y: y + 24, width: w - 8, height: h - 28 }, 0xffffff);
    for (let row = y + 28; row < y + h - 8; row++) {
      for (let column = x + 8; column < x + w - 8; column++) {
        if (page.pixels[row * width + column] !== 0) picture.pixels[row * width + column] = 0x000000;
      }
    }
  }
  return picture;
}

/** Pieces that codecs have orders for, in random order: repeats of the row above, with a colour mixed in, runs, pairs, masks, steps, noise. */
export function patchwork(seed: number, width: number, height: number): Picture {
  const random = randomNumbers(seed);
  const few = [0, 0xffffff, random() & 0xffffff, random() & 0xffffff];
  const pixels = new Uint32Array(width * height);
  const above = (i: number): number => (i < width ? 0 : pixels[i - width]);
  for (let i = 0; i < pixels.length; ) {
    const kind = random() % 10;
    const colour = few[random() & 3];
    const other = few[random() & 3];
    const length = 1 + (random() % [3, 40, 400, 3000][random() & 3]);
    for (const end = Math.min(pixels.length, i + length); i < end; i++) {
      if (kind === 0) pixels[i] = above(i);
      else if (kind === 1) pixels[i] = above(i) ^ colour;
      else if (kind === 2) pixels[i] = random() & 3 ? above(i) : above(i) ^ colour;
      else if (kind === 3) pixels[i] = colour;
      else if (kind === 4) pixels[i] = i & 1 ? colour : other;
      else if (kind === 5) pixels[i] = random() & 0xffffff;
      else if (kind === 6) pixels[i] = random() % 12 ? above(i) : above(i) ^ colour;
      else if (kind === 7) pixels[i] = (above(i) + 0x010101) & 0xffffff;
      else if (kind === 8) pixels[i] = random() & 3;
      else pixels[i] = few[random() & 1];
    }
  }
  return { width, height, pixels };
}

/** Pixels of a picture as a screen has them: BGRX bytes. */
export const screenBytes = ({ pixels }: Picture): Uint8Array => new Uint8Array(pixels.buffer, pixels.byteOffset, pixels.byteLength);

type Bytes = Uint8Array | Uint32Array | undefined;

/** Throws where two arrays differ first. Quicker by far on pictures than a test framework's own comparison. */
export function expectSame(actual: Bytes, expected: Bytes): void {
  if (actual === expected) return;
  const problem = `${actual?.length ?? 'no'} elements, expected ${expected?.length ?? 'none'}`;
  if (!actual || !expected || actual.length !== expected.length) throw new Error(problem);
  const at = actual.findIndex((value, i) => value !== expected[i]);
  if (at >= 0) throw new Error(`element ${at} is 0x${actual[at].toString(16)}, expected 0x${expected[at].toString(16)}`);
}
