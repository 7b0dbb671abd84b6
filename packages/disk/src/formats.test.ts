/** Every format by the same rules: made by this package and by qemu-img, read by both, cloned from each to each. */
import { mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, jest, test } from '@jest/globals';
import { cloneImage, createVdi, deleteImage, type Format, ImageError, ImageLockedError, openImage, probeFormat, readImageInfo, readLocks, type Variant } from './index.js';
import { qemuImg, temporaryFolder, testWithQemu } from './tools.testing.js';

jest.setTimeout(60_000); // for a busy host

const folder = temporaryFolder();
const MiB = 1 << 20;
const size = 9 * MiB + 3 * 512;
const uuid = '01234567-89ab-cdef-0123-456789abcdef';

interface Kind {
  readonly format: Exclude<Format, 'ISO'>;
  readonly variant: Variant;
  /** As qemu-img calls it; its options for a new one. */
  readonly qemu: string;
  readonly options: readonly string[];
  readonly hasUuid: boolean;
}
const kinds: readonly Kind[] = [
  { format: 'VDI', variant: 'Standard', qemu: 'vdi', options: [], hasUuid: true },
  { format: 'VDI', variant: 'Fixed', qemu: 'vdi', options: ['-o', 'static=on'], hasUuid: true },
  { format: 'VMDK', variant: 'Standard', qemu: 'vmdk', options: ['-o', 'subformat=monolithicSparse'], hasUuid: true },
  { format: 'VMDK', variant: 'StreamOptimized', qemu: 'vmdk', options: ['-o', 'subformat=streamOptimized'], hasUuid: true },
  { format: 'VHD', variant: 'Standard', qemu: 'vpc', options: ['-o', 'subformat=dynamic,force_size=on'], hasUuid: true },
  { format: 'VHD', variant: 'Fixed', qemu: 'vpc', options: ['-o', 'subformat=fixed,force_size=on'], hasUuid: true },
  { format: 'RAW', variant: 'Fixed', qemu: 'raw', options: [], hasUuid: false },
];
const name = ({ format, variant }: Kind): string => `${format} ${variant}`;

/** A disk with bytes that tell where they belong, and with holes of every size. */
const content = Buffer.alloc(size);
for (let at = 0; at < size; at++) content[at] = (at * 31 + (at >> 8) * 7 + (at >> 16)) & 0xff;
for (const [from, to] of [[0, 512], [MiB, 3 * MiB], [4 * MiB - 65_536, 4 * MiB + 512], [6 * MiB + 1024, 6 * MiB + 70_000], [8 * MiB, 9 * MiB]] as const) content.fill(0, from, to);
const raw = join(folder, 'content.img');
writeFileSync(raw, content);

let count = 0;
const newPath = (kind: Kind): string => join(folder, `${kind.format}-${kind.variant}-${count++}.img`);

async function expectContent(path: string, format: Format): Promise<void> {
  const image = await openImage(path, { readOnly: true, format });
  expect(image.size).toBe(size);
  expect(Buffer.compare(await image.read(0, size), content)).toBe(0);
  for (const [offset, length] of [[1, 1], [511, 514], [MiB - 1, 2 * MiB + 2], [4 * MiB - 65_537, 66_051], [size - 513, 513]] as const) {
    expect(Buffer.compare(await image.read(offset, length), content.subarray(offset, offset + length))).toBe(0);
  }
  await image.close();
}

