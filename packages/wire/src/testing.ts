/** The four tests that every PDU gets from one (value, bytes) pair: decode, encode, size, and every truncation refused. */
import { expect, test } from '@jest/globals';
import { type Codec, decode, encode } from './codec.js';
import { WireError } from './cursor.js';

/**
 * @param name heads the tests' names
 * @param shorter lengths at which the bytes are a legal shorter version of the record (optional tails)
 */
export function testCodec<T>(name: string, codec: Codec<T>, value: T, bytes: Uint8Array, shorter: readonly number[] = []): void {
  test(`${name} decodes`, () => expect(decode(codec, bytes)).toEqual(value));
  test(`${name} encodes`, () => expect(Buffer.from(encode(codec, value)).toString('hex')).toBe(Buffer.from(bytes).toString('hex')));
  test(`${name} knows its size`, () => expect(codec.size(value)).toBe(bytes.length));
  test(`${name} refuses every truncation`, () => {
    for (let length = 0; length < bytes.length; length++) {
      if (!shorter.includes(length)) expect(() => decode(codec, bytes.subarray(0, length))).toThrow(WireError);
    }
  });
}

/** Bytes from hexadecimal digits; white space is ignored. */
export const hex = (digits: string): Uint8Array => new Uint8Array(Buffer.from(digits.replace(/\s+/g, ''), 'hex'));
