/** Merges, larger and smaller images, by files on the host and against qemu-img. */
import { existsSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, jest, test } from '@jest/globals';
import { absorbParent, compactImage, createVdi, deleteImage, ImageError, mergeImages, openImage, readImageInfo, readLocks, resizeImage } from './index.js';
import { qemuImg, temporaryFolder, testWithQemu, withoutParent } from './tools.testing.js';

jest.setTimeout(60_000); // for a busy host

const folder = temporaryFolder();
const MiB = 1 << 20;
const size = 6 * MiB;

let count = 0;
class Tree {
  readonly paths = new Map<string, string>();
  readonly resolveParent = (uuid: string): string | undefined => this.paths.get(uuid);

  async add(parent?: string): Promise<string> {
    const path = join(folder, `image-${count++}.vdi`);
    this.paths.set(await createVdi(path, parent ? { parent: { path: parent } } : { size }), path);
    return path;
  }
  async write(path: string, ...blocks: readonly (readonly [block: number, value: number])[]): Promise<void> {
    const image = await openImage(path, { resolveParent: this.resolveParent });
    for (const [block, value] of blocks) await image.write(block * MiB + 4096, new Uint8Array(8192).fill(value));
    await image.close();
  }
  /** The value in each block. */
  async values(path: string): Promise<number[]> {
    const image = await openImage(path, { resolveParent: this.resolveParent, readOnly: true });
    const values: number[] = [];
    for (let block = 0; block * MiB < image.size; block++) values.push((await image.read(block * MiB + 5000, 1))[0]!);
    await image.close();
    return values;
  }
}

function judge(path: string): void {
  if (testWithQemu !== test) return;
  const alone = `${path}.alone`;
  writeFileSync(alone, withoutParent(readFileSync(path)));
  expect(qemuImg('check', '-f', 'vdi', alone)).toContain('No errors');
}

/** A base, a first and a second child on each other, and a leaf and its twin on the second. */
async function tree(): Promise<{ tree: Tree; base: string; first: string; second: string; leaf: string; twin: string }> {
  const tree = new Tree();
  const base = await tree.add();
  await tree.write(base, [0, 10], [1, 11], [2, 12]);
  const first = await tree.add(base);
  await tree.write(first, [1, 21], [3, 23]);
  const second = await tree.add(first);
  await tree.write(second, [2, 32], [3, 33], [4, 34]);
  const leaf = await tree.add(second);
  await tree.write(leaf, [0, 40], [5, 45]);
  const twin = await tree.add(second);
  await tree.write(twin, [0, 50]);
  return { tree, base, first, second, leaf, twin };
}

