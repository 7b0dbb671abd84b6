/** Differencing images: what the chain reads and writes, how parents are found, judged and locked. */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, jest, test } from '@jest/globals';
import fc from 'fast-check';
import { cloneImage, createVdi, ImageLockedError, openImage, readImageInfo, readLocks } from '../index.js';
import { qemuImg, temporaryFolder, testWithQemu, withoutParent } from '../tools.testing.js';
import { encode } from '@belvedere/wire';
import { uuid as uuidCodec } from '../uuid.js';

jest.setTimeout(60_000); // for a busy host

const folder = temporaryFolder();
const MiB = 1 << 20;

let count = 0;
/** Makes a chain of empty images, the base first, and the resolver that knows them. */
async function chain(length: number, size = 5 * MiB + 512): Promise<{ paths: string[]; uuids: string[]; resolveParent: (uuid: string) => string | undefined }> {
  const paths: string[] = [];
  const uuids: string[] = [];
  const name = `chain-${count++}`;
  for (let i = 0; i < length; i++) {
    const path = join(folder, `${name}-${i}.vdi`);
    const parent = paths.at(-1);
    uuids.push(await createVdi(path, parent ? { parent: { path: parent } } : { size }));
    paths.push(path);
  }
  return { paths, uuids, resolveParent: (uuid) => paths[uuids.indexOf(uuid)] };
}

const fill = (length: number, value: number): Uint8Array => new Uint8Array(length).fill(value);

test('a new child reads as its parent, and what is written to it stays out of the parent', async () => {
  const { paths, uuids, resolveParent } = await chain(1);
  const base = await openImage(paths[0]!);
  await base.write(MiB - 512, fill(MiB + 1024, 1));
  await base.close();
  const before = createHash('sha256').update(readFileSync(paths[0]!)).digest('hex');

  const path = join(folder, 'child.vdi');
  const uuid = await createVdi(path, { parent: { path: paths[0]! } });
  const { modificationUuid } = await readImageInfo(paths[0]!);
  expect(await readImageInfo(path)).toMatchObject({ format: 'VDI', variant: 'Standard', uuid, size: 5 * MiB + 512, parentUuid: uuids[0], parentModificationUuid: modificationUuid });

  const child = await openImage(path, { resolveParent, owner: 'the child' });
  expect(child).toMatchObject({ parentUuid: uuids[0], parents: [{ path: paths[0], uuid: uuids[0], format: 'VDI' }], readOnly: false });
  expect(Buffer.concat([fill(MiB - 512, 0), fill(MiB + 1024, 1), fill(512, 0)]).equals(await child.read(0, 2 * MiB + 1024))).toBe(true);
  await child.write(MiB, fill(512, 2)); // a block of the parent's, in part
  await child.write(2 * MiB, fill(MiB, 0)); // a block of the parent's, made zero
  await child.write(2 * MiB + 4096, fill(0, 0));
  await child.write(0, fill(512, 0)); // zero already
  const expected = Buffer.concat([fill(MiB - 512, 0), fill(512, 1), fill(512, 2), fill(MiB - 512, 1), fill(MiB, 0)]);
  expect(Buffer.compare(await child.read(0, 3 * MiB), expected)).toBe(0);
  await child.close();

  const again = await openImage(path, { resolveParent, readOnly: true });
  expect(Buffer.compare(await again.read(0, 3 * MiB), expected)).toBe(0);
  await again.close();
  expect(createHash('sha256').update(readFileSync(paths[0]!)).digest('hex')).toBe(before);
});

test('any writes to any layer of a growing chain read as an array of bytes would', async () => {
  const size = 3 * MiB + 512;
  const write = fc.record({ at: fc.oneof(fc.nat(size - 1), fc.constantFrom(0, MiB, 2 * MiB)), length: fc.oneof(fc.integer({ min: 1, max: 5000 }), fc.constantFrom(MiB, 2 * MiB)), value: fc.nat(3) });
  await fc.assert(
    fc.asyncProperty(fc.array(fc.array(write, { maxLength: 5 }), { minLength: 1, maxLength: 4 }), async (layers) => {
      const expected = new Uint8Array(size);
      const { paths, uuids, resolveParent } = await chain(1, size);
      for (const [index, writes] of layers.entries()) {
        if (index > 0) {
          const path = join(folder, `layer-${count++}.vdi`);
          uuids.push(await createVdi(path, { parent: { path: paths.at(-1)! } }));
          paths.push(path);
        }
        const image = await openImage(paths.at(-1)!, { resolveParent });
        await Promise.all(
          writes.map(({ at, length, value }) => {
            expected.fill(value, at, Math.min(at + length, size));
            return image.write(at, fill(Math.min(length, size - at), value));
          }),
        );
        await image.flush();
        expect(Buffer.compare(await image.read(0, size), expected)).toBe(0);
        await image.close();
      }
      const image = await openImage(paths.at(-1)!, { resolveParent, readOnly: true });
      expect(Buffer.compare(await image.read(0, size), expected)).toBe(0);
      await image.close();
    }),
    { numRuns: 30 },
  );
});

