import { describe, expect, test } from '@jest/globals';
import { bounds, places } from './desk.js';

const screen = (width: number, height: number, on = true): { width: number; height: number; on: boolean } => ({ width, height, on });

describe('a desk', () => {
  test('has screens side by side that were put nowhere; one that is off takes no room', () => {
    const screens = [screen(1024, 768), screen(800, 600, false), screen(640, 480)];
    const at = places(screens, []);
    expect(at).toEqual([{ x: 0, y: 0 }, { x: 1024, y: 0 }, { x: 1024, y: 0 }]);
    expect(bounds(screens, at)).toEqual({ x: 0, y: 0, width: 1664, height: 768 });
  });

  test('has screens where they were put, the others to their right', () => {
    const screens = [screen(1024, 768), screen(800, 600), screen(640, 480)];
    const at = places(screens, [undefined, { x: -800, y: 100 }]);
    expect(at).toEqual([{ x: 0, y: 0 }, { x: -800, y: 100 }, { x: 1024, y: 0 }]);
    expect(bounds(screens, at)).toEqual({ x: -800, y: 0, width: 2464, height: 768 });
  });

  test('without a screen that is on has no room', () => {
    expect(bounds([screen(1, 1, false)], [{ x: 9, y: 9 }])).toEqual({ x: 0, y: 0, width: 1, height: 1 });
  });
});
