/**
 * Guessing passwords is slow: delays that double, and lock-outs that an administrator sees and can lift.
 *
 * - Per address: the wait before the next login is judged doubles with each wrong password from there. After `address.lockAfter` wrong ones, or
 *   many more tries that did not wait, the address is locked out. Other addresses are not touched.
 * - Per user, whoever asks: the wait doubles with each *address* that guessed wrong, so that one guesser costs the user half a second, and a
 *   crowd of guessers together has a few tries a minute. After `user.lockAfter` wrong passwords the user is locked out, except at addresses where
 *   that user has logged in before: a crowd of strangers does not keep the user from the own desk.
 * - A login under way counts as wrong until it is known to be right: opening many connections at once gains nothing.
 * - A right password forgives what this address did wrong for this user, and nothing else: owning one account does not buy guesses at another.
 *
 * All of it is in memory, bounded, and gone when the process ends. Pure: time comes through a port.
 */
import { printable } from '../attempt.js';
import type { Clock } from '../clock.js';
import { addressKey } from './address.js';

/** Times in milliseconds. */
export interface Limits {
  /** The wait after the first wrong password; it doubles from there. */
  readonly firstDelay: number;
  /** A login that would have to wait longer than this is refused at once, unjudged. */
  readonly longestWait: number;
  readonly address: { readonly longestDelay: number; readonly lockAfter: number; readonly lockAfterRefused: number };
  readonly user: { readonly longestDelay: number; readonly lockAfter: number };
  readonly lockFor: number;
  /** Wrong passwords are forgotten so long after the last one. */
  readonly forgetAfter: number;
  /** Addresses, users, and places of users' logins remembered, each. */
  readonly remembered: number;
}

const MINUTE = 60_000;

export const LIMITS: Limits = {
  firstDelay: 500,
  longestWait: 10_000,
  address: { longestDelay: 5 * MINUTE, lockAfter: 10, lockAfterRefused: 100 },
  user: { longestDelay: 10_000, lockAfter: 100 },
  lockFor: 60 * MINUTE,
  forgetAfter: 60 * MINUTE,
  remembered: 10_000,
};

/** What came of a login that was let through. `unjudged`: no password was compared. */
export type Outcome = 'wrong' | 'granted' | 'unjudged';

export type Admission =
  /** Judge after `wait` milliseconds, then say what came of it, once. */
  | { readonly admitted: true; readonly wait: number; settle(outcome: Outcome): void }
  /** Refuse without asking anyone; `retryAfter` in milliseconds. */
  | { readonly admitted: false; readonly reason: string; readonly retryAfter: number };

/** A lock-out, for the administrator. */
export interface Lockout {
  readonly kind: 'address' | 'user';
  /** The address (of IPv6 its /64), or the user's name in lower case. */
  readonly name: string;
  /** Wrong passwords. */
  readonly failures: number;
  /** Milliseconds since the epoch. */
  readonly since: number;
  readonly until: number;
}

/** What is remembered of one address or one user. */
class Suspect {
  failures = 0;
  pending = 0;
  refused = 0;
  /** When the next login may be judged. */
  readyAt = 0;
  lastAt = 0;
  lockedAt = 0;
  lockedUntil = 0;
  /** Of a user: the addresses with wrong or pending logins, and how many. */
  readonly from = new Map<string, { wrong: number; pending: number }>();

  isLocked(now: number): boolean {
    return this.lockedUntil > now;
  }

  lock(now: number, time: number): void {
    this.lockedAt = now;
    this.lockedUntil = now + time;
  }

  get busy(): boolean {
    return this.pending > 0;
  }
}

/** Addresses that count on their own in a user's delay; the delay is at its longest well before. */
const ADDRESSES_OF_USER = 64;

export class GuessLimiter {
  private readonly addresses = new Map<string, Suspect>();
  private readonly users = new Map<string, Suspect>();
  /** Where users have logged in, oldest first. */
  private readonly homes = new Map<string, true>();

  constructor(
    private readonly clock: Pick<Clock, 'now'>,
    private readonly limits: Limits = LIMITS,
  ) {}

