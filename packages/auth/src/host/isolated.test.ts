import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { systemClock } from '../clock.js';
import { logon, ManualClock, never } from '../testing.js';
import { BusyError, Turns } from '../turns.js';
import { IsolatedLibrary } from './isolated.js';
import type { HostTarget } from './messages.js';

let folder: string;
let target: HostTarget;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'belvedere-auth-'));
  const path = join(folder, 'who.mjs');
  await writeFile(path, `export default ({ user }) => (user === 'leave' ? (setImmediate(() => process.exit()), 'granted') : { granted: false, reason: String(process.pid) });`);
  target = { kind: 'module', path, caller: 'vrde' };
});
afterAll(() => rm(folder, { recursive: true }));

/** The process that judged. */
async function judgedBy(library: IsolatedLibrary, user = 'john'): Promise<number> {
  const answer = await library.authenticate(logon({ user }), 'notAsked', never());
  return answer.result === 'denied' ? Number(answer.reason) : 0;
}

test('a few processes judge at once, the rest wait; idle ones are ended', async () => {
  const clock = new ManualClock();
  const library = new IsolatedLibrary('lib', target, { atOnce: 2, limit: 30_000, idle: 60_000, clock });
  const judges = await Promise.all([1, 2, 3, 4].map(() => judgedBy(library)));
  expect(new Set(judges).size).toBe(2);
  expect(library.pids.sort()).toEqual([...new Set(judges)].sort());
  clock.advance(59_999);
  const last = await judgedBy(library);
  clock.advance(1);
  expect(library.pids).toEqual([last]);
  clock.advance(60_000);
  expect(library.pids).toEqual([]);
  expect(judges).not.toContain(await judgedBy(library));
  library.close();
  expect(clock.next).toBeUndefined();
}, 60_000);

test('a process that ends between two logins is replaced for the second', async () => {
  const library = new IsolatedLibrary('lib', target, { atOnce: 1, limit: 30_000, clock: systemClock });
  expect(await library.authenticate(logon({ user: 'leave' }), 'notAsked', never())).toEqual({ result: 'granted' });
  const [left] = library.pids;
  // The end is seen when it is reported; until then a login may meet it, and is refused.
  let by = 0;
  while (by === 0) by = await judgedBy(library).catch(() => 0);
  expect(by).not.toBe(left);
  library.close();
}, 60_000);

test('the line is bounded, and who leaves it gives the place back', async () => {
  const turns = new Turns(1, 2);
  const release = await turns.take(never());
  const client = new AbortController();
  const second = turns.take(client.signal);
  const third = turns.take(never());
  await expect(turns.take(never())).rejects.toThrow(BusyError);
  client.abort();
  await expect(second).rejects.toThrow('the client has gone');
  const fourth = turns.take(never());
  release();
  release();
  const releaseThird = await third;
  let served = false;
  void fourth.then(() => (served = true));
  await new Promise(setImmediate);
  expect(served).toBe(false);
  releaseThird();
  await fourth;
  await expect(turns.take(AbortSignal.abort())).rejects.toThrow('the client has gone');
});