describe.each(kinds.map((kind) => [name(kind), kind] as const))('%s', (_name, kind) => {
  const { format, variant, qemu, options } = kind;
  const made = newPath(kind);

  test('is made, described and read', async () => {
    const progress: number[] = [];
    const id = await cloneImage(raw, made, { format, variant, uuid, sourceFormat: 'RAW', onProgress: (done) => progress.push(done) });
    expect(id).toBe(kind.hasUuid ? uuid : undefined);
    expect(progress.at(-1)).toBe(1);
    expect([...progress].sort((a, b) => a - b)).toEqual(progress);
    expect(await probeFormat(made)).toBe(format);
    expect(await readImageInfo(made)).toMatchObject({ format, variant, size, uuid: id, parentUuid: undefined });
    await expectContent(made, format);
    expect(readdirSync(folder).filter((file) => file.includes('.draft-') || file.includes('.lock-'))).toEqual([]);
  });

  testWithQemu('is the same disk to qemu-img, and clean', () => {
    expect(JSON.parse(qemuImg('info', '-f', qemu, '--output=json', made))).toMatchObject({ 'virtual-size': size });
    expect(qemuImg('compare', '-f', 'raw', '-F', qemu, raw, made)).toContain('identical');
    if (qemu === 'vdi' || qemu === 'vmdk') expect(qemuImg('check', '-f', qemu, made)).toContain('No errors');
  });

  testWithQemu('made by qemu-img is read', async () => {
    const theirs = newPath(kind);
    qemuImg('convert', '-f', 'raw', '-O', qemu, ...options, raw, theirs);
    expect(await readImageInfo(theirs)).toMatchObject({ format, variant, size });
    await expectContent(theirs, format);
  });

  test('is cloned to every other', async () => {
    for (const target of kinds) {
      const path = newPath(target);
      await cloneImage(made, path, { format: target.format, variant: target.variant, sourceFormat: format });
      await expectContent(path, target.format);
    }
  });

  test('takes no room for zeroes, unless it is Fixed', async () => {
    const empty = join(folder, `empty-${count++}.vdi`);
    await createVdi(empty, { size: 2 ** 33 });
    const path = newPath(kind);
    if (variant === 'Fixed' && format !== 'RAW') return;
    await cloneImage(empty, path, { format, variant: format === 'RAW' ? 'Standard' : variant });
    expect((await readImageInfo(path)).actualSize).toBeLessThan(2 * MiB);
    expect((await readImageInfo(path, { format })).size).toBe(2 ** 33);
    const image = await openImage(path, { readOnly: true, format });
    expect(await image.read(2 ** 33 - 512, 512)).toEqual(new Uint8Array(512));
    await image.close();
  });

  test('is written, where it can be, or refused with what to do instead', async () => {
    const opened = openImage(made, { format, device: 'hdd' });
    if (format === 'VMDK' || format === 'VHD') {
      await expect(opened).rejects.toThrow(`disk image ${made}: open for writing: ${format} images are read only: clone it to a VDI with clonemedium, or put a differencing VDI on it (createmedium --diffparent)`);
      expect(await readLocks(made)).toEqual([]);
      const image = await openImage(made, { format, readOnly: true });
      await expect(image.write(0, new Uint8Array(1))).rejects.toThrow('the image is open for reading only');
      await image.close();
    } else {
      const image = await opened;
      await image.write(MiB, content.subarray(MiB, MiB + 512));
      await image.close();
    }
  });

  test('carries a differencing VDI', async () => {
    const child = join(folder, `child-${count++}.vdi`);
    await createVdi(child, { parent: { path: made, format, ...(kind.hasUuid ? {} : { uuid }) } });
    const image = await openImage(child, { resolveParent: (wanted) => (wanted === uuid ? { path: made, format } : undefined) });
    await image.write(5 * MiB + 512, new Uint8Array(512).fill(0xaa));
    const expected = Buffer.from(content);
    expected.fill(0xaa, 5 * MiB + 512, 5 * MiB + 1024);
    expect(Buffer.compare(await image.read(0, size), expected)).toBe(0);
    await image.close();
    const flat = newPath(kind);
    await cloneImage(child, flat, { format, variant, resolveParent: () => ({ path: made, format }) });
    const copy = await openImage(flat, { readOnly: true, format });
    expect(Buffer.compare(await copy.read(0, size), expected)).toBe(0);
    await copy.close();
    await expectContent(made, format);
  });

  test('cut short is refused, or read where what is missing is not needed', async () => {
    const whole = readFileSync(made);
    for (const length of [0, 1, 511, 512, 1024, 65_536, whole.length - 512, whole.length - 1]) {
      const path = newPath(kind);
      writeFileSync(path, whole.subarray(0, length));
      try {
        const image = await openImage(path, { readOnly: true, format });
        const read = await image.read(0, image.size).finally(() => image.close());
        expect(Buffer.compare(read, content.subarray(0, format === 'RAW' ? length : size))).toBe(0);
      } catch (error) {
        if (!(error instanceof ImageError)) throw error;
        expect(error.message).toContain(path);
      }
    }
  });
});

