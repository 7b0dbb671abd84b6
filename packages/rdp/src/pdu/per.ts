/**
 * ASN.1 Packed Encoding Rules (aligned), as far as MCS domain PDUs and GCC need them.
 *
 * [X.691] 10.9 (length determinants), 10.5 and 12 (integers). Pure.
 */
import { type Codec, rest, u16be } from '@belvedere/wire';

/** The longest octet string that is not fragmented, in bytes. [X.691] 10.9.3.8 starts fragments at 16 KiB, which RDP never uses. */
export const MAX_LENGTH = 0x3fff;

/**
 * A length determinant: one octet below 0x80, else two.
 *
 * The fifteenth bit is accepted when read: several clients write lengths of up to 0x7fff so.
 */
export const length: Codec<number> = {
  size: (value) => (value < 0x80 ? 1 : 2),
  encode(value, out) {
    if (!(0 <= value && value <= MAX_LENGTH)) out.fail(`length ${value} is above ${MAX_LENGTH}`);
    if (value < 0x80) out.bytes[out.take(1)] = value;
    else out.view.setUint16(out.take(2), 0x8000 | value, false);
  },
  decode(input) {
    const first = input.bytes[input.take(1)];
    return first < 0x80 ? first : ((first & 0x7f) << 8) | input.bytes[input.take(1)];
  },
};

/** A value with its length determinant before it. */
export const counted = <T>(contents: Codec<T>): Codec<T> => ({
  size(value) {
    const bytes = contents.size(value);
    return length.size(bytes) + bytes;
  },
  encode(value, out) {
    length.encode(contents.size(value), out);
    contents.encode(value, out);
  },
  decode(input) {
    const inner = input.within(length.decode(input));
    const value = contents.decode(inner);
    return inner.remaining === 0 ? value : inner.fail(`${inner.remaining} bytes left over`);
  },
});

/** OCTET STRING with its length. */
export const octetString = counted(rest);

/** An INTEGER without constraints, of at most 32 bits, in as few octets as it needs. */
export const integer: Codec<number> = counted({
  size: (value) => (value < 0x100 ? 1 : value < 0x10000 ? 2 : 4),
  encode(value, out) {
    const size = value < 0x100 ? 1 : value < 0x10000 ? 2 : 4;
    const at = out.take(size);
    for (let i = 0; i < size; i++) out.bytes[at + i] = Math.floor(value / 256 ** (size - 1 - i)) % 256;
  },
  decode(input) {
    if (input.remaining < 1 || input.remaining > 4) input.fail(`integer of ${input.remaining} octets`);
    let value = 0;
    while (input.remaining) value = value * 256 + input.bytes[input.take(1)];
    return value;
  },
});

/** A 16-bit INTEGER with a lower bound: written as the distance from it. */
export const above = (lowest: number): Codec<number> => ({
  size: () => 2,
  encode: (value, out) => u16be.encode(value - lowest, out),
  decode: (input) => u16be.decode(input) + lowest,
});
