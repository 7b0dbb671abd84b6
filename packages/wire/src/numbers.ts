/** Integers of the wire: unsigned and signed, both byte orders, and fields that the format fixes. Pure. */
import type { Codec } from './codec.js';

const integer = (bits: 8 | 16 | 32, little: boolean, signed = false): Codec<number> => {
  const bytes = bits / 8;
  const min = signed ? -(2 ** (bits - 1)) : 0;
  const max = 2 ** (signed ? bits - 1 : bits) - 1;
  return {
    size: () => bytes,
    encode(value, out) {
      if (!(Number.isInteger(value) && min <= value && value <= max)) {
        out.fail(`${value} does not fit ${bits} ${signed ? 'signed ' : ''}bits`);
      }
      const at = out.take(bytes);
      if (bits === 8) out.view.setUint8(at, value);
      else if (bits === 16) out.view.setUint16(at, value, little);
      else out.view.setUint32(at, value, little);
    },
    decode(input) {
      const at = input.take(bytes);
      if (bits === 8) return input.view.getUint8(at);
      if (bits === 16) return signed ? input.view.getInt16(at, little) : input.view.getUint16(at, little);
      return signed ? input.view.getInt32(at, little) : input.view.getUint32(at, little);
    },
  };
};

export const u8 = integer(8, true);
export const u16le = integer(16, true);
export const u16be = integer(16, false);
export const u32le = integer(32, true);
export const u32be = integer(32, false);
export const s16le = integer(16, true, true);
export const s32le = integer(32, true, true);

/** An unsigned 64-bit integer as a `bigint`. */
export const u64le: Codec<bigint> = {
  size: () => 8,
  encode(value, out) {
    if (value < 0n || value >= 1n << 64n) out.fail(`${value} does not fit 64 bits`);
    out.view.setBigUint64(out.take(8), value, true);
  },
  decode: (input) => input.view.getBigUint64(input.take(8), true),
};

export type Constant = Codec<number> & { readonly constant: true };

/** A field the specification fixes: written always, verified on read, absent from the value. */
export const constant = (codec: Codec<number>, fixed: number): Constant => ({
  constant: true,
  size: () => codec.size(fixed),
  encode: (_value, out) => codec.encode(fixed, out),
  decode(input) {
    const found = codec.decode(input);
    return found === fixed ? fixed : input.fail(`expected ${fixed}, found ${found}`);
  },
});
