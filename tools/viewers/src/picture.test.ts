import { describe, expect, test } from '@jest/globals';
import { colourAt, comparePictures, crop, fromPng, type Picture, shownBy, toPng } from './index.js';

/** A picture whose colours tell where they stand; rows end with padding. */
function picture(width: number, height: number): Picture {
  const stride = width * 4 + 12;
  const data = new Uint8Array(stride * height).fill(0xee);
  for (let y = 0; y < height; y++) for (let x = 0; x < width; x++) data.set([x & 0xff, y & 0xff, (x * 7 + y * 3) & 0xff, 0], y * stride + 4 * x);
  return { width, height, stride, data };
}
const changed = (original: Picture, places: readonly (readonly [x: number, y: number])[], by = 255): Picture => {
  const data = original.data.slice();
  for (const [x, y] of places) data[y * original.stride + 4 * x + 1]! ^= by;
  return { ...original, data };
};

describe('comparePictures', () => {
  const a = picture(100, 60);
  test('finds nothing between equals, whatever their padding and fourth bytes', () => {
    const stride = 400;
    const data = new Uint8Array(stride * 60).fill(0x55);
    for (let y = 0; y < 60; y++) for (let x = 0; x < 100; x++) for (let c = 0; c < 3; c++) data[y * stride + 4 * x + c] = a.data[y * a.stride + 4 * x + c]!;
    expect(comparePictures(a, { width: 100, height: 60, stride, data })).toEqual({ pixels: 0, boxes: [] });
  });
  test('counts pixels and draws boxes around groups', () => {
    const b = changed(a, [[0, 0], [20, 10], [99, 59], [98, 58]]);
    expect(comparePictures(a, b)).toEqual({
      pixels: 4,
      boxes: [{ x: 0, y: 0, width: 21, height: 11 }, { x: 98, y: 58, width: 2, height: 2 }],
    });
  });
  test('does not join the ends of neighbouring rows', () => {
    expect(comparePictures(a, changed(a, [[99, 0], [0, 16]])).boxes).toHaveLength(2);
  });
  test('leaves out what may differ, and what differs little', () => {
    const b = changed(a, [[5, 5], [50, 50]]);
    expect(comparePictures(a, b, { ignore: [{ x: 5, y: 5, width: 1, height: 1 }] }).pixels).toBe(1);
    const little = changed(a, [[8, 8]], 4);
    expect(comparePictures(a, little, { tolerance: 4 }).pixels).toBe(0);
    expect(comparePictures(a, little, { tolerance: 3 }).pixels).toBe(1);
  });
  test('refuses pictures of different sizes', () => {
    expect(() => comparePictures(a, picture(99, 60))).toThrow('100x60 and 99x60');
  });
});

test('a part of a picture shares its bytes', () => {
  const a = picture(30, 20);
  const part = crop(a, { x: 10, y: 5, width: 20, height: 15 });
  expect(colourAt(part, 19, 14)).toBe(colourAt(a, 29, 19));
  expect(() => crop(a, { x: 11, y: 5, width: 20, height: 15 })).toThrow('20x15 at 11,5 is not inside 30x20');
});

test.each([
  ['freerdp', 15, 0x8c847b, 0x8c847b],
  ['rdesktop', 15, 0x8a848a, 0x8c868c],
  ['rdesktop', 15, 0x828482, 0x848284],
  ['rdesktop', 16, 0x878587, 0x848684],
  ['freerdp', 16, 0x878587, 0x848884],
  ['freerdp', 16, 0xffffff, 0xffffff],
  ['rdesktop', 32, 0x878587, 0x878587],
] as const)('what %s shows at %i bits of %i', (viewer, depth, colour, shown) => {
  const one = { width: 1, height: 1, stride: 4, data: new Uint8Array([colour & 0xff, (colour >> 8) & 0xff, colour >> 16, 0]) };
  expect(colourAt(shownBy(viewer, depth, one), 0, 0).toString(16)).toBe(shown.toString(16));
});

test('a picture goes through PNG unchanged', () => {
  const a = picture(33, 17);
  expect(comparePictures(fromPng(toPng(a)), a).pixels).toBe(0);
});
