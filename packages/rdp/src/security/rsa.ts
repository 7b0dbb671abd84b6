/**
 * RSA as Standard RDP Security uses it: without padding, numbers little-endian.
 *
 * [MS-RDPBCGR] 5.3.3.1, 5.3.4. Pure. node:crypto does the work on server keys; the published signing key, whose primes the standard does
 * not give and which keeps no secret, is raised to its powers here.
 */
import { constants, createPublicKey, type KeyObject, privateDecrypt, publicEncrypt } from 'node:crypto';

/** The public half of an RSA key. `modulus`: little-endian, without leading zeroes at its big end. */
export interface RsaPublicKey {
  readonly modulus: Uint8Array;
  readonly exponent: number;
}

export const reversed = (bytes: Uint8Array): Uint8Array => Uint8Array.from(bytes).reverse();

/** `bytes` cut or filled with zeroes at the big end to `length` bytes. */
export const sized = (bytes: Uint8Array, length: number): Uint8Array => {
  const out = new Uint8Array(length);
  out.set(bytes.subarray(0, length));
  return out;
};

const littleEndianToNumber = (bytes: Uint8Array): bigint => BigInt(`0x${Buffer.from(reversed(bytes)).toString('hex') || '0'}`);

const numberToLittleEndian = (value: bigint, length: number): Uint8Array =>
  reversed(Buffer.from(value.toString(16).padStart(2 * length, '0'), 'hex'));

/**
 * `base` to the power of `exponent`, modulo `modulus`; all little-endian, the result as long as `modulus`.
 * Not in constant time: for public numbers only.
 */
export function publicPower(base: Uint8Array, exponent: Uint8Array, modulus: Uint8Array): Uint8Array {
  const m = littleEndianToNumber(modulus);
  let square = littleEndianToNumber(base) % m;
  let result = 1n;
  for (let e = littleEndianToNumber(exponent); e > 0n; e >>= 1n) {
    if (e & 1n) result = (result * square) % m;
    square = (square * square) % m;
  }
  return numberToLittleEndian(result, modulus.length);
}

/** The public numbers of an RSA key. INVARIANT: `key` is an RSA key, private or public */
export function publicNumbers(key: KeyObject): RsaPublicKey {
  const { n, e } = (key.type === 'private' ? createPublicKey(key) : key).export({ format: 'jwk' });
  if (typeof n !== 'string' || typeof e !== 'string') throw new TypeError(`not an RSA key: ${key.asymmetricKeyType}`);
  const exponent = Buffer.from(e, 'base64url');
  return { modulus: reversed(Buffer.from(n, 'base64url')), exponent: exponent.readUIntBE(0, exponent.length) };
}

/** Encrypts a little-endian number of at most the modulus' size; the result has exactly that size. */
export function encryptNumber({ modulus, exponent }: RsaPublicKey, value: Uint8Array): Uint8Array {
  const e = Buffer.alloc(4);
  e.writeUInt32BE(exponent);
  const key = createPublicKey({
    key: { kty: 'RSA', n: Buffer.from(reversed(modulus)).toString('base64url'), e: e.toString('base64url') },
    format: 'jwk',
  });
  return reversed(publicEncrypt({ key, padding: constants.RSA_NO_PADDING }, reversed(sized(value, modulus.length))));
}

/** Decrypts a little-endian number of exactly the modulus' size. Throws if it is not below the modulus. */
export const decryptNumber = (key: KeyObject, value: Uint8Array): Uint8Array =>
  reversed(privateDecrypt({ key, padding: constants.RSA_NO_PADDING }, reversed(value)));
