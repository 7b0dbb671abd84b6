/** Native libraries compiled here, so that what they see is what a C compiler says they see. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { systemClock } from '../clock.js';
import { chooseAuthenticator } from '../index.js';
import { Judge } from '../judge.js';
import type { GuestAccounts } from '../library.js';
import { describeAuthenticator, hurried, logon, never } from '../testing.js';
import { IsolatedLibrary } from './isolated.js';

const missing = spawnSync('cc', ['--version']).error ? 'there is no C compiler (cc)' : process.platform === 'win32' ? 'cc makes no .so here' : '';
if (missing) console.warn(`the tests with native authentication libraries are skipped: ${missing}`);

/** What each entry point does: notes its arguments, one a line, and judges by the password. */
const SOURCE = String.raw`
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int judge(const char *entry, const char *caller, const unsigned char *uuid, int guest, const char *user, const char *password, const char *domain, int logon, unsigned client)
{
    FILE *notes = fopen(NOTES, "a");
    fprintf(notes, "%s|%s|", entry, caller);
    for (int i = 0; uuid && i < 16; i++) fprintf(notes, "%02x", uuid[i]);
    fprintf(notes, "|%d|%s|%s|%s|%d|%u\n", guest, user, password, domain, logon, client);
    fclose(notes);
    if (!logon) return 7;
    if (!strcmp(password, "crash")) *(volatile int *)8 = 1;
    if (!strcmp(password, "exit")) exit(0);
    if (!strcmp(password, "hang")) for (;;) pause();
    if (!strcmp(password, "odd")) return 3;
    if (!strcmp(password, "ask")) return guest == 0 ? 2 : guest == 3;
    if (!strcmp(password, "ask-ever")) return 2;
    return !strcmp(user, "john") && !strcmp(password, "geheim\xc3\xa4");
}

#if ENTRIES & 4
int AuthEntry3(const char *caller, const unsigned char *uuid, int guest, const char *user, const char *password, const char *domain, int logon, unsigned client)
{ return judge("AuthEntry3", caller, uuid, guest, user, password, domain, logon, client); }
#endif
#if ENTRIES & 2
int AuthEntry2(const unsigned char *uuid, int guest, const char *user, const char *password, const char *domain, int logon, unsigned client)
{ return judge("AuthEntry2", "", uuid, guest, user, password, domain, logon, client); }
#endif
#if ENTRIES & 1
int AuthEntry(const unsigned char *uuid, int guest, const char *user, const char *password, const char *domain)
{ return judge("AuthEntry", "", uuid, guest, user, password, domain, 1, 0); }
#endif
`;

