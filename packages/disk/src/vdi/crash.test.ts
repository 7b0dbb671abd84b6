/** What a crash leaves: at every moment a consistent image that has all that was flushed. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, describe, expect, jest, test } from '@jest/globals';
import { cloneImage, createVdi, NoSpaceError, openImage } from '../index.js';
import { fillVdi } from './create.js';
import { crashes, MemoryFile, qemuImg, temporaryFolder, testWithQemu, withoutParent } from '../tools.testing.js';
import { placeOf } from './crash-blocks.testing.js';
import { judge, KiB64, numbers, smallBlocks } from './small-blocks.testing.js';
import { openVdi, type VdiImage } from './image.js';

jest.setTimeout(60_000); // for a busy host

const folder = temporaryFolder();
const uuid = '01234567-89ab-cdef-0123-456789abcdef';
const released = (): Promise<void> => Promise.resolve();

interface Work {
  readonly file: MemoryFile;
  /** Sector → the versions written to it, each with the number of steps when its write began. */
  readonly written: Map<number, { version: number; steps: number }[]>;
  /** Steps at which a flush had been answered, and the newest version of each sector that it covered. */
  readonly flushed: { steps: number; versions: Map<number, number> }[];
}

const sectorOf = (version: number): Uint8Array => new Uint8Array(new Uint32Array(128).fill(version).buffer);

/** Writes numbered sectors, several at a time, and flushes now and then. @param onFullHost there is no room for anything while the image is opened */
async function work(initial: Uint8Array, seed: number, onFullHost = false): Promise<Work> {
  const file = new MemoryFile(initial.slice());
  file.before = () => {
    if (onFullHost) throw new NoSpaceError('memory');
  };
  const image = await openVdi(file, released);
  file.before = () => undefined;
  const random = numbers(seed);
  const result: Work = { file, written: new Map(), flushed: [] };
  const newest = new Map<number, number>();
  let version = 0;
  for (let round = 0; round < 25; round++) {
    await Promise.all(
      Array.from({ length: random(4) + 1 }, async () => {
        const sector = random(2500) * 128 + random(2) * 127;
        const mine = ++version;
        result.written.set(sector, [...(result.written.get(sector) ?? []), { version: mine, steps: file.steps.length }]);
        await image.write(sector * 512, sectorOf(mine));
        newest.set(sector, mine);
      }),
    );
    if (random(3) > 0) continue;
    const covered = new Map(newest);
    const parallel = image.write(random(2500) * KiB64 + 1024, new Uint8Array(512).fill(1)); // allocates while the commit runs
    await image.flush();
    result.flushed.push({ steps: file.steps.length, versions: covered });
    await parallel;
  }
  await image.close();
  return result;
}

/** Every sector that a flush covered reads as its flushed version or one written later. */
async function judgeContent(bytes: Uint8Array, steps: number, { written, flushed }: Work): Promise<void> {
  const covered = flushed.filter((flush) => flush.steps <= steps).at(-1)?.versions;
  if (!covered) return;
  const image = await openVdi(new MemoryFile(bytes, true), released);
  for (const [sector, version] of covered) {
    const found = new DataView((await image.read(sector * 512, 512)).buffer).getUint32(0, true);
    const later = written.get(sector)!.filter((write) => write.version >= version && write.steps < steps);
    if (found !== version && !later.some((write) => write.version === found)) throw new Error(`sector ${sector} has ${found} instead of ${version} after ${steps} steps`);
  }
}

describe('after a crash at any step', () => {
  test.each([
    [1, true],
    [2, true],
    [3, false],
  ])('an image is consistent and has all that was flushed (run %i, made with room for a second map: %s)', async (seed, room) => {
    const initial = smallBlocks(room);
    const done = await work(initial, seed);
    expect(done.flushed.length).toBeGreaterThan(3);
    const random = numbers(seed + 100);
    let moments = 0;
    for (const { steps, killed, cut } of crashes(initial, done.file.steps, () => random(2) === 0)) {
      for (const bytes of [killed, cut]) {
        judge(bytes);
        await judgeContent(bytes, steps, done);
      }
      moments++;
    }
    expect(moments).toBe(done.file.steps.length);
    expect(moments).toBeGreaterThan(100);
  });

  test('an image that could not be given room for a second map has all that was flushed, and can be written again', async () => {
    const initial = smallBlocks(false);
    const done = await work(initial, 4, true);
    judge(done.file.contents);
    const random = numbers(5);
    for (const { steps, killed, cut } of crashes(initial, done.file.steps, () => random(2) === 0)) {
      await judgeContent(killed, steps, done);
      await judgeContent(cut, steps, done);
      if (steps % 20) continue;
      const file = new MemoryFile(cut.slice());
      const image = await openVdi(file, released);
      for (let block = 0; block < 2500; block += 50) await image.write(block * KiB64 + 5 * 512, sectorOf(7));
      await image.close();
      judge(file.contents);
      await judgeContent(file.contents, steps, done);
    }
  });

  testWithQemu('qemu-img finds nothing', async () => {
    const file = new MemoryFile();
    await fillVdi(file, { size: 6 << 20, variant: 'Standard', uuid });
    const initial = file.contents.slice();
    file.steps.length = 0;
    const image = await openVdi(file, released);
    for (const block of [4, 0, 5]) {
      await image.write((block << 20) + 512, sectorOf(block + 1));
      await image.flush();
    }
    await image.close();
    const path = join(folder, 'moment.vdi');
    let turn = 0;
    for (const { killed, cut } of crashes(initial, file.steps, () => turn++ % 2 === 0)) {
      for (const bytes of [killed, cut]) {
        writeFileSync(path, bytes);
        expect(qemuImg('check', '-f', 'vdi', path)).toContain('No errors');
      }
    }
  });
});

