import { describe, expect, test } from '@jest/globals';
import { decode, encode, WireError } from '@belvedere/wire';
import fc from 'fast-check';
import { elementLength, enumerated, explicit, integer, octetString, sequence } from './der.js';

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const unhex = (digits: string): Uint8Array => new Uint8Array(Buffer.from(digits, 'hex'));

describe('numbers', () => {
  test.each([
    [0, '020100'], [6, '020106'], [127, '02017f'], [128, '02020080'], [-1, '0201ff'], [-129, '0202ff7f'], [0x7fffffff, '02047fffffff'], [0xc000006d | 0, '0204c000006d'],
  ])('%i', (value, digits) => {
    expect(hex(encode(integer, value))).toBe(digits);
    expect(decode(integer, unhex(digits))).toBe(value);
  });

  test('an unsigned one with five bytes is the same 32 bits', () => expect(decode(integer, unhex('020500c000006d'))).toBe(0xc000006d | 0));

  test.each(['0200', '02050100000000', '0206000000000001'])('%s is refused', (digits) => expect(() => decode(integer, unhex(digits))).toThrow(WireError));

  test('round trip', () => fc.assert(fc.property(fc.integer(), (value) => decode(enumerated, encode(enumerated, value)) === value)));
});

describe('lengths', () => {
  test.each([0, 1, 127, 128, 255, 256, 65535, 65536])('%i bytes', (length) => {
    const value = new Uint8Array(length).fill(7);
    const encoded = encode(octetString, value);
    expect(hex(decode(octetString, encoded))).toBe(hex(value));
    expect(elementLength(encoded, 100_000)).toBe(encoded.length);
  });

  test('longer forms than necessary are read', () => expect(hex(decode(octetString, unhex('048200020102')))).toBe('0102'));

  test.each(['0480', '0484000000010a', '0402aa', '04820002aa', '', '04', '0482', '048200'])('%s is refused', (digits) => {
    expect(() => decode(octetString, unhex(digits))).toThrow(WireError);
  });

  test('content that does not fill its length, and another tag, are refused', () => {
    expect(() => decode(explicit(0, integer), unhex('a004020100ff'))).toThrow(/1 bytes left over/);
    expect(() => decode(sequence(integer), unhex('3103020100'))).toThrow(/expected tag 0x30, found 0x31/);
  });
});

describe('elementLength', () => {
  test('waits for the bytes that say the length', () => {
    for (const digits of ['', '30', '3082', '308200']) expect(elementLength(unhex(digits), 1000)).toBeUndefined();
    expect(elementLength(unhex('30820005'), 1000)).toBe(9);
  });

  test('refuses what is too long or of no definite length', () => {
    expect(() => elementLength(unhex('3082ffff'), 1000)).toThrow(RangeError);
    expect(() => elementLength(unhex('3080'), 1000)).toThrow(RangeError);
  });
});
