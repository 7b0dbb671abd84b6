/**
 * Field codecs that RDP's PDUs need besides those of `@belvedere/wire`: fixed-size text, octet strings that never vary, and tails that
 * newer
 * peers may have lengthened. Pure.
 */
import type { Codec } from '@belvedere/wire';

type Hidden = Codec<number> & { readonly constant: true };

/** Octets that the format fixes: written always, verified when read, absent from the value. */
export const octets = (...fixed: readonly number[]): Hidden => ({
  constant: true,
  size: () => fixed.length,
  encode: (_value, out) => out.bytes.set(fixed, out.take(fixed.length)),
  decode(input) {
    const found = input.takeBytes(fixed.length);
    const wrong = fixed.findIndex((octet, i) => octet !== found[i]);
    return wrong < 0 ? 0 : input.fail(`octet ${wrong} is ${found[wrong]}, expected ${fixed[wrong]}`);
  },
});

/** Octets that are written as given and not looked at when read. */
export const ignored = (...written: readonly number[]): Hidden => ({
  constant: true,
  size: () => written.length,
  encode: (_value, out) => out.bytes.set(written, out.take(written.length)),
  decode: (input) => (input.take(written.length), 0),
});

/** Fields of a later version than ours, at a record's end: skipped when read, never written. */
export const newerFields: Hidden = {
  constant: true,
  size: () => 0,
  encode: () => undefined,
  decode: (input) => (input.take(input.remaining), 0),
};

/** UTF-16LE text in a field of `units` code units, the last of them zero. INVARIANT: value.length < units */
export const fixedUtf16 = (units: number): Codec<string> => ({
  size: () => 2 * units,
  encode(value, out) {
    if (value.length >= units) out.fail(`"${value}" is longer than ${units - 1} UTF-16 code units`);
    const at = out.take(2 * units);
    for (let i = 0; i < value.length; i++) out.view.setUint16(at + 2 * i, value.charCodeAt(i), true);
  },
  decode(input) {
    const at = input.take(2 * units);
    let text = '';
    for (let i = 0; i < units; i++) {
      const unit = input.view.getUint16(at + 2 * i, true);
      if (unit === 0) break;
      text += String.fromCharCode(unit);
    }
    return text;
  },
});

/** Zero-terminated text of one octet a character (Latin-1), in a field of `length` octets or (without one) all that is left. */
export const ansi = (length?: number): Codec<string> => ({
  size: (value) => length ?? value.length + 1,
  encode(value, out) {
    const size = length ?? value.length + 1;
    if (value.length >= size) out.fail(`"${value}" is longer than ${size - 1} characters`);
    const at = out.take(size);
    for (let i = 0; i < value.length; i++) {
      const octet = value.charCodeAt(i);
      if (octet > 0xff) out.fail(`character ${octet} does not fit one octet`);
      out.bytes[at + i] = octet;
    }
  },
  decode(input) {
    const field = input.takeBytes(length ?? input.remaining);
    const end = field.indexOf(0);
    return String.fromCharCode(...(end < 0 ? field : field.subarray(0, end)));
  },
});
