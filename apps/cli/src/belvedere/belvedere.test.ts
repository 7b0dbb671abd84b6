import type { Status } from '@belvedere/client';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { spawnSync } from 'node:child_process';
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

test.each([
  ['', 1],
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
