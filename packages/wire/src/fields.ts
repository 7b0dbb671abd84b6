/** Byte ranges, strings, lists and absent tails. Pure. Decoded byte ranges are views of the input, not copies. */
import type { Codec } from './codec.js';

/** Exactly `length` bytes. */
export const bytes = (length: number): Codec<Uint8Array> => ({
  size: () => length,
  encode(value, out) {
    if (value.length !== length) out.fail(`expected ${length} bytes, got ${value.length}`);
    out.bytes.set(value, out.take(length));
  },
  decode: (input) => input.takeBytes(length),
});

/** All bytes to the end of the record, or of the length that a `lengthOf` field gave. */
export const rest: Codec<Uint8Array> = {
  size: (value) => value.length,
  encode: (value, out) => out.bytes.set(value, out.take(value.length)),
  decode: (input) => input.takeBytes(input.remaining),
};

/** `length` bytes that carry nothing: written as zeroes, ignored on read, absent from the value. */
export const zeroes = (length: number): Codec<number> & { readonly constant: true } => ({
  constant: true,
  size: () => length,
  encode: (_value, out) => void out.take(length),
  decode: (input) => (input.take(length), 0),
});

/**
 * UTF-16LE text to the end of the record, or of the length that a `lengthOf` field gave.
 * @param terminator `true`: a zero code unit ends the text on the wire and is not part of the value
 */
export const utf16 = (terminator: boolean): Codec<string> => ({
  size: (value) => 2 * value.length + (terminator ? 2 : 0),
  encode(value, out) {
    for (let i = 0; i < value.length; i++) out.view.setUint16(out.take(2), value.charCodeAt(i), true);
    if (terminator) out.take(2);
  },
  decode(input) {
    if (input.remaining % 2) input.fail(`odd length ${input.remaining} of UTF-16 text`);
    let text = '';
    while (input.remaining) {
      const unit = input.view.getUint16(input.take(2), true);
      if (terminator && unit === 0) {
        input.take(input.remaining);
        break;
      }
      text += String.fromCharCode(unit);
    }
    return text;
  },
});

/** A list that fills the rest of the record, or has as many elements as a `countOf` field gave. */
export const array = <T>(element: Codec<T>): Codec<readonly T[]> & { readonly element: Codec<T> } => ({
  element,
  size: (values) => values.reduce((total, value) => total + element.size(value), 0),
  encode: (values, out) => values.forEach((value) => element.encode(value, out)),
  decode(input) {
    const values: T[] = [];
    while (input.remaining) {
      const before = input.offset;
      values.push(element.decode(input));
      if (input.offset === before) input.fail('element without length in an unbounded list');
    }
    return values;
  },
});

/** A field that a shorter version of the record leaves out; all fields after it are optional too. */
export const optional = <T>(codec: Codec<T>): Codec<T | undefined> => ({
  size: (value) => (value === undefined ? 0 : codec.size(value)),
  encode(value, out) {
    if (value !== undefined) codec.encode(value, out);
  },
  decode: (input) => (input.remaining ? codec.decode(input) : undefined),
});