testWithQemu('each layer is clean to qemu-img, which reads one whose parent is taken away', async () => {
  const { paths, resolveParent } = await chain(3);
  for (const [index, path] of paths.entries()) {
    const image = await openImage(path, { resolveParent }).catch((error: unknown) => error as Error);
    if (image instanceof Error) throw image;
    if (index === 2) {
      await image.write(0, fill(MiB, index + 1));
      await image.write(3 * MiB, fill(MiB, 0));
    }
    await image.close();
    const alone = join(folder, `alone-${index}.vdi`);
    writeFileSync(alone, withoutParent(readFileSync(path)));
    expect(qemuImg('check', '-f', 'vdi', alone)).toContain('No errors');
    if (index === 2) expect(qemuImg('convert', '-f', 'vdi', '-O', 'raw', alone, `${alone}.raw`)).toBe('');
    if (index === 2) expect(readFileSync(`${alone}.raw`).subarray(0, MiB).equals(fill(MiB, 3))).toBe(true);
  }
});

describe('a parent is refused', () => {
  test('when nobody knows it, or it is gone', async () => {
    const { paths, uuids } = await chain(2);
    await expect(openImage(paths[1]!)).rejects.toThrow(`disk image ${paths[1]}: VDIHEADER.uuidLinkage: the parent image {${uuids[0]}} is not known: register it first`);
    await expect(openImage(paths[1]!, { resolveParent: () => undefined })).rejects.toThrow('is not known');
    await expect(openImage(paths[1]!, { resolveParent: () => join(folder, 'gone.vdi') })).rejects.toThrow(`the parent image {${uuids[0]}} cannot be used: disk image ${join(folder, 'gone.vdi')}: open: no such file`);
    expect(await readLocks(paths[1]!)).toEqual([]);
  });

  test('when it is another image', async () => {
    const { paths, uuids } = await chain(2);
    const other = await chain(1);
    await expect(openImage(paths[1]!, { resolveParent: () => other.paths[0] })).rejects.toThrow(`VDIHEADER.uuidLinkage: the parent image should have the UUID {${uuids[0]}}, but ${other.paths[0]} has {${other.uuids[0]}}`);
    for (const path of [paths[1]!, other.paths[0]!]) expect(await readLocks(path)).toEqual([]);
  });

  test('when it was written after the child was made', async () => {
    const { paths, resolveParent } = await chain(3);
    const base = await openImage(paths[0]!);
    await base.write(0, fill(512, 1));
    await base.close();
    await expect(openImage(paths[2]!, { resolveParent })).rejects.toThrow(`disk image ${paths[1]}: VDIHEADER.uuidParentModify: the parent image ${paths[0]} was modified after this image was made`);
  });

  test('when it hangs on its own child, or on itself', async () => {
    const { paths, uuids, resolveParent } = await chain(3);
    const link = (path: string, parent: string): void => {
      const bytes = readFileSync(path);
      bytes[76] = 4;
      bytes.set(encode(uuidCodec, parent), 424);
      writeFileSync(path, bytes);
    };
    link(paths[0]!, uuids[2]!);
    await expect(openImage(paths[2]!, { resolveParent })).rejects.toThrow(`disk image ${paths[0]}: VDIHEADER.uuidLinkage: the parent image {${uuids[2]}} is ${paths[2]}, which hangs on this image itself`);
    link(paths[0]!, uuids[0]!);
    await expect(openImage(paths[2]!, { resolveParent })).rejects.toThrow('which hangs on this image itself');
    for (const path of paths) expect(await readLocks(path)).toEqual([]);
  });

  test('when it is one too many', async () => {
    const { paths, uuids, resolveParent } = await chain(258, 512);
    const image = await openImage(paths[256]!, { resolveParent });
    expect(image.parents).toHaveLength(256);
    expect(image.parents[255]).toEqual({ path: paths[0], uuid: uuids[0], format: 'VDI' });
    expect(await image.read(0, 512)).toEqual(fill(512, 0));
    await image.close();
    await expect(openImage(paths[257]!, { resolveParent })).rejects.toThrow('hangs on more than 256 images, one on the other: merge some of them');
  }, 300_000);

  test('when it is an ISO image, or has no UUID by which a child could name it', async () => {
    const raw = join(folder, 'parent.img');
    writeFileSync(raw, fill(MiB, 1));
    const path = join(folder, 'on-raw.vdi');
    await expect(createVdi(path, { parent: { path: raw } })).rejects.toThrow('has no UUID of its own: give the one that it is registered with');
    await expect(createVdi(path, { parent: { path: raw, uuid: '01234567-89ab-cdef-0123-456789abcdef' }, variant: 'Fixed' })).rejects.toThrow('a differencing image is always Standard');
    await createVdi(path, { parent: { path: raw, uuid: '01234567-89ab-cdef-0123-456789abcdef' } });
    const image = await openImage(path, { resolveParent: () => ({ path: raw, format: 'RAW' }) });
    await image.write(512, fill(512, 2));
    expect(await image.read(511, 514)).toEqual(new Uint8Array([1, ...fill(512, 2), 1]));
    await image.close();
    const iso = join(folder, 'parent.iso');
    writeFileSync(iso, Buffer.concat([Buffer.alloc(32769), Buffer.from('CD001'), Buffer.alloc(2048)]));
    await expect(createVdi(`${path}2`, { parent: { path: iso } })).rejects.toThrow('which no disk hangs on');
    await expect(openImage(path, { resolveParent: () => iso })).rejects.toThrow('which no disk hangs on');
  });
});

