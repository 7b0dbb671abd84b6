import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { array, constant, countOf, decode, decodePrefix, encode, lengthOf, optional, pdu, rest, u16be, u16le, u32le, u64le, u8, utf16, WireError, zeroes } from './index.js';
import { hex, testCodec } from './testing.js';

const POINT = pdu('POINT', 'test', { x: u16le, y: u16be });
const SHAPE = pdu('SHAPE', 'test', {
  type: constant(u8, 7),
  cbName: lengthOf('name', u8),
  count: countOf('points', u16le),
  pad: zeroes(1),
  name: utf16(true),
  points: array(POINT),
  colour: optional(u32le),
});

describe('records', () => {
  const value = { name: 'ab', points: [{ x: 1, y: 2 }, { x: 3, y: 4 }] };
  testCodec('a record with computed fields', SHAPE, value, hex('07 06 0200 00 61006200 0000 0100 0002 0300 0004'));
  testCodec('its longer version', SHAPE, { ...value, colour: 9 }, hex('07 06 0200 00 61006200 0000 0100 0002 0300 0004 09000000'), [19]);

  test('a wrong constant is named with its place', () => {
    expect(() => decode(SHAPE, hex('08 00 0000 00'))).toThrow(new WireError('SHAPE.type', 1, 'expected 7, found 8'));
  });
  test('bytes after the record are an error, or the rest', () => {
    expect(() => decode(POINT, hex('0100 0002 ff'))).toThrow('1 bytes left over');
    expect(decodePrefix(POINT, hex('0100 0002 ff'))).toEqual({ value: { x: 1, y: 2 }, rest: hex('ff') });
  });
  test('a count that cannot fit is refused before its elements are read', () => {
    expect(() => decode(SHAPE, hex('07 02 ffff 00 0000 0100 0002'))).toThrow('65535 elements do not fit 4 bytes');
  });
  test('a length below the part that it counts besides is refused', () => {
    const framed = pdu('FRAMED', 'test', { length: lengthOf('data', u16le, 4), tag: u16le, data: rest });
    expect(decode(framed, hex('0600 0100 aabb'))).toEqual({ tag: 1, data: hex('aabb') });
    expect(() => decode(framed, hex('0300 0100 aabb'))).toThrow(WireError);
  });
  test('errors in a bounded field name the true position', () => {
    const outer = pdu('OUTER', 'test', { size: lengthOf('inner', u8), inner: POINT });
    expect(() => decode(outer, hex('03 010000'))).toThrow(new WireError('POINT.y', 3, 'need 2 bytes, have 1'));
  });
  test('a computed field over nothing is a mistake of the programmer', () => {
    expect(() => pdu('X', 'test', { n: lengthOf('nothing', u8) })).toThrow(TypeError);
  });
});

describe('numbers', () => {
  test('values that do not fit are refused', () => {
    expect(() => encode(u8, 256)).toThrow(WireError);
    expect(() => encode(u16le, -1)).toThrow(WireError);
    expect(() => encode(u64le, 1n << 64n)).toThrow(WireError);
  });
  test('round trip', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 20 }).filter((s) => !s.includes('\0')), fc.array(fc.record({ x: fc.nat(65535), y: fc.nat(65535) })), (name, points) => {
        const value = { name, points, colour: 1 };
        expect(decode(SHAPE, encode(SHAPE, value))).toEqual(value);
      }),
    );
  });
});
