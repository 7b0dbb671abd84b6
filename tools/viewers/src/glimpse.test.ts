import { expect, test } from '@jest/globals';
import { Glimpse, type Picture } from './index.js';

const picture = (width: number, height: number, colour: (x: number, y: number) => number): Picture => {
  const stride = 4 * width + 8;
  const data = new Uint8Array(stride * height);
  for (let y = 0; y < height; y++) for (let x = 0; x < width; x++) new DataView(data.buffer).setUint32(y * stride + 4 * x, colour(x, y) | 0x55000000, true);
  return { width, height, stride, data };
};
const guest = (x: number, y: number): number => (x * 0x030507 + y * 0x110b0d) & 0xffffff;
const grey = (): number => 0x808080;

test('a few pixels of one row are seen, wherever they are, and nothing is seen where there are none', () => {
  const glimpse = new Glimpse(picture(100, 60, guest));
  expect(glimpse.isIn(picture(300, 200, grey))).toBe(false);
  // 47 pixels of the guest's row 33, from its column 40 on: whatever their place, a whole run is among them.
  for (const [left, top] of [[0, 0], [253, 199], [101, 77]] as const) {
    const display = picture(300, 200, (x, y) => (y === top && x >= left && x < left + 47 ? guest(x - left + 40, 33) : 0x808080));
    expect(glimpse.isIn(display)).toBe(true);
    const other = picture(300, 200, (x, y) => (y === top && x >= left && x < left + 47 ? guest(x - left + 40, 33) ^ (x % 16 === 0 ? 1 : 0) : 0x808080));
    expect(glimpse.isIn(other)).toBe(false);
  }
});

test('what is flat could be anything', () => {
  expect(() => new Glimpse(picture(100, 60, grey))).toThrow('a picture of 100x60 in which no 32 pixels');
});
