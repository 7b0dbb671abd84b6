import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { join } from 'node:path';
import type { Judgement, JudgementPage } from '../audit/judgement.dto.js';
import { EventStream, type Answer, TestHome } from '../test/home.js';

/** `echo -n secret | sha256sum` */
const secret = '2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b';
/** `echo -n other | sha256sum` */
const other = 'd9298a10d1b0735837dc4bd85dac641b0f3cef27a47e5d53a54f2f3f5b2fcffa';

let home: TestHome;
const url = (): string => home.api!.url;
const logIn = (user: string, password: string, more: object = {}): Promise<Answer> => home.ask('POST', '/login', { url: url(), body: { user, password, ...more } });
const bearer = (token: string): { authorization: string } => ({ authorization: `Bearer ${token}` });
const asks = async (method: string, path: string, token: string): Promise<number> => (await home.ask(method, path, { url: url(), headers: bearer(token) })).status;
const setLibrary = (webServiceAuthLibrary: string | null): Promise<Answer> => home.ask('PATCH', '/system-properties', { body: { webServiceAuthLibrary } });
const setHash = (user: string, value: string | null): Promise<void> => home.get('PUT', `/extradata/${encodeURIComponent(`VBoxAuthSimple/users/${user}`)}`, { value });
const records = async (): Promise<Judgement[]> => (await home.get<JudgementPage>('GET', '/judgements?to=api')).judgements;
const token = async (user: string, password: string): Promise<string> => {
  const { status, body } = await logIn(user, password);
  if (status !== 200) throw new Error(`login: ${status} ${JSON.stringify(body)}`);
  return (body as { token: string }).token;
};

beforeAll(async () => {
  home = await TestHome.make();
});
afterAll(() => home.remove());

test('nobody may log in until an administrator has said who judges', async () => {
  expect(await home.get('GET', '/system-properties')).toMatchObject({ webServiceAuthLibrary: null });
  const { status, body } = await logIn('john', 'secret');
  expect([status, body.code]).toEqual([403, 'E_ACCESSDENIED']);
  expect(body.message).toContain('VBoxManage setproperty websrvauthlibrary VBoxAuthSimple');
  expect(await records()).toEqual([]);
  expect(await home.get('GET', '/logins/lockouts')).toEqual([]);
  expect(await home.get('POST', '/logins/unlock', {})).toEqual({ lifted: 0 });
});

test('who judges is one of the libraries, anyone or nobody, and never the guest', async () => {
  for (const [asked, kept] of [['default', 'VBoxAuth'], ['VBoxAuthSimple', 'VBoxAuthSimple'], ['null', 'null'], [null, null]] as const) expect((await setLibrary(asked)).body).toMatchObject({ webServiceAuthLibrary: kept });
  for (const [asked, problem] of [['guest', 'unknown authentication library'], ['', 'no library is named'], [join(home.folder, 'none.mjs'), 'does not exist'], ['none.mjs', 'unknown']] as const) {
    expect((await setLibrary(asked)).body.message).toContain(problem);
  }
  expect(await home.get('GET', '/system-properties')).toMatchObject({ webServiceAuthLibrary: null });
});

