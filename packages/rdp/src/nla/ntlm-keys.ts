/**
 * What NTLMv2 computes: responses, keys, integrity codes.
 *
 * [MS-NLMP] 3.3.2 (NTLMv2), 3.1.5.1.2 (MIC), 3.4.5 (signing and sealing keys). Pure.
 */
import { createHash, createHmac } from 'node:crypto';
import { ntHash } from '@belvedere/password';

export const utf16le = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'utf16le'));
export const fromUtf16le = (bytes: Uint8Array): string => Buffer.from(bytes).toString('utf16le');

export const hmacMd5 = (key: Uint8Array, ...parts: readonly Uint8Array[]): Uint8Array => {
  const state = createHmac('md5', key);
  for (const part of parts) state.update(part);
  return state.digest();
};

export { ntHash };

/** Upper case as Windows has it: each code unit by itself, so that a name keeps its length. */
const upperCase = (text: string): string =>
  Array.from({ length: text.length }, (_, at) => {
    const upper = text[at].toUpperCase();
    return upper.length === 1 ? upper : text[at];
  }).join('');

/** ResponseKeyNT. [MS-NLMP] 3.3.2, NTOWFv2 */
export const responseKey = (hash: Uint8Array, user: string, domain: string): Uint8Array => hmacMd5(hash, utf16le(upperCase(user) + domain));

/** NTProofStr: the first 16 bytes of an NTLMv2 response. @param clientChallenge the rest of it (`temp` in the standard) */
export const proof = (key: Uint8Array, serverChallenge: Uint8Array, clientChallenge: Uint8Array): Uint8Array =>
  hmacMd5(key, serverChallenge, clientChallenge);

/** SessionBaseKey, which with NTLMv2 is the KeyExchangeKey as well. */
export const sessionBaseKey = (key: Uint8Array, ntProof: Uint8Array): Uint8Array => hmacMd5(key, ntProof);

/** The MIC of an AUTHENTICATE_MESSAGE whose own MIC is zeroes. */
export const messageIntegrity = (exportedSessionKey: Uint8Array, ...messages: readonly Uint8Array[]): Uint8Array =>
  hmacMd5(exportedSessionKey, ...messages);

export type Direction = 'client-to-server' | 'server-to-client';

const derived = (exportedSessionKey: Uint8Array, direction: Direction, purpose: 'signing' | 'sealing'): Uint8Array =>
  createHash('md5').update(exportedSessionKey).update(`session key to ${direction} ${purpose} key magic constant\0`, 'latin1').digest();

/** SIGNKEY of extended session security. */
export const signingKey = (exportedSessionKey: Uint8Array, direction: Direction): Uint8Array =>
  derived(exportedSessionKey, direction, 'signing');

/** SEALKEY of extended session security with 128 bits. */
export const sealingKey = (exportedSessionKey: Uint8Array, direction: Direction): Uint8Array =>
  derived(exportedSessionKey, direction, 'sealing');
