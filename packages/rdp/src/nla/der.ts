/**
 * The little of ASN.1's Distinguished Encoding Rules that CredSSP and SPNEGO need, as codecs of @belvedere/wire.
 *
 * [X690] 8, 10. Pure. Lengths are definite and at most 24 bits; longer forms than necessary are read, because some clients write them.
 */
import { type Codec, type Cursor } from '@belvedere/wire';

/** A codec whose first byte tells it from others. */
export interface Tagged<T> extends Codec<T> {
  readonly tag: number;
}

const lengthSize = (length: number): number => (length < 0x80 ? 1 : length < 0x100 ? 2 : length < 0x10000 ? 3 : 4);

function encodeLength(length: number, out: Cursor): void {
  const size = lengthSize(length);
  if (length >= 0x1000000) out.fail(`${length} bytes do not fit 24 bits of length`);
  if (size > 1) out.view.setUint8(out.take(1), 0x80 | (size - 1));
  for (let shift = 8 * (Math.max(size - 1, 1) - 1); shift >= 0; shift -= 8) out.view.setUint8(out.take(1), (length >> shift) & 0xff);
}

function decodeLength(input: Cursor): number {
  const first = input.view.getUint8(input.take(1));
  if (first < 0x80) return first;
  const count = first & 0x7f;
  if (count < 1 || count > 3) input.fail(`length form 0x${first.toString(16)} is not one of 1 to 3 bytes`);
  let length = 0;
  for (let n = 0; n < count; n++) length = (length << 8) | input.view.getUint8(input.take(1));
  return length;
}

/** Tag, length and content; the content must fill its length. */
export const tlv = <T>(tag: number, content: Codec<T>): Tagged<T> => ({
  tag,
  size(value) {
    const length = content.size(value);
    return 1 + lengthSize(length) + length;
  },
  encode(value, out) {
    out.view.setUint8(out.take(1), tag);
    encodeLength(content.size(value), out);
    content.encode(value, out);
  },
  decode(input) {
    const { where } = input;
    const found = input.view.getUint8(input.take(1));
    if (found !== tag) input.fail(`expected tag 0x${tag.toString(16)}, found 0x${found.toString(16)}`);
    const inner = input.within(decodeLength(input));
    const value = content.decode(inner);
    if (inner.remaining) {
      inner.where = where;
      inner.fail(`${inner.remaining} bytes left over`);
    }
    return value;
  },
});

/** A field that may be left out anywhere in a sequence: its tag tells. */
export const maybe = <T>(field: Tagged<T>): Codec<T | undefined> => ({
  size: (value) => (value === undefined ? 0 : field.size(value)),
  encode(value, out) {
    if (value !== undefined) field.encode(value, out);
  },
  decode: (input) => (input.remaining && input.bytes[input.offset] === field.tag ? field.decode(input) : undefined),
});

/** Fields that a newer version added: ignored on read, never written. */
export const extensions: Codec<number> & { readonly constant: true } = {
  constant: true,
  size: () => 0,
  encode: () => undefined,
  decode: (input) => (input.takeBytes(input.remaining), 0),
};

/** EXPLICIT context tag. */
export const explicit = <T>(tag: number, content: Codec<T>): Tagged<T> => tlv(0xa0 | tag, content);
export const sequence = <T>(content: Codec<T>): Tagged<T> => tlv(0x30, content);

/** All bytes of the content. */
export const content: Codec<Uint8Array> = {
  size: (value) => value.length,
  encode: (value, out) => out.bytes.set(value, out.take(value.length)),
  decode: (input) => input.takeBytes(input.remaining),
};

export const octetString = tlv(0x04, content);
/** The encoded arcs; two are equal if their bytes are. */
export const objectIdentifier = tlv(0x06, content);
/** Unused-bits byte and bits. */
export const bitString = tlv(0x03, content);

/** Two's complement in as few bytes as will do; read if it fits 32 bits. */
const number: Codec<number> = {
  size: (value) => 1 + [0x80, 0x8000, 0x800000].filter((limit) => value < -limit || value >= limit).length,
  encode(value, out) {
    if ((value | 0) !== value) out.fail(`${value} does not fit 32 signed bits`);
    for (let shift = 8 * (this.size(value) - 1); shift >= 0; shift -= 8) out.view.setUint8(out.take(1), (value >> shift) & 0xff);
  },
  decode(input) {
    const { remaining } = input;
    if (remaining < 1) input.fail('a number without bytes');
    let value = input.view.getInt8(input.take(1));
    // A fifth byte may only be the sign of an unsigned 32-bit number.
    if (remaining > 5 || (remaining === 5 && value !== 0)) input.fail(`a number of ${remaining} bytes does not fit 32 bits`);
    for (let n = 1; n < remaining; n++) value = (value << 8) | input.view.getUint8(input.take(1));
    return value;
  },
};

/** 32 bits; a value with the top bit set is negative, however it was written. */
export const integer = tlv(0x02, number);
export const enumerated = tlv(0x0a, number);

/**
 * The length in bytes of the element that starts a stream, or undefined until enough of it is there.
 * @param limit an element longer than this is refused: throws RangeError
 */
export function elementLength(stream: Uint8Array, limit: number): number | undefined {
  if (stream.length < 2) return undefined;
  const first = stream[1];
  const count = first < 0x80 ? 0 : first & 0x7f;
  if (first >= 0x80 && (count < 1 || count > 3)) throw new RangeError(`length form 0x${first.toString(16)} is not one of 1 to 3 bytes`);
  if (stream.length < 2 + count) return undefined;
  let length = first < 0x80 ? first : 0;
  for (let n = 0; n < count; n++) length = (length << 8) | stream[2 + n];
  if (2 + count + length > limit) throw new RangeError(`${length} bytes are more than the ${limit} that are taken`);
  return 2 + count + length;
}
