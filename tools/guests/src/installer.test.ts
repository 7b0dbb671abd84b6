// The Debian installer's image: what the ISO writer makes of it, and that the embedded engine boots it as far as GRUB's menu.
import { readFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { findFirmware, v86Engine } from '@belvedere/emulator';
import { writeImage } from '../iso/iso9660.mjs';
import { debianInstallerIso } from './images.js';
import { fileDevice } from './machine.testing.js';

const SECTOR = 2048;

test('an image holds its files where its folder and its boot catalogue say', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'belvedere-iso-'));
  try {
    const path = join(folder, 'a.iso');
    const boot = Buffer.alloc(3000, 0x42);
    const data = Buffer.from('hello, disc');
    const image = { volume: 'TEST', files: [{ name: 'BOOT.IMG', data: boot }, { name: 'DATA', data }], boot: 'BOOT.IMG', bootSectors: 4, bootInfoTable: true };
    writeImage(path, image);
    const bytes = await readFile(path);

    // the primary volume descriptor names the size and the folder
    const primary = bytes.subarray(16 * SECTOR, 17 * SECTOR);
    expect(primary.toString('latin1', 1, 6)).toBe('CD001');
    expect(primary.readUInt32LE(80) * SECTOR).toBe(bytes.length);
    const records = new Map<string, { sector: number; length: number }>();
    const root = bytes.subarray(primary.readUInt32LE(158) * SECTOR);
    for (let at = 0; root[at] !== 0; at += root[at]!) {
      records.set(root.toString('latin1', at + 33, at + 33 + root[at + 32]!), { sector: root.readUInt32LE(at + 2), length: root.readUInt32LE(at + 10) });
    }
    const file = (name: string) => {
      const record = records.get(name)!;
      return bytes.subarray(record.sector * SECTOR, record.sector * SECTOR + record.length);
    };
    expect([...records.keys()].slice(2)).toEqual(['BOOT.IMG;1', 'DATA.;1']);
    expect(file('DATA.;1').toString()).toBe('hello, disc');

    // El Torito: the catalogue adds up to zero and names the file
    const catalogue = bytes.subarray(bytes.readUInt32LE(17 * SECTOR + 71) * SECTOR);
    let sum = 0;
    for (let at = 0; at < 32; at += 2) sum += catalogue.readUInt16LE(at);
    expect(sum & 0xffff).toBe(0);
    expect(catalogue.readUInt32LE(40)).toBe(records.get('BOOT.IMG;1')!.sector);
    expect(catalogue.readUInt16LE(38)).toBe(4);

    // the table inside the booted file: volume descriptor, place, length
    const table = file('BOOT.IMG;1');
    expect([table.readUInt32LE(8), table.readUInt32LE(12), table.readUInt32LE(16)]).toEqual([16, records.get('BOOT.IMG;1')!.sector, 3000]);
    expect(table.subarray(64).equals(boot.subarray(64))).toBe(true);

    const again = join(folder, 'b.iso');
    writeImage(again, image);
    expect((await readFile(again)).equals(bytes)).toBe(true);
    expect(() => writeImage(again, { ...image, boot: 'NONE.IMG' })).toThrow('NONE.IMG is not among the files');
    expect(() => writeImage(again, { ...image, files: [...image.files, { name: 'lower.case', data }] })).toThrow('lower.case is no 8.3 name');
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

const iso = debianInstallerIso();
if (iso === undefined) process.stderr.write('skipped: the Debian installer image, which npm run setup builds where Debian\'s packages can be had\n');
const withInstaller = iso === undefined ? test.skip : test;

withInstaller('boots to GRUB\'s menu, then loads Linux', async () => {
  const device = await fileDevice(iso!);
  const machine = await v86Engine.start(
    { memoryMiB: 512, vramMiB: 16, monitorCount: 1, cpuCount: 1, acpi: true, rtcUtc: true, bootOrder: ['dvd'], drives: [{ slot: 'ide1-0', kind: 'dvd', device }], serialPorts: [], networkAdapters: [] },
    { firmware: await findFirmware() },
  );
  try {
    const screen = machine.screens[0]!;
    const until = (seen: () => boolean) =>
      new Promise<void>((resolve) => {
        const look = () => {
          screen.takeDamage();
          if (!seen()) return;
          for (const stop of stops) stop();
          resolve();
        };
        const stops = [screen.onDamage(look), screen.onResize(look)];
        look();
      });
    await until(() => machine.textScreen!().some((row) => row.includes('Debian installer (text)')));
    // the kernel's setup has found all of itself on the disc when it sets the mode that vga=788 asks for
    await until(() => screen.width === 800 && screen.height === 600);
  } finally {
    await machine.powerOff();
    await device.close();
  }
}, 240_000);
