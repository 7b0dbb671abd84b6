import { expect, test } from '@jest/globals';
import { PNG } from 'pngjs';
import { screenshot } from './screenshot.js';

test('a picture with a padded stride comes back pixel by pixel', () => {
  const pixels = new Uint8Array(2 * 16);
  pixels.set([1, 2, 3, 9, 4, 5, 6, 9, 7, 8, 9, 9], 0);
  pixels.set([10, 11, 12, 9, 13, 14, 15, 9, 16, 17, 18, 9], 16);
  const png = PNG.sync.read(screenshot({ width: 3, height: 2, stride: 16, pixels }));
  expect([png.width, png.height]).toEqual([3, 2]);
  expect([...png.data]).toEqual([3, 2, 1, 255, 6, 5, 4, 255, 9, 8, 7, 255, 12, 11, 10, 255, 15, 14, 13, 255, 18, 17, 16, 255]);
});
