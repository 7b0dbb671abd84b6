/** The header's format, and headers that lie: refused by name or read, never believed. */
import { describe, expect, jest, test } from '@jest/globals';
import { decodePrefix, encode } from '@belvedere/wire';
import { testCodec } from '@belvedere/wire/testing';
import fc from 'fast-check';
import { ImageError } from '../index.js';
import { fillVdi } from './create.js';
import { MemoryFile } from '../tools.testing.js';
import { nilUuid, uuid } from '../uuid.js';
import { headerSector, maxBlocks, VDIHEADER, type VdiHeader } from './header.js';
import { openVdi, readVdiHeader } from './image.js';

jest.setTimeout(60_000); // for a busy host

const MiB = 1 << 20;
const id = '01234567-89ab-cdef-0123-456789abcdef';
const released = (): Promise<void> => Promise.resolve();

async function newImage(): Promise<Uint8Array> {
  const file = new MemoryFile();
  await fillVdi(file, { size: 8 * MiB, variant: 'Fixed', uuid: id });
  return file.contents;
}

const geometry = { cCylinders: 0, cHeads: 0, cSectors: 0, cbSector: 512 };
/** A header as qemu-img 7.2 writes it for a dynamic disk of 3 MiB, its texts shortened to their first letters. */
const golden: VdiHeader = {
  szFileInfo: Uint8Array.from([...Buffer.from('<<<'), ...new Array<number>(61).fill(0)]),
  cbHeader: 0x180,
  u32Type: 1,
  fFlags: 0,
  szComment: new Uint8Array(256),
  offBlocks: 0x200,
  offData: 0x400,
  LegacyGeometry: { ...geometry },
  u32Dummy: 0,
  cbDisk: 3n * BigInt(MiB),
  cbBlock: MiB,
  cbBlockExtra: 0,
  cBlocks: 3,
  cBlocksAllocated: 0,
  uuidCreate: id,
  uuidModify: nilUuid,
  uuidLinkage: nilUuid,
  uuidParentModify: nilUuid,
  LCHSGeometry: { ...geometry, cbSector: 0 },
};
const goldenBytes = Buffer.from(
  [
    '3c3c3c', '00'.repeat(61), '7f10dabe 01000100 80010000 01000000 00000000', '00'.repeat(256),
    '00020000 00040000 00000000 00000000 00000000 00020000 00000000 0000300000000000 00001000 00000000 03000000 00000000',
    '67452301 ab89 efcd 0123 456789abcdef', '00'.repeat(48), '00'.repeat(16),
  ].join('').replaceAll(' ', ''),
  'hex',
);
testCodec('VDIHEADER', VDIHEADER, golden, goldenBytes);
testCodec('a UUID, as VirtualBox prints it', uuid, id, Buffer.from('67452301ab89efcd0123456789abcdef', 'hex'));

describe('a header that lies is refused with the field and the reason', () => {
  const lies: readonly (readonly [keyof VdiHeader, Partial<VdiHeader>])[] = [
    ['cbHeader', { cbHeader: 0 }],
    ['cbHeader', { cbHeader: 0xffffffff }],
    ['u32Type', { u32Type: 0 }],
    ['u32Type', { u32Type: 3 }],
    ['uuidLinkage', { u32Type: 4 }],
    ['uuidLinkage', { uuidLinkage: id }],
    ['LegacyGeometry', { LegacyGeometry: { ...geometry, cbSector: 4096 } }],
    ['cbBlock', { cbBlock: 0 }],
    ['cbBlock', { cbBlock: MiB + 512 }],
    ['cbBlock', { cbBlock: 0x80000000 }],
    ['cbBlockExtra', { cbBlockExtra: 512 }],
    ['cBlocks', { cBlocks: 0 }],
    ['cBlocks', { cBlocks: maxBlocks + 1 }],
    ['cBlocks', { cBlocks: 0xffffffff }],
    ['cbDisk', { cbDisk: 0n }],
    ['cbDisk', { cbDisk: 513n }],
    ['cbDisk', { cbDisk: 9n << 20n }],
    ['cbDisk', { cbDisk: 0xfffffffffffffe00n }],
    ['offBlocks', { offBlocks: 0 }],
    ['offBlocks', { offBlocks: 4097 }],
    ['offBlocks', { offBlocks: 0xfffffe00 }],
    ['offBlocks', { cBlocks: maxBlocks }], // a map that the file does not have
    ['offData', { offData: 4096 }],
    ['offData', { offData: MiB + 1 }],
  ];
  test.each(lies)('%s (%#)', async (field, lie) => {
    const bytes = await newImage();
    bytes.set(encode(VDIHEADER, { ...decodePrefix(VDIHEADER, bytes).value, ...lie }));
    await expect(openVdi(new MemoryFile(bytes), released)).rejects.toThrow(new RegExp(`^disk image memory: VDIHEADER\\.${field}: `));
  });

  test('the signature and the version', async () => {
    const bytes = await newImage();
    bytes[64]! ^= 1;
    await expect(openVdi(new MemoryFile(bytes), released)).rejects.toThrow('VDIHEADER.u32Signature: expected 3201962111, found 3201962110');
    bytes[64]! ^= 1;
    bytes[70] = 0;
    await expect(openVdi(new MemoryFile(bytes), released)).rejects.toThrow('VDIHEADER.u32Version');
    await expect(openVdi(new MemoryFile(bytes.subarray(0, 100)), released)).rejects.toThrow(ImageError);
  });

  test.each([
    [8, 'map[3]: position 8 is outside the image\'s 8 blocks'],
    [0xfffffffd, 'position 4294967293 is outside the image'],
    [2, 'map[3]: position 2 belongs to another block too'],
  ])('the map: position %i', async (position, problem) => {
    const bytes = await newImage();
    new DataView(bytes.buffer).setUint32(4096 + 12, position, true);
    await expect(openVdi(new MemoryFile(bytes), released)).rejects.toThrow(problem);
  });

  test('a file that ends inside its last block', async () => {
    const bytes = await newImage();
    await expect(openVdi(new MemoryFile(bytes.subarray(0, bytes.length - 1)), released)).rejects.toThrow('position 7 is outside the file, which has 7 blocks: the file is truncated');
  });
});

