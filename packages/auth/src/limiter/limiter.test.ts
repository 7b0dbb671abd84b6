import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { ManualClock } from '../testing.js';
import { addressKey } from './address.js';
import { type Admission, GuessLimiter, LIMITS } from './limiter.js';

const MINUTE = 60_000;

function limiter(limits = {}) {
  const clock = new ManualClock();
  const guesses = new GuessLimiter(clock, { ...LIMITS, ...limits });
  /** A login that waits as long as it is told, and then is what it is; undefined when refused. */
  const attempt = (address: string, user: string, outcome: 'wrong' | 'granted' | 'unjudged'): number | undefined => {
    const admission = guesses.begin(address, user);
    if (!admission.admitted) return undefined;
    clock.advance(admission.wait);
    admission.settle(outcome);
    return admission.wait;
  };
  return { clock, guesses, attempt };
}

const admitted = (admission: Admission): Extract<Admission, { admitted: true }> => {
  if (!admission.admitted) throw new Error(admission.reason);
  return admission;
};

test('delays double from the first wrong password, until they are refusals', () => {
  const { guesses, attempt } = limiter();
  expect([1, 2, 3, 4, 5].map(() => attempt('192.0.2.1', 'john', 'wrong'))).toEqual([0, 500, 1000, 2000, 4000]);
  expect(attempt('192.0.2.1', 'john', 'wrong')).toBe(8000);
  expect(guesses.begin('192.0.2.1', 'ann')).toEqual({ admitted: false, reason: 'too many wrong passwords, or too many logins at once; try again in 16 s', retryAfter: 16_000 });
});

test('an address is locked out, seen, and let in again by the administrator or by time', () => {
  const { clock, guesses, attempt } = limiter();
  for (let wrong = 1; wrong <= 10; wrong++) {
    expect(guesses.lockouts()).toEqual([]);
    expect(attempt('192.0.2.1', 'john', 'wrong')).toBeDefined();
    const since = clock.now();
    if (wrong === 10) expect(guesses.lockouts()).toEqual([{ kind: 'address', name: '192.0.2.1', failures: 10, since, until: since + 60 * MINUTE }]);
    clock.advance(5 * MINUTE - 1);
  }
  expect(guesses.begin('192.0.2.1', 'ann')).toMatchObject({ admitted: false, reason: expect.stringContaining('the address is locked out after 10 wrong passwords') });
  expect(guesses.unlock('192.0.2.2')).toBe(0);
  expect(guesses.unlock('::ffff:192.0.2.1')).toBe(1);
  expect(guesses.lockouts()).toEqual([]);
  expect(attempt('192.0.2.1', 'ann', 'wrong')).toBe(0);

  for (let wrong = 1; wrong < 10; wrong++) {
    clock.advance(5 * MINUTE);
    attempt('192.0.2.1', 'ann', 'wrong');
  }
  expect(guesses.lockouts()).toHaveLength(1);
  clock.advance(60 * MINUTE);
  expect(guesses.lockouts()).toEqual([]);
  expect(attempt('192.0.2.1', 'john', 'granted')).toBe(0);
});

test('a thousand hasty guesses from one address: few are judged, the 1,001st is not; another address gets in at once or nearly', () => {
  const { guesses, attempt } = limiter();
  const judged = Array.from({ length: 1000 }, () => attempt('192.0.2.1', 'john', 'wrong')).filter((wait) => wait !== undefined);
  expect(judged).toHaveLength(6);
  expect(guesses.begin('192.0.2.1', 'john').admitted).toBe(false);
  expect(guesses.lockouts()).toEqual([expect.objectContaining({ kind: 'address', name: '192.0.2.1' })]);
  expect(attempt('192.0.2.2', 'john', 'granted')).toBeLessThanOrEqual(LIMITS.firstDelay);
  expect(attempt('192.0.2.3', 'ann', 'granted')).toBe(0);
});

test('many connections at once gain no guesses', () => {
  const { clock, guesses } = limiter();
  const waits = Array.from({ length: 1000 }, () => guesses.begin('192.0.2.1', 'john')).flatMap((admission) => (admission.admitted ? [admission.wait] : []));
  expect(waits).toEqual([0, 500, 1500, 3500, 7500]);
  clock.advance(60_000);
  expect(guesses.lockouts()).toEqual([]);
});

test('those who log in at once with right passwords wait a little and are not locked out', () => {
  const { guesses } = limiter();
  const together = ['ann', 'bob', 'cid'].map((user) => admitted(guesses.begin('192.0.2.1', user)));
  for (let more = 0; more < 200; more++) guesses.begin('192.0.2.1', 'dan');
  together.forEach((admission) => admission.settle('granted'));
  expect(guesses.lockouts()).toEqual([]);
});

