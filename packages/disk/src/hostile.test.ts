/** Images that lie: damaged at random, and as large as their formats let them be. What once crashed is a fixture here. */
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { encode } from '@belvedere/wire';
import { HostileImages, hugeImage, type Outcome } from './hostile.testing.js';
import { ImageError, openImage } from './index.js';
import { temporaryFolder } from './tools.testing.js';
import { newUuid } from './uuid.js';
import { headerSector as vdiHeader, maxBlocks, newHeader } from './vdi/header.js';
import { dynamicHeader, footerSector } from './vhd/footer.js';
import { Flag, headerSector as vmdkHeader, Marker } from './vmdk/header.js';

jest.setTimeout(60_000); // for a busy host

const folder = temporaryFolder();
const MiB = 1 << 20;

let images: HostileImages;
beforeAll(async () => void (images = await HostileImages.create()));
afterAll(() => images.close());

test('2,000 damaged images of all formats are refused by name or read, each in little time and memory', async () => {
  const { read, refused } = await images.run(2000, 1);
  expect(read).toBeGreaterThan(100);
  expect(refused).toBeGreaterThan(500);
});

describe('an image as large as can be told', () => {
  const uuid = newUuid();
  const vdi = { u32Type: 1, offBlocks: 4096, cBlocks: maxBlocks, cBlocksAllocated: 1, uuidCreate: uuid, uuidModify: uuid };
  const offData = 4096 + 4 * maxBlocks;
  const entry = (value: number, count = 1): Uint8Array => new Uint8Array(new Uint32Array(count).fill(value).buffer);

  const vmdk = { version: 1, flags: Flag.NEWLINES, descriptorOffset: 0n, descriptorSize: 0n, rgdOffset: 0n, gdOffset: 1n, overHead: 128n, compressAlgorithm: 0 };
  const bomb = encode(Marker, { value: 0n, size: 1024, type: 0 });

  test.each([
    ['VDI, 8 TiB, its map free', 'VDI', [[0, vdiHeader(newHeader({ ...vdi, offData, cbDisk: BigInt(maxBlocks) << 20n }))], [4096, entry(0xffffffff, maxBlocks)]], offData],
    ['VDI, 1 TiB, its one block the last in a file with a hole', 'VDI', [[0, vdiHeader(newHeader({ ...vdi, cBlocks: 1 << 20, offData: 8 * MiB, cbDisk: 1n << 40n }))], [4096, entry((1 << 20) - 1)], [4100, entry(0xfffffffe, (1 << 20) - 1)]], 2 ** 40 + 8 * MiB],
    ['VMDK, 8 TiB in grains of 32 KiB', 'VMDK', [[0, vmdkHeader({ ...vmdk, capacity: 2n ** 34n, grainSize: 64n })]], 8 * MiB],
    ['VMDK, 8 TiB in grains of 4 KiB', 'VMDK', [[0, vmdkHeader({ ...vmdk, capacity: 2n ** 34n, grainSize: 8n })]], 2 ** 30],
    ['VMDK, compressed, in grains of 16 MiB that are none', 'VMDK', [[0, vmdkHeader({ ...vmdk, flags: Flag.COMPRESSED | Flag.MARKERS, compressAlgorithm: 1, capacity: 2n ** 34n, grainSize: 2n ** 15n })], [512, entry(3)], [1536, entry(7)], [3584, bomb]], 8 * MiB],
    ['VHD, 2040 GiB in blocks of 512 KiB', 'VHD', [[0, footerSector(2040 * 2 ** 30, uuid, true)], [512, dynamicHeader(1536, 1 << 22, 1 << 19)]], 32 * MiB],
    ['VHD, more blocks than may be', 'VHD', [[0, footerSector(2040 * 2 ** 30, uuid, true)], [512, dynamicHeader(1536, 0xffffffff, 1 << 19)]], 32 * MiB],
  ] as const)('%s: %s', async (name, format, pieces, length) => {
    const path = hugeImage(folder, name.replaceAll(/\W/g, '-'), length, pieces);
    const outcome: Outcome = { read: 0, refused: 0, slowest: 0, largest: 0 };
    const start = process.cpuUsage();
    const before = process.memoryUsage().arrayBuffers;
    try {
      const image = await openImage(path, { format, readOnly: true });
      await image.read(0, 4096).catch((error: unknown) => expect(error).toBeInstanceOf(ImageError));
      await image.read(image.size - 512, 512).catch((error: unknown) => expect(error).toBeInstanceOf(ImageError));
      await image.close();
      outcome.read++;
    } catch (error) {
      expect(error).toBeInstanceOf(ImageError);
      outcome.refused++;
    }
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(64 * MiB);
    const { user, system } = process.cpuUsage(start);
    expect((user + system) / 1000).toBeLessThan(1000);
    expect(outcome.read + outcome.refused).toBe(1);
  });
});