test('what a crash left behind the last block does not shine through a new one', async () => {
  const initial = smallBlocks(true);
  const file = new MemoryFile(Uint8Array.from([...initial, ...new Uint8Array(2 * KiB64 + 100).fill(9)]));
  const image = await openVdi(file, released);
  await image.write(5 * KiB64 + 512, sectorOf(3));
  expect(await image.read(5 * KiB64, 512)).toEqual(new Uint8Array(512));
  expect(await image.read(6 * KiB64 - 512, 512)).toEqual(new Uint8Array(512));
  await image.close();
  judge(file.contents);
});

describe('a full disk', () => {
  /** An image on a host that has room for so many bytes. */
  async function onSmallHost(): Promise<{ image: VdiImage; file: MemoryFile; room: (bytes: number) => void }> {
    let limit = Infinity;
    const file = new MemoryFile(smallBlocks(true));
    file.before = (step) => {
      const end = step === 'sync' ? 0 : 'truncate' in step ? step.truncate : step.at + step.write.length;
      if (end > limit) throw new NoSpaceError('memory');
    };
    return { image: await openVdi(file, released), file, room: (bytes) => (limit = bytes) };
  }

  test('is a typed error, loses nothing, and the same write works once there is room', async () => {
    const { image, file, room } = await onSmallHost();
    room(file.contents.length + 3 * KiB64);
    await image.write(0, sectorOf(1));
    await image.flush();
    const results = await Promise.allSettled([1, 2, 3, 4].map((block) => image.write(block * KiB64, sectorOf(block + 1))));
    expect(results.map(({ status }) => status).sort()).toEqual(['fulfilled', 'fulfilled', 'rejected', 'rejected']);
    for (const result of results) if (result.status === 'rejected') expect(result.reason).toBeInstanceOf(NoSpaceError);
    await image.flush();
    judge(file.contents);
    room(Infinity);
    for (const [index, { status }] of results.entries()) if (status === 'rejected') await image.write((index + 1) * KiB64, sectorOf(index + 2));
    await image.close();
    judge(file.contents);
    const again = await openVdi(new MemoryFile(file.contents, true), released);
    for (let block = 0; block < 5; block++) expect(await again.read(block * KiB64, 512)).toEqual(sectorOf(block + 1));
  });

  test('in the middle of a commit leaves it to the next one', async () => {
    const { image, file } = await onSmallHost();
    const initial = file.contents.slice();
    await image.write(0, sectorOf(1));
    const { before } = file;
    for (const failing of [0, 1, 2, 3, 4, 5, 6]) {
      let step = 0;
      file.before = () => {
        if (step++ === failing) throw new NoSpaceError('memory');
      };
      await image.write(failing * KiB64 + 512, sectorOf(2)).catch(() => undefined);
      await image.flush().catch(() => undefined);
      judge(file.contents);
    }
    file.before = before;
    await image.close();
    judge(file.contents);
    const random = numbers(9);
    for (let round = 0; round < 20; round++) for (const { cut } of crashes(initial, file.steps, () => random(2) === 0)) judge(cut);
    const again = await openVdi(new MemoryFile(file.contents, true), released);
    expect(await again.read(0, 512)).toEqual(sectorOf(1));
  });
});

