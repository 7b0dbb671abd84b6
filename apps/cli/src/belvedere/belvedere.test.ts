import type { Judgement, Status } from '@belvedere/client';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { resolve } from 'node:path';
import { FakeApi, Printed } from '../test/fake-api.js';
import { belvedere } from './main.js';

let api: FakeApi;
let printed: Printed;
/** Of a process that has ended. */
const { pid } = spawnSync(process.execPath, ['--version']);
const status: Status = {
  pid,
  version: '0.1.0',
  url: 'http://127.0.0.1:4000/',
  home: '/home/u/b',
  socket: '/home/u/b/run/api.sock',
  startedAt: '2026-11-25T01:00:00.000Z',
  machines: { registered: 3, running: 1 },
};
beforeEach(async () => {
  api = await FakeApi.open();
  printed = new Printed();
  api.answers = {
    'GET /status': status,
    'POST /shutdown': () => {
      setImmediate(() => void api.stop());
      return status;
    },
  };
});
afterEach(() => api.close());

let mayStart: boolean | undefined;
const run = (line: string): Promise<number> =>
  belvedere(line.split(' ').filter(Boolean), printed, (_, { start } = {}) => {
    mayStart = start;
    return api.client();
  });

test('status, for people and for programs', async () => {
  expect(await run('status')).toBe(0);
  expect(printed.stdout).toBe(`Belvedere 0.1.0, process ${pid}, since 2026-11-25T01:00:00.000Z
URL:       http://127.0.0.1:4000/
Home:      /home/u/b
Machines:  3 registered, 1 running
`);
  printed = new Printed();
  expect(await run('status --json')).toBe(0);
  expect(JSON.parse(printed.stdout)).toEqual(status);
  expect(mayStart).toBe(true);
});

test('shutdown waits until the API has stopped, and starts none', async () => {
  expect(await run('shutdown')).toBe(0);
  expect(api.seen).toEqual(['GET /events', 'POST /shutdown {"machines":"keep"}']);
  expect(printed.stdout).toBe('the API has stopped\n');
  expect(mayStart).toBe(false);
  await api.stop();
  printed = new Printed();
  expect(await run('shutdown')).toBe(0);
  expect(printed.stdout).toBe('the API does not run\n');
});

test('shutdown of the machines too may start the API that powers them off', async () => {
  expect(await run('shutdown --machines poweroff')).toBe(0);
  expect(api.seen).toContain('POST /shutdown {"machines":"powerOff"}');
  expect(mayStart).toBe(true);
});

test('events are lines of JSON until the reader goes away', async () => {
  const subscribed = api.subscribed();
  const code = run('events');
  await subscribed;
  api.emit({ type: 'machine', uuid: 'u', name: 'n', state: 'running' });
  await printed.until('\n');
  expect(printed.stdout).toBe('{"type":"machine","uuid":"u","name":"n","state":"running"}\n');
  printed.close();
  expect(await code).toBe(0);
});

