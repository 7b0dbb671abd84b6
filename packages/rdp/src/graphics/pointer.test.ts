import { expect, test } from '@jest/globals';
import { ARROW, drawPointer } from './pointer.js';

test('draws masks from the bottom row up, padded to two bytes', () => {
  const pointer = drawPointer(['X.  ', '  .X', 'XXXX'], { xPos: 1, yPos: 2 });
  expect(pointer).toMatchObject({ hotSpot: { xPos: 1, yPos: 2 }, width: 4, height: 3 });
  expect([...pointer.andMaskData]).toEqual([0x0f, 0xff, 0xcf, 0xff, 0x3f, 0xff]);
  const black = [0, 0, 0];
  const white = [255, 255, 255];
  expect([...pointer.xorMaskData]).toEqual([black, black, black, black, black, black, white, black, black, white, black, black].flat());
});

test('the arrow is of the size that every client takes, and points with its tip', () => {
  expect(ARROW).toMatchObject({ hotSpot: { xPos: 0, yPos: 0 }, width: 32, height: 32 });
  expect(ARROW.andMaskData).toHaveLength(32 * 4);
  expect(ARROW.xorMaskData).toHaveLength(32 * 32 * 3);
  expect(ARROW.andMaskData[31 * 4]).toBe(0x7f);
  expect(ARROW.andMaskData[0]).toBe(0xff);
});