describe('users of the global extra data', () => {
  beforeEach(async () => {
    await setLibrary('VBoxAuthSimple');
    await setHash('john', secret);
    await home.get('POST', '/logins/unlock', {});
  });
  afterEach(() => setLibrary(null));

  test('the right password opens a session, which opens what the token of the API opens, until its end', async () => {
    const { status, body, headers } = await logIn('john', 'secret', { domain: 'HOME' });
    expect([status, headers['cache-control']]).toEqual([200, 'no-store']);
    expect(Date.parse(body.expiresAt)).toBeGreaterThan(Date.now());
    expect(await asks('GET', '/machines', body.token)).toBe(200);
    expect((await records())[0]).toMatchObject({ machine: '', machineName: '', user: 'john', domain: 'HOME', address: '127.0.0.1', method: 'VBoxAuthSimple', granted: true, reason: 'VBoxAuthSimple grants' });

    // What listens by a session ends with it; others go on.
    const [mine, all] = [await streamOf(body.token), await home.events()];
    expect(await asks('POST', '/logout', body.token)).toBe(204);
    await mine.ended;
    for (const path of ['/machines', '/events', '/logout']) expect(await asks(path === '/logout' ? 'POST' : 'GET', path, body.token)).toBe(401);
    const again = await token('john', 'secret');
    expect(again).not.toBe(body.token);
    expect(await all.next({ type: 'judgement' })).toMatchObject({ uuid: '', name: '', judgement: { user: 'john', granted: true } });
    all.close();

    await home.stop();
    await home.start();
    expect(await asks('GET', '/machines', again)).toBe(401);
    expect(await records()).toHaveLength(2);
  });

  test('wrong passwords and unknown users are refused alike; the record knows which, and no password', async () => {
    const wrong = await logIn('john', 'hunter2');
    const unknown = await logIn('jo"hn\t', 'hunter2');
    expect([wrong.status, unknown.status]).toEqual([403, 403]);
    expect(wrong.body).toEqual(unknown.body);
    const [second, first] = await records();
    expect([first, second]).toMatchObject([{ user: 'john', granted: false, reason: 'wrong password' }, { granted: false, reason: 'unknown user' }]);
    expect(JSON.stringify([first, second, wrong.body])).not.toContain('hunter2');
    // Before a right one is judged, its address waits.
    expect(await token('john', 'secret')).toMatch(/./);
  });

  test('a session ends with the hash that opened it, and with the library', async () => {
    await setHash('mary', secret);
    const [john, mary] = [await token('john', 'secret'), await token('mary', 'secret')];
    await setHash('mary', other);
    expect([await asks('GET', '/machines', john), await asks('GET', '/machines', mary)]).toEqual([200, 401]);
    await setLibrary('VBoxAuth');
    expect(await asks('GET', '/machines', john)).toBe(401);
  });

  test('a request that brings no session ends none', async () => {
    expect((await home.ask('POST', '/logout')).body).toMatchObject({ code: 'E_INVALIDARG' });
    expect((await home.ask('POST', '/logout', { url: url(), headers: bearer(await home.token()) })).status).toBe(400);
    expect((await home.ask('POST', '/logout', { url: url() })).status).toBe(401);
    // Who is in already may log in too.
    expect((await home.ask('POST', '/login', { body: { user: 'john', password: 'secret' } })).status).toBe(200);
    expect((await records())[0]).toMatchObject({ address: 'local' });
  });

  test("a stranger's request is short, and what is wrong with it is said without its password", async () => {
    expect((await logIn('john', 'x'.repeat(17_000))).status).toBe(413);
    expect(await chunked()).toBe(413);
    for (const body of [{ user: 'john' }, { user: 'john', password: 4711 }, { user: 'john', password: 'hunt\u0001er2' }, { user: 'john', password: 'x'.repeat(5000) }, { user: 'john', password: 'hunter2', more: 1 }]) {
      const answer = await home.ask('POST', '/login', { url: url(), body });
      expect(answer).toMatchObject({ status: 400, body: { code: 'E_INVALIDARG' } });
      expect(JSON.stringify(answer.body)).not.toMatch(/4711|er2/);
    }
    for (const [method, path] of [['GET', '/login'], ['POST', '/login?x'], ['POST', '/login/'], ['POST', '/logins/unlock'], ['GET', '/logins/lockouts']] as const) expect((await home.ask(method, path, { url: url() })).status).toBe(401);
    expect((await home.ask('POST', '/login', { url: url(), body: { user: 'john', password: 'secret' }, headers: bearer('x') })).status).toBe(401);
  });

  test('who guesses on is locked out, seen, and let in again by unlock', async () => {
    const waiting = Array.from({ length: 2 }, () => logIn('eve', 'guess'));
    await waiting[0];
    const locked = async (): Promise<{ kind: string; name: string }[]> => home.get('GET', '/logins/lockouts');
    while ((await locked()).length === 0) await Promise.all(Array.from({ length: 110 }, () => logIn('eve', 'guess')));
    expect(await locked()).toMatchObject([{ kind: 'address', name: '127.0.0.1' }]);
    expect((await logIn('john', 'secret')).status).toBe(403);
    expect((await records())[0]).toMatchObject({ user: 'john', granted: false, reason: expect.stringContaining('the address is locked out') });
    expect(await home.get('POST', '/logins/unlock', { name: '127.0.0.1' })).toEqual({ lifted: 1 });
    expect(await locked()).toEqual([]);
    expect(await token('john', 'secret')).toMatch(/./);
    for (const { status } of await Promise.all(waiting)) expect(status).toBe(403);
  }, 120_000);
});

