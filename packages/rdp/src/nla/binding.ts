/**
 * How CredSSP ties the login to the TLS connection below it: both sides prove that they see the same public key.
 *
 * [MS-CSSP] 3.1.5, steps 3 and 4. Pure. Without it, whoever sits in the middle of two TLS connections could pass a login on.
 */
import { createHash, timingSafeEqual, X509Certificate } from 'node:crypto';
import { decode, pdu } from '@belvedere/wire';
import { bitString, content, sequence } from './der.js';

/** From this version on, hashes are sent instead of the key itself. */
const HASH_VERSION = 5;

export const NONCE_LENGTH = 32;

const SubjectPublicKeyInfo = sequence(
  pdu('SubjectPublicKeyInfo', '[RFC5280] 4.1', { algorithm: sequence(content), subjectPublicKey: bitString }),
);

/** The bytes that are bound: the bits of `subjectPublicKey` in the server's certificate. @param certificate PEM or DER */
export function subjectPublicKey(certificate: string | Uint8Array): Uint8Array {
  const spki = new X509Certificate(certificate).publicKey.export({ type: 'spki', format: 'der' });
  const { subjectPublicKey: bits } = decode(SubjectPublicKeyInfo, spki);
  // The first byte counts unused bits; of whole bytes there are none.
  return bits.subarray(1);
}

/** What one connection binds to. */
export interface Binding {
  readonly version: number;
  readonly publicKey: Uint8Array;
  /** 32 bytes from the client; versions 5 and 6 have it. */
  readonly nonce?: Uint8Array;
}

const bindingHash = (direction: 'Client-To-Server' | 'Server-To-Client', nonce: Uint8Array, publicKey: Uint8Array): Uint8Array =>
  createHash('sha256').update(`CredSSP ${direction} Binding Hash\0`, 'latin1').update(nonce).update(publicKey).digest();

/** What the client sends (sealed) in `pubKeyAuth`. */
export const clientBinding = ({ version, publicKey, nonce }: Binding): Uint8Array =>
  version >= HASH_VERSION ? bindingHash('Client-To-Server', nonceOf(nonce), publicKey) : publicKey;

/** What the server answers: its own hash, or the key plus one (its first byte; the carry goes no further). */
export function serverBinding({ version, publicKey, nonce }: Binding): Uint8Array {
  if (version >= HASH_VERSION) return bindingHash('Server-To-Client', nonceOf(nonce), publicKey);
  const plusOne = Uint8Array.from(publicKey);
  plusOne[0]++;
  return plusOne;
}

/** Whether `version` needs a nonce of the client. */
export const needsNonce = (version: number): boolean => version >= HASH_VERSION;

export const equalBindings = (a: Uint8Array, b: Uint8Array): boolean => a.length === b.length && timingSafeEqual(a, b);

function nonceOf(nonce: Uint8Array | undefined): Uint8Array {
  if (nonce?.length !== NONCE_LENGTH) throw new TypeError(`versions from ${HASH_VERSION} on have a nonce of ${NONCE_LENGTH} bytes`);
  return nonce;
}
