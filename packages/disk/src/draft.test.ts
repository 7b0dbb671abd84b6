/** New files are there whole or not at all, and what their makers left who died is found and removed. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, expect, jest, test } from '@jest/globals';
import { cloneImage, createRaw, createVdi, removeAbandonedDrafts } from './index.js';
import { temporaryFolder } from './tools.testing.js';

jest.setTimeout(60_000); // for a busy host

const MiB = 1 << 20;
const base = temporaryFolder();
const newFolder = (): string => mkdtempSync(join(base, 'f-'));
const children: ChildProcess[] = [];
afterEach(() => void children.splice(0).forEach((child) => child.kill('SIGKILL')));

/** A process that is making an image, and waits in the middle of it. */
async function maker(path: string): Promise<ChildProcess> {
  const program = `
    const { createRaw } = await import(${JSON.stringify(join(import.meta.dirname, 'index.js'))});
    await createRaw(${JSON.stringify(path)}, { size: ${8 * MiB}, variant: 'Fixed', onProgress: (done) => {
      if (done === 0) return;
      console.log('in the middle');
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
    } });`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], { stdio: ['ignore', 'pipe', 'inherit'] });
  children.push(child);
  await once(createInterface(child.stdout), 'line');
  return child;
}

test('what a killed maker left is removed, with its lock; what a living one makes is not', async () => {
  const folder = newFolder();
  const path = join(folder, 'a disk.img');
  writeFileSync(join(folder, 'my.draft-of-a-letter'), 'x');
  const [killed, living] = [await maker(path), await maker(join(folder, 'b.img'))];
  expect(readdirSync(folder)).toHaveLength(5);
  expect(await removeAbandonedDrafts(folder)).toEqual([]);
  const exit = once(killed, 'exit');
  killed.kill('SIGKILL');
  await exit;
  expect(await removeAbandonedDrafts(folder, 'b.img')).toEqual([]);
  expect(await removeAbandonedDrafts(folder)).toEqual([expect.stringMatching(/a disk\.img\.draft-[0-9a-f-]{36}$/)]);
  expect(readdirSync(folder).sort()).toEqual([expect.stringMatching(/^b\.img\.draft-[0-9a-f-]{36}$/), expect.stringMatching(/^b\.img\.draft-[0-9a-f-]{36}\.lock-1$/), 'my.draft-of-a-letter']);
  living.kill('SIGKILL');
});

test('a folder that is not there has none', async () => {
  expect(await removeAbandonedDrafts(join(base, 'none'))).toEqual([]);
});

test('a file that is there is not replaced, and nothing is left beside it', async () => {
  const folder = newFolder();
  const path = join(folder, 'a.img');
  await createRaw(path, { size: MiB, variant: 'Fixed' });
  for (const make of [createRaw(path, { size: MiB }), createVdi(path, { size: MiB }), cloneImage(path, path, { sourceFormat: 'RAW' })]) await expect(make).rejects.toThrow('the file already exists: choose another name or delete it first');
  await expect(createRaw(join(folder, 'b.img'), { size: 1000 })).rejects.toThrow('size: 1000 bytes are not a positive multiple of 512');
  expect(readdirSync(folder)).toEqual(['a.img']);
});

test('work that is called off leaves nothing, neither draft nor lock', async () => {
  const folder = newFolder();
  const stop = new AbortController();
  const onProgress = (done: number): void => {
    if (done > 0) stop.abort(new Error('called off'));
  };
  await expect(createRaw(join(folder, 'a.img'), { size: 64 * MiB, variant: 'Fixed', onProgress, signal: stop.signal })).rejects.toThrow('called off');
  expect(readdirSync(folder)).toEqual([]);
});
