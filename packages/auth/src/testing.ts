/** The suite that defines an authenticator that asks for passwords: every one runs it. And a clock that a test moves by hand. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Authenticator, LogonAttempt } from './authenticator.js';
import { systemClock } from './clock.js';
import { GuessLimiter, LIMITS } from './limiter/limiter.js';

export { ManualClock } from './testing/manual-clock.js';

export interface Subject {
  readonly authenticator: Authenticator;
  /** An account that may log in. */
  readonly user: string;
  readonly password: string;
  /** Called after the suite. */
  close?(): void | Promise<void>;
}

/** A login; each from an address of its own unless `given` says which. */
export function logon(given: Partial<LogonAttempt>): LogonAttempt {
  const clientId = ++logons;
  return { user: '', password: '', domain: '', clientId, machineId: MACHINE, address: `198.51.${clientId >> 8}.${clientId & 255}`, clientName: 'desk', ...given };
}

let logons = 0;
const MACHINE = '0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0';

export const never = (): AbortSignal => new AbortController().signal;

/** A limiter whose delays a test does not feel. */
export const hurried = (): GuessLimiter => new GuessLimiter(systemClock, { ...LIMITS, firstDelay: 1 });

export function describeAuthenticator(name: string, setUp: () => Subject | Promise<Subject>): void {
  describe(`${name}, as any authenticator`, () => {
    let subject: Subject;
    beforeAll(async () => {
      subject = await setUp();
    });
    afterAll(() => subject.close?.());

    const judge = (given: Partial<LogonAttempt>, signal = never()) => subject.authenticator.judge(logon(given), signal);

    test('grants the right password, again and again', async () => {
      const { user, password } = subject;
      expect(await judge({ user, password })).toEqual({ granted: true });
      expect(await judge({ user, password })).toEqual({ granted: true });
    }, 30_000);

    test('refuses what is not right, and does not repeat the password', async () => {
      const { user, password } = subject;
      const guesses: Partial<LogonAttempt>[] = [
        { user, password: `${password}-guess` },
        { user, password: password.slice(0, -1) },
        { user: `no-${user}`, password },
        { user, password: '' },
        { user: '', password },
        { user: '', password: '' },
      ];
      const judgements = await Promise.all(guesses.map((guess) => judge(guess)));
      judgements.forEach((judgement, index) => {
        expect(judgement).toEqual({ granted: false, reason: expect.stringMatching(/./) });
        const { password: guessed } = guesses[index];
        if (guessed) expect(JSON.stringify(judgement)).not.toContain(guessed);
      });
      expect(await judge({ user, password })).toEqual({ granted: true });
    }, 60_000);

    test('refuses names and passwords that end before they end, and those that do not end', async () => {
      const { user, password } = subject;
      for (const given of [{ user: `${user}\0x`, password }, { user, password: `${password}\0x` }, { user: user + ' '.repeat(5000), password }, { user, password, clientId: -1 }]) {
        expect(await judge(given)).toEqual({ granted: false, reason: expect.stringMatching(/./) });
      }
    });

    test('refuses a client that has gone', async () => {
      const { user, password } = subject;
      expect(await judge({ user, password }, AbortSignal.abort())).toEqual({ granted: false, reason: expect.stringMatching(/./) });
    });
  });
}
