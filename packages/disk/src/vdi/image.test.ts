/** VDI images by files on the host, against qemu-img. */
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, jest, test } from '@jest/globals';
import { createVdi, ImageError, openImage, readImageInfo } from '../index.js';
import { qemuImg, temporaryFolder, testWithQemu } from '../tools.testing.js';

jest.setTimeout(60_000); // for a busy host

const folder = temporaryFolder();
const MiB = 1 << 20;
const uuid = '01234567-89ab-cdef-0123-456789abcdef';

/** Bytes that differ everywhere and tell where they belong. */
const pattern = (length: number, seed: number): Uint8Array => Uint8Array.from({ length }, (_, i) => (i * 31 + seed * 7 + (i >> 8)) & 0xff);

describe.each(['Standard', 'Fixed'] as const)('%s images', (variant) => {
  const path = join(folder, `${variant}.vdi`);

  test('are made, written, closed and read again', async () => {
    const progress: number[] = [];
    expect(await createVdi(path, { size: 10 * MiB + 512, variant, uuid, onProgress: (done) => progress.push(done) })).toBe(uuid);
    expect(progress.at(-1)).toBe(1);
    expect([...progress].sort((a, b) => a - b)).toEqual(progress);

    const image = await openImage(path);
    expect(image).toMatchObject({ format: 'VDI', variant, uuid, size: 10 * MiB + 512, readOnly: false });
    await image.write(3 * MiB - 700, pattern(2 * MiB, 1));
    await image.write(10 * MiB, pattern(512, 2));
    await image.flush();
    await image.close();

    const again = await openImage(path, { readOnly: true });
    expect(Buffer.compare(await again.read(3 * MiB - 700, 2 * MiB), pattern(2 * MiB, 1))).toBe(0);
    expect(Buffer.compare(await again.read(10 * MiB, 512), pattern(512, 2))).toBe(0);
    expect(Buffer.compare(await again.read(0, 3 * MiB - 700), new Uint8Array(3 * MiB - 700))).toBe(0);
    await again.close();
  });

  testWithQemu('are clean, and the same disk to qemu-img', async () => {
    expect(qemuImg('check', '-f', 'vdi', path)).toContain('No errors');
    expect(JSON.parse(qemuImg('info', '--output=json', path))).toMatchObject({ format: 'vdi', 'virtual-size': 10 * MiB + 512 });
    const raw = `${path}.raw`;
    qemuImg('convert', '-O', 'raw', path, raw);
    const expected = new Uint8Array(10 * MiB + 512);
    expected.set(pattern(2 * MiB, 1), 3 * MiB - 700);
    expected.set(pattern(512, 2), 10 * MiB);
    expect(Buffer.compare(readFileSync(raw), expected)).toBe(0);
  });

  testWithQemu('made by qemu-img are read, written and stay clean', async () => {
    const raw = join(folder, `${variant}-source.raw`);
    const made = join(folder, `${variant}-qemu.vdi`);
    const source = new Uint8Array(20 * MiB);
    source.set(pattern(3 * MiB, 5), 7 * MiB + 4096);
    writeFileSync(raw, source);
    qemuImg('convert', '-O', 'vdi', '-o', `static=${variant === 'Fixed' ? 'on' : 'off'}`, raw, made);

    const image = await openImage(made);
    expect(image.variant).toBe(variant);
    expect(Buffer.compare(await image.read(0, source.length), source)).toBe(0);
    source.set(pattern(2 * MiB, 6), 15 * MiB + 100);
    await image.write(15 * MiB + 100, pattern(2 * MiB, 6));
    await image.close();
    expect(qemuImg('check', '-f', 'vdi', made)).toContain('No errors');
    expect(qemuImg('compare', '-f', 'vdi', '-F', 'raw', made, (writeFileSync(raw, source), raw))).toContain('identical');
  });
});