describe('a full file system of the host', () => {
  const small = join(folder, 'small');
  mkdirSync(small);
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=4m', 'tmpfs', small]).status === 0;
  if (!mounted) process.stderr.write('skipped: a full file system, which takes the right to mount one\n');
  afterAll(() => void (mounted && spawnSync('umount', [small])));

  (mounted ? test : test.skip)('is the same typed error, and nothing is lost', async () => {
    const path = join(small, 'full.vdi');
    await expect(createVdi(path, { size: 16 << 20, variant: 'Fixed' })).rejects.toThrow(NoSpaceError);
    expect(readdirSync(small)).toEqual([]);
    await createVdi(path, { size: 16 << 20, variant: 'Standard' });
    const image = await openImage(path);
    const results: boolean[] = [];
    for (let block = 0; block < 8; block++) results.push(await image.write(block << 20, new Uint8Array(1 << 20).fill(block + 1)).then(() => true, (error: unknown) => !(error instanceof NoSpaceError)));
    expect(results[0]).toBe(true);
    expect(results.at(-1)).toBe(false);
    await image.close();
    const again = await openImage(path, { readOnly: true });
    for (const [block, ok] of results.entries()) if (ok) expect(await again.read(block << 20, 1)).toEqual(new Uint8Array([block + 1]));
    await again.close();
    if (testWithQemu === test) expect(qemuImg('check', '-f', 'vdi', path)).toContain('No errors');
    rmSync(path);
  });

  (mounted ? test : test.skip)('is met by a differencing image and a copy, and what was refused works once there is room', async () => {
    const base = join(folder, 'base.img');
    writeFileSync(base, new Uint8Array(8 << 20).fill(0xee));
    await expect(cloneImage(base, join(small, 'copy.vdi'))).rejects.toThrow(NoSpaceError);
    expect(readdirSync(small)).toEqual([]);

    const filler = join(small, 'filler');
    writeFileSync(filler, new Uint8Array(1 << 20));
    const path = join(small, 'child.vdi');
    await createVdi(path, { parent: { path: base, uuid } });
    const image = await openImage(path, { resolveParent: () => ({ path: base, format: 'RAW' }) });
    const sector = (block: number): Uint8Array => new Uint8Array(512).fill(block + 1);
    let block = 0;
    let refused: unknown;
    for (; block < 8 && refused === undefined; block++) await image.write((block << 20) + 512, sector(block)).catch((error: unknown) => (refused = error));
    expect(refused).toBeInstanceOf(NoSpaceError);
    expect(block).toBeGreaterThan(1);
    await image.flush();
    rmSync(filler);
    await image.write((--block << 20) + 512, sector(block));
    await image.close();
    const again = await openImage(path, { readOnly: true, resolveParent: () => ({ path: base, format: 'RAW' }) });
    for (let written = 0; written <= block; written++) {
      expect(await again.read((written << 20) + 512, 512)).toEqual(sector(written));
      expect(await again.read(written << 20, 512)).toEqual(new Uint8Array(512).fill(0xee));
    }
    await again.close();
    const alone = join(folder, 'alone.vdi');
    writeFileSync(alone, withoutParent(readFileSync(path)));
    if (testWithQemu === test) expect(qemuImg('check', '-f', 'vdi', alone)).toContain('No errors');
  });
});

describe('kill -9', () => {
  const child = join(import.meta.dirname, 'crash-writer.testing.js');

  test.each(['that stands alone', 'that hangs on another'])('leaves an image %s clean, with every acknowledged block, free to be opened', async (kind) => {
    const path = join(folder, `killed ${kind}.vdi`);
    const base = join(folder, `base ${kind}.vdi`);
    const parent = kind === 'that stands alone' ? undefined : base;
    if (parent) await createVdi(parent, { size: 64 << 20, variant: 'Standard' });
    await createVdi(path, { size: 64 << 20, variant: 'Standard', ...(parent ? { parent: { path: parent } } : {}) });
    let first = 1;
    for (const acknowledged of [1, 7, 20, 45]) {
      const writer = spawn(process.execPath, [child, path, String(first), ...(parent ? [parent] : [])], { stdio: ['ignore', 'pipe', 'inherit'] });
      const ended = once(writer, 'exit');
      let last = 0;
      for await (const line of createInterface(writer.stdout)) {
        last = Number(line);
        if (last >= first + acknowledged) writer.kill('SIGKILL');
      }
      expect(await ended).toEqual([null, 'SIGKILL']);
      judgeFile(path);
      const image = await openImage(path, { resolveParent: () => parent });
      for (let number = 1; number <= last; number++) {
        expect(new DataView((await image.read(placeOf(number), 4)).buffer).getUint32(0, true)).toBe(number);
      }
      await image.close();
      first = last + 1;
    }
  });

  function judgeFile(path: string): void {
    const alone = join(folder, 'killed-alone.vdi');
    writeFileSync(alone, withoutParent(readFileSync(path)));
    if (testWithQemu === test) expect(qemuImg('check', '-f', 'vdi', alone)).toContain('No errors');
  }
});
