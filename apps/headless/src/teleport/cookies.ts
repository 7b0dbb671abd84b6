/**
 * What the source of a move vouches for its viewers with: cookies that stand in a login where a password stands. Pure but for the random numbers.
 *
 * Both sides know one secret of 256 random bits, which the source hands over in the move's proved line. A relay's cookie is a random number and
 * its MAC, which covers who the viewer is; the cookie of a redirection follows from that number, so that only a viewer has one whose relay was
 * let in.
 */
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';

export const SECRET_BYTES = 32;
const NONCE_BYTES = 32;
const TEXT = /^([\w-]{43})\.([\w-]{43})$/;

export interface Claim {
  readonly user: string;
  readonly domain: string;
  /** From 0. */
  readonly screen: number;
}

export interface RelayCookie {
  readonly nonce: Buffer;
  readonly text: string;
}

export function relayCookie(secret: Uint8Array, claim: Claim): RelayCookie {
  const nonce = randomBytes(NONCE_BYTES);
  return { nonce, text: `${nonce.toString('base64url')}.${relayMac(secret, nonce, claim).toString('base64url')}` };
}

/** @returns the number in a relay's cookie; undefined for what is none, or not this viewer's */
export function readRelayCookie(secret: Uint8Array, claim: Claim, text: string): Buffer | undefined {
  const [, nonceText, macText] = TEXT.exec(text) ?? [];
  if (nonceText === undefined) return undefined;
  const [nonce, mac] = [Buffer.from(nonceText, 'base64url'), Buffer.from(macText, 'base64url')];
  return timingSafeEqual(mac, relayMac(secret, nonce, claim)) ? nonce : undefined;
}

export const redirectionCookie = (secret: Uint8Array, nonce: Uint8Array): string => createHmac('sha256', secret).update('redirection\0').update(nonce).digest('base64url');

/** In the same time whatever they are. */
export const sameCookie = (a: string, b: string): boolean => {
  const [first, second] = [Buffer.from(a), Buffer.from(b)];
  return first.length === second.length && timingSafeEqual(first, second);
};

const relayMac = (secret: Uint8Array, nonce: Uint8Array, { user, domain, screen }: Claim): Buffer =>
  createHmac('sha256', secret).update('relay\0').update(nonce).update(JSON.stringify([user, domain, screen])).digest();
