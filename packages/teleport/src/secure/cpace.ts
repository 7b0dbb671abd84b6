/**
 * CPace, a balanced PAKE: two parties that know the same password get the same key, and whoever does not learns nothing that
 * could be guessed at later. draft-irtf-cfrg-cpace, suite CPACE-RISTR255-SHA512, initiator and responder. Pure.
 */
import { createHash, createHmac } from 'node:crypto';
import { ristretto255, ristretto255_hasher } from '@noble/curves/ed25519.js';

const DSI = 'CPaceRistretto255';
/** Input block of SHA-512, bytes. */
const BLOCK = 128;
export const POINT_BYTES = 32;
export const SCALAR_BYTES = 32;
export const TAG_BYTES = 64;

/** An element of the group. */
export interface Element {
  multiply(scalar: bigint): Element;
  toBytes(): Uint8Array;
}

const utf8 = (text: string): Uint8Array => Buffer.from(text, 'utf8');
const sha512 = (...parts: readonly Uint8Array[]): Uint8Array => parts.reduce((hash, part) => hash.update(part), createHash('sha512')).digest();

/** An unsigned LEB128 length, then the bytes. */
function lengthValue(value: Uint8Array): Uint8Array {
  const length: number[] = [];
  let left = value.length;
  do {
    length.push((left & 0x7f) | (left > 0x7f ? 0x80 : 0));
    left >>>= 7;
  } while (left > 0);
  return Buffer.concat([Uint8Array.from(length), value]);
}

const lvCat = (...values: readonly Uint8Array[]): Uint8Array => Buffer.concat(values.map(lengthValue));

/** @param channel CI, the names of the parties; @param session sid, unique to this run */
export function generator(password: Uint8Array, channel: Uint8Array, session: Uint8Array): Element {
  const padding = Math.max(0, BLOCK - 1 - lengthValue(password).length - lengthValue(utf8(DSI)).length);
  const text = lvCat(utf8(DSI), password, new Uint8Array(padding), channel, session);
  return ristretto255_hasher.deriveToCurve!(sha512(text));
}

/** A secret scalar of 32 random bytes, little-endian, in the group's range and never zero. */
export function scalar(random: Uint8Array): bigint {
  const bytes = Uint8Array.from(random);
  bytes[31] &= 0x0f; // 252 bits
  const value = ristretto255.Point.Fn.create(bytes.reduceRight((sum, byte) => (sum << 8n) | BigInt(byte), 0n));
  return value === 0n ? 1n : value;
}

/** The message that a party sends. */
export const share = (base: Element, secret: bigint): Uint8Array => base.multiply(secret).toBytes();

/** @returns the shared point, or undefined when the peer's message is no point or a weak one */
export function sharedPoint(secret: bigint, peer: Uint8Array): Uint8Array | undefined {
  try {
    const point = ristretto255.Point.fromBytes(peer);
    return point.is0() ? undefined : point.multiply(secret).toBytes();
  } catch {
    return undefined; // no encoding of a point
  }
}

export interface Message {
  readonly share: Uint8Array;
  /** AD: what the party says of itself. */
  readonly data: Uint8Array;
}

/** ISK: the key that both have when their passwords, channels, sessions and messages agree. */
export const sessionKey = (session: Uint8Array, shared: Uint8Array, initiator: Message, responder: Message): Uint8Array =>
  sha512(lvCat(utf8(`${DSI}_ISK`), session, shared), lvCat(initiator.share, initiator.data), lvCat(responder.share, responder.data));

/** What proves that a party has the key: an HMAC of its own message. */
export const confirmation = (key: Uint8Array, session: Uint8Array, own: Message): Uint8Array =>
  createHmac('sha512', sha512(utf8('CPaceMac'), session, key)).update(lvCat(own.share, own.data)).digest();
