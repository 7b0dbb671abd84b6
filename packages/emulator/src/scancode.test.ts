import { describe, expect, test } from '@jest/globals';
import { scancodeBytes } from './scancode.js';

describe('scancodes', () => {
  test('of plain keys are one byte, with the top bit set on release', () => {
    expect(scancodeBytes(0x1e, true)).toEqual([0x1e]);
    expect(scancodeBytes(0x1e, false)).toEqual([0x9e]);
  });

  test('of extended keys carry their prefix', () => {
    expect(scancodeBytes(0xe01d, true)).toEqual([0xe0, 0x1d]);
    expect(scancodeBytes(0xe01d, false)).toEqual([0xe0, 0x9d]);
  });

  test('of Pause are its own three bytes', () => {
    expect(scancodeBytes(0xe11d, true)).toEqual([0xe1, 0x1d, 0x45]);
    expect(scancodeBytes(0xe11d, false)).toEqual([0xe1, 0x9d, 0xc5]);
  });

  test.each([0, 0x80, 0xff, 0xe000, 0xe080, 0xe11c, -1, 1.5, NaN, 0x1001e])('%p is refused', (code) => {
    expect(() => scancodeBytes(code, true)).toThrow(RangeError);
  });
});
