/** The programs themselves, as processes: their streams, their exit codes, and the API that they start. */
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { FakeApi } from './test/fake-api.js';
import { machine, running, UUID } from './test/fixtures.js';

interface Ran {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Starts a program with its standard input open and silent. */
const start = (program: string, words: readonly string[], home: string): ChildProcess =>
  spawn(process.execPath, [fileURLToPath(new URL(`../bin/${program}.cjs`, import.meta.url)), ...words], {
    env: { PATH: process.env.PATH, HOME: home, BELVEDERE_HOME: home },
    stdio: ['pipe', 'pipe', 'pipe'],
  });

async function ended(child: ChildProcess): Promise<Ran> {
  let stdout = '';
  let stderr = '';
  child.stdout!.on('data', (part) => (stdout += String(part)));
  child.stderr!.on('data', (part) => (stderr += String(part)));
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  return { code, stdout, stderr };
}

test('the package names its programs, whatever the case', async () => {
  const { bin } = JSON.parse(await readFile(new URL('../package.json', import.meta.url), 'utf8')) as { bin: Record<string, string> };
  expect(Object.keys(bin)).toEqual(['VBoxManage', 'vboxmanage', 'VBoxHeadless', 'vboxheadless', 'VBoxVRDP', 'vboxvrdp', 'belvedere']);
  for (const file of Object.values(bin)) expect(await readFile(new URL(`../${file}`, import.meta.url), 'utf8')).toMatch(/^#!\/usr\/bin\/env node\n/);
});

describe('with an API that runs', () => {
  let api: FakeApi;
  beforeEach(async () => {
    api = await FakeApi.open();
    api.answers = { 'GET /machines': [machine], 'GET /machines/xp': machine };
  });
  afterEach(() => api.close());

  test('a command ends though nobody closes its standard input', async () => {
    expect(await ended(start('VBoxManage', ['list', 'vms'], api.home))).toEqual({ code: 0, stdout: `"Windows XP" {${UUID}}\n`, stderr: '' });
  });

  test('a reader that goes away ends the printing, not the work', async () => {
    const child = start('VBoxManage', ['startvm', 'xp', '--type', 'headless'], api.home);
    api.answers = {
      'GET /machines/xp': () => {
        child.stdout!.destroy();
        return machine;
      },
      [`POST /machines/${UUID}/start`]: running,
    };
    const { code, stderr } = await ended(child);
    expect([code, stderr]).toEqual([0, '']);
    expect(api.seen).toEqual(['GET /machines/xp', `POST /machines/${UUID}/start {}`]);
  });

  test.each(['VBoxHeadless', 'VBoxVRDP'])('%s ends cleanly on SIGTERM, when the machine is saved', async (program) => {
    const child = start(program, ['--startvm', 'xp'], api.home);
    let now = machine;
    api.answers = {
      'GET /machines/xp': machine,
      [`GET /machines/${UUID}`]: () => now,
      [`POST /machines/${UUID}/start`]: () => (now = running),
      [`POST /machines/${UUID}/save-state`]: () => {
        now = machine;
        api.emit({ type: 'machine', uuid: UUID, name: 'Windows XP', state: 'poweroff' });
        return machine;
      },
    };
    child.stdout!.on('data', (part) => String(part).includes('listening on port 5011') && child.kill('SIGTERM'));
    const { code, stderr } = await ended(child);
    expect([code, stderr]).toEqual([0, '']);
    expect(api.seen.at(-2)).toBe(`POST /machines/${UUID}/save-state`);
  });

  test('errors go to standard error with exit code 1', async () => {
    const { code, stdout, stderr } = await ended(start('belvedere', ['nonsense'], api.home));
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toContain('belvedere: error: unknown command: nonsense\n');
  });
});

test('commands typed at once on a clean home start one API between them', async () => {
  // The API itself, not a stand-in: this is where its program is found.
  createRequire(import.meta.url).resolve('@belvedere/api/main');
  const home = await mkdtemp(join(tmpdir(), 'cli-'));
  try {
    const [one, two, list] = await Promise.all([
      ended(start('belvedere', ['status', '--json'], home)),
      ended(start('belvedere', ['status', '--json'], home)),
      ended(start('VBoxManage', ['list', 'vms'], home)),
    ]);
    expect(list).toEqual({ code: 0, stdout: '', stderr: '' });
    const pids = [one, two].map(({ stdout }) => (JSON.parse(stdout) as { pid: number; home: string }).pid);
    expect(pids[0]).toBe(pids[1]);
    expect(JSON.parse(one.stdout)).toMatchObject({ home });
  } finally {
    await ended(start('belvedere', ['shutdown'], home));
    await rm(home, { recursive: true, maxRetries: 3 });
  }
}, 60_000);