test('many children read one parent, and nobody writes it meanwhile', async () => {
  const { paths, resolveParent } = await chain(2);
  const sibling = join(folder, 'sibling.vdi');
  await createVdi(sibling, { parent: { path: paths[0]! } });
  const first = await openImage(paths[1]!, { resolveParent, owner: 'the first machine' });
  const second = await openImage(sibling, { resolveParent, owner: 'the second machine' });
  expect((await readLocks(paths[0]!)).map(({ owner, mode, life }) => [owner, mode, life]).sort()).toEqual([
    ['the first machine', 'read', 'alive'],
    ['the second machine', 'read', 'alive'],
  ]);
  await expect(openImage(paths[0]!)).rejects.toThrow(ImageLockedError);
  await first.close();
  await expect(openImage(paths[0]!)).rejects.toThrow(`is being read by the second machine (process ${process.pid} on `);
  await second.close();
  const writer = await openImage(paths[0]!, { owner: 'a writer' });
  await expect(openImage(paths[1]!, { resolveParent })).rejects.toThrow(`disk image ${paths[0]} is open for writing by a writer`);
  await expect(createVdi(join(folder, 'never.vdi'), { parent: { path: paths[0]! } })).rejects.toThrow(ImageLockedError);
  await expect(openImage(paths[0]!, { readOnly: true, shared: true })).rejects.toThrow(ImageLockedError);
  await writer.close();
  expect(readdirSync(folder).filter((name) => name.startsWith(basename(paths[0]!)) && name.includes('lock'))).toEqual([]);
});

test('a whole chain is copied image by image, and no copy hangs on the source', async () => {
  const bytes = Buffer.alloc(5 * MiB + 512);
  const known = new Map<string, string>();
  const resolveParent = (uuid: string): string | undefined => known.get(uuid);
  const images: { path: string; bytes: Buffer }[] = [];
  for (const [index, writes] of ([[[0, fill(3 * MiB, 1)]], [[512, fill(1024, 2)], [2 * MiB, fill(MiB, 0)]], [[5 * MiB, fill(512, 3)], [4 * MiB, fill(512, 0)]]] as const).entries()) {
    const path = join(folder, `whole-${index}.vdi`);
    const below = images.at(-1);
    known.set(await createVdi(path, below ? { parent: { path: below.path } } : { size: bytes.length }), path);
    const image = await openImage(path, { resolveParent });
    for (const [at, data] of writes) {
      await image.write(at, data);
      bytes.set(data, at);
    }
    await image.close();
    images.push({ path, bytes: Buffer.from(bytes) });
  }
  const copies: string[] = [];
  for (const { path } of images) {
    const copy = path.replace('whole', 'copy');
    const onto = copies.at(-1);
    known.set((await cloneImage(path, copy, { resolveParent, ...(onto && { parent: { path: onto } }) }))!, copy);
    copies.push(copy);
  }
  await expect(cloneImage(images[1]!.path, join(folder, 'x.vmdk'), { format: 'VMDK', resolveParent, parent: { path: copies[0]! } })).rejects.toThrow('only a Standard VDI hangs on another image');
  for (const [index, { path, bytes: wanted }] of images.entries()) {
    const image = await openImage(copies[index]!, { readOnly: true, resolveParent });
    expect(image.parents.map((parent) => parent.path)).toEqual(copies.slice(0, index).reverse());
    expect(Buffer.compare(await image.read(0, image.size), wanted)).toBe(0);
    await image.close();
    // A copy holds what its source holds, and no more.
    expect((await readImageInfo(copies[index]!)).actualSize).toBeLessThanOrEqual((await readImageInfo(path)).actualSize);
  }
});