describe('a module', () => {
  let module: string;
  let notes: string;
  beforeAll(async () => {
    [module, notes] = [join(home.folder, 'mine.mjs'), join(home.folder, 'notes')];
    await writeFile(
      module,
      `import { appendFileSync } from 'node:fs';
       const note = (word) => appendFileSync(${JSON.stringify(notes)}, JSON.stringify(word) + '\\n');
       export function authenticate({ user, password, caller, machineId, clientId, guestJudgement }) {
         if (password === 'crash') process.exit(7);
         note({ call: 'authenticate', user, caller, machineId, clientId, guestJudgement });
         return password === 'delegate' ? 'delegate' : password === 'right' ? 'granted' : 'denied';
       }
       export function sessionEnded({ user, caller, machineId, clientId }) { note({ call: 'ended', user, caller, machineId, clientId }); }`,
    );
  });
  beforeEach(async () => {
    await rm(notes, { force: true });
    await home.get('POST', '/logins/unlock', {});
    await setLibrary(module);
  });
  afterEach(() => setLibrary(null));

  const noted = async (): Promise<Record<string, unknown>[]> => (await readFile(notes, 'utf8').catch(() => '')).split('\n').filter(Boolean).map((line) => JSON.parse(line) as Record<string, unknown>);

  test('is told who asks, and of the end of each session that it granted', async () => {
    const [first, second] = [await token('john', 'right'), await token('mary', 'right')];
    const [john, mary] = (await noted()).map(({ clientId }) => clientId);
    expect(await noted()).toEqual([john, mary].map((clientId, at) => ({ call: 'authenticate', user: ['john', 'mary'][at], caller: 'vboxwebsrv', machineId: '', clientId, guestJudgement: 'notAsked' })));
    expect(john).not.toBe(mary);
    expect(await asks('POST', '/logout', first)).toBe(204);
    // The API's end is that of the other session, and the notice goes out before.
    await home.stop();
    expect((await noted()).slice(2)).toEqual([john, mary].map((clientId, at) => ({ call: 'ended', user: ['john', 'mary'][at], caller: 'vboxwebsrv', machineId: '', clientId })));
    await home.start();
    expect(await asks('GET', '/status', second)).toBe(401);
  });

  test('that crashes, or asks a guest that there is not, refuses and harms nothing', async () => {
    expect((await logIn('john', 'crash')).status).toBe(403);
    expect((await logIn('john', 'delegate')).status).toBe(403);
    expect((await records()).slice(0, 2)).toMatchObject([
      { method: module, granted: false, reason: expect.stringContaining('delegates') },
      { method: module, granted: false, reason: expect.stringContaining('its process ended with code 7') },
    ]);
    expect(await token('john', 'right')).toMatch(/./);
  });

  test('that is gone refuses, on record', async () => {
    const gone = join(home.folder, 'gone.mjs');
    await writeFile(gone, '');
    await setLibrary(gone);
    await rm(gone);
    expect((await logIn('john', 'right')).status).toBe(403);
    expect((await records())[0]).toMatchObject({ user: 'john', method: gone, granted: false, reason: `authentication library '${gone}' does not exist` });
  });
});

test("anyone may with 'null', and it is on record as that", async () => {
  await setLibrary('null');
  expect(await asks('GET', '/machines', await token('whoever', ''))).toBe(200);
  expect((await records())[0]).toMatchObject({ user: 'whoever', method: 'null', granted: true });
  await setLibrary(null);
});

test('of judgements, those of machines are not those of the API', async () => {
  expect(await home.get('GET', '/judgements?to=machines')).toEqual({ judgements: [], next: null });
  expect((await home.get<JudgementPage>('GET', '/judgements')).judgements.length).toBeGreaterThan(0);
  expect((await home.ask('GET', '/judgements?to=guests')).body).toMatchObject({ code: 'E_INVALIDARG' });
});

function streamOf(token: string): Promise<EventStream> {
  return new Promise((resolve, reject) => {
    request({ host: '127.0.0.1', port: new URL(url()).port, path: '/events', headers: bearer(token) }, (answer) => resolve(new EventStream(answer))).on('error', reject).end();
  });
}

/** A login of no stated length. */
function chunked(): Promise<number> {
  return new Promise((resolve, reject) => {
    const sent = request({ host: '127.0.0.1', port: new URL(url()).port, method: 'POST', path: '/login', headers: { 'content-type': 'application/json' } }, (answer) => resolve(answer.resume().statusCode!));
    sent.on('error', reject);
    sent.write('{');
    sent.end('}');
  });
}
