/**
 * `VBoxAuthSimple`: passwords as hashes that the administrator stores with the machine, in the extradata
 * `VBoxAuthSimple/users/<user>`. Where they are stored is the caller's affair: here is a lookup.
 */
import { decoy, HashFormatError, parseHash, type StoredHash, verifyPassword } from '@belvedere/password';
import type { LogonAttempt } from '../authenticator.js';
import { Turns } from '../turns.js';
import { type AuthLibrary, denied, type GuestJudgement, type LibraryAnswer, type NtHashAnswer, unjudged } from '../library.js';

/** The stored hash of a user; undefined for one that there is not. */
export type HashLookup = (user: string) => string | undefined | Promise<string | undefined>;

/** The extradata key of a user's hash. */
export const simpleUserKey = (user: string): string => `VBoxAuthSimple/users/${user}`;

export class SimpleAuth implements AuthLibrary {
  readonly name = 'VBoxAuthSimple';
  /** Each check of a slow hash takes a core and its memory. */
  private readonly turns = new Turns(2, 64);
  /** What checking an existing user cost last; an unknown user costs the same, so that time does not tell who exists. */
  private latest: StoredHash | undefined;

  /** A proof alone grants nothing. */
  readonly ntHash = (user: string): Promise<NtHashAnswer> => this.find(user);

  constructor(private readonly lookup: HashLookup) {}

  async authenticate({ user, password }: LogonAttempt, _guest: GuestJudgement, signal: AbortSignal): Promise<LibraryAnswer> {
    if (user === '') return unjudged('no user name was given');
    const release = await this.turns.take(signal);
    try {
      const found = await this.lookup(user);
      const stored = found === undefined ? decoy(this.latest) : parseHash(found);
      const right = await verifyPassword(password, stored);
      if (found !== undefined) this.latest = stored;
      if (found === undefined) return denied('unknown user');
      return right ? { result: 'granted' } : denied('wrong password');
    } catch (error) {
      if (error instanceof HashFormatError) return unjudged(error.message);
      throw error;
    } finally {
      release();
    }
  }

  private async find(user: string): Promise<NtHashAnswer> {
    if (user === '') return unjudged('no user name was given');
    try {
      const found = await this.lookup(user);
      if (found === undefined) return denied('unknown user');
      const { algorithm, hash } = parseHash(found);
      return algorithm === 'nt' ? { result: 'found', hash } : unjudged('no NT hash is stored for the user');
    } catch (error) {
      if (error instanceof HashFormatError) return unjudged(error.message);
      throw error;
    }
  }
}
