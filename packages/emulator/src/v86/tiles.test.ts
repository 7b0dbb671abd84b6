import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Rect } from '../ports.js';
import { TILE_HEIGHT, TILE_WIDTH, Tiles } from './tiles.js';

const tileKey = (x: number, y: number): string => `${Math.floor(x / TILE_WIDTH)},${Math.floor(y / TILE_HEIGHT)}`;

/** The tiles under some rectangles; fails where two of them share one. */
function tilesUnder(rects: readonly Rect[], disjoint: boolean): Set<string> {
  const keys = new Set<string>();
  for (const { x, y, width, height } of rects) {
    for (let row = Math.floor(y / TILE_HEIGHT); row <= Math.floor((y + height - 1) / TILE_HEIGHT); row++) {
      for (let column = Math.floor(x / TILE_WIDTH); column <= Math.floor((x + width - 1) / TILE_WIDTH); column++) {
        const key = tileKey(column * TILE_WIDTH, row * TILE_HEIGHT);
        if (disjoint) expect(keys.has(key)).toBe(false);
        keys.add(key);
      }
    }
  }
  return keys;
}

describe('tiles', () => {
  test('two far corners stay two rectangles', () => {
    const tiles = new Tiles(1024, 768);
    tiles.mark(0, 0, 1, 1);
    tiles.mark(1023, 767, 1, 1);
    expect(tiles.take()).toEqual([
      { x: 0, y: 0, width: 64, height: 16 },
      { x: 960, y: 752, width: 64, height: 16 },
    ]);
    expect(tiles.take()).toEqual([]);
  });

  test('a whole screen is one rectangle, cut at its edges', () => {
    const tiles = new Tiles(720, 400);
    tiles.mark(0, 0, 720, 400);
    expect(tiles.take()).toEqual([{ x: 0, y: 0, width: 720, height: 400 }]);
  });

  test('the other thread sees the same marks', () => {
    const tiles = new Tiles(2560, 1600);
    const other = new Tiles(2560, 1600, tiles.memory);
    tiles.mark(2500, 1590, 60, 10);
    expect(other.take()).toEqual([{ x: 2496, y: 1584, width: 64, height: 16 }]);
  });

  test('what is taken covers exactly the marked tiles, disjoint and inside the screen', () => {
    const screen = fc.record({ width: fc.integer({ min: 1, max: 2600 }), height: fc.integer({ min: 1, max: 300 }) });
    const marks = fc.array(fc.tuple(fc.double({ min: 0, max: 0.999, noNaN: true }), fc.double({ min: 0, max: 0.999, noNaN: true }), fc.nat(500), fc.nat(60)), {
      maxLength: 20,
    });
    fc.assert(
      fc.property(screen, marks, ({ width, height }, list) => {
        const tiles = new Tiles(width, height);
        const rects = list.map(([fx, fy, w, h]) => {
          const x = Math.floor(fx * width);
          const y = Math.floor(fy * height);
          return { x, y, width: Math.min(w + 1, width - x), height: Math.min(h + 1, height - y) };
        });
        for (const rect of rects) tiles.mark(rect.x, rect.y, rect.width, rect.height);
        const region = tiles.take();
        for (const rect of region) {
          expect(rect.width > 0 && rect.height > 0 && rect.x + rect.width <= width && rect.y + rect.height <= height).toBe(true);
        }
        expect(tilesUnder(region, true)).toEqual(tilesUnder(rects, false));
      }),
    );
  });
});
