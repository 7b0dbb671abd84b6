/** Logins to the HTTP API over TCP: users of the host's own list, real accounts of the host, a module that crashes; right, wrong, locked out, and the record of each. */
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Home } from './home.js';

interface Answer {
  readonly status: number;
  readonly body: { readonly token?: string; readonly message?: string };
}

interface Judgement {
  readonly user: string;
  readonly method: string;
  readonly granted: boolean;
  readonly reason: string;
}

let home: Home;
let url: string;

beforeAll(async () => {
  home = new Home();
  ({ url } = await home.status());
}, 60_000);
afterAll(() => home.close(), 60_000);

async function ask(method: string, path: string, { token, body }: { token?: string; body?: object } = {}): Promise<Answer> {
  const headers = { ...(token === undefined ? {} : { authorization: `Bearer ${token}` }), ...(body ? { 'content-type': 'application/json' } : {}) };
  const answer = await fetch(new URL(path, url), { method, headers, ...(body ? { body: JSON.stringify(body) } : {}) });
  const text = await answer.text();
  return { status: answer.status, body: (text === '' ? {} : JSON.parse(text)) as Answer['body'] };
}

const logIn = (user: string, password: string): Promise<Answer> => ask('POST', '/login', { body: { user, password } });

const log = async (): Promise<Judgement[]> => (await home.type('belvedere logins log --limit 1000 --json')).split('\n').filter(Boolean).map((line) => JSON.parse(line) as Judgement);

/** A login, what its token opens, and its end. */
async function visit(user: string, password: string): Promise<void> {
  const { status, body } = await logIn(user, password);
  expect([status, body.message]).toEqual([200, undefined]);
  const { token } = body;
  expect((await ask('GET', '/machines', { token })).status).toBe(200);
  expect((await ask('POST', '/logout', { token })).status).toBe(204);
  expect((await ask('GET', '/machines', { token })).status).toBe(401);
}

test('nobody may log in at first, and is told who can change that', async () => {
  const { status, body } = await logIn('john', 'secret');
  expect(status).toBe(403);
  expect(body.message).toContain('VBoxManage setproperty websrvauthlibrary');
  expect(await home.type('VBoxManage list systemproperties')).toMatch(/^Webservice auth\. library: *\nWebservice auth\. notice: +nobody /m);
  expect(await home.type('belvedere logins log')).toBe('');
}, 60_000);

test("users come by VirtualBox's commands, each by either hash, and their sessions end with logout", async () => {
  await home.type('VBoxManage setproperty websrvauthlibrary VBoxAuthSimple');
  expect(await home.type('VBoxManage list systemproperties')).toMatch(/^Webservice auth\. library: +VBoxAuthSimple$/m);
  for (const [user, password, algorithm] of [['john', 'secret', 'sha256'], ['mary', 'Grüße an alle', 'scrypt']] as const) {
    const [, hash] = /^Password hash: (.*)\n$/.exec(await home.type(`VBoxManage internalcommands passwordhash --algorithm ${algorithm} '${password}'`))!;
    await home.type(`VBoxManage setextradata global "VBoxAuthSimple/users/${user}" '${hash!}'`);
    await visit(user, password);
  }
  expect((await logIn('john', 'Secret')).status).toBe(403);
  const records = await log();
  expect(records.map(({ user, granted, reason }) => [user, granted, reason])).toEqual([
    ['john', true, 'VBoxAuthSimple grants'],
    ['mary', true, 'VBoxAuthSimple grants'],
    ['john', false, 'wrong password'],
  ]);
  expect(JSON.stringify(records)).not.toMatch(/Secret|secret/);
  // The record of remote displays is another.
  expect(await home.type('belvedere vrde log')).toBe('');
}, 120_000);