describe('logins', () => {
  const judgement: Judgement = {
    id: 'b2a1c0de-0000-4000-8000-000000000009',
    at: '2026-11-25T01:10:00.000Z',
    machine: 'b2a1c0de-0000-4000-8000-000000000001',
    machineName: 'xp',
    user: 'john',
    domain: '',
    address: '192.0.2.7',
    clientName: 'desk',
    clientId: 3,
    method: 'VBoxAuthSimple',
    granted: true,
    reason: 'VBoxAuthSimple',
  };
  const refused: Judgement = { ...judgement, at: '2026-11-25T01:09:00.000Z', user: 'eve" granted', domain: 'HOME', granted: false, reason: 'wrong password' };

  test('of all machines, page by page, the newest last', async () => {
    api.answers = {
      'GET /judgements?limit=100&to=machines': { judgements: [judgement], next: 'n' },
      'GET /judgements?limit=99&before=n&to=machines': { judgements: [refused], next: null },
    };
    expect(await run('vrde log')).toBe(0);
    expect(printed.stdout).toBe(`2026-11-25T01:09:00.000Z  refused  "xp"  "HOME\\\\eve\\" granted" from 192.0.2.7 ("desk") by VBoxAuthSimple: wrong password
2026-11-25T01:10:00.000Z  granted  "xp"  "john" from 192.0.2.7 ("desk") by VBoxAuthSimple
`);
  });

  test('of one machine, as many as asked for, for programs', async () => {
    api.answers = { 'GET /machines/xp/judgements?limit=1': { judgements: [judgement], next: 'n' } };
    expect(await run('vrde log xp -n 1 --json')).toBe(0);
    expect(JSON.parse(printed.stdout)).toEqual(judgement);
    api.seen.length = 0;
    api.answers = { 'GET /machines/xp/judgements?limit=1000': { judgements: [], next: null } };
    expect(await run('vrde log xp --limit=5000')).toBe(0);
    expect(api.seen).toEqual(['GET /machines/xp/judgements?limit=1000']);
  });

  test('to the API: the record, the lock-outs, and their end', async () => {
    const lockout = { kind: 'address', name: '127.0.0.1', failures: 10, since: '2026-11-25T01:10:00.000Z', until: '2026-11-25T02:10:00.000Z' };
    api.answers = {
      'GET /judgements?limit=2&to=api': { judgements: [{ ...judgement, machine: '', machineName: '', address: '127.0.0.1', clientName: 'curl/8' }], next: null },
      'GET /logins/lockouts': [lockout],
      'POST /logins/unlock': { lifted: 1 },
    };
    for (const line of ['logins log --limit=2', 'logins log -n 2 --json', 'logins lockouts', 'logins unlock', 'logins unlock 127.0.0.1']) expect(await run(line)).toBe(0);
    const [first, second, ...rest] = printed.stdout.split('\n');
    expect(first).toBe('2026-11-25T01:10:00.000Z  granted  "john" from 127.0.0.1 ("curl/8") by VBoxAuthSimple');
    expect(JSON.parse(second!)).toMatchObject({ machine: '', user: 'john' });
    expect(rest).toEqual(['address "127.0.0.1": 10 wrong passwords, locked out from 2026-11-25T01:10:00.000Z until 2026-11-25T02:10:00.000Z', '1 lock-out was lifted', '1 lock-out was lifted', '']);
    expect(api.seen.slice(-2)).toEqual(['POST /logins/unlock {}', 'POST /logins/unlock {"name":"127.0.0.1"}']);
  });

  test('locks of an image are shown, and broken when that is confirmed', async () => {
    const ref = resolve('disk.vdi');
    const far = { file: `${ref}.lock-1`, owner: 'machine "xp"', mode: 'write', pid: 4711, host: 'far', life: 'unknown' };
    api.answers = { [`GET /media/${ref}/locks`]: [far, { ...far, owner: null, mode: 'read', pid: null, host: null, life: 'alive' }], [`POST /media/${ref}/unlock`]: [far] };
    expect(await run('medium locks disk.vdi')).toBe(0);
    expect(printed.stdout).toBe('open for writing by machine "xp" (process 4711 on far): whether it runs cannot be told from here\nopen for reading by an unknown holder (process unknown on an unknown host): it runs\n');
    expect(await run('medium unlock disk.vdi')).toBe(1);
    expect(printed.stderr).toContain(`what is in it is lost: make sure that the holder is gone, then type 'belvedere medium unlock --yes ${ref}'`);
    expect(await run('medium unlock --yes disk.vdi')).toBe(0);
    expect(printed.stdout).toContain('1 lock was broken\n');
    expect(api.seen.filter((request) => request.startsWith('POST'))).toEqual([`POST /media/${ref}/unlock`]);
    api.answers = { [`GET /media/${ref}/locks`]: [] };
    expect(await run('medium unlock --yes disk.vdi')).toBe(0);
    expect(printed.stdout).toContain('nobody has it open\n');
  });

  test('lock-outs, and their end', async () => {
    const lockout = { kind: 'user', name: 'john', failures: 100, since: '2026-11-25T01:10:00.000Z', until: '2026-11-25T02:10:00.000Z' };
    api.answers = { 'GET /machines/xp/vrde/lockouts': [lockout], 'POST /machines/xp/vrde/unlock': { lifted: 2 } };
    expect(await run('vrde lockouts xp')).toBe(0);
    expect(await run('vrde lockouts xp --json')).toBe(0);
    expect(await run('vrde unlock xp')).toBe(0);
    api.answers = { 'GET /machines/xp/vrde/lockouts': [], 'POST /machines/xp/vrde/unlock': { lifted: 0 } };
    expect(await run('vrde unlock xp 192.0.2.7')).toBe(0);
    expect(await run('vrde lockouts xp')).toBe(0);
    expect(printed.stdout).toBe(`user "john": 100 wrong passwords, locked out from 2026-11-25T01:10:00.000Z until 2026-11-25T02:10:00.000Z
${JSON.stringify(lockout)}
2 lock-outs were lifted
no lock-out was lifted
nobody is locked out
`);
    expect(api.seen).toEqual(['GET /machines/xp/vrde/lockouts', 'GET /machines/xp/vrde/lockouts', 'POST /machines/xp/vrde/unlock {}', 'POST /machines/xp/vrde/unlock {"name":"192.0.2.7"}', 'GET /machines/xp/vrde/lockouts']);
  });
});

test.each([
  ['', 1],
  ['vrde', 1],
  ['vrde lockouts', 1],
  ['vrde unlock', 1],
  ['vrde forget xp', 1],
  ['logins', 1],
  ['logins lockouts xp', 1],
  ['vrde log --limit 0', 1],
  ['vrde log --help', 0],
  ['--help', 0],
  ['help status', 0],
  ['--version', 0],
  ['nonsense', 1],
  ['status --jsn', 1],
  ['shutdown --machines kill', 1],
])('%j exits with %d and asks nothing', async (line, code) => {
  expect(await run(line)).toBe(code);
  expect(api.seen).toEqual([]);
  expect(printed[code ? 'stderr' : 'stdout']).not.toBe('');
  expect(printed[code ? 'stdout' : 'stderr']).toBe('');
});
