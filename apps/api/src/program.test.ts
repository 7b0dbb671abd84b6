/* eslint-disable @typescript-eslint/no-explicit-any -- answers are looked at as tests expect them, whatever their type */
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { identify, killProcess } from './host/process-identity.js';
import { whenFolderChanges } from './concurrency/waiting.js';
import { EventStream } from './test/home.js';

const program = fileURLToPath(new URL('./test/main.js', import.meta.url));

interface Started {
  readonly child: ChildProcess;
  /** What it wrote to file descriptor 3. */
  readonly word: Promise<string>;
  readonly exit: Promise<number | null>;
}

describe('the program', () => {
  let home: string;
  const children: ChildProcess[] = [];
  const machines: number[] = [];

  beforeEach(async () => {
    home = await mkdtemp(join(tmpdir(), 'bv-'));
  });
  afterEach(async () => {
    for (const child of children.splice(0)) child.kill('SIGKILL');
    for (const pid of machines.splice(0)) {
      const machine = identify(pid);
      if (machine) killProcess(machine);
    }
    await rm(home, { recursive: true, force: true });
  });

  function start(env: NodeJS.ProcessEnv = {}): Started {
    const child = spawn(process.execPath, [program], { stdio: ['ignore', 'ignore', 'inherit', 'pipe'], env: { ...process.env, BELVEDERE_HOME: home, BELVEDERE_PORT: '', ...env } });
    children.push(child);
    const exit = new Promise<number | null>((resolve) => child.once('exit', resolve));
    const word = (async () => {
      let text = '';
      for await (const part of child.stdio[3] as Readable) text += String(part);
      return text;
    })();
    return { child, word, exit };
  }

  const ask = (method: string, path: string, body?: unknown): Promise<any> =>
    new Promise((resolve, reject) => {
      request({ socketPath: join(home, 'run', 'api.sock'), method, path, headers: { 'content-type': 'application/json' } }, (answer) => {
        let text = '';
        answer.on('data', (part: Buffer) => (text += String(part)));
        answer.on('end', () => resolve(text === '' ? undefined : JSON.parse(text)));
      })
        .on('error', reject)
        .end(body === undefined ? undefined : JSON.stringify(body));
    });

  const watchEvents = async (): Promise<EventStream> =>
    new EventStream(await new Promise((resolve, reject) => void request({ socketPath: join(home, 'run', 'api.sock'), path: '/events' }, resolve).on('error', reject).end()));

  const startMachine = async (name: string): Promise<number> => {
    await ask('POST', '/machines', { name, register: true });
    const { run } = await ask('POST', `/machines/${name}/start`);
    machines.push(run.pid);
    return run.pid;
  };

  test('killed while machines run, it is started again and finds them', async () => {
    const first = start();
    expect(await first.word).toBe('{"ready":true}\n');
    // What is loaded on demand is found, whoever was told on file descriptor 3.
    expect(await ask('GET', '/docs/openapi.json')).toMatchObject({ openapi: '3.0.0' });
    expect((await ask('GET', '/status')).pid).toBe(first.child.pid);
    const pid = await startMachine('kept');
    const lost = await startMachine('lost');
    first.child.kill('SIGKILL');
    await first.exit;
    await expect(stat(join(home, 'run', 'api.sock'))).resolves.toBeDefined();
    process.kill(lost, 'SIGKILL');

    const second = start();
    expect(await second.word).toBe('{"ready":true}\n');
    expect(await ask('GET', '/machines/kept')).toMatchObject({ state: 'running', run: { pid } });
    // Whether the kernel has let go of the killed one by now or not, it ends as aborted.
    await ask('POST', '/machines/lost/power-off');
    expect(await ask('GET', '/machines/lost')).toMatchObject({ state: 'aborted', run: null });
    expect(await ask('POST', '/machines/kept/power-off')).toMatchObject({ state: 'poweroff' });
  });

  test('killed while a machine starts, it is started again and waits for it', async () => {
    const first = start();
    await first.word;
    const { folder } = await ask('POST', '/machines', { name: 'a:slow', register: true });
    const events = await watchEvents();
    void ask('POST', '/machines/a%3Aslow/start').catch(() => undefined);
    await events.next({ type: 'machine', state: 'starting' });
    await whenFolderChanges(folder, () => stat(join(folder, 'waiting')).then(() => true, () => undefined), AbortSignal.timeout(30_000));
    first.child.kill('SIGKILL');
    await first.exit;

    await start().word;
    const later = await watchEvents();
    expect((await ask('POST', '/machines/a%3Aslow/start')).message).toBe("machine 'a:slow' is starting already");
    await writeFile(join(folder, 'go'), '');
    await later.next({ type: 'machine', state: 'running' });
    machines.push((await ask('GET', '/machines/a%3Aslow')).run.pid);
    expect(await ask('POST', '/machines/a%3Aslow/power-off')).toMatchObject({ state: 'poweroff' });
    later.close();
  });

  test('two that start at once end as one, and both say ready', async () => {
    const both = [start(), start()];
    expect(await Promise.all(both.map(({ word }) => word))).toEqual(['{"ready":true}\n', '{"ready":true}\n']);
    const loser = await Promise.race(both.map(({ exit }, index) => exit.then((code) => ({ code, index }))));
    expect(loser.code).toBe(0);
    expect((await ask('GET', '/status')).pid).toBe(both[1 - loser.index]!.child.pid);
  });

  test('SIGTERM stops it, takes its doors away and lets machines go on; shutdown can take them along', async () => {
    const first = start();
    await first.word;
    const pid = await startMachine('kept');
    first.child.kill('SIGTERM');
    expect(await first.exit).toBe(0);
    for (const name of ['api.sock', 'api.token']) await expect(stat(join(home, 'run', name))).rejects.toThrow('ENOENT');
    expect(identify(pid)).toBeDefined();

    const second = start();
    await second.word;
    expect((await ask('GET', '/status')).machines).toEqual({ registered: 1, running: 1 });
    expect((await ask('POST', '/shutdown', { machines: 'powerOff' })).machines).toEqual({ registered: 1, running: 0 });
    expect(await second.exit).toBe(0);
    expect(identify(pid)).toBeUndefined();
  });

  test('what keeps it from starting is said in one line', async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as { port: number };
    const busy = start({ BELVEDERE_PORT: String(port) });
    const [word, code] = await Promise.all([busy.word, busy.exit]);
    server.close();
    expect(JSON.parse(word)).toEqual({ error: expect.stringContaining(`TCP port ${port} is in use`) });
    expect(code).toBe(1);

    const damaged = join(home, 'damaged');
    await mkdir(damaged);
    await writeFile(join(damaged, 'belvedere.db'), 'this is no database, whatever its name says');
    const words = await Promise.all([{ BELVEDERE_PORT: 'x' }, { BELVEDERE_HOME: join(home, 'x'.repeat(100)) }, { BELVEDERE_HOME: damaged }].map(async (env) => JSON.parse(await start(env).word) as unknown));
    expect(words).toEqual([
      { error: "BELVEDERE_PORT is 'x': give a port from 1 to 65535, or nothing for any that is free" },
      { error: expect.stringContaining('set BELVEDERE_HOME to a shorter one') },
      { error: expect.stringContaining('not a database') },
    ]);
    expect(await readFile(join(damaged, 'belvedere.db'), 'utf8')).toContain('this is no database');
  });
});