/** Whether a process runs; one that nobody has waited for yet does not. */
const running = (pid: number): boolean => {
  try {
    return !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
};

const PASSWORD = 'geheimä';
/** logon()'s machine, as a GUID lies in memory. */
const UUID = '3c2d1e0f5a4b78698796a5b4c3d2e1f0';

(missing ? describe.skip : describe)('native authentication libraries', () => {
  let folder: string;
  let notes: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'belvedere-auth-'));
    notes = join(folder, 'notes');
    await writeFile(join(folder, 'auth.c'), SOURCE);
    for (const entries of [0, 1, 3, 7]) {
      const { status, stderr } = spawnSync('cc', ['-shared', '-fPIC', `-DENTRIES=${entries}`, `-DNOTES="${notes}"`, '-o', library(entries), join(folder, 'auth.c')], { encoding: 'utf8' });
      if (status !== 0) throw new Error(stderr);
    }
  }, 60_000);
  afterAll(() => rm(folder, { recursive: true }));

  const library = (entries: number) => join(folder, `auth${entries}.so`);
  const noted = async (): Promise<string[]> => {
    const lines = (await readFile(notes, 'utf8')).split('\n');
    await rm(notes);
    return lines.slice(0, -1);
  };
  const external = (entries: number, settings = {}) => chooseAuthenticator({ type: 'external', library: library(entries), limiter: hurried(), ...settings });

  describeAuthenticator('a native library', () => {
    const authenticator = external(7);
    return { authenticator, user: 'john', password: PASSWORD, close: () => authenticator.close() };
  });

  test.each([
    ['AuthEntry3', 7, `AuthEntry3|vrde|${UUID}|0|john|${PASSWORD}|OFFICE|1|4294967295`, `AuthEntry3|vrde|${UUID}|0||||0|4294967295`],
    ['AuthEntry2', 3, `AuthEntry2||${UUID}|0|john|${PASSWORD}|OFFICE|1|4294967295`, `AuthEntry2||${UUID}|0||||0|4294967295`],
    ['AuthEntry', 1, `AuthEntry||${UUID}|0|john|${PASSWORD}|OFFICE|1|0`, undefined],
  ] as const)('%s, the newest there is, sees what the SDK promises', async (_name, entries, atLogin, atEnd) => {
    await rm(notes, { force: true });
    const authenticator = external(entries);
    const attempt = logon({ user: 'john', password: PASSWORD, domain: 'OFFICE', clientId: 0xffffffff });
    expect(await authenticator.judge(attempt, never())).toEqual({ granted: true });
    await authenticator.ended(attempt);
    expect(await noted()).toEqual(atEnd === undefined ? [atLogin] : [atLogin, atEnd]);
    authenticator.close();
  }, 30_000);

  test('a login to the HTTP API is to no machine', async () => {
    await rm(notes, { force: true });
    const authenticator = external(7, { caller: 'webservice' });
    expect((await authenticator.judge(logon({ user: 'john', password: PASSWORD, machineId: '' }), never())).granted).toBe(true);
    expect(await noted()).toEqual([expect.stringMatching(/^AuthEntry3\|webservice\|\|0\|john\|/)]);
    authenticator.close();
  }, 30_000);

  test('a crash and an exit refuse one login; the next is judged again', async () => {
    const authenticator = external(7);
    const judge = (password: string) => authenticator.judge(logon({ user: 'john', password }), never());
    expect(await judge('crash')).toEqual({ granted: false, reason: `${library(7)}: its process ended by SIGSEGV` });
    expect(await judge('exit')).toEqual({ granted: false, reason: `${library(7)}: its process ended with code 0` });
    expect(await judge('odd')).toEqual({ granted: false, reason: 'the library answered 3, which means nothing' });
    expect(await judge(PASSWORD)).toEqual({ granted: true });
    authenticator.close();
  }, 30_000);

  test('a hang is ended in time; the next login is judged again', async () => {
    const authenticator = external(7, { limits: { library: 1500 } });
    const judge = (password: string) => authenticator.judge(logon({ user: 'john', password }), never());
    expect(await judge('hang')).toEqual({ granted: false, reason: `${library(7)}: it did not answer within 1.5 s` });
    expect(await external(7).judge(logon({ user: 'john', password: PASSWORD }), never())).toEqual({ granted: true });
    authenticator.close();
  }, 30_000);

  const onLinux = process.platform === 'linux' ? test : test.skip;
  onLinux('a hang does not outlive the process that asked', async () => {
    await rm(notes, { force: true });
    const program = `import { IsolatedLibrary } from ${JSON.stringify(new URL('./isolated.js', import.meta.url).href)};
      import { systemClock } from ${JSON.stringify(new URL('../clock.js', import.meta.url).href)};
      const library = new IsolatedLibrary('lib', { kind: 'native', path: ${JSON.stringify(library(7))}, caller: 'vrde' }, { atOnce: 1, limit: 60000, clock: systemClock });
      library.authenticate(${JSON.stringify(logon({ user: 'john', password: 'hang' }))}, 'notAsked', new AbortController().signal);
      setImmediate(() => console.log(library.pids[0]));`;
    const asking = spawn(process.execPath, ['--input-type=module', '--eval', program], { stdio: ['ignore', 'pipe', 'inherit'] });
    const [text] = (await once(asking.stdout, 'data')) as [Buffer];
    const pid = Number(text.toString());
    while (!existsSync(notes)) await new Promise(setImmediate);
    expect(running(pid)).toBe(true);
    asking.kill('SIGKILL');
    await once(asking, 'exit');
    while (running(pid)) await new Promise(setImmediate);
  }, 30_000);

  test('a library without an entry point, and a file that is no library, refuse and say why', async () => {
    expect(await external(0).judge(logon({ user: 'john', password: 'x' }), never())).toEqual({ granted: false, reason: `${library(0)}: it cannot be loaded: ${library(0)} exports none of AuthEntry3, AuthEntry2 and AuthEntry` });
    await writeFile(join(folder, 'text.so'), 'no library');
    const text = chooseAuthenticator({ type: 'external', library: join(folder, 'text') });
    expect(await text.judge(logon({ user: 'john', password: 'x' }), never())).toEqual({ granted: false, reason: expect.stringContaining('it cannot be loaded') });
  }, 30_000);

  test('a library that delegates is asked again with what the guest said', async () => {
    const guest: GuestAccounts = { judge: async ({ user }) => (user === 'ann' ? { judgement: 'granted', reason: 'right' } : { judgement: 'denied', reason: 'wrong' }) };
    const isolated = new IsolatedLibrary('lib', { kind: 'native', path: library(7), caller: 'vrde' }, { atOnce: 1, limit: 30_000, clock: systemClock });
    const judge = new Judge({ library: isolated, guest, clock: systemClock, limit: 60_000 });
    expect(await judge.judge(logon({ user: 'ann', password: 'ask' }), never())).toEqual({ granted: true });
    expect(await judge.judge(logon({ user: 'bob', password: 'ask' }), never())).toEqual({ granted: false, reason: 'the library denies (guest: wrong)' });
    expect(await judge.judge(logon({ user: 'ann', password: 'ask-ever' }), never())).toEqual({ granted: false, reason: 'lib delegates to the guest again after hearing it (guest: right)' });
    // One process did it all, and it ends with its library.
    expect(isolated.pids).toHaveLength(1);
    judge.close();
    expect(isolated.pids).toEqual([]);
  }, 30_000);
});
