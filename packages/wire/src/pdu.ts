/**
 * Records of named fields in wire order: one declaration gives decode, encode and size. Pure.
 *
 * Lengths and counts that another field implies are computed (`lengthOf`, `countOf`): they never appear in the value, cannot disagree
 * with it when written, and bound it when read.
 */
import type { Codec } from './codec.js';
import type { Cursor } from './cursor.js';

interface Computed extends Codec<number> {
  readonly constant: true;
  readonly of: string;
  readonly unit: 'bytes' | 'elements';
  readonly codec: Codec<number>;
  readonly extra: number;
}

const computed = (of: string, unit: Computed['unit'], codec: Codec<number>, extra: number): Computed => ({
  constant: true,
  of,
  unit,
  codec,
  extra,
  size: () => codec.size(0),
  encode: (value, out) => codec.encode(value, out),
  decode: (input) => codec.decode(input),
});

/**
 * The length in bytes of the later field `of`, which is bounded by it when read.
 * @param extra added to that length on the wire, for lengths that count more than the field (or, negative, less)
 */
export const lengthOf = (of: string, codec: Codec<number>, extra = 0): Computed => computed(of, 'bytes', codec, extra);

/** The number of elements of the later `array` field `of`. */
export const countOf = (of: string, codec: Codec<number>): Computed => computed(of, 'elements', codec, 0);

type Fields = Record<string, Codec<any>>;
type Hidden = { readonly constant: true };
type OptionalKeys<F extends Fields> = {
  [K in keyof F]: F[K] extends Hidden ? never : F[K] extends Codec<infer T> ? (undefined extends T ? K : never) : never;
}[keyof F];
type RequiredKeys<F extends Fields> = {
  [K in keyof F]: F[K] extends Hidden ? never : F[K] extends Codec<infer T> ? (undefined extends T ? never : K) : never;
}[keyof F];
type RecordValue<F extends Fields> = {
  readonly [K in RequiredKeys<F>]: F[K] extends Codec<infer T> ? T : never;
} & {
  readonly [K in OptionalKeys<F>]?: F[K] extends Codec<infer T> ? T : never;
};

export interface Pdu<T> extends Codec<T> {
  readonly name: string;
  readonly spec: string;
}

/** A record of fields in wire order. @param name the structure's name in the standard; @param spec its section */
export const pdu = <F extends Fields>(name: string, spec: string, fields: F): Pdu<RecordValue<F>> => {
  const entries = Object.entries(fields);
  const isComputed = (field: Codec<any>): field is Computed => 'of' in field;
  for (const [key, field] of entries) {
    if (isComputed(field) && !(field.of in fields)) throw new TypeError(`${name}.${key} measures ${field.of}, which is no field`);
  }
  const fieldSize = (key: string, value: any): number => fields[key].size(value[key]);

  return {
    name,
    spec,
    size: (value) => entries.reduce((total, [key]) => total + fieldSize(key, value), 0),
    encode(value: any, out) {
      for (const [key, field] of entries) {
        out.where = `${name}.${key}`;
        if (!isComputed(field)) field.encode(value[key], out);
        else if (field.unit === 'bytes') field.encode(fieldSize(field.of, value) + field.extra, out);
        else field.encode(value[field.of].length, out);
      }
    },
    decode(input) {
      const value: Record<string, unknown> = {};
      const lengths = new Map<string, number>();
      const counts = new Map<string, number>();
      for (const [key, field] of entries) {
        input.where = `${name}.${key}`;
        if (isComputed(field)) {
          const found = field.decode(input) - field.extra;
          if (found < 0) input.fail(`length ${found + field.extra} is below its minimum ${field.extra}`);
          (field.unit === 'bytes' ? lengths : counts).set(field.of, found);
          continue;
        }
        const decoded = decodeField(field, input, lengths.get(key), counts.get(key));
        if (!field.constant && decoded !== undefined) value[key] = decoded;
      }
      return value as RecordValue<F>;
    },
  };
};

function decodeField(field: Codec<any>, input: Cursor, length: number | undefined, count: number | undefined): unknown {
  const source = length === undefined ? input : input.within(length);
  const decoded = count === undefined ? field.decode(source) : decodeElements(field, source, count);
  if (source !== input && source.remaining) source.fail(`${source.remaining} bytes left over`);
  return decoded;
}

function decodeElements(field: Codec<any>, input: Cursor, count: number): unknown[] {
  const { element } = field as Codec<any> & { element: Codec<any> };
  const values: unknown[] = [];
  while (values.length < count) {
    // Each element takes at least one byte, so a count beyond what is left is refused before anything is allocated for it.
    if (count - values.length > input.remaining) input.fail(`${count - values.length} elements do not fit ${input.remaining} bytes`);
    values.push(element.decode(input));
  }
  return values;
}
