/** What the suite of every engine leaves out, because it is this engine's own: direct memory access by its controller. */
import { afterEach, beforeAll, expect, test } from '@jest/globals';
import { findFirmware, type Firmware } from '../firmware.js';
import { Bench, Drive, guests, MemoryDisk, Ports } from '../testing.js';
import { v86Engine } from './engine.js';

/** The controller's bus master, where its PCI configuration says that it is: command, and the address of the table of regions. */
const PCI = { address: 0xcf8, data: 0xcfc, busMaster: 0x8000_f020 } as const;
const [START, TABLE] = [0, 4];
const END_OF_TABLE = 0x80;
const WRITE_DMA_EXT = 0x35;
const WRITE_DMA_FUA_EXT = 0x3d;
const IDENTIFY_DEVICE = 0xec;

let firmware: Firmware;
let bench: Bench;
beforeAll(async () => void (firmware = await findFirmware()));
afterEach(() => bench.machine.powerOff());

test('a write by direct memory access is flushed where the guest asks for it, which it may', async () => {
  const disk = new MemoryDisk(1024 * 1024);
  bench = await Bench.boot(v86Engine, firmware, guests.ports(), { drives: [{ slot: 'ide0-0', kind: 'hdd', device: disk }] });
  const ports = new Ports(bench);
  const drive = new Drive(ports, 0, 0);

  expect(await drive.command(IDENTIFY_DEVICE)).toBe(true);
  // Words 84 and 87: FUA is there and on; 85: so is the write cache.
  const words: number[] = [];
  for (let at = 0; at < 256; at++) words.push((await ports.in(0x1f0)) | ((await ports.in(0x1f0)) << 8));
  expect([words[84]! & 0x40, words[87]! & 0x40, words[85]! & 0x20]).toEqual([0x40, 0x40, 0x20]);

  await ports.poke(0x8000, [0x11, 0x22, 0x33, 0x44]);
  await ports.poke(0x9000, [0x00, 0x80, 0, 0, 0x00, 0x02, 0, END_OF_TABLE]);
  await ports.out32(PCI.address, PCI.busMaster);
  const busMaster = ((await ports.in(PCI.data)) & 0xfc) | ((await ports.in(PCI.data + 1)) << 8);
  const asked = (): string[] => disk.log.splice(0).filter((entry) => !entry.startsWith('read'));
  asked();
  for (const [command, lba, expected] of [
    [WRITE_DMA_EXT, 1, ['write 512+512']],
    [WRITE_DMA_FUA_EXT, 2, ['write 1024+512', 'flush']],
    [WRITE_DMA_EXT, 3, ['write 1536+512']],
  ] as const) {
    await ports.out(busMaster + START, 0);
    await ports.out32(busMaster + TABLE, 0x9000);
    await drive.send(command, { count: 1, lba, wide: true });
    await ports.out(busMaster + START, 1);
    // Neither busy nor waiting for data.
    let status = await drive.status;
    while (status & 0x88) status = await drive.status;
    expect(status & 0x01).toBe(0);
    expect([...disk.bytes.subarray(lba * 512, lba * 512 + 4)]).toEqual([0x11, 0x22, 0x33, 0x44]);
    expect(asked()).toEqual(expected);
  }
});