describe('a merge', () => {
  test('into the child leaves the parent to be deleted, and other children alone', async () => {
    const { tree: all, base, first, second, leaf, twin } = await tree();
    const progress: number[] = [];
    await mergeImages(first, second, { resolveParent: all.resolveParent, onProgress: (done) => progress.push(done) });
    expect(progress.at(-1)).toBe(1);
    expect((await readImageInfo(second)).parentUuid).toBe((await readImageInfo(base)).uuid);
    await deleteImage(first);
    expect(await all.values(leaf)).toEqual([40, 21, 32, 33, 34, 45]);
    expect(await all.values(twin)).toEqual([50, 21, 32, 33, 34, 0]);
    judge(second);
    await mergeImages(base, second, { resolveParent: all.resolveParent });
    await deleteImage(base);
    expect(await readImageInfo(second)).toMatchObject({ parentUuid: undefined, parentModificationUuid: undefined, variant: 'Standard' });
    expect(await all.values(leaf)).toEqual([40, 21, 32, 33, 34, 45]);
    if (testWithQemu === test) expect(qemuImg('check', '-f', 'vdi', second)).toContain('No errors');
  });

  test('into the parent takes the children along, again and again', async () => {
    const { tree: all, base, first, second, leaf, twin } = await tree();
    const options = { resolveParent: all.resolveParent, children: [leaf, twin] };
    await mergeImages(second, first, options);
    expect(await all.values(leaf)).toEqual([40, 21, 32, 33, 34, 45]);
    await mergeImages(second, first, options); // as after an interruption
    await deleteImage(second);
    expect((await readImageInfo(leaf)).parentUuid).toBe((await readImageInfo(first)).uuid);
    expect(await all.values(leaf)).toEqual([40, 21, 32, 33, 34, 45]);
    expect(await all.values(twin)).toEqual([50, 21, 32, 33, 34, 0]);
    await mergeImages(first, base, { children: [leaf, twin] });
    await deleteImage(first);
    judge(base);
    expect(await all.values(leaf)).toEqual([40, 21, 32, 33, 34, 45]);
    await mergeImages(leaf, base); // the last of it: the twin is given up
    expect(await all.values(base)).toEqual([40, 21, 32, 33, 34, 45]);
    judge(base);
  });

  test('of a larger child makes the parent larger; of a smaller one it is refused', async () => {
    const { tree: all, second, leaf } = await tree();
    await resizeImage(leaf, 10 * MiB);
    await all.write(leaf, [9, 99]);
    await mergeImages(leaf, second, { resolveParent: all.resolveParent });
    expect(await all.values(second)).toEqual([40, 21, 32, 33, 34, 45, 0, 0, 0, 99]);
    const small = join(folder, 'small.vdi');
    all.paths.set(await createVdi(small, { size: 2 * MiB, parent: { path: second } }), small);
    await expect(mergeImages(small, second, { resolveParent: all.resolveParent })).rejects.toThrow(`what is behind them would come back; merge into ${small} instead`);
    await mergeImages(second, small, { resolveParent: all.resolveParent });
    expect(await all.values(small)).toEqual([40, 21]);
  });

  test('is refused for images that are no neighbours, in use, or not the children that they are said to be', async () => {
    const { tree: all, base, first, second, leaf, twin } = await tree();
    await expect(mergeImages(base, second, { resolveParent: all.resolveParent })).rejects.toThrow(`disk image ${second}: merge: neither hangs on ${base}, nor does that hang on it`);
    await expect(mergeImages(second, first, { resolveParent: all.resolveParent, children: [leaf, first] })).rejects.toThrow(ImageError);
    const machine = await openImage(leaf, { resolveParent: all.resolveParent, owner: 'a machine' });
    for (const [source, target] of [[first, second], [second, first], [leaf, second], [second, leaf]] as const) {
      await expect(mergeImages(source, target, { resolveParent: all.resolveParent })).rejects.toThrow('by a machine (process');
    }
    await machine.close();
    expect(await all.values(leaf)).toEqual([40, 21, 32, 33, 34, 45]);
    expect(await all.values(twin)).toEqual([50, 21, 32, 33, 34, 0]);
    for (const path of all.paths.values()) expect(await readLocks(path)).toEqual([]);
  });

  test('that is called off is completed later', async () => {
    const { tree: all, second, leaf } = await tree();
    for (const [source, target] of [[leaf, second], [second, leaf]] as const) {
      const stop = new AbortController();
      await expect(mergeImages(source, target, { resolveParent: all.resolveParent, signal: stop.signal, onProgress: (done) => done > 0.4 && stop.abort() })).rejects.toThrow('abort');
      expect(await all.values(leaf)).toEqual([40, 21, 32, 33, 34, 45]);
    }
    await mergeImages(second, leaf, { resolveParent: all.resolveParent });
    await deleteImage(second);
    expect(await all.values(leaf)).toEqual([40, 21, 32, 33, 34, 45]);
  });

  test('of an image in use gives its parent free', async () => {
    const { tree: all, base, first, second, leaf } = await tree();
    const machine = await openImage(leaf, { resolveParent: all.resolveParent, owner: 'a machine' });
    await absorbParent(machine);
    expect(machine).toMatchObject({ parentUuid: (await readImageInfo(first)).uuid, parents: [{ path: first }, { path: base }] });
    expect(await readLocks(second)).toEqual([]);
    expect(await readLocks(first)).toHaveLength(1);
    await machine.write(0, new Uint8Array(512).fill(7));
    await absorbParent(machine);
    await absorbParent(machine);
    expect(machine.parents).toEqual([]);
    await expect(absorbParent(machine)).rejects.toThrow('the image has no parent');
    expect(await machine.read(0, 512)).toEqual(new Uint8Array(512).fill(7));
    await machine.close();
    expect(await all.values(leaf)).toEqual([40, 21, 32, 33, 34, 45]);
    if (testWithQemu === test) expect(qemuImg('check', '-f', 'vdi', leaf)).toContain('No errors');
  });
});

