/**
 * The key schedule of Standard RDP Security, and its MACs.
 *
 * [MS-RDPBCGR] 5.3.5 (session keys), 5.3.6.1 and 5.3.6.2 (MACs), 5.3.7 (renewal). Pure.
 */
import { createHash, createHmac } from 'node:crypto';
import { ENCRYPTION_METHOD } from './constants.js';
import { SIGNATURE_LENGTH } from './headers.js';
import { Rc4 } from './rc4.js';

/** Length in bytes of a client or server random. */
export const RANDOM_LENGTH = 32;

export type Rc4Method = typeof ENCRYPTION_METHOD['40BIT'] | typeof ENCRYPTION_METHOD['56BIT'] | typeof ENCRYPTION_METHOD['128BIT'];

/** The three keys of a connection, named by direction: both sides hold the same ones. */
export interface SessionKeys {
  readonly macKey: Uint8Array;
  readonly clientToServer: Uint8Array;
  readonly serverToClient: Uint8Array;
}

const hash = (algorithm: 'md5' | 'sha1', ...parts: readonly Uint8Array[]): Uint8Array => {
  const state = createHash(algorithm);
  for (const part of parts) state.update(part);
  return state.digest();
};

const u32 = (value: number): Uint8Array => {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value >>> 0, true);
  return bytes;
};

const ascii = (text: string): Uint8Array => Buffer.from(text, 'latin1');

const PAD1 = new Uint8Array(40).fill(0x36);
const PAD2 = new Uint8Array(48).fill(0x5c);

/** Public bytes that stand in for the secret ones a weak method gives up. [MS-RDPBCGR] 5.3.5.1 */
const WEAK_KEY_HEAD: Record<Rc4Method, Uint8Array> = {
  [ENCRYPTION_METHOD['40BIT']]: Uint8Array.of(0xd1, 0x26, 0x9e),
  [ENCRYPTION_METHOD['56BIT']]: Uint8Array.of(0xd1),
  [ENCRYPTION_METHOD['128BIT']]: new Uint8Array(0),
};

const keyLength = (method: Rc4Method): number => (method === ENCRYPTION_METHOD['128BIT'] ? 16 : 8);

/** Cuts a 128-bit key to what `method` keeps of it: 16 bytes, or 8 with a fixed head. */
function weaken(method: Rc4Method, key: Uint8Array): Uint8Array {
  const kept = Uint8Array.from(key.subarray(0, keyLength(method)));
  kept.set(WEAK_KEY_HEAD[method]);
  return kept;
}

/** Session keys of the RC4 methods. @param clientRandom 32 bytes; @param serverRandom 32 bytes; [MS-RDPBCGR] 5.3.5.1 */
export function rc4SessionKeys(method: Rc4Method, clientRandom: Uint8Array, serverRandom: Uint8Array): SessionKeys {
  const saltedHash = (secret: Uint8Array, salt: string): Uint8Array =>
    hash('md5', secret, hash('sha1', ascii(salt), secret, clientRandom, serverRandom));
  const threefold = (secret: Uint8Array, salts: readonly string[]): Uint8Array =>
    Buffer.concat(salts.map((salt) => saltedHash(secret, salt)));
  const finalHash = (key: Uint8Array): Uint8Array => hash('md5', key, clientRandom, serverRandom);

  const preMasterSecret = Buffer.concat([clientRandom.subarray(0, 24), serverRandom.subarray(0, 24)]);
  const masterSecret = threefold(preMasterSecret, ['A', 'BB', 'CCC']);
  const sessionKeyBlob = threefold(masterSecret, ['X', 'YY', 'ZZZ']);
  return {
    macKey: weaken(method, sessionKeyBlob.subarray(0, 16)),
    serverToClient: weaken(method, finalHash(sessionKeyBlob.subarray(16, 32))),
    clientToServer: weaken(method, finalHash(sessionKeyBlob.subarray(32, 48))),
  };
}

/**
 * The key that follows `current` after 4096 packets. [MS-RDPBCGR] 5.3.7.1
 * @param initial the first key of this direction
 */
export function renewKey(method: Rc4Method, initial: Uint8Array, current: Uint8Array): Uint8Array {
  const temporary = hash('md5', initial, PAD2, hash('sha1', initial, PAD1, current)).subarray(0, keyLength(method));
  return weaken(method, new Rc4(temporary).apply(temporary));
}

/**
 * MAC of the RC4 methods, 8 bytes. [MS-RDPBCGR] 5.3.6.1, 5.3.6.1.1
 * @param encryptionCount packets this direction has encrypted before this one: salts the MAC when given
 */
export function rc4Mac(macKey: Uint8Array, data: Uint8Array, encryptionCount?: number): Uint8Array {
  const inner = createHash('sha1').update(macKey).update(PAD1).update(u32(data.length)).update(data);
  if (encryptionCount !== undefined) inner.update(u32(encryptionCount));
  return hash('md5', macKey, PAD2, inner.digest()).subarray(0, SIGNATURE_LENGTH);
}

/** Session keys of FIPS: 24-byte 3DES keys and a 20-byte HMAC key. [MS-RDPBCGR] 5.3.5.2 */
export function fipsSessionKeys(clientRandom: Uint8Array, serverRandom: Uint8Array): SessionKeys {
  const clientToServer = hash('sha1', clientRandom.subarray(16), serverRandom.subarray(16));
  const serverToClient = hash('sha1', clientRandom.subarray(0, 16), serverRandom.subarray(0, 16));
  return {
    macKey: hash('sha1', serverToClient, clientToServer),
    clientToServer: tripleDesKey(clientToServer),
    serverToClient: tripleDesKey(serverToClient),
  };
}

/**
 * Spreads 160 bits over the 24 bytes of a 3DES key: 7 bits a byte, least significant first; then the lowest bit becomes odd parity, so that
 * 6 of the 7 count. The first byte is used again where 160 bits end. [MS-RDPBCGR] 5.3.5.2
 */
function tripleDesKey(material: Uint8Array): Uint8Array {
  const bit = (at: number): number => (material[(at >> 3) % material.length] >> (at & 7)) & 1;
  return Uint8Array.from({ length: 24 }, (_, index) => {
    let byte = 0;
    let parity = 1;
    for (let n = 1; n < 7; n++) {
      byte |= bit(7 * index + n) << n;
      parity ^= bit(7 * index + n);
    }
    return byte | parity;
  });
}

/** MAC of FIPS, 8 bytes. @param encryptionCount packets this direction has encrypted before this one. [MS-RDPBCGR] 5.3.6.2 */
export const fipsMac = (macKey: Uint8Array, data: Uint8Array, encryptionCount: number): Uint8Array =>
  createHmac('sha1', macKey).update(data).update(u32(encryptionCount)).digest().subarray(0, SIGNATURE_LENGTH);
