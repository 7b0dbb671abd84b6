/** Raw disks, floppies and ISO images. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { ImageError, openImage, probeFormat, readImageInfo } from './index.js';
import { temporaryFolder } from './tools.testing.js';

const folder = temporaryFolder();
const file = (name: string, bytes: Uint8Array): string => {
  const path = join(folder, name);
  writeFileSync(path, bytes);
  return path;
};

/** The least that is an ISO 9660 image: a volume descriptor, and one byte that fills no sector. */
function iso(identifier = 'CD001'): Uint8Array {
  const bytes = new Uint8Array(18 * 2048 + 1).fill(7, 17 * 2048);
  bytes.set([1, ...Buffer.from(identifier), 1], 16 * 2048);
  return bytes;
}

test('a raw disk is read and written in place', async () => {
  const path = file('disk.img', new Uint8Array(4096).fill(1));
  expect(await probeFormat(path)).toBe('RAW');
  const image = await openImage(path, { device: 'hdd' });
  expect(image).toMatchObject({ format: 'RAW', variant: 'Fixed', uuid: undefined, size: 4096, readOnly: false });
  await image.write(512, new Uint8Array(512).fill(2));
  expect(await image.read(511, 3)).toEqual(new Uint8Array([1, 2, 2]));
  await image.close();
  expect(readFileSync(path).subarray(1020, 1030)).toEqual(Buffer.from([2, 2, 2, 2, 1, 1, 1, 1, 1, 1]));
});

test('a raw disk is not whole sectors', async () => {
  await expect(openImage(file('odd.img', new Uint8Array(1000)))).rejects.toThrow('1000 bytes are not a positive multiple of 512');
  await expect(openImage(file('empty.img', new Uint8Array(0)))).rejects.toThrow(ImageError);
});

test('a raw disk that a guest dressed up as another format stays raw where the format is given', async () => {
  const bytes = new Uint8Array(4096);
  new DataView(bytes.buffer).setUint32(64, 0xbeda107f, true);
  const path = file('dressed.img', bytes);
  await expect(openImage(path)).rejects.toThrow('VDIHEADER.u32Version');
  const image = await openImage(path, { format: 'RAW' });
  expect(image.format).toBe('RAW');
  await image.close();
});

test.each(['CD001', 'BEA01', 'NSR02'])('an image with the descriptor %s is a DVD of whole sectors, for reading', async (identifier) => {
  const path = file(`${identifier}.iso`, iso(identifier));
  const image = await openImage(path, { device: 'dvd' });
  expect(image).toMatchObject({ format: 'ISO', size: 19 * 2048, readOnly: true });
  expect(await image.read(18 * 2048 - 1, 3)).toEqual(new Uint8Array([7, 7, 0]));
  await expect(image.write(0, new Uint8Array(1))).rejects.toThrow('open for reading only');
  await image.flush();
  await image.close();
  expect(await readImageInfo(path)).toMatchObject({ format: 'ISO', size: 19 * 2048, path });
});

test('what is not an ISO image is no DVD', async () => {
  const path = file('no.iso', new Uint8Array(1 << 16));
  await expect(openImage(path, { format: 'ISO' })).rejects.toThrow('neither ISO 9660 nor UDF');
  await expect(openImage(path, { device: 'dvd' })).rejects.toThrow('a DVD drive takes ISO images only');
  await expect(readImageInfo(path, { format: 'ISO' })).rejects.toThrow('neither ISO 9660 nor UDF');
  const real = file('real.iso', iso());
  await expect(openImage(real, { device: 'hdd' })).rejects.toThrow('attach it as a DVD');
  await expect(openImage(real, { readOnly: false })).rejects.toThrow('an ISO image is read-only');
});

test('a floppy has a usual size', async () => {
  for (const kib of [360, 720, 1200, 1440, 2880]) {
    const image = await openImage(file(`${kib}.img`, new Uint8Array(kib * 1024)), { device: 'floppy' });
    expect(image.size).toBe(kib * 1024);
    await image.close();
  }
  await expect(openImage(file('big.img', new Uint8Array(1441 * 1024)), { device: 'floppy' })).rejects.toThrow('1475584 bytes of RAW are not a floppy disk');
});