describe('a merge in the middle of a chain in use', () => {
  test('leaves the user what it reads, and the parent free', async () => {
    const { tree: all, base, first, second, leaf } = await tree();
    const machine = await openImage(leaf, { resolveParent: all.resolveParent, owner: 'a machine' });
    const uuidOf = async (path: string): Promise<string> => (await readImageInfo(path)).uuid!;
    const reading = async (): Promise<number[]> => Promise.all([0, 1, 2, 3, 4, 5].map(async (block) => (await machine.read(block * MiB + 5000, 1))[0]!));
    const merging = absorbParent(machine, { layer: await uuidOf(second), owner: 'a machine' });
    const during = [await reading(), await reading()];
    await machine.write(5 * MiB + 4096, new Uint8Array(8192).fill(95));
    await merging;
    for (const values of during) expect(values).toEqual([40, 21, 32, 33, 34, 45]);
    expect(await reading()).toEqual([40, 21, 32, 33, 34, 95]);
    expect(machine.parents.map(({ path }) => path)).toEqual([second, base]);
    expect(await readLocks(first)).toEqual([]);
    for (const path of [second, base]) expect((await readLocks(path)).map(({ owner, mode }) => [owner, mode])).toEqual([['a machine', 'read']]);
    await deleteImage(first);
    await absorbParent(machine, { layer: await uuidOf(second) });
    await deleteImage(base);
    expect(machine.parents.map(({ path }) => path)).toEqual([second]);
    expect(await reading()).toEqual([40, 21, 32, 33, 34, 95]);
    await expect(absorbParent(machine, { layer: await uuidOf(second) })).rejects.toThrow('the image has no parent');
    await expect(absorbParent(machine, { layer: '01234567-89ab-cdef-0123-456789abcdef' })).rejects.toThrow('the chain has no image {01234567-89ab-cdef-0123-456789abcdef}');
    await machine.close();
    expect(await all.values(leaf)).toEqual([40, 21, 32, 33, 34, 95]);
    for (const path of [leaf, second]) expect(await readLocks(path)).toEqual([]);
    judge(second);
  });

  test('is refused while others read the layer, and may be called off', async () => {
    const { tree: all, first, second, leaf, twin } = await tree();
    const layer = (await readImageInfo(second)).uuid!;
    const machine = await openImage(leaf, { resolveParent: all.resolveParent, owner: 'a machine' });
    const other = await openImage(twin, { resolveParent: all.resolveParent, owner: 'another machine' });
    await expect(absorbParent(machine, { layer })).rejects.toThrow('is being read by another machine');
    await other.close();
    const stop = new AbortController();
    await expect(absorbParent(machine, { layer, signal: stop.signal, onProgress: (done) => done > 0.3 && stop.abort() })).rejects.toThrow('abort');
    expect(machine.parents).toHaveLength(3);
    expect(await readLocks(first)).toHaveLength(1);
    await absorbParent(machine, { layer });
    expect(machine.parents).toHaveLength(2);
    await machine.close();
    expect(await all.values(leaf)).toEqual([40, 21, 32, 33, 34, 45]);
    expect(await all.values(twin)).toEqual([50, 21, 32, 33, 34, 0]);
  });
});

