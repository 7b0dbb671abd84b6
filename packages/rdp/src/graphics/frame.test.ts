import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { Frame } from './frame.js';
import { noise, screenBytes } from './pictures.js';
import type { Rect } from './region.js';
import { box, joinBoxes, TileGrid } from './tiles.js';

const WIDTH = 150;
const HEIGHT = 140;
const EVERYTHING: Rect = { x: 0, y: 0, width: WIDTH, height: HEIGHT };

const rect = fc
  .record({
    x: fc.integer({ min: 0, max: WIDTH - 1 }),
    y: fc.integer({ min: 0, max: HEIGHT - 1 }),
    width: fc.integer({ min: 1, max: WIDTH }),
    height: fc.integer({ min: 1, max: HEIGHT }),
  })
  .map(({ x, y, width, height }) => ({ x, y, width: Math.min(width, WIDTH - x), height: Math.min(height, HEIGHT - y) }));

/** What capture must do, pixel by pixel. */
function naive(before: Uint32Array, now: Uint32Array, damage: readonly Rect[]): { after: Uint32Array; boxes: Map<number, number> } {
  const grid = new TileGrid(WIDTH, HEIGHT);
  const after = before.slice();
  const boxes = new Map<number, number>();
  for (const { x, y, width, height } of damage) {
    for (let row = y; row < y + height; row++) {
      for (let column = x; column < x + width; column++) {
        const i = row * WIDTH + column;
        if ((now[i] & 0xffffff) === after[i]) continue;
        after[i] = now[i] & 0xffffff;
        const tile = (row >> 6) * grid.columns + (column >> 6);
        boxes.set(tile, joinBoxes(boxes.get(tile) ?? 0, box(column & 63, row & 63, (column & 63) + 1, (row & 63) + 1)));
      }
    }
  }
  return { after, boxes };
}

test('takes in what differs inside the damage, and says where', () => {
  fc.assert(
    fc.property(
      fc.array(rect, { maxLength: 4 }),
      fc.array(fc.tuple(fc.nat(WIDTH - 1), fc.nat(HEIGHT - 1), fc.integer({ min: 0, max: 0xffffffff })), { maxLength: 12 }),
      fc.constantFrom(0, 4, 7),
      (damage, pokes, more) => {
        const picture = noise(WIDTH, HEIGHT);
        const frame = new Frame(WIDTH, HEIGHT);
        frame.capture({ ...picture, stride: 4 * WIDTH, pixels: screenBytes(picture) }, [EVERYTHING], () => undefined);
        const before = frame.pixels.slice();
        const now = picture.pixels.slice();
        for (const [x, y, colour] of pokes) now[y * WIDTH + x] = colour;
        // Rows with something behind them, and pixels that do not lie on words.
        const stride = 4 * WIDTH + more;
        const pixels = new Uint8Array(stride * HEIGHT + 1).subarray(1);
        for (let y = 0; y < HEIGHT; y++) pixels.set(new Uint8Array(now.buffer, 4 * WIDTH * y, 4 * WIDTH), stride * y);

        const versions = Array.from({ length: frame.grid.count }, (_, tile) => frame.version(tile));
        const boxes = new Map<number, number>();
        frame.capture({ width: WIDTH, height: HEIGHT, stride, pixels }, damage, (tile, packed) => {
          expect(boxes.has(tile)).toBe(false);
          boxes.set(tile, packed);
        });
        const expected = naive(before, now, damage);
        expect(Buffer.compare(Buffer.from(frame.pixels.slice().buffer), Buffer.from(expected.after.buffer))).toBe(0);
        expect(new Map([...boxes].sort())).toEqual(new Map([...expected.boxes].sort()));
        versions.forEach((version, tile) => expect(frame.version(tile)).toBe(version + (boxes.has(tile) ? 1 : 0)));
      },
    ),
    { numRuns: 150 },
  );
});

test('refuses a screen whose pixels are too few', () => {
  const frame = new Frame(8, 8);
  expect(() => frame.capture({ width: 8, height: 8, stride: 32, pixels: new Uint8Array(255) }, [], () => undefined)).toThrow('8x8 pixels and 32 bytes a row with 255 bytes');
});