test('10,000 mutated headers and maps are refused by name or read, each in little time and memory', async () => {
  const image = (await newImage()).subarray(0, 2 * MiB); // one block of data
  const map = new DataView(image.buffer);
  for (let block = 0; block < 8; block++) map.setUint32(4096 + 4 * block, block === 5 ? 0 : 0xffffffff, true);
  const interesting = fc.constantFrom(0, 1, 0x7f, 0x80, 0xff, 0xfe);
  const place = fc.oneof(fc.integer({ min: 64, max: 471 }), fc.integer({ min: 340, max: 391 }), fc.integer({ min: 4096, max: 4127 }));
  const mutation = fc.record({ at: place, value: fc.oneof(interesting, fc.nat(255)), width: fc.constantFrom(1, 2, 4) });
  const outcomes = { read: 0, refused: 0 };
  let slowest = 0; // milliseconds of processor time
  let largest = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(mutation, { minLength: 1, maxLength: 4 }), fc.oneof({ weight: 8, arbitrary: fc.constant(null) }, { weight: 1, arbitrary: fc.nat(2 * MiB) }), async (mutations, length) => {
      const changed: [number, number][] = [];
      for (const { at, value, width } of mutations) {
        for (let i = at; i < at + width; i++) {
          changed.push([i, image[i]!]);
          image[i] = value;
        }
      }
      const file = new MemoryFile(length === null ? image : image.subarray(0, length), true);
      const start = process.cpuUsage();
      const before = process.memoryUsage().arrayBuffers;
      try {
        const { size } = await readVdiHeader(file).then((header) => ({ size: Number(header.cbDisk) }));
        const opened = await openVdi(file, released);
        largest = Math.max(largest, process.memoryUsage().arrayBuffers - before);
        expect(opened.size).toBe(size);
        await opened.read(0, 512);
        await opened.read(size - 512, 512);
        outcomes.read++;
      } catch (error) {
        if (!(error instanceof ImageError)) throw error;
        outcomes.refused++;
      } finally {
        const { user, system } = process.cpuUsage(start);
        slowest = Math.max(slowest, (user + system) / 1000);
        for (const [at, value] of changed.reverse()) image[at] = value;
      }
    }),
    { numRuns: 10_000 },
  );
  expect(outcomes.read).toBeGreaterThan(500);
  expect(outcomes.refused).toBeGreaterThan(2000);
  expect(slowest).toBeLessThan(1000);
  expect(largest).toBeLessThan(64 * MiB);
}, 60_000);

test('what stands behind a short header in its sector is kept', () => {
  const previous = new Uint8Array(512).fill(0xaa);
  const sector = headerSector(golden, previous);
  expect(Buffer.from(sector.subarray(0, 456))).toEqual(Buffer.from(encode(VDIHEADER, golden).subarray(0, 456)));
  expect(sector.subarray(456)).toEqual(previous.subarray(456));
});
