import { expect, test } from '@jest/globals';
import type { AuditRecord } from './audit.js';
import { uuidBytes } from './attempt.js';
import { Judge, type JudgeOptions } from './judge.js';
import type { AuthLibrary, LibraryAnswer } from './library.js';
import { GuessLimiter } from './limiter/limiter.js';
import { logon, ManualClock, never } from './testing.js';

const library = (authenticate: AuthLibrary['authenticate']): AuthLibrary => ({ name: 'lib', authenticate });
const answering = (answer: LibraryAnswer) => library(async () => answer);

function judge(options: Partial<JudgeOptions>) {
  const clock = new ManualClock();
  const records: AuditRecord[] = [];
  return { clock, records, judge: new Judge({ clock, limit: 90_000, onJudgement: (record) => records.push(record), ...options }) };
}

test('every judgement is one record: who, whence, which client, which method, why; never a password', async () => {
  const { judge: good, records, clock } = judge({ library: answering({ result: 'granted' }) });
  const attempt = logon({ user: 'john', password: 'pa55', domain: 'OFFICE' });
  expect(await good.judge(attempt, never())).toEqual({ granted: true });
  const { password: _, ...rest } = attempt;
  expect(records).toEqual([{ at: new Date(clock.now()), ...rest, method: 'lib', granted: true, reason: 'lib grants' }]);

  const { judge: bad, records: refusals } = judge({ library: answering({ result: 'denied', reason: 'no' }) });
  expect(await bad.judge(logon({ user: 'a\nb\u001b[2J', clientName: 'x'.repeat(1000), password: 'pa55' }), never())).toEqual({ granted: false, reason: 'no' });
  expect(refusals).toEqual([expect.objectContaining({ user: 'a\ufffdb\ufffd[2J', clientName: 'x'.repeat(256), granted: false, reason: 'no' })]);
  expect(JSON.stringify([records, refusals])).not.toContain('pa55');
});

test('a login that cannot be recorded is refused', async () => {
  const onJudgement = () => {
    throw new Error('disk full');
  };
  const { judge: unrecorded } = judge({ library: answering({ result: 'granted' }), onJudgement });
  expect(await unrecorded.judge(logon({}), never())).toEqual({ granted: false, reason: 'the judgement cannot be recorded (Error)' });
});

test('a method that throws, at once or later, refuses and is not quoted', async () => {
  const { judge: now } = judge({
    library: library(() => {
      throw new Error('pa55');
    }),
  });
  const { judge: later } = judge({ library: library(async () => Promise.reject(new TypeError('pa55'))) });
  expect(await now.judge(logon({}), never())).toEqual({ granted: false, reason: 'the authentication method failed with Error' });
  expect(await later.judge(logon({}), never())).toEqual({ granted: false, reason: 'the authentication method failed with TypeError' });
});

test('a method that never answers refuses when its time is over', async () => {
  const { judge: slow, clock, records } = judge({ library: library(() => new Promise(() => undefined)) });
  const judgement = slow.judge(logon({}), never());
  await clock.timer(90_000);
  clock.advance(90_000);
  expect(await judgement).toEqual({ granted: false, reason: 'the authentication method did not answer within 90 s' });
  expect(records).toHaveLength(1);
});

test('a client that leaves is refused at once, and its guess counts when the method has judged it', async () => {
  const clock = new ManualClock();
  let answer!: (answer: LibraryAnswer) => void;
  let asked!: () => void;
  const begun = new Promise<void>((resolve) => (asked = resolve));
  const limiter = new GuessLimiter(clock);
  const { judge: guarded, records } = judge({
    clock,
    limiter,
    library: library(() => {
      asked();
      return new Promise((resolve) => (answer = resolve));
    }),
  });
  const client = new AbortController();
  const judgement = guarded.judge(logon({ user: 'john', address: '192.0.2.1' }), client.signal);
  await begun;
  client.abort();
  expect(await judgement).toEqual({ granted: false, reason: 'the client has gone' });
  expect(records).toHaveLength(1);
  answer({ result: 'denied', reason: 'wrong' });
  await new Promise(setImmediate);
  expect(limiter.begin('192.0.2.1', 'john')).toMatchObject({ admitted: true, wait: 500 });
});

test('1,000 wrong guesses from one address: the 1,001st is refused without asking the method; another address gets in', async () => {
  const clock = new ManualClock();
  const limiter = new GuessLimiter(clock);
  let asked = 0;
  const { judge: guarded, records } = judge({
    clock,
    limiter,
    library: library(async ({ password }) => {
      asked++;
      return password === 'right' ? { result: 'granted' } : { result: 'denied', reason: 'wrong' };
    }),
  });
  const attempt = async (address: string, password: string) => {
    const judgement = guarded.judge(logon({ user: 'john', address, password }), never());
    // What is awaited is the limiter's delay, or nothing: the method answers at once.
    if (clock.next !== undefined && clock.next <= 10_000) clock.advance(clock.next);
    return judgement;
  };
  for (let guess = 0; guess < 1000; guess++) expect((await attempt('192.0.2.1', `guess ${guess}`)).granted).toBe(false);
  const before = asked;
  expect(before).toBeLessThanOrEqual(10);
  expect(await attempt('192.0.2.1', 'right')).toEqual({ granted: false, reason: expect.stringContaining('locked out') });
  expect(asked).toBe(before);
  expect(await attempt('192.0.2.2', 'right')).toEqual({ granted: true });
  expect(records).toHaveLength(1002);
  expect(limiter.unlock('192.0.2.1')).toBe(1);
  expect(await attempt('192.0.2.1', 'right')).toEqual({ granted: true });
});

test('a client that leaves while it has to wait has guessed nothing', async () => {
  const clock = new ManualClock();
  const limiter = new GuessLimiter(clock);
  const { judge: guarded } = judge({ clock, limiter, library: answering({ result: 'denied', reason: 'wrong' }) });
  const first = guarded.judge(logon({ user: 'john', address: '192.0.2.1' }), never());
  await first;
  const client = new AbortController();
  const second = guarded.judge(logon({ user: 'john', address: '192.0.2.1' }), client.signal);
  await clock.timer(500);
  client.abort();
  expect(await second).toEqual({ granted: false, reason: 'the client has gone' });
  expect(clock.next).toBeUndefined();
});

test('without a library the guest decides, and silence refuses', async () => {
  const guest = (judgement: 'granted' | 'denied' | 'noJudgement' | 'notReacted') => judge({ guest: { judge: async () => ({ judgement, reason: `it says ${judgement}` }) } }).judge;
  expect(await guest('granted').judge(logon({}), never())).toEqual({ granted: true });
  for (const judgement of ['denied', 'noJudgement', 'notReacted'] as const) {
    expect(await guest(judgement).judge(logon({}), never())).toEqual({ granted: false, reason: `it says ${judgement}` });
  }
  expect(await judge({}).judge.judge(logon({}), never())).toEqual({ granted: false, reason: 'this machine has no channel to its guest' });
});

test('a UUID is passed as a GUID lies in memory', () => {
  expect(Buffer.from(uuidBytes('{00112233-4455-6677-8899-aabbccddeeff}')).toString('hex')).toBe('33221100554477668899aabbccddeeff');
  expect(() => uuidBytes('m')).toThrow("'m' is not a UUID");
});
