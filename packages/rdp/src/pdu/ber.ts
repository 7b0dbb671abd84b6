/**
 * ASN.1 Basic Encoding Rules, as far as the MCS Connect PDUs need them.
 *
 * [X.690] 8.1.2 (identifiers), 8.1.3 (definite lengths), 8.2 (BOOLEAN), 8.3 (INTEGER), 8.4 (ENUMERATED), 8.7 (OCTET STRING). Pure.
 */
import { type Codec, Cursor, rest } from '@belvedere/wire';

const BOOLEAN = 0x01;
const INTEGER = 0x02;
const OCTET_STRING = 0x04;
const ENUMERATED = 0x0a;
const SEQUENCE = 0x30;

const lengthSize = (length: number): number => (length < 0x80 ? 1 : length < 0x100 ? 2 : 3);

function writeLength(length: number, out: Cursor): void {
  if (length > 0xffff) out.fail(`length ${length} does not fit 16 bits`);
  const size = lengthSize(length);
  const at = out.take(size);
  if (size === 1) out.bytes[at] = length;
  else if (size === 2) out.bytes.set([0x81, length], at);
  else out.bytes.set([0x82, length >> 8, length & 0xff], at);
}

/** Reads a definite length of at most 16 bits: no PDU of a connection sequence is longer. */
function readLength(input: Cursor): number {
  const first = input.bytes[input.take(1)];
  if (first < 0x80) return first;
  if (first === 0x81) return input.bytes[input.take(1)];
  if (first === 0x82) return input.view.getUint16(input.take(2), false);
  return input.fail(`length form ${first} is not supported`);
}

/** A value of the given identifier octets; its contents are bounded by its length. */
export const tagged = <T>(identifier: readonly number[], contents: Codec<T>): Codec<T> => ({
  size(value) {
    const length = contents.size(value);
    return identifier.length + lengthSize(length) + length;
  },
  encode(value, out) {
    out.bytes.set(identifier, out.take(identifier.length));
    writeLength(contents.size(value), out);
    contents.encode(value, out);
  },
  decode(input) {
    for (const expected of identifier) {
      const found = input.bytes[input.take(1)];
      if (found !== expected) input.fail(`identifier octet is ${found}, expected ${expected}`);
    }
    const inner = input.within(readLength(input));
    const value = contents.decode(inner);
    return inner.remaining === 0 ? value : inner.fail(`${inner.remaining} bytes left over`);
  },
});

/** An unsigned number of at most 32 bits in as few octets as it needs; `padded` adds the zero octet that keeps it positive. */
const magnitude = (padded: boolean): Codec<number> => {
  const width = (value: number): number => {
    let size = 1;
    while (size < 4 && value >= 2 ** (8 * size - (padded ? 1 : 0))) size++;
    return size + (padded && value >= 2 ** 31 ? 1 : 0);
  };
  return {
    size: width,
    encode(value, out) {
      if (!(Number.isInteger(value) && 0 <= value && value < 2 ** 32)) out.fail(`${value} does not fit 32 bits`);
      const size = width(value);
      const at = out.take(size);
      for (let i = 0, left = value; i < size; i++, left = Math.floor(left / 256)) out.bytes[at + size - 1 - i] = left % 256;
    },
    decode(input) {
      if (input.remaining === 0) input.fail('empty number');
      let value = 0;
      while (input.remaining) value = value * 256 + input.bytes[input.take(1)];
      return value < 2 ** 32 ? value : input.fail(`${value} does not fit 32 bits`);
    },
  };
};

export const integer = tagged([INTEGER], magnitude(true));

/** An INTEGER written without the octet that keeps it positive, as Windows writes the domain parameters of its requests. */
export const bareInteger = tagged([INTEGER], magnitude(false));

export const enumerated = tagged([ENUMERATED], magnitude(true));

export const octetString = tagged([OCTET_STRING], rest);

export const boolean: Codec<boolean> = tagged([BOOLEAN], {
  size: () => 1,
  encode: (value, out) => void (out.bytes[out.take(1)] = value ? 0xff : 0),
  decode: (input) => input.bytes[input.take(1)] !== 0,
});

export const sequence = <T>(contents: Codec<T>): Codec<T> => tagged([SEQUENCE], contents);

/** `[APPLICATION number]`, constructed. INVARIANT: 31 <= number <= 127 */
export const application = <T>(number: number, contents: Codec<T>): Codec<T> => tagged([0x7f, number], contents);