describe('a larger size', () => {
  test.each([
    [2 ** 37, 'Standard'],
    [2 ** 40, 'Standard'],
    [16 * MiB, 'Fixed'],
  ] as const)('%i bytes (%s)', async (larger, variant) => {
    const path = join(folder, `grown-${larger}.vdi`);
    await createVdi(path, { size: 4 * MiB + 512, variant });
    const image = await openImage(path);
    await image.write(0, new Uint8Array(4 * MiB + 512).fill(1));
    await image.close();
    await resizeImage(path, larger);
    expect(await readImageInfo(path)).toMatchObject({ size: larger, variant });
    if (testWithQemu === test) expect(qemuImg('check', '-f', 'vdi', path)).toContain('No errors');
    const grown = await openImage(path);
    expect(Buffer.compare(await grown.read(0, 8 * MiB), new Uint8Array(8 * MiB).fill(1, 0, 4 * MiB + 512))).toBe(0);
    await grown.write(larger - 512, new Uint8Array(512).fill(2));
    await grown.close();
    if (testWithQemu === test) expect(qemuImg('check', '-f', 'vdi', path)).toContain('No errors');
  });

  testWithQemu('of an image made by qemu-img, whose map leaves no room', async () => {
    const path = join(folder, 'tight.vdi');
    const content = join(folder, 'tight.img');
    writeFileSync(content, '');
    truncateSync(content, 100 * MiB);
    const raw = await openImage(content, { format: 'RAW' });
    await raw.write(50 * MiB, new Uint8Array(3 * MiB).fill(5));
    await raw.close();
    qemuImg('convert', '-f', 'raw', '-O', 'vdi', content, path);
    await resizeImage(path, 2 ** 34);
    expect(qemuImg('check', '-f', 'vdi', path)).toContain('No errors');
    const grown = await openImage(path, { readOnly: true });
    expect(Buffer.compare(await grown.read(49 * MiB, 5 * MiB), new Uint8Array(5 * MiB).fill(5, MiB, 4 * MiB))).toBe(0);
    await grown.close();
  });

  test('is refused with the reason', async () => {
    const path = join(folder, 'kept.vdi');
    await createVdi(path, { size: 4 * MiB });
    await expect(resizeImage(path, 2 * MiB)).rejects.toThrow(`disk image ${path}: resize: an image is made larger only, and this one has ${4 * MiB} bytes already`);
    for (const wrong of [0, 1000, NaN, 2 ** 44]) await expect(resizeImage(path, wrong)).rejects.toThrow(ImageError);
    await resizeImage(path, 4 * MiB);
    const raw = join(folder, 'kept.img');
    writeFileSync(raw, new Uint8Array(512));
    await expect(resizeImage(raw, MiB)).rejects.toThrow('RAW images keep their size: clone it to a VDI with clonemedium, and resize that');
    const user = await openImage(path, { owner: 'a machine' });
    await expect(resizeImage(path, 8 * MiB)).rejects.toThrow('a machine');
    await user.close();
    expect((await readImageInfo(path)).size).toBe(4 * MiB);
  });
});

describe('a compaction', () => {
  test('gives back the room of zeroes, and of what the parent has', async () => {
    const all = new Tree();
    const base = await all.add();
    await all.write(base, [0, 1], [1, 2], [2, 3], [3, 4]);
    await all.write(base, [0, 0], [2, 0]);
    expect(await compactImage(base)).toBe(2 * MiB);
    if (testWithQemu === test) expect(qemuImg('check', '-f', 'vdi', base)).toContain('No errors');
    const child = await all.add(base);
    await all.write(child, [0, 5], [1, 6], [4, 7], [5, 8]);
    await all.write(child, [1, 2], [4, 0]);
    await expect(compactImage(child)).rejects.toThrow('is not known: register it first');
    expect(await compactImage(child, { resolveParent: all.resolveParent })).toBe(2 * MiB);
    judge(child);
    expect(await all.values(child)).toEqual([5, 2, 0, 4, 0, 8]);
    expect(await all.values(base)).toEqual([0, 2, 0, 4, 0, 0]);
    expect(await compactImage(child, { resolveParent: all.resolveParent })).toBe(0);
  });

  test('is refused where there is nothing to give', async () => {
    const path = join(folder, 'fixed.vdi');
    await createVdi(path, { size: MiB, variant: 'Fixed' });
    await expect(compactImage(path)).rejects.toThrow('a Fixed image has its whole size by intent: clone it to a Standard one with clonemedium');
    const raw = join(folder, 'compact.img');
    writeFileSync(raw, new Uint8Array(512));
    await expect(compactImage(raw)).rejects.toThrow('RAW images cannot be compacted');
    expect(statSync(path).size).toBe(2 * MiB);
    expect(existsSync(`${path}.lock-1`)).toBe(false);
  });
});
