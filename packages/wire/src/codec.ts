/** What a wire format is: size, encode and decode of one value. Pure. */
import { Cursor } from './cursor.js';

export interface Codec<T> {
  /** Encoded length of `value`, in bytes. */
  size(value: T): number;
  encode(value: T, out: Cursor): void;
  decode(input: Cursor): T;
  /** Set on fields whose value the format fixes, so that callers never spell it. */
  readonly constant?: true;
}

/** The value type a codec carries. */
export type Value<C> = C extends Codec<infer T> ? T : never;

export const encode = <T>(codec: Codec<T>, value: T): Uint8Array => {
  const out = new Cursor(new Uint8Array(codec.size(value)));
  codec.encode(value, out);
  return out.bytes;
};

/** Decodes a value that must fill `bytes` exactly. */
export const decode = <T>(codec: Codec<T>, bytes: Uint8Array): T => {
  const input = new Cursor(bytes);
  const value = codec.decode(input);
  return input.remaining === 0 ? value : input.fail(`${input.remaining} bytes left over`);
};

/** Decodes a value at the start of `bytes` and returns what follows it. */
export const decodePrefix = <T>(codec: Codec<T>, bytes: Uint8Array): { value: T; rest: Uint8Array } => {
  const input = new Cursor(bytes);
  const value = codec.decode(input);
  return { value, rest: bytes.subarray(input.offset) };
};
