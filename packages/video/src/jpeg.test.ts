import { Buffer } from 'node:buffer';
import { describe, expect, test } from '@jest/globals';
import { decode } from 'jpeg-js';
import { encodeJpeg } from './jpeg.js';
import type { Rect } from './ports.js';
import { VideoFinder } from './finder.js';
import { Desktop } from './testing.js';

const SCREEN = { x: 0, y: 0, width: 400, height: 300 };
const desktop = new Desktop(SCREEN.width, SCREEN.height);
desktop.film(SCREEN, 7);

/** Signal to noise in decibels, over all three colours, as a decoder sees it that has nothing of the encoder's. */
function psnr(jpeg: Uint8Array, { x, y, width, height }: Rect): number {
  const decoded = decode(jpeg);
  expect([decoded.width, decoded.height]).toEqual([width, height]);
  let squares = 0;
  for (let row = 0; row < height; row++) {
    for (let column = 0; column < width; column++) {
      const pixel = desktop.pixels[(y + row) * SCREEN.width + x + column];
      for (let colour = 0; colour < 3; colour++) squares += (decoded.data[4 * (row * width + column) + 2 - colour] - ((pixel >> (8 * colour)) & 0xff)) ** 2;
    }
  }
  return 10 * Math.log10((255 * 255 * 3 * width * height) / squares);
}

describe('a JPEG picture', () => {
  test.each([
    ['the whole screen', SCREEN],
    ['a part', { x: 33, y: 17, width: 123, height: 77 }],
    ['a part that ends in the last row', { x: 333, y: 251, width: 67, height: 49 }],
    ['a single pixel', { x: 399, y: 299, width: 1, height: 1 }],
  ])('shows %s', (_what, rect) => {
    expect(psnr(encodeJpeg(desktop.pixels, SCREEN.width, rect, 90), rect)).toBeGreaterThan(rect.width > 1 ? 30 : 20);
  });

  test('is smaller and worse, the lower its quality', () => {
    const pictures = [10, 30, 50, 75, 90, 100].map((quality) => encodeJpeg(desktop.pixels, SCREEN.width, SCREEN, quality));
    for (let at = 1; at < pictures.length; at++) {
      expect(pictures[at].length).toBeGreaterThan(pictures[at - 1].length);
      expect(psnr(pictures[at], SCREEN)).toBeGreaterThan(psnr(pictures[at - 1], SCREEN));
    }
  });

  test('is a baseline picture with a luminance of full and colours of half the resolution', () => {
    const jpeg = encodeJpeg(desktop.pixels, SCREEN.width, SCREEN, 75);
    const frame = Buffer.from(jpeg).indexOf(Buffer.from([0xff, 0xc0]));
    // SOF0: length, precision, height, width, three components, each with its sampling factors.
    expect([...jpeg.subarray(frame + 4, frame + 19)]).toEqual([8, 1, 44, 1, 144, 3, 1, 0x22, 0, 2, 0x11, 1, 3, 0x11, 1]);
  });
});

test("a stream's picture is encoded once for each frame and quality", () => {
  let quality = 75;
  const finder = new VideoFinder(SCREEN.width, SCREEN.height, () => quality);
  let now = 0;
  const next = () => {
    desktop.film(SCREEN, now);
    return finder.frame(desktop.take(), desktop.pixels, (now += 40)).streams;
  };
  for (let number = 0; number < 30; number++) next();
  const [stream] = next();
  const first = stream.jpeg(stream.rect);
  expect(stream.jpeg({ ...stream.rect })).toBe(first);
  next();
  const second = stream.jpeg(stream.rect);
  expect(second).not.toBe(first);
  quality = 20;
  next();
  expect(stream.jpeg(stream.rect).length).toBeLessThan(second.length / 2);
});