describe('a VMDK in several files', () => {
  testWithQemu.each(['monolithicFlat', 'twoGbMaxExtentSparse', 'twoGbMaxExtentFlat'])('%s is read', async (subformat) => {
    const path = join(folder, `${subformat}.vmdk`);
    qemuImg('convert', '-f', 'raw', '-O', 'vmdk', '-o', `subformat=${subformat}`, raw, path);
    expect(await probeFormat(path)).toBe('VMDK');
    expect(await readImageInfo(path)).toMatchObject({ format: 'VMDK', variant: subformat.endsWith('Flat') ? 'Fixed' : 'Standard', size });
    expect((await readImageInfo(path)).actualSize).toBeGreaterThan(MiB);
    await expectContent(path, 'VMDK');
    await deleteImage(path);
    expect(readdirSync(folder).filter((file) => file.startsWith(subformat))).toEqual([]);
  });

  const descriptor = (...lines: readonly string[]): string => ['# Disk DescriptorFile', 'version=1', 'CID=12345678', 'parentCID=ffffffff', 'createType="custom"', ...lines, ''].join('\n');
  const file = (text: string): string => {
    const path = join(folder, `custom-${count++}.vmdk`);
    writeFileSync(path, text);
    return path;
  };

  test('with zeroes and a part of a file', async () => {
    const path = file(descriptor('RW 4 ZERO', 'RW 2 FLAT "content.img" 10', 'RW 2 ZERO'));
    const image = await openImage(path, { readOnly: true });
    expect(Buffer.from(await image.read(0, 4096)).equals(Buffer.concat([Buffer.alloc(2048), content.subarray(5120, 6144), Buffer.alloc(1024)]))).toBe(true);
    await image.close();
  });

  test('is deleted without the files of others', async () => {
    const path = file(descriptor('RW 2 FLAT "content.img" 10'));
    await deleteImage(path);
    expect(() => statSync(path)).toThrow('ENOENT');
    expect(statSync(raw).size).toBe(size);
    const broken = file('# Disk DescriptorFile');
    await deleteImage(broken);
    expect(() => statSync(broken)).toThrow('ENOENT');
  });

  test.each([
    ['"../content.img"', 'is no name of a file in the image\'s own folder'],
    ['"/etc/passwd"', 'is no name of a file'],
    ['".."', 'is no name of a file'],
    ['"absent.img"', 'no such file'],
    ['"outside.img"', 'outside the image\'s own folder'],
    ['"fifo"', 'not a regular file'],
  ])('never reads %s', async (extent, problem) => {
    const elsewhere = join(folder, 'elsewhere');
    mkdirSync(elsewhere, { recursive: true });
    writeFileSync(join(elsewhere, 'secret'), new Uint8Array(512));
    if (extent.includes('outside')) symlinkSync(join(elsewhere, 'secret'), join(folder, 'outside.img'));
    if (extent.includes('fifo')) mkdirSync(join(folder, 'fifo'));
    await expect(openImage(file(descriptor(`RW 1 FLAT ${extent} 0`)), { readOnly: true })).rejects.toThrow(problem);
  });

  test.each([
    [descriptor(), 'descriptor.extent: the descriptor names none'],
    [descriptor('RW 99999999 FLAT "content.img" 0'), 'the file is truncated'],
    [descriptor('RW 1 FLAT "content.img" 99999999'), 'the file is truncated'],
    [descriptor('RW 1 SPARSE "content.img"'), 'SparseExtentHeader.magicNumber'],
    [descriptor('RW 1 VMFS "content.img"'), 'type VMFS is not supported: SPARSE, FLAT and ZERO are'],
    [descriptor('RW x FLAT "content.img"'), 'is no extent that can be read'],
    [descriptor('RW 0 ZERO'), 'is empty'],
    [descriptor('RW 99999999999 ZERO', 'RW 1 ZERO'), 'more than 8796093022208'],
    [descriptor(...Array.from({ length: 513 }, () => 'RW 1 ZERO')), 'more than 512 extents'],
    [descriptor('RW 1 ZERO').replace('parentCID=ffffffff', 'parentCID=11111111'), 'descriptor.parentCID: 11111111: differencing VMDK images are not supported'],
    [descriptor('RW 1 ZERO').replace('createType="custom"', ''), 'descriptor.createType: is missing'],
    [descriptor('RW 1 ZERO').padEnd(70_000), 'are more than the 65536 of a descriptor'],
  ])('refuses descriptor %#', async (text, problem) => {
    await expect(openImage(file(text), { readOnly: true })).rejects.toThrow(problem);
  });
});

describe('a clone', () => {
  test('is refused for a variant that the format has not, an existing target, a source that is written', async () => {
    const target = join(folder, 'refused.vmdk');
    await expect(cloneImage(raw, target, { format: 'VMDK', variant: 'Fixed' })).rejects.toThrow('Fixed is no variant of VMDK: use Standard or StreamOptimized');
    await expect(cloneImage(raw, raw)).rejects.toThrow('the file already exists: choose another name or delete it first');
    expect(readFileSync(raw).equals(content)).toBe(true);
    const source = join(folder, 'written.vdi');
    await createVdi(source, { size: MiB });
    const writer = await openImage(source, { owner: 'a machine' });
    await expect(cloneImage(source, target)).rejects.toThrow(ImageLockedError);
    await writer.close();
    await expect(cloneImage(source, target, { uuid: 'x' })).rejects.toThrow('x is no UUID');
    await expect(cloneImage(source, join(folder, 'no/such/folder'))).rejects.toThrow('no such file');
    expect(readdirSync(folder).filter((file) => file.startsWith('refused') || file.includes('.draft-'))).toEqual([]);
  });

  test('that is called off leaves nothing', async () => {
    const target = join(folder, 'aborted.vdi');
    const stop = new AbortController();
    await expect(cloneImage(raw, target, { signal: stop.signal, onProgress: (done) => done > 0.4 && stop.abort() })).rejects.toThrow('abort');
    expect(readdirSync(folder).filter((file) => file.startsWith(basename(target)))).toEqual([]);
  });

  test('larger than its format may be is refused', async () => {
    const source = join(folder, 'huge.vdi');
    await createVdi(source, { size: 4 * 2 ** 40 });
    const target = join(folder, 'huge.img');
    await expect(cloneImage(source, target, { format: 'VMDK' })).rejects.toThrow(`disk image ${target}: size: 4398046511104 bytes are more than the 2199023255552 that a VMDK may have`);
    await expect(cloneImage(source, target, { format: 'VHD' })).rejects.toThrow('more than the 2190433320960 that a VHD may have');
    expect(() => statSync(target)).toThrow('ENOENT');
  });
});
