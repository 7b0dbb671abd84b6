/**
 * What is kept of a teleporter's password: both sides of a move derive the same from it, so the password itself is kept nowhere.
 * [RFC7914] scrypt. Pure.
 *
 * Who reads what is kept can teleport with it, but has to guess for long to learn the password that it was made from.
 */
import { scrypt } from 'node:crypto';
import { promisify } from 'node:util';

const derive = promisify<string, string, number, { N: number; r: number; p: number; maxmem: number }, Buffer>(scrypt);
/** The same for all: two hosts that share nothing but the password have to come to the same. */
const SALT = 'Belvedere teleporter';

/** 43 characters; empty for no password. */
export async function teleporterKey(password: string): Promise<string> {
  if (password === '') return '';
  return (await derive(password.normalize('NFC'), SALT, 32, { N: 32768, r: 8, p: 1, maxmem: 64 << 20 })).toString('base64url');
}
