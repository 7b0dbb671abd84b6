/**
 * Passwords as they are kept: VirtualBox's SHA-256 in hexadecimal, salted scrypt in the PHC string form
 * `$scrypt$ln=15,r=8,p=3$<salt>$<hash>` (base64 without padding), and the NT hash, `$nt$` and 32 hexadecimal digits. Does work on the thread
 * pool; holds no state.
 *
 * RFC 7914 (scrypt), the PHC string format, [MS-NLMP] 3.3.1 (NTOWFv1). SHA-256 is fast to guess: it is here because VirtualBox's commands
 * make it. An NT hash is as good as the password to whoever reads it: it is here because Network Level Authentication is proved against it.
 */
import { createHash, randomBytes, scrypt, timingSafeEqual } from 'node:crypto';
import { ntHash } from './nt-hash.js';

export const hashAlgorithms = ['sha256', 'scrypt', 'nt'] as const;
export type HashAlgorithm = (typeof hashAlgorithms)[number];

/** N = 2^ln. */
export interface ScryptCost {
  readonly ln: number;
  readonly r: number;
  readonly p: number;
}

/** A stored hash, parsed. */
export type StoredHash =
  | { readonly algorithm: 'sha256'; readonly hash: Uint8Array }
  | { readonly algorithm: 'nt'; readonly hash: Uint8Array }
  | { readonly algorithm: 'scrypt'; readonly cost: ScryptCost; readonly salt: Uint8Array; readonly hash: Uint8Array };

/** One of the settings that OWASP recommends: 32 MiB, and some 0.3 s of one core. */
export const SCRYPT_COST: ScryptCost = { ln: 15, r: 8, p: 3 };
const SALT_BYTES = 16;
const HASH_BYTES = 32;
const NT_HASH_BYTES = 16;
/** A login costs no more than this: 128 MiB, and four times the work of 2^17 at r = 8. */
const MOST_MEMORY = 128 * 2 ** 20;
const MOST_WORK = 2 ** 22;

export class HashFormatError extends Error {
  override readonly name = 'HashFormatError';
}

/** The stored form of `password`; `cost` is scrypt's. */
export async function hashPassword(password: string, algorithm: HashAlgorithm, cost: ScryptCost = SCRYPT_COST): Promise<string> {
  if (algorithm === 'sha256') return sha256(password).toString('hex');
  if (algorithm === 'nt') return `$nt$${Buffer.from(ntHash(password)).toString('hex')}`;
  const salt = randomBytes(SALT_BYTES);
  const { ln, r, p } = cost;
  return `$scrypt$ln=${ln},r=${r},p=${p}$${base64(salt)}$${base64(await derive(password, salt, cost, HASH_BYTES))}`;
}

/** @throws HashFormatError, which names the fault and not the hash */
export function parseHash(stored: string): StoredHash {
  if (/^[0-9a-f]{64}$/i.test(stored)) return { algorithm: 'sha256', hash: Buffer.from(stored, 'hex') };
  const nt = /^\$nt\$([0-9a-f]{32})$/i.exec(stored);
  if (nt) return { algorithm: 'nt', hash: Buffer.from(nt[1], 'hex') };
  const parts = /^\$scrypt\$ln=(\d{1,2}),r=(\d{1,4}),p=(\d{1,4})\$([A-Za-z0-9+/]{11,86})\$([A-Za-z0-9+/]{22,86})$/.exec(stored);
  if (!parts) throw new HashFormatError("the stored hash is neither 64 hexadecimal digits nor of the form '$scrypt$ln=,r=,p=$salt$hash' or '$nt$' and 32 hexadecimal digits; make one with passwordhash");
  const [ln, r, p] = parts.slice(1, 4).map(Number);
  if (ln < 1 || r < 1 || p < 1) throw new HashFormatError(`the stored hash asks for scrypt with ln=${ln}, r=${r}, p=${p}; each is at least 1`);
  if (2 ** ln * r * 128 > MOST_MEMORY || 2 ** ln * r * p > MOST_WORK) {
    throw new HashFormatError(`the stored hash asks for scrypt with ln=${ln}, r=${r}, p=${p}, which costs more than a login may: 128 MiB and 2^22 blocks`);
  }
  return { algorithm: 'scrypt', cost: { ln, r, p }, salt: Buffer.from(parts[4], 'base64'), hash: Buffer.from(parts[5], 'base64') };
}

/** Whether `password` is the one behind `stored`; compared in constant time. */
export async function verifyPassword(password: string, stored: StoredHash): Promise<boolean> {
  if (stored.algorithm === 'nt') return timingSafeEqual(ntHash(password), stored.hash);
  if (stored.algorithm === 'sha256') return timingSafeEqual(sha256(password), stored.hash);
  return timingSafeEqual(await derive(password, stored.salt, stored.cost, stored.hash.length), stored.hash);
}

/** A hash as costly to check as `like`, whose password nobody knows. */
export function decoy(like?: StoredHash): StoredHash {
  if (like?.algorithm === 'sha256') return { algorithm: 'sha256', hash: randomBytes(HASH_BYTES) };
  if (like?.algorithm === 'nt') return { algorithm: 'nt', hash: randomBytes(NT_HASH_BYTES) };
  const { cost = SCRYPT_COST, salt, hash } = like ?? {};
  return { algorithm: 'scrypt', cost, salt: randomBytes(salt?.length ?? SALT_BYTES), hash: randomBytes(hash?.length ?? HASH_BYTES) };
}

const sha256 = (password: string): Buffer => createHash('sha256').update(password, 'utf8').digest();

const base64 = (bytes: Buffer): string => bytes.toString('base64').replace(/=+$/, '');

const derive = (password: string, salt: Uint8Array, { ln, r, p }: ScryptCost, length: number): Promise<Buffer> =>
  new Promise((resolve, reject) => {
    const cost = { N: 2 ** ln, r, p, maxmem: 2 * MOST_MEMORY };
    scrypt(password, salt, length, cost, (error, key) => (error ? reject(error) : resolve(key)));
  });
