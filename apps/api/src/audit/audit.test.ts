import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { appendFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { connect, createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { Machine } from '../machines/machine.dto.js';
import { TestHome } from '../test/home.js';
import type { Judgement, JudgementPage } from './judgement.dto.js';
import { forgetOldest } from './judgement.store.js';
import { Database } from '../database/database.js';
import { JudgementRow } from '../database/rows.js';
import { judgementsIn } from './record.js';

/** `echo -n secret | sha256sum` */
const secret = '2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b';
/** `echo -n secret | iconv -t utf-16le | openssl dgst -provider legacy -md4` */
const nt = '$nt$878d8014606cda29677a44efa1353fc7';
const scrypt = `$scrypt$ln=15,r=8,p=3$${'A'.repeat(22)}$${'b'.repeat(43)}`;
const userKey = encodeURIComponent('VBoxAuthSimple/users/john');

let home: TestHome;
beforeAll(async () => {
  home = await TestHome.make();
});
afterAll(() => home.remove());

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** A machine whose remote display judges, running. */
async function judging(name: string): Promise<{ uuid: string; port: number; auditFile: string }> {
  const port = await freePort();
  const { uuid } = await home.machine(name);
  await home.get('PATCH', `/machines/${name}`, { vrde: { enabled: true, ports: String(port), authType: 'external', authLibrary: 'VBoxAuthSimple' } });
  await home.get('POST', `/machines/${name}/start`);
  return { uuid, port, auditFile: join(home.folder, 'run', `${uuid}.audit`) };
}

/** Resolves with the fake display's answer, which it gives once the judgement is told. */
const logIn = (port: number, user: string, password: string): Promise<string> =>
  new Promise((resolve, reject) => {
    let answer = '';
    connect(port, '127.0.0.1')
      .on('data', (part) => (answer += String(part)))
      .on('close', () => resolve(answer))
      .on('error', reject)
      .write(`${user} ${password}`);
  });

const logins = async (path: string): Promise<Judgement[]> => (await home.get<JudgementPage>('GET', path)).judgements;

describe('settings', () => {
  test("the manual's four commands", async () => {
    expect(await home.get('PATCH', '/system-properties', { vrdeAuthLibrary: 'VBoxAuthSimple' })).toMatchObject({ vrdeAuthLibrary: 'VBoxAuthSimple' });
    await home.machine('manual');
    expect(await home.get<Machine>('PATCH', '/machines/manual', { vrde: { enabled: true, authType: 'external', ports: String(await freePort()) } })).toMatchObject({ vrde: { authType: 'external', authLibrary: null }, notices: expect.not.arrayContaining([expect.stringContaining('remote display')]) });
    await home.get('PUT', `/machines/manual/extradata/${userKey}`, { value: secret });
    await home.get('POST', '/machines/manual/start');
    expect(await told('manual')).toMatchObject({ authType: 'external', authLibrary: 'VBoxAuthSimple', simpleUsers: { john: secret } });

    // A run keeps the library that it began with, whatever the system property is meanwhile.
    expect(await home.get('PATCH', '/system-properties', { vrdeAuthLibrary: 'default' })).toMatchObject({ vrdeAuthLibrary: 'VBoxAuth' });
    await home.get('PUT', `/machines/manual/extradata/${encodeURIComponent('VBoxAuthSimple/users/__proto__')}`, { value: scrypt });
    expect(await told('manual')).toMatchObject({ authLibrary: 'VBoxAuthSimple', simpleUsers: JSON.parse(`{"john":"${secret}","__proto__":"${scrypt}"}`) as object });
    await home.get('PUT', `/machines/manual/extradata/${encodeURIComponent('VBoxAuthSimple/users/__proto__')}`, { value: nt });
    expect((await told('manual')).simpleUsers).toEqual(JSON.parse(`{"john":"${secret}","__proto__":"${nt}"}`) as object);
    await home.get('PUT', `/machines/manual/extradata/${userKey}`, { value: null });
    expect(Object.keys((await told('manual')).simpleUsers)).toEqual(['__proto__']);
    expect(Object.keys(await home.get<object>('GET', '/machines/manual/extradata'))).toHaveLength(1);
    await home.get('POST', '/machines/manual/power-off');
  });

  test('what is no hash is refused, never repeated, and changes nothing', async () => {
    await home.machine('hashes');
    for (const value of ['hunter2hunter2', secret.slice(1), `${secret} `, scrypt.replace('ln', 'n'), nt.slice(4), nt.slice(0, -1), '']) {
      for (const path of ['/machines/hashes/extradata/', '/extradata/']) {
        const { status, body } = await home.ask('PUT', path + userKey, { body: { value } });
        expect([status, body.code]).toEqual([400, 'E_INVALIDARG']);
        expect(body.message).toContain('VBoxManage internalcommands passwordhash');
        if (value) expect(JSON.stringify(body)).not.toContain(value);
      }
    }
    expect((await home.ask('PUT', `/machines/hashes/extradata/${encodeURIComponent('VBoxAuthSimple/users/')}`, { body: { value: secret } })).body.message).toContain('names no user');
    expect(await home.get('GET', '/machines/hashes/extradata')).toEqual({});
  });

  test('a settings file that brings a password instead of its hash is taken, and says who cannot log in', async () => {
    const { settingsFile } = await home.machine('brought');
    await home.get('PATCH', '/machines/brought', { vrde: { authType: 'external' } });
    await home.get('PUT', `/machines/brought/extradata/${userKey}`, { value: secret });
    expect((await home.get<Machine>('GET', '/machines/brought')).notices.join()).not.toContain('john');
    await home.get('DELETE', '/machines/brought');
    await writeFile(settingsFile, (await readFile(settingsFile, 'utf8')).replace(secret, 'hunter2'));
    const { notices } = await home.get<Machine>('POST', '/machines/register', { settingsFile });
    expect(notices).toContainEqual(expect.stringContaining("no hash of a password, so 'john' cannot log in"));
    expect(notices.join()).not.toContain('hunter2');
  });

  test('a module must be there when it is named, on the host and on a machine that is off or runs', async () => {
    const module = join(home.folder, 'mine.mjs');
    const native = join(home.folder, 'native');
    await writeFile(module, '');
    await writeFile(`${native}.so`, '');
    const { uuid } = await home.machine('module');
    for (const library of [module, ...(process.platform === 'linux' ? [native] : [])]) expect(await home.get('PATCH', '/machines/module', { vrde: { authLibrary: library } })).toMatchObject({ vrde: { authLibrary: library } });
    await mkdir(join(home.folder, 'folder'));
    for (const [library, problem] of [[`${module}x`, 'does not exist'], [join(home.folder, 'folder'), 'is no file'], ['mine.mjs', 'unknown authentication library']] as const) {
      for (const [path, body] of [[`/machines/${uuid}`, { vrde: { authLibrary: library } }], ['/system-properties', { vrdeAuthLibrary: library }]] as const) {
        const { status, body: refusal } = await home.ask('PATCH', path, { body });
        expect(status).toBeGreaterThanOrEqual(400);
        expect(refusal.message).toContain(problem);
      }
    }
    await home.get('POST', '/machines/module/start');
    expect((await home.ask('PATCH', '/machines/module/vrde', { body: { authLibrary: `${module}x` } })).body.message).toContain('does not exist');
    expect(await home.get('PATCH', '/machines/module/vrde', { authLibrary: module })).toMatchObject({ vrde: { authLibrary: module } });
    expect((await home.ask('PATCH', '/machines/module/vrde', { body: { authType: 'guest' } })).body).toMatchObject({ code: 'E_INVALIDARG', message: expect.stringContaining("machine 'module' has none") });
    await home.get('POST', '/machines/module/power-off');
    expect(await readFile(join(home.folder, 'machines', 'module', 'module.vbox'), 'utf8')).toContain(`authLibrary="${module}"`);
  });

  /** What the fake machine was told of its display last. */
  const told = async (name: string): Promise<any> => JSON.parse(await readFile(join(home.folder, 'machines', name, 'vrde.json'), 'utf8')); // eslint-disable-line @typescript-eslint/no-explicit-any
});

describe('logins', () => {
  test('each judgement is kept once, whichever way it comes: told, found on file, left behind by a run', async () => {
    const { uuid, port, auditFile } = await judging('audit');
    expect(await logIn(port, 'john', 'right')).toBe('granted');
    expect(await logIn(port, 'mary', 'wrong')).toBe('denied');
    await home.stop();
    expect(await logIn(port, 'eve', 'guess')).toBe('denied');
    const old = { ...lines(await readFile(auditFile, 'utf8'))[0], id: randomUUID(), user: 'before', at: '2026-01-01T00:00:00.000Z' };
    await writeFile(`${auditFile}.old`, `${JSON.stringify(old)}\n`);
    await appendFile(auditFile, '{"id":\n');
    await home.start();
    // What came while nobody listened is there before the first question is.
    expect((await logins('/machines/audit/judgements')).map(({ user }) => user)).toContain('eve');
    await home.get('POST', '/machines/audit/power-off');
    const kept = await logins('/machines/audit/judgements');
    expect(kept.map(({ user, granted, reason }) => [user, granted, reason])).toEqual([
      ['eve', false, 'wrong password'],
      ['mary', false, 'wrong password'],
      ['john', true, 'VBoxAuthSimple'],
      ['before', true, 'VBoxAuthSimple'],
    ]);
    expect(kept[0]).toMatchObject({ machine: uuid, machineName: 'audit', address: '127.0.0.1', clientName: 'desk', method: 'VBoxAuthSimple' });
    expect([existsSync(auditFile), existsSync(`${auditFile}.old`)]).toEqual([false, false]);

    await home.get('DELETE', '/machines/audit');
    expect((await home.ask('GET', '/machines/audit/judgements')).status).toBe(404);
    expect((await logins('/judgements')).filter(({ machineName }) => machineName === 'audit')).toEqual(kept);
  });

  test('each judgement is an event, once, with what the record has and no more', async () => {
    const { uuid, port } = await judging('told');
    const events = await home.events();
    await logIn(port, 'john', 'hunter2');
    await logIn(port, 'mary', 'right');
    const first = await events.next({ type: 'judgement' });
    expect(first).toMatchObject({ uuid, name: 'told', judgement: { user: 'john', granted: false, reason: 'wrong password' } });
    expect(await events.next({ type: 'judgement' })).toMatchObject({ uuid, name: 'told', judgement: { user: 'mary', granted: true } });
    expect(JSON.stringify(first)).not.toContain('hunter2');
    const kept = await logins('/machines/told/judgements');
    expect(kept.at(-1)).toEqual(first.judgement);
    // The machine's file is read again when it has ended: what is known is told no second time.
    await home.get('POST', '/machines/told/power-off');
    await home.get('POST', '/machines/told/start');
    await logIn((await home.get<Machine>('GET', '/machines/told')).run!.vrde.port!, 'eve', 'right');
    expect(await events.next({ type: 'judgement' })).toMatchObject({ judgement: { user: 'eve' } });
    events.close();
    expect(kept).toHaveLength(2);
  });

  test('pages, the newest first, and nonsense refused', async () => {
    const { port } = await judging('pages');
    for (const user of ['a', 'b', 'c', 'd', 'e']) await logIn(port, user, 'right');
    await home.get('POST', '/machines/pages/power-off');
    const seen: string[] = [];
    let next: string | null = '';
    for (let pages = 0; next !== null && pages < 4; pages++) {
      const page: JudgementPage = await home.get('GET', `/machines/pages/judgements?limit=2${next && `&before=${encodeURIComponent(next)}`}`);
      expect(page.judgements.length).toBeLessThanOrEqual(2);
      seen.push(...page.judgements.map(({ user }) => user));
      ({ next } = page);
    }
    expect(seen).toEqual(['e', 'd', 'c', 'b', 'a']);
    for (const query of ['limit=0', 'limit=1001', 'limit=x', 'before=x', 'before=2026-01-01T00:00:00.000Z_%27%20OR%201']) expect((await home.ask('GET', `/judgements?${query}`)).body).toMatchObject({ code: 'E_INVALIDARG' });
  });

  test('lock-outs are seen, and lifted one by one or all', async () => {
    const { port } = await judging('locked');
    for (const user of ['john', 'mary', 'eve']) await logIn(port, user, 'wrong');
    expect(await home.get('GET', '/machines/locked/vrde/lockouts')).toMatchObject([{ kind: 'user', name: 'john', failures: 1 }, { name: 'mary' }, { name: 'eve' }]);
    expect(await home.get('POST', '/machines/locked/vrde/unlock', { name: 'mary' })).toEqual({ lifted: 1 });
    expect(await home.get('POST', '/machines/locked/vrde/unlock', { name: 'mary' })).toEqual({ lifted: 0 });
    expect(await home.get('POST', '/machines/locked/vrde/unlock', {})).toEqual({ lifted: 2 });
    expect(await home.get('GET', '/machines/locked/vrde/lockouts')).toEqual([]);
    await home.get('POST', '/machines/locked/power-off');
    expect((await home.ask('GET', '/machines/locked/vrde/lockouts')).body).toMatchObject({ code: 'VBOX_E_INVALID_VM_STATE' });
    expect((await home.ask('POST', '/machines/locked/vrde/unlock', { body: {} })).body).toMatchObject({ code: 'VBOX_E_INVALID_VM_STATE' });
  });

  test('only whole records of this machine are believed', () => {
    const machineId = randomUUID();
    const good = { id: randomUUID(), at: '2026-01-01T00:00:00.000Z', user: '', domain: '', address: '::1', clientName: '', clientId: 4294967295, machineId, method: 'null', granted: true, reason: '' };
    const bad = [{ id: 'x' }, { at: 'yesterday' }, { user: 1 }, { reason: 'x'.repeat(4097) }, { user: 'x'.repeat(1025) }, { granted: 'true' }, { clientId: 1.5 }, { machineId: randomUUID() }];
    const text = [good, ...bad.map((change) => ({ ...good, ...change })), null, [], 7].map((value) => JSON.stringify(value)).join('\n');
    expect(judgementsIn(`${text}\n{"cut`, machineId)).toEqual({ records: [good], bad: bad.length + 4 });
    expect(judgementsIn('', machineId)).toEqual({ records: [], bad: 0 });
  });

  test('the oldest go where there are too many', async () => {
    const database = await Database.open(':memory:');
    const row = { machine: 'm', machineName: 'm', user: '', domain: '', address: '', clientName: '', clientId: 0, method: 'null', granted: true, reason: '' };
    const times = await database.transaction(async (manager) => {
      await manager.insert(JudgementRow, ['1', '2', '3', '4'].map((id) => ({ ...row, id, at: `2026-01-0${id}T00:00:00.000Z` })));
      await forgetOldest(manager, 5);
      await forgetOldest(manager, 3);
      return (await manager.find(JudgementRow, { order: { id: 'ASC' } })).map(({ id }) => id);
    });
    expect(times).toEqual(['2', '3', '4']);
    await database.onApplicationShutdown();
  });
});

const lines = (text: string): object[] => text.split('\n').filter(Boolean).map((line) => JSON.parse(line) as object);
