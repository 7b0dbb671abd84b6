/** Logins that begin with a proof against an NT hash: each is one guess and one record, and guessers wait for the hash. */
import { expect, test } from '@jest/globals';
import { hashPassword, ntHash } from '@belvedere/password';
import type { AuditRecord } from './audit.js';
import { chooseAuthenticator, type AuthSettings } from './choose.js';
import { GuessLimiter, LIMITS } from './limiter/limiter.js';
import { logon, ManualClock, never } from './testing.js';

const RIGHT = ntHash('right');
const stored = `$nt$${Buffer.from(RIGHT).toString('hex')}`;

function setUp(settings: Partial<AuthSettings> = {}) {
  const clock = new ManualClock();
  const records: AuditRecord[] = [];
  const limiter = new GuessLimiter(clock);
  const users: Record<string, string> = { john: stored, broken: '$nt$12' };
  const simpleUsers = async (user: string) => (user === 'sha' ? hashPassword('right', 'sha256') : users[user]);
  const authenticator = chooseAuthenticator({ type: 'external', library: 'VBoxAuthSimple', simpleUsers, limiter, clock, onJudgement: (record) => records.push(record), ...settings });
  /** What a server does: the hash, then `refused` or `judge`. The client's delays pass at once. */
  async function logIn(user: string, password: string, address = '192.0.2.1', handedOn = password): Promise<boolean> {
    const { password: _, ...attempt } = logon({ user, address });
    const lookup = authenticator.ntHash!(user, '', attempt, never());
    if (clock.next !== undefined && clock.next <= LIMITS.longestWait) clock.advance(clock.next);
    const found = await lookup;
    if (!found || !Buffer.from(found).equals(ntHash(password))) {
      authenticator.refused!(attempt, 'the proof is wrong');
      return false;
    }
    const { granted } = await authenticator.judge({ ...attempt, password: handedOn }, never());
    return granted;
  }
  return { authenticator, clock, limiter, records, logIn, said: () => records.map(({ user, granted, reason }) => [user, granted, reason]) };
}

test('who proves a password and hands it on is in, as one login on record that owes nothing', async () => {
  const { logIn, records, limiter } = setUp();
  expect(await logIn('john', 'right')).toBe(true);
  expect(records).toEqual([expect.objectContaining({ user: 'john', address: '192.0.2.1', method: 'VBoxAuthSimple', granted: true, reason: 'VBoxAuthSimple grants' })]);
  expect(limiter.begin('192.0.2.1', 'john')).toMatchObject({ admitted: true, wait: 0 });
});

test('a proof that fails is one wrong password, on record once', async () => {
  const { logIn, said, limiter } = setUp();
  expect(await logIn('john', 'guess')).toBe(false);
  expect(said()).toEqual([['john', false, 'the proof is wrong']]);
  expect(limiter.begin('192.0.2.1', 'john')).toMatchObject({ admitted: true, wait: 500 });
});

test('a proof grants nothing: what is handed on is judged, and counts once', async () => {
  const { logIn, said, limiter } = setUp();
  expect(await logIn('john', 'right', '192.0.2.2', '')).toBe(false);
  expect(await logIn('john', 'right', '192.0.2.1', 'another')).toBe(false);
  expect(said()).toEqual([
    ['john', false, expect.stringContaining('did not hand it on')],
    ['john', false, 'wrong password'],
  ]);
  expect(limiter.begin('192.0.2.1', 'stranger')).toMatchObject({ admitted: true, wait: 500 });
});

test.each([
  ['a user that there is not', 'nobody', 'unknown user', 1],
  ['a user with another hash', 'sha', 'no NT hash is stored for the user', 0],
  ['a user whose hash is broken', 'broken', expect.stringContaining('the stored hash is neither'), 0],
  ['no user', '', 'no user name was given', 0],
  ['a name with a zero', 'john\0', 'the user name contains a zero character', 0],
])('%s has no hash, and the record says why; only what could be a guess locks out', async (_who, user, reason, lockouts) => {
  const { logIn, records, limiter, clock } = setUp();
  expect(await logIn(user, 'right')).toBe(false);
  expect(records.map((record) => record.reason)).toEqual([reason]);
  for (let logins = 1; logins < LIMITS.address.lockAfter; logins++) {
    clock.advance(LIMITS.address.longestDelay);
    await logIn(user, 'right');
  }
  expect(limiter.lockouts().length).toBe(lockouts);
});