test('a user attacked from many addresses is slow to guess, and locked out; where he was before, he still gets in', () => {
  const { clock, guesses, attempt } = limiter();
  expect(attempt('198.51.100.1', 'John', 'granted')).toBe(0);
  const waits = Array.from({ length: 8 }, (_, index) => attempt(`203.0.113.${index}`, 'john', 'wrong'));
  expect(waits).toEqual([0, 500, 1000, 2000, 4000, 8000, 10_000, 10_000]);
  for (let index = 8; index < 100; index++) attempt(`203.0.113.${index}`, 'JOHN', 'wrong');
  expect(guesses.lockouts()).toEqual([{ kind: 'user', name: 'john', failures: 100, since: clock.now(), until: clock.now() + 60 * MINUTE }]);
  expect(guesses.begin('203.0.113.200', 'john')).toMatchObject({ admitted: false, reason: expect.stringContaining('the user is locked out') });
  expect(attempt('203.0.113.200', 'ann', 'granted')).toBe(0);
  expect(attempt('198.51.100.1', 'john', 'granted')).toBe(0);
  expect(guesses.unlock('JOHN')).toBe(1);
  expect(attempt('203.0.113.201', 'john', 'granted')).toBe(0);
});

test('a right password forgives what was wrong for that user, and not the guesses at others', () => {
  const { guesses, attempt } = limiter();
  attempt('192.0.2.1', 'mallory', 'wrong');
  attempt('192.0.2.1', 'mallory', 'granted');
  expect(attempt('192.0.2.1', 'mallory', 'granted')).toBe(0);
  let judged = 0;
  for (let guess = 0; guess < 50; guess++) {
    if (attempt('192.0.2.1', 'john', 'wrong') !== undefined) judged++;
    attempt('192.0.2.1', 'mallory', 'granted');
  }
  expect(judged).toBeLessThanOrEqual(LIMITS.address.lockAfter);
  expect(guesses.begin('192.0.2.1', 'john').admitted).toBe(false);
});

test('what nobody judged is no wrong password, and not to be hurried either', () => {
  const { guesses, attempt } = limiter();
  for (let count = 0; count < 50; count++) expect(attempt('192.0.2.1', 'john', 'unjudged')).toBe(count === 0 ? 0 : 500);
  expect(guesses.lockouts()).toEqual([]);
});

test('an outcome counts once', () => {
  const { guesses } = limiter();
  const admission = admitted(guesses.begin('192.0.2.1', 'john'));
  for (let again = 0; again < 20; again++) admission.settle('wrong');
  expect(guesses.lockouts()).toEqual([]);
});

test('wrong passwords are forgotten an hour after the last', () => {
  const { clock, attempt } = limiter();
  for (let count = 0; count < 4; count++) attempt('192.0.2.1', 'john', 'wrong');
  clock.advance(60 * MINUTE + 1);
  expect([attempt('192.0.2.1', 'john', 'wrong'), attempt('192.0.2.1', 'john', 'wrong')]).toEqual([0, 500]);
});

test('memory is bounded, and a flood of strangers does not wash a lock-out away', () => {
  const { guesses, attempt } = limiter({ remembered: 50 });
  for (let count = 0; count < 1000; count++) attempt('192.0.2.1', 'john', 'wrong');
  for (let count = 0; count < 500; count++) attempt(`10.0.${count >> 8}.${count & 255}`, `user${count}`, count % 2 ? 'wrong' : 'granted');
  expect(guesses.begin('192.0.2.1', 'john')).toMatchObject({ admitted: false, reason: expect.stringContaining('locked out') });
  const { addresses, users, homes } = guesses as unknown as Record<string, Map<string, unknown>>;
  for (const map of [addresses, users, homes]) expect(map.size).toBeLessThanOrEqual(50);
});

test('whatever happens, one address has at most 10 wrong passwords judged in an hour', () => {
  const step = fc.record({ user: fc.constantFrom('ann', 'bob', 'cid'), outcome: fc.constantFrom('wrong' as const, 'wrong' as const, 'granted' as const, 'unjudged' as const), pause: fc.integer({ min: 0, max: 60_000 }) });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 120 }), (steps) => {
      const { clock, attempt } = limiter();
      const start = clock.now();
      const right = new Set(['ann']);
      let wrong = 0;
      for (const { user, outcome, pause } of steps) {
        // Only ann has an account here: a guess at another is never right.
        const result = outcome === 'granted' && !right.has(user) ? 'wrong' : outcome === 'wrong' && right.has(user) ? 'unjudged' : outcome;
        if (attempt('192.0.2.1', user, result) !== undefined && result === 'wrong') wrong++;
        clock.advance(pause);
        if (clock.now() - start > 60 * MINUTE) break;
      }
      expect(wrong).toBeLessThanOrEqual(LIMITS.address.lockAfter);
    }),
  );
});

test.each([
  ['192.0.2.1', '192.0.2.1'],
  ['::ffff:192.0.2.1', '192.0.2.1'],
  ['::FFFF:192.0.2.1', '192.0.2.1'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
  ['2001:0DB8:0001:0002::1', '2001:db8:1:2::/64'],
  ['[2001:db8::1]', '2001:db8:0:0::/64'],
  ['2001:db8:1:2::', '2001:db8:1:2::/64'],
  ['fe80::1%eth0', 'fe80:0:0:0::/64'],
  ['64:ff9b::192.0.2.1', '64:ff9b:0:0::/64'],
  ['::', '0:0:0:0::/64'],
  ['::1', '::1'],
  ['', ''],
  ['pipe', 'pipe'],
])('%s counts as %s', (address, key) => {
  expect(addressKey(address)).toBe(key);
});
