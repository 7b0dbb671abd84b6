import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { area, clip, intersect, type Rect, type Region, union } from './region.js';
import { box, boxBottom, boxLeft, boxRight, boxTop, joinBoxes, TILE, TileGrid, TileSet } from './tiles.js';

const rect = fc.record({
  x: fc.integer({ min: 0, max: 180 }),
  y: fc.integer({ min: 0, max: 130 }),
  width: fc.oneof(fc.integer({ min: 1, max: 12 }), fc.integer({ min: 60, max: 70 })),
  height: fc.oneof(fc.integer({ min: 1, max: 12 }), fc.integer({ min: 60, max: 70 })),
});

/** Every pixel of a region as one number; fails if rectangles overlap. */
function pixels(region: Region): Set<number> {
  const all = new Set<number>();
  for (const { x, y, width, height } of region) {
    for (let row = y; row < y + height; row++) for (let column = x; column < x + width; column++) all.add(1000 * row + column);
  }
  expect(all.size).toBe(area(region));
  return all;
}

describe('region', () => {
  test('intersects', () => {
    const a: Rect = { x: 0, y: 0, width: 10, height: 10 };
    expect(intersect(a, { x: 5, y: 6, width: 10, height: 1 })).toEqual({ x: 5, y: 6, width: 5, height: 1 });
    expect(intersect(a, { x: 10, y: 0, width: 1, height: 1 })).toBeUndefined();
    expect(clip([a, { x: 90, y: 0, width: 5, height: 5 }], { x: 8, y: 8, width: 50, height: 50 })).toEqual([{ x: 8, y: 8, width: 2, height: 2 }]);
  });

  test('a union is disjoint and has every pixel once', () => {
    fc.assert(
      fc.property(fc.array(rect, { maxLength: 6 }), (rects) => {
        const expected = new Set(rects.flatMap((one) => [...pixels([one])]));
        const got = pixels(union(rects));
        expect(got.size).toBe(expected.size);
        expect([...expected].filter((pixel) => !got.has(pixel))).toEqual([]);
      }),
      { numRuns: 40 },
    );
  });
});

describe('tiles', () => {
  test('a box is its four sides', () => {
    const packed = box(1, 2, 64, 63);
    expect([boxLeft(packed), boxTop(packed), boxRight(packed), boxBottom(packed)]).toEqual([1, 2, 64, 63]);
    expect(joinBoxes(0, packed)).toBe(packed);
    expect(joinBoxes(box(0, 5, 3, 6), box(2, 1, 9, 4))).toBe(box(0, 1, 9, 6));
  });

  test('two small changes far apart stay two small rectangles', () => {
    const set = new TileSet(new TileGrid(1024, 768));
    set.addRect({ x: 10, y: 10, width: 8, height: 16 });
    set.addRect({ x: 1000, y: 710, width: 8, height: 16 });
    expect(set.size).toBe(2);
    expect(set.region()).toEqual([
      { x: 10, y: 10, width: 8, height: 16 },
      { x: 1000, y: 710, width: 8, height: 16 },
    ]);
  });

  test('whole tiles that meet become one rectangle', () => {
    const set = new TileSet(new TileGrid(300, 200));
    set.addAll();
    expect(set.region()).toEqual([{ x: 0, y: 0, width: 300, height: 200 }]);
    set.delete(0);
    expect(set.size).toBe(19);
    expect(area(set.region())).toBe(300 * 200 - TILE * TILE);
  });

  test('a set covers what was added and stays inside the screen', () => {
    fc.assert(
      fc.property(fc.array(rect, { maxLength: 5 }), (rects) => {
        const screen: Rect = { x: 0, y: 0, width: 200, height: 150 };
        const set = new TileSet(new TileGrid(screen.width, screen.height));
        for (const one of rects) set.addRect(one);
        const got = pixels(set.region());
        const missing = rects.flatMap((one) => [...pixels(clip([one], screen))]).filter((pixel) => !got.has(pixel));
        expect(missing).toEqual([]);
        expect(area(clip(set.region(), screen))).toBe(got.size);
      }),
      { numRuns: 40 },
    );
  });

  test('next goes round', () => {
    const set = new TileSet(new TileGrid(128, 128));
    expect(set.next(0)).toBe(-1);
    set.add(1, box(0, 0, 1, 1));
    expect([set.next(0), set.next(1), set.next(2), set.next(4)]).toEqual([1, 1, 1, 1]);
    set.delete(1);
    set.delete(1);
    expect(set.size).toBe(0);
  });
});
