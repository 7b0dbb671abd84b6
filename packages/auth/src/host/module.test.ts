import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type AuditRecord, chooseAuthenticator } from '../index.js';
import { describeAuthenticator, hurried, logon, never } from '../testing.js';
import { answerOf } from './module.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'belvedere-auth-'));
});
afterAll(() => rm(folder, { recursive: true }));

const closing: (() => void)[] = [];
afterAll(() => closing.forEach((close) => close()));

async function external(name: string, source: string, settings = {}) {
  const library = join(folder, `${name}.mjs`);
  await writeFile(library, source);
  const authenticator = chooseAuthenticator({ type: 'external', library, limiter: hurried(), ...settings });
  closing.push(() => authenticator.close());
  return { authenticator, library };
}

describe('an ES module', () => {
  describeAuthenticator('an ES module', async () => {
    const { authenticator } = await external('good', `export default async ({ user, password }) => (user === 'john' && password === 'geheimä' ? 'granted' : 'denied');`);
    return { authenticator, user: 'john', password: 'geheimä' };
  });

  test('sees the login, the judgement of the guest and the caller, and the end of the session without a password', async () => {
    const notes = join(folder, 'notes');
    const { authenticator } = await external(
      'notes',
      `import { appendFileSync } from 'node:fs';
      const note = (text) => appendFileSync(${JSON.stringify(notes)}, JSON.stringify(text) + '\\n');
      export function authenticate(login) { note(login); return { granted: true }; }
      export function sessionEnded(session) { note(session); }`,
    );
    const attempt = logon({ user: 'john', password: 'secret', domain: 'OFFICE' });
    expect(await authenticator.judge(attempt, never())).toEqual({ granted: true });
    await authenticator.ended(attempt);
    const { password: _, ...session } = attempt;
    const noted = (await readFile(notes, 'utf8')).trim().split('\n').map((line) => JSON.parse(line) as unknown);
    expect(noted).toEqual([
      { ...attempt, guestJudgement: 'notAsked', caller: 'vrde' },
      { ...session, caller: 'vrde' },
    ]);
  }, 30_000);

  test('that delegates hears that there is no guest to ask', async () => {
    const { authenticator } = await external('delegating', `export default ({ guestJudgement }) => (guestJudgement === 'notAsked' ? 'delegate' : { granted: false, reason: 'heard ' + guestJudgement });`);
    expect(await authenticator.judge(logon({ user: 'john' }), never())).toEqual({ granted: false, reason: 'heard notReacted (guest: this machine has no channel to its guest)' });
  }, 30_000);

  test('that throws, exits, kills itself or answers nothing refuses; the password stays out of what is said', async () => {
    const records: AuditRecord[] = [];
    const { authenticator, library } = await external(
      'bad',
      `export default async ({ user, password }) => {
        if (user === 'throw') throw new RangeError('no ' + password);
        if (user === 'exit') process.exit(3);
        if (user === 'kill') process.kill(process.pid, 'SIGKILL');
        if (user === 'mute') return;
        if (user === 'tell') return { granted: false, reason: 'it was ' + password };
        return 'granted';
      };`,
      { onJudgement: (record: AuditRecord) => records.push(record) },
    );
    const reason = async (user: string) => {
      const judgement = await authenticator.judge(logon({ user, password: 'pa55' }), never());
      return judgement.granted ? 'granted' : judgement.reason;
    };
    expect(await reason('throw')).toBe(`${library}: it threw RangeError`);
    expect(await reason('exit')).toBe(`${library}: its process ended with code 3`);
    expect(await reason('kill')).toBe(`${library}: its process ended by SIGKILL`);
    expect(await reason('mute')).toContain("the module's answer is none of");
    expect(await reason('tell')).toBe('the module denies');
    expect(await reason('anyone else')).toBe('granted');
    expect(records).toHaveLength(6);
    expect(records.every(({ method }) => method === library)).toBe(true);
    expect(JSON.stringify(records)).not.toContain('pa55');
  }, 60_000);

  test('that hangs, whether it waits or works, is ended in time', async () => {
    const { authenticator, library } = await external('hanging', `export default ({ user }) => { if (user === 'work') for (;;); return new Promise(() => setInterval(() => {}, 1000)); };`, { limits: { library: 1000 } });
    for (const user of ['wait', 'work']) expect(await authenticator.judge(logon({ user }), never())).toEqual({ granted: false, reason: `${library}: it did not answer within 1 s` });
  }, 30_000);

  test('that cannot be loaded, or exports nothing to call, says so', async () => {
    const reason = async (name: string, source: string) => (await external(name, source)).authenticator.judge(logon({ user: 'john' }), never());
    expect(await reason('wrong', 'export default {')).toEqual({ granted: false, reason: expect.stringMatching(/it cannot be loaded: Unexpected/) });
    expect(await reason('empty', 'export const answer = 42;')).toEqual({ granted: false, reason: expect.stringContaining('exports neither a function authenticate nor a default function') });
  }, 30_000);

  test('keeps its process between logins', async () => {
    const { authenticator } = await external('counting', `let logins = 0; export default () => ({ granted: false, reason: 'login ' + ++logins });`);
    const judge = () => authenticator.judge(logon({ user: 'john' }), never());
    expect(await judge()).toEqual({ granted: false, reason: 'login 1' });
    expect(await judge()).toEqual({ granted: false, reason: 'login 2' });
  }, 30_000);
});

test.each([true, 1, null, undefined, 'yes', {}, { granted: 'true' }, { granted: 1 }, [], 'GRANTED'])('the answer %p is no grant', (answer) => {
  expect(answerOf(answer, '').result).toBe('denied');
});