test("a session's token does for commands from elsewhere what the API's own does", async () => {
  const { token } = (await logIn('john', 'secret')).body;
  expect(await home.type(`BELVEDERE_URL=${url} BELVEDERE_TOKEN=${token} VBoxManage list vms`)).toBe('');
  await home.type('VBoxManage setextradata global "VBoxAuthSimple/users/john"');
  expect((await home.attempt(`BELVEDERE_URL=${url} BELVEDERE_TOKEN=${token} VBoxManage list vms`)).stderr).toContain('log in again');
  expect((await logIn('john', 'secret')).status).toBe(403);
}, 60_000);

test('who guesses on is locked out, seen, and let in again by unlock', async () => {
  await logIn('eve', 'guess');
  // Those at first wait their turn, longer each time; the rest are refused at once, and too many of them lock the address.
  const guesses = [logIn('eve', 'guess'), logIn('eve', 'guess')];
  while (!(await home.type('belvedere logins lockouts')).startsWith('address "127.0.0.1": ')) {
    for (const { status } of await Promise.all(Array.from({ length: 110 }, () => logIn('eve', 'guess')))) expect(status).toBe(403);
  }
  expect((await logIn('mary', 'Grüße an alle')).status).toBe(403);
  expect((await log()).at(-1)).toMatchObject({ user: 'mary', granted: false, reason: expect.stringContaining('the address is locked out') });
  expect(await home.type('belvedere logins unlock')).toBe('1 lock-out was lifted\n');
  expect(await home.type('belvedere logins lockouts')).toBe('nobody is locked out\n');
  await visit('mary', 'Grüße an alle');
  for (const { status } of await Promise.all(guesses)) expect(status).toBe(403);
}, 180_000);

test('a module that crashes refuses, and the API goes on', async () => {
  const file = join(home.folder, 'crash.mjs');
  writeFileSync(file, "export const authenticate = ({ password }) => (password === 'right' ? 'granted' : process.abort());\n");
  await home.type('VBoxManage setproperty websrvauthlibrary ./crash.mjs');
  expect((await logIn('john', 'wrong')).status).toBe(403);
  expect((await log()).at(-1)).toMatchObject({ method: file, granted: false, reason: expect.stringMatching(/its process ended/) });
  await visit('john', 'right');
  expect((await home.status()).url).toBe(url);
}, 60_000);

const missing = process.platform !== 'linux' ? 'this is not Linux' : process.getuid?.() !== 0 ? 'only root can make accounts' : spawnSync('useradd', ['--help']).error ? 'there is no useradd' : '';
if (missing) process.stderr.write(`skipped: logins to the API with real accounts of this host: ${missing}\n`);

(missing ? describe.skip : describe)("the host's own accounts", () => {
  const user = `bvl${process.pid}`;
  const password = 'Tr0ub4dor&3';
  const run = (command: string, words: readonly string[], input = ''): void => {
    const { status, stderr } = spawnSync(command, words, { input, encoding: 'utf8' });
    if (status !== 0) throw new Error(`${command} ${words.join(' ')}: ${stderr}`);
  };
  beforeAll(() => {
    run('useradd', ['--no-create-home', '--no-user-group', user]);
    run('chpasswd', [], `${user}:${password}\n`);
  });
  afterAll(() => run('userdel', [user]));

  test('right, wrong, and the API answers others while PAM takes its time', async () => {
    await home.type('VBoxManage setproperty websrvauthlibrary default');
    await visit(user, password);
    let judged = false;
    const wrong = logIn(user, `${password}!`).finally(() => (judged = true));
    let answers = 0;
    while (!judged) {
      expect((await ask('GET', '/health')).status).toBe(200);
      answers++;
    }
    expect((await wrong).status).toBe(403);
    // PAM waits about two seconds after a wrong password; a process that waited with it would have answered no second question before.
    expect(answers).toBeGreaterThan(1);
    run('usermod', ['--lock', user]);
    expect((await logIn(user, password)).status).toBe(403);
    expect((await log()).slice(-3)).toMatchObject([
      { user, method: 'VBoxAuth', granted: true },
      { user, method: 'VBoxAuth', granted: false, reason: expect.stringMatching(/wrong password/) },
      { user, method: 'VBoxAuth', granted: false, reason: expect.stringMatching(/locked/) },
    ]);
  }, 120_000);
});
