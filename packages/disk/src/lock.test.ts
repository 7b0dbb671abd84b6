/** One writer at a time: within a process, between processes, after the holder's death, and for holders that cannot be judged. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { basename, join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, describe, expect, jest, test } from '@jest/globals';
import { breakLock, createVdi, deleteImage, ImageError, ImageLockedError, openImage, readLocks } from './index.js';
import { lockImage } from './lock.js';
import { temporaryFolder } from './tools.testing.js';

jest.setTimeout(60_000); // for a busy host

const folder = temporaryFolder();
const children: ChildProcess[] = [];
afterEach(() => void children.splice(0).forEach((child) => child.kill('SIGKILL')));

let count = 0;
async function newImage(): Promise<string> {
  const path = join(folder, `disk-${count++}.vdi`);
  await createVdi(path, { size: 64 << 20, variant: 'Standard' });
  return path;
}

/** Starts a process that opens the image for writing and holds it. */
async function holder(path: string, parent?: string): Promise<ChildProcess> {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'vdi/crash-writer.testing.js'), path, '1', ...(parent ? [parent] : [])], { stdio: ['ignore', 'pipe', 'inherit'] });
  children.push(child);
  await once(createInterface(child.stdout), 'line');
  child.stdout.resume();
  return child;
}

const locks = (path: string): string[] => readdirSync(folder).filter((name) => join(folder, name).startsWith(`${path}.lock`));

test('a second opener in the same process is refused, readers are not', async () => {
  const path = await newImage();
  const link = `${path}.link`;
  symlinkSync(path, link);
  const image = await openImage(path, { owner: 'the first machine' });
  await expect(openImage(link)).rejects.toThrow(`disk image ${path} is open for writing by the first machine (process ${process.pid} on `);
  await (await openImage(path, { readOnly: true })).close();
  await image.close();
  expect(locks(path)).toEqual([]);
  await (await openImage(path)).close();
});

test('a failed open leaves no lock', async () => {
  const path = join(folder, 'odd.img');
  writeFileSync(path, 'x');
  await expect(openImage(path)).rejects.toThrow('no raw disk image');
  expect(locks(path)).toEqual([]);
});

test('another process is refused while the holder lives, and let in after its death', async () => {
  const path = await newImage();
  const child = await holder(path);
  await expect(openImage(path)).rejects.toThrow(ImageLockedError);
  await expect(openImage(path)).rejects.toThrow(`by the crash writer (process ${child.pid} on `);
  const exit = once(child, 'exit');
  child.kill('SIGKILL');
  await exit;
  const image = await openImage(path);
  expect(locks(path)).toHaveLength(1);
  await image.close();
  expect(locks(path)).toEqual([]);
});

test('an image that is open for writing is not deleted; one whose holder died goes with its lock', async () => {
  const path = await newImage();
  const child = await holder(path);
  await expect(deleteImage(path)).rejects.toThrow(ImageLockedError);
  expect(readdirSync(folder)).toContain(basename(path));
  const exit = once(child, 'exit');
  child.kill('SIGKILL');
  await exit;
  await deleteImage(path);
  expect(readdirSync(folder).filter((name) => name.startsWith(basename(path)))).toEqual([]);
  await expect(deleteImage(path)).rejects.toThrow(ImageError);
});

test('of many that find a dead holder, one gets the lock', async () => {
  const path = await newImage();
  for (let round = 0; round < 20; round++) {
    const lock = await lockImage(path, 'dead');
    const file = `${path}.lock-1`;
    const dead = { ...(JSON.parse(readFileSync(file, 'utf8')) as object), startTime: '1' }; // its process number has a new owner
    await lock.release();
    writeFileSync(file, JSON.stringify(dead));
    const results = await Promise.allSettled(Array.from({ length: 8 }, (_, i) => lockImage(path, `contender ${i}`)));
    const winners = results.filter((result) => result.status === 'fulfilled');
    expect(winners).toHaveLength(1);
    await winners[0]!.value.release();
    expect(locks(path)).toEqual([]);
  }
});

test('of processes that race for an image, one has it at a time, and each gets its turns', async () => {
  const path = await newImage();
  const racers = Array.from({ length: 3 }, () => {
    const child = spawn(process.execPath, [join(import.meta.dirname, 'lock-racer.testing.js'), path, '15'], { stdio: ['ignore', 'pipe', 'inherit'] });
    children.push(child);
    child.stdout.resume();
    return once(child, 'exit');
  });
  for (const exit of await Promise.all(racers)) expect(exit).toEqual([0, null]);
  expect(readdirSync(folder).filter((name) => name.startsWith(`${basename(path)}.`))).toEqual([]);
});

test.each([
  ['another host', { host: 'elsewhere/1', boot: 'of another host' }, 'on elsewhere'],
  ['another container', { pidSpace: 'pid:[1]' }, 'delete'],
  ['a host without a name of its own', { host: 'localhost/', boot: 'of another host' }, 'on localhost'],
])('a holder on %s counts until its lock is broken', async (_name, change, text) => {
  const path = await newImage();
  const lock = await lockImage(path, 'a machine');
  const held = JSON.parse(readFileSync(`${path}.lock-1`, 'utf8')) as object;
  await lock.release();
  writeFileSync(`${path}.lock-1`, JSON.stringify({ ...held, pid: 1 << 30, ...change }));
  await expect(openImage(path)).rejects.toThrow(text);
  await expect(openImage(path)).rejects.toThrow(`or break the lock (or delete ${path}.lock-1) if that one is gone for good`);
});