test('who guesses on is locked out and gets no hash, not of the right user either; another address does', async () => {
  const { logIn, limiter, said, clock } = setUp();
  for (let guess = 0; guess < LIMITS.address.lockAfter; guess++) {
    expect(await logIn('john', 'guess')).toBe(false);
    clock.advance(LIMITS.address.longestDelay);
  }
  expect(limiter.lockouts()).toMatchObject([{ kind: 'address', name: '192.0.2.1', failures: LIMITS.address.lockAfter }]);
  const before = said().length;
  expect(before).toBe(LIMITS.address.lockAfter);
  expect(await logIn('john', 'right')).toBe(false);
  expect(said().slice(before)).toEqual([['john', false, expect.stringContaining('the address is locked out after 10 wrong passwords')]]);
  expect(await logIn('john', 'right', '192.0.2.2')).toBe(true);
});

test('a client that leaves with its proof open is forgotten, and holds nobody back for ever', async () => {
  const { authenticator, limiter, said, clock } = setUp();
  const client = new AbortController();
  const { password: _, ...attempt } = logon({ user: 'john', address: '192.0.2.1' });
  expect(await authenticator.ntHash!('john', '', attempt, client.signal)).toEqual(Buffer.from(RIGHT));
  expect(await authenticator.ntHash!('john', '', attempt, client.signal)).toBeUndefined();
  for (let logins = 1; logins < LIMITS.address.lockAfter; logins++) {
    clock.advance(LIMITS.address.longestDelay);
    expect(limiter.begin('192.0.2.1', `user ${logins}`).admitted).toBe(true);
  }
  clock.advance(LIMITS.address.longestDelay);
  expect(limiter.begin('192.0.2.1', 'mary').admitted).toBe(false);
  client.abort();
  expect(limiter.begin('192.0.2.1', 'mary').admitted).toBe(true);
  expect(said()).toEqual([]);
  expect(await authenticator.ntHash!('john', '', logon({}), AbortSignal.abort())).toBeUndefined();
});

test('a proof as one user says nothing about another', async () => {
  const { authenticator, said } = setUp();
  const attempt = logon({ user: 'john', address: '192.0.2.1' });
  expect(await authenticator.ntHash!('john', '', attempt, never())).toBeDefined();
  expect(await authenticator.judge({ ...attempt, user: 'sha', password: 'wrong' }, AbortSignal.abort())).toMatchObject({ granted: false });
  expect(said()).toEqual([['sha', false, 'the client has gone']]);
});

test('a lookup that fails or never answers gives no hash, and is not quoted', async () => {
  const failing = setUp({ simpleUsers: async () => Promise.reject(new RangeError('right')) });
  expect(await failing.logIn('john', 'right')).toBe(false);
  expect(failing.said()).toEqual([['john', false, 'the authentication method failed with RangeError']]);
  const silent = setUp({ simpleUsers: () => new Promise(() => undefined) });
  const attempt = logon({ user: 'john' });
  const lookup = silent.authenticator.ntHash!('john', '', attempt, never());
  await silent.clock.timer(90_000);
  silent.clock.advance(90_000);
  expect(await lookup).toBeUndefined();
  silent.authenticator.refused!(attempt, 'the proof is wrong');
  expect(silent.said()).toEqual([['john', false, 'the authentication method did not answer within 90 s']]);
});

test('only VBoxAuthSimple can be proved to', () => {
  for (const type of ['null', 'external'] as const) {
    const authenticator = chooseAuthenticator({ type });
    expect([authenticator.ntHash, authenticator.refused]).toEqual([undefined, undefined]);
    authenticator.close();
  }
});