describe('a standard image', () => {
  test('takes room for what is written only, and none for zeroes', async () => {
    const path = join(folder, 'sparse.vdi');
    await createVdi(path, { size: 1000 * MiB, variant: 'Standard' });
    const empty = statSync(path).size;
    expect(empty).toBe(MiB);
    const image = await openImage(path);
    await image.write(0, new Uint8Array(30 * MiB));
    await image.flush();
    expect(statSync(path).size).toBe(empty);
    await image.write(500 * MiB, pattern(512, 3));
    await image.flush();
    expect(await image.actualSize()).toBeLessThan(2 * MiB);
    await image.write(500 * MiB, new Uint8Array(512)); // a block that has a place takes zeroes as any other bytes
    expect(await image.read(500 * MiB, 512)).toEqual(new Uint8Array(512));
    expect(await image.actualSize()).toBeLessThan(3 * MiB);
    await image.close();
    expect(statSync(path).size).toBe(empty + MiB);
  });

  test('of 1 TB opens in under 50 ms and 8 MiB', async () => {
    const path = join(folder, 'terabyte.vdi');
    await createVdi(path, { size: 2 ** 40, variant: 'Standard' });
    await (await openImage(path)).close(); // the code is warm
    const times: number[] = [];
    const before = process.memoryUsage().arrayBuffers;
    for (let i = 0; i < 10; i++) {
      const start = performance.now();
      const image = await openImage(path);
      times.push(performance.now() - start);
      if (i === 0) expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(8 * MiB);
      await image.close();
    }
    expect(Math.min(...times)).toBeLessThan(50);
    const image = await openImage(path);
    await image.write(2 ** 40 - 512, pattern(512, 1));
    await image.close();
    const again = await openImage(path, { readOnly: true });
    expect(await again.read(2 ** 40 - 512, 512)).toEqual(pattern(512, 1));
    await again.close();
  });

  test('gets a new modification UUID with its first change, and keeps its own', async () => {
    const path = join(folder, 'modified.vdi');
    await createVdi(path, { size: 4 * MiB, variant: 'Standard', uuid });
    const uuids = (): string => readFileSync(path).subarray(392, 424).toString('hex');
    expect(uuids().slice(0, 32)).toBe('67452301ab89efcd0123456789abcdef');
    const before = uuids();
    const image = await openImage(path);
    await image.read(0, 512);
    await image.flush();
    expect(uuids()).toBe(before);
    await image.write(0, pattern(512, 1));
    await image.close();
    expect(uuids().slice(0, 32)).toBe(before.slice(0, 32));
    expect(uuids()).not.toBe(before);
  });
});

describe('refused', () => {
  test('sizes, UUIDs and names that make no image, leaving nothing', async () => {
    const path = join(folder, 'refused.vdi');
    for (const size of [0, -512, 1000, 1.5, NaN, 2 ** 52]) await expect(createVdi(path, { size, variant: 'Standard' })).rejects.toThrow(ImageError);
    await expect(createVdi(path, { size: MiB, variant: 'Standard', uuid: 'x' })).rejects.toThrow('x is no UUID');
    expect(() => statSync(path)).toThrow('ENOENT');
    writeFileSync(path, 'precious');
    await expect(createVdi(path, { size: MiB, variant: 'Standard' })).rejects.toThrow(`disk image ${path}: create: the file already exists: choose another name or delete it first`);
    expect(readFileSync(path, 'utf8')).toBe('precious');
    await expect(createVdi(join(folder, 'no/such/folder.vdi'), { size: MiB, variant: 'Standard' })).rejects.toThrow('no such file');
  });

  test('a creation that is called off leaves nothing', async () => {
    const path = join(folder, 'aborted.vdi');
    const stop = new AbortController();
    const made = createVdi(path, { size: 100 * MiB, variant: 'Fixed', signal: stop.signal, onProgress: (done) => done > 0.3 && stop.abort() });
    await expect(made).rejects.toThrow('abort');
    expect(() => statSync(path)).toThrow('ENOENT');
  });

  test('requests outside the disk, writes to a reader, anything after close', async () => {
    const path = join(folder, 'bounds.vdi');
    await createVdi(path, { size: MiB, variant: 'Standard' });
    const image = await openImage(path, { readOnly: true });
    for (const [offset, length] of [[MiB, 1], [-1, 1], [0, MiB + 1], [0.5, 1], [0, NaN]] as const) {
      await expect(image.read(offset, length)).rejects.toThrow('outside the disk');
    }
    await expect(image.write(0, new Uint8Array(1))).rejects.toThrow('open for reading only');
    expect(await image.read(MiB, 0)).toEqual(new Uint8Array(0));
    await image.close();
    await image.close();
    await expect(image.read(0, 1)).rejects.toThrow('the image is closed');
  });

  test('files that are no image, by name', async () => {
    await expect(openImage(join(folder, 'absent.vdi'))).rejects.toThrow('no such file');
    await expect(openImage(folder)).rejects.toThrow('not a regular file');
    const vmdk = join(folder, 'a.vmdk');
    writeFileSync(vmdk, Buffer.concat([Buffer.from('KDMV'), Buffer.alloc(1020)]));
    await expect(openImage(vmdk, { readOnly: true })).rejects.toThrow('SparseExtentHeader.singleEndLineChar');
    await expect(readImageInfo(vmdk)).rejects.toThrow('SparseExtentHeader');
    const qcow = join(folder, 'a.qcow2');
    writeFileSync(qcow, Buffer.from('QFI\xfb', 'latin1'));
    await expect(openImage(qcow)).rejects.toThrow('QCOW is not supported: convert it with "qemu-img convert -O vdi"');
  });
});