  /** Whether, and when, a login as `user` from `address` may be judged. */
  begin(address: string, user: string): Admission {
    const now = this.clock.now();
    const [place, name] = [addressKey(address), userKey(user)];
    const a = this.suspect(this.addresses, place, now);
    const u = this.suspect(this.users, name, now);
    const atHome = this.homes.has(homeKey(name, place));

    if (a.isLocked(now)) return refuse(`the address is locked out after ${a.failures} wrong passwords`, a.lockedUntil - now);
    if (!atHome && u.isLocked(now)) return refuse(`the user is locked out after ${u.failures} wrong passwords`, u.lockedUntil - now);

    const start = Math.max(now, a.readyAt, atHome ? 0 : u.readyAt);
    const crowded = a.failures + a.pending >= this.limits.address.lockAfter || (!atHome && u.failures + u.pending >= this.limits.user.lockAfter);
    if (start - now > this.limits.longestWait || crowded) {
      // Waiting is for those who have guessed wrong, not for many who log in at once.
      if (a.failures > 0 && ++a.refused >= this.limits.address.lockAfterRefused) a.lock(now, this.limits.lockFor);
      return refuse('too many wrong passwords, or too many logins at once', Math.max(start - now, this.limits.firstDelay));
    }

    a.pending++;
    u.pending++;
    const part = u.from.get(place) ?? { wrong: 0, pending: 0 };
    part.pending++;
    if (u.from.size < ADDRESSES_OF_USER) u.from.set(place, part);
    a.readyAt = start + this.delay(a.failures + a.pending, this.limits.address.longestDelay);
    if (!atHome) u.readyAt = start + this.delay(u.from.size, this.limits.user.longestDelay);

    let open = true;
    return {
      admitted: true,
      wait: start - now,
      settle: (outcome) => {
        if (!open) return;
        open = false;
        a.pending--;
        u.pending--;
        part.pending--;
        if (outcome === 'wrong') this.wrong(a, u, part);
        if (outcome === 'granted') {
          a.failures -= Math.min(part.wrong, a.failures);
          u.failures -= Math.min(part.wrong, u.failures);
          part.wrong = 0;
          this.remember(homeKey(name, place));
        }
        if (part.wrong + part.pending === 0) u.from.delete(place);
        if (outcome === 'granted' || outcome === 'unjudged') this.calm(outcome, a, u);
      },
    };
  }

  /** Who is locked out now. */
  lockouts(): Lockout[] {
    const now = this.clock.now();
    return ([['address', this.addresses], ['user', this.users]] as const).flatMap(([kind, suspects]) =>
      [...suspects].filter(([, suspect]) => suspect.isLocked(now)).map(([name, { failures, lockedAt: since, lockedUntil: until }]) => ({ kind, name, failures, since, until })),
    );
  }

  /**
   * Forgets what an address or a user did wrong: delays and lock-outs; without a name, of everybody.
   * @returns how many lock-outs this lifted
   */
  unlock(name?: string): number {
    const before = this.lockouts().length;
    if (name === undefined) {
      this.addresses.clear();
      this.users.clear();
    } else {
      // The list names an IPv6 /64 with its length.
      this.addresses.delete(addressKey(name.replace(/\/64$/, '')));
      this.users.delete(userKey(name));
    }
    return before - this.lockouts().length;
  }

  private wrong(a: Suspect, u: Suspect, part: { wrong: number }): void {
    const now = this.clock.now();
    part.wrong++;
    for (const [suspect, { longestDelay, lockAfter }, count] of [
      [a, this.limits.address, a.failures + 1],
      [u, this.limits.user, u.from.size],
    ] as const) {
      suspect.failures++;
      suspect.lastAt = now;
      suspect.readyAt = Math.max(suspect.readyAt, now + this.delay(count, longestDelay));
      if (suspect.failures >= lockAfter && !suspect.isLocked(now)) suspect.lock(now, this.limits.lockFor);
    }
  }

  /** Takes back the waits that were set while the outcome was open, where nothing else calls for them. */
  private calm(outcome: Outcome, a: Suspect, u: Suspect): void {
    // A method that does not judge is not to be hurried: the wait it was let through with stays.
    if (outcome === 'unjudged') return;
    if (a.failures + a.pending === 0) a.readyAt = 0;
    if (u.failures + u.pending === 0) u.readyAt = 0;
  }

  private delay(count: number, longest: number): number {
    return count <= 0 ? 0 : Math.min(longest, this.limits.firstDelay * 2 ** (count - 1));
  }

  /** The record of `key`, newest last; old ones are forgotten. */
  private suspect(suspects: Map<string, Suspect>, key: string, now: number): Suspect {
    let suspect = suspects.get(key);
    if (suspect && !suspect.busy && !suspect.isLocked(now) && (suspect.lockedUntil > 0 || (suspect.lastAt > 0 && now - suspect.lastAt > this.limits.forgetAfter))) suspect = undefined;
    suspects.delete(key);
    suspect ??= new Suspect();
    suspects.set(key, suspect);
    if (suspects.size > this.limits.remembered) suspects.delete(evictable(suspects, now));
    return suspect;
  }

  private remember(home: string): void {
    this.homes.delete(home);
    this.homes.set(home, true);
    if (this.homes.size > this.limits.remembered) this.homes.delete(this.homes.keys().next().value as string);
  }
}

/** Candidates for forgetting that are looked at. */
const LOOK = 100;

/** Of the oldest, the first that is neither locked out nor being judged; the oldest of all when none is. */
function evictable(suspects: Map<string, Suspect>, now: number): string {
  let seen = 0;
  for (const [key, suspect] of suspects) {
    if (!suspect.isLocked(now) && !suspect.busy) return key;
    if (++seen === LOOK) break;
  }
  return suspects.keys().next().value as string;
}

const refuse = (reason: string, retryAfter: number): Admission => ({ admitted: false, reason: `${reason}; try again in ${Math.ceil(retryAfter / 1000)} s`, retryAfter });

/** Accounts differ by more than letter case nowhere that matters: the same account under two spellings is one. */
const userKey = (user: string): string => printable(user.normalize('NFC').toLowerCase());

const homeKey = (user: string, address: string): string => `${address}\n${user}`;
