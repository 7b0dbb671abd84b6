/** `npm start` as a newcomer types it: a machine on a port, what to type in each viewer, and Ctrl-C that stops all of it. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Home } from './home.js';

const root = fileURLToPath(new URL('../../..', import.meta.url));
let home: Home;
let start: ChildProcess;
let printed = '';
beforeAll(() => void (home = new Home()));
afterAll(async () => {
  if (start.exitCode === null && start.signalCode === null) process.kill(-start.pid!, 'SIGKILL');
  await home.close();
}, 60_000);

/** Resolves when what was printed matches, with the match. */
const prints = (pattern: RegExp): Promise<RegExpExecArray> =>
  new Promise((resolve, reject) => {
    const look = (): void => {
      const match = pattern.exec(printed);
      if (match) resolve(match);
    };
    look();
    start.stdout!.on('data', look);
    start.once('exit', (code) => reject(new Error(`npm start ended with ${code}:\n${printed}`)));
  });

test('boots the demo machine and says how to look at it', async () => {
  // A group of its own, so that Ctrl-C reaches all of it, as in a terminal.
  start = spawn('npm', ['start'], { cwd: root, env: home.environment, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
  for (const stream of [start.stdout!, start.stderr!]) stream.on('data', (chunk: Buffer) => (printed += chunk.toString()));
  const [, port] = await prints(/krdc rdp:\/\/127\.0\.0\.1:(\d+)/);
  for (const line of [`mstsc /v:127.0.0.1:${port}`, `xfreerdp /v:127.0.0.1:${port} `, `rdesktop -a 16 -N 127.0.0.1:${port}`, `remmina -c rdp://127.0.0.1:${port}`]) expect(printed).toContain(line);
  expect(await home.port('Belvedere demo')).toBe(Number(port));
  const viewer = connect(Number(port), '127.0.0.1');
  await once(viewer, 'connect');
  viewer.destroy();
}, 180_000);

test('and stops what it started when it is interrupted', async () => {
  const { pid } = await home.status();
  const ended = once(start, 'exit');
  process.kill(-start.pid!, 'SIGINT');
  await ended;
  expect(printed).toContain('power off "Belvedere demo"');
  expect(existsSync(join(home.path, 'run/api.sock'))).toBe(false);
  expect(() => process.kill(pid, 0)).toThrow('ESRCH');
}, 60_000);
