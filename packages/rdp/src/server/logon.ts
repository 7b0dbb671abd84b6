/**
 * What a login says: who it is, and which screen is meant.
 *
 * The domain field may end in `@N`, which picks screen N (1 is the first); clients without such a field write `@N\name` as user name. Pure.
 */
import type { InfoPacket } from '../pdu/clientInfo.js';

export interface Logon {
  readonly user: string;
  readonly password: string;
  readonly domain: string;
  /** From 0. */
  readonly screen: number;
  /** It was asked for by its number. */
  readonly picked: boolean;
}

/** Characters of the longest name of a client's computer that is kept: labels of the domain name system have no more. */
const MAX_CLIENT_NAME = 63;

/** A computer's name as a client gives it in NTLM, where it may be any text: its printable beginning. */
export const readClientName = (workstation: string): string => workstation.replace(/[\p{Cc}\p{Zl}\p{Zp}\p{Cs}]/gu, '').slice(0, MAX_CLIENT_NAME);

/** `[text]@N`: what is before, and the number. */
const SCREEN_SUFFIX = /^(.*)@([0-9]{1,3})$/s;

export function readLogon({ UserName, Password, Domain }: Pick<InfoPacket, 'UserName' | 'Password' | 'Domain'>): Logon {
  let user = UserName;
  let domain = Domain;
  const separator = user.indexOf('\\');
  if (separator >= 0 && (domain === '' || SCREEN_SUFFIX.test(user.slice(0, separator)))) {
    const prefix = user.slice(0, separator);
    user = user.slice(separator + 1);
    domain = SCREEN_SUFFIX.test(prefix) && domain !== '' ? domain + prefix : prefix;
  }
  const picked = SCREEN_SUFFIX.exec(domain);
  const number = picked ? Number(picked[2]) : 1;
  return { user, password: Password, domain: picked ? picked[1] : domain, screen: number - 1, picked: picked !== null };
}