test('a holder from before the host was started again is dead, where the host can be told from others', async () => {
  const path = await newImage();
  const lock = await lockImage(path, 'a machine');
  const held = JSON.parse(readFileSync(`${path}.lock-1`, 'utf8')) as { host: string };
  await lock.release();
  writeFileSync(`${path}.lock-1`, JSON.stringify({ ...held, boot: 'an earlier one' }));
  if (held.host.endsWith('/')) await expect(openImage(path)).rejects.toThrow(ImageLockedError);
  else await (await openImage(path)).close();
});

describe('breaking a lock', () => {
  test('frees what another host held, and what the dead left', async () => {
    const path = await newImage();
    const lock = await lockImage(path, 'a machine');
    const held = JSON.parse(readFileSync(`${path}.lock-1`, 'utf8')) as object;
    await lock.release();
    writeFileSync(`${path}.lock-1`, JSON.stringify({ ...held, host: 'elsewhere/1', boot: 'of another host' }));
    writeFileSync(`${path}.lock-2`, JSON.stringify({ ...held, mode: 'read', startTime: '1' }));
    writeFileSync(`${path}.lock-3`, 'nothing');
    const expected = [
      { file: `${path}.lock-1`, owner: 'a machine', mode: 'write', pid: process.pid, host: 'elsewhere', life: 'unknown' },
      { file: `${path}.lock-2`, owner: 'a machine', mode: 'read', pid: process.pid, host: hostname(), life: 'dead' },
      { file: `${path}.lock-3`, owner: undefined, mode: 'write', pid: undefined, host: undefined, life: 'unknown' },
    ];
    const byFile = (a: { file: string }, b: { file: string }): number => a.file.localeCompare(b.file);
    expect((await readLocks(path)).sort(byFile)).toEqual(expected);
    expect((await breakLock(path)).sort(byFile)).toEqual(expected);
    expect(locks(path)).toEqual([]);
    await (await openImage(path)).close();
    expect(await breakLock(path)).toEqual([]);
  });

  test('is refused while a process of this host has the image', async () => {
    const path = await newImage();
    const child = await holder(path);
    await expect(breakLock(path)).rejects.toThrow(`is open for writing by the crash writer (process ${child.pid} on ${hostname()}): that process lives on this host: end it, its lock goes with it`);
    await expect(openImage(path)).rejects.toThrow(ImageLockedError);
  });
});

test('readers share; a writer waits for the last of them, and a dead one does not count', async () => {
  const path = await newImage();
  const [first, second] = [await lockImage(path, 'the first', 'read'), await lockImage(path, 'the second', 'read')];
  await expect(lockImage(path, 'a writer')).rejects.toThrow('is being read by the first');
  await first.release();
  await expect(deleteImage(path)).rejects.toThrow('is being read by the second');
  const held = JSON.parse(readFileSync(`${path}.lock-2`, 'utf8')) as object;
  await second.release();
  writeFileSync(`${path}.lock-2`, JSON.stringify({ ...held, startTime: '1' }));
  const writer = await lockImage(path, 'a writer');
  await expect(lockImage(path, 'the third', 'read')).rejects.toThrow('is open for writing by a writer');
  await writer.release();
  expect(locks(path)).toEqual([]);
});

test('a parent that another process reads is not written; after its death it is', async () => {
  const path = await newImage();
  const child = join(folder, `child-${count++}.vdi`);
  await createVdi(child, { parent: { path } });
  const reader = await holder(child, path);
  await expect(openImage(path)).rejects.toThrow(`is being read by the crash writer (process ${reader.pid} on `);
  await expect(deleteImage(path)).rejects.toThrow(ImageLockedError);
  const sibling = join(folder, `child-${count++}.vdi`);
  await createVdi(sibling, { parent: { path } });
  await (await openImage(sibling, { resolveParent: () => path })).close();
  const exit = once(reader, 'exit');
  reader.kill('SIGKILL');
  await exit;
  await (await openImage(path)).close();
  expect(locks(path)).toEqual([]);
});

test('what a process that died while it locked left is removed', async () => {
  const path = await newImage();
  const lock = await lockImage(path, 'a machine');
  const held = JSON.parse(readFileSync(`${path}.lock-1`, 'utf8')) as object;
  await lock.release();
  const dead = JSON.stringify({ ...held, startTime: '1' });
  const draft = `${path}.lock-01234567-89ab-cdef-0123-456789abcdef`;
  writeFileSync(draft, dead);
  writeFileSync(`${path}.lock-1`, dead);
  await (await openImage(path)).close();
  expect(locks(path)).toEqual([]);
  writeFileSync(draft, ''); // it died before it had said anything
  await (await openImage(path)).close();
  expect(locks(path)).toEqual([basename(draft)]);
  await deleteImage(path);
  expect(locks(path)).toEqual([]);
});

test('a lock that says nothing is respected', async () => {
  const path = await newImage();
  writeFileSync(`${path}.lock-3`, '{"pid": -1}');
  await expect(openImage(path)).rejects.toThrow(`is open for writing by an unknown holder: ${path}.lock-3 says nothing of who it is`);
});
