// A machine for these tests: the embedded engine with the test card in one of its drives, and COM1 as a stream.
import { open, type FileHandle } from 'node:fs/promises';
import { Duplex } from 'node:stream';
import { findFirmware, v86Engine, type BlockDevice, type BootDevice, type DriveSettings, type Machine, type SerialPort } from '@belvedere/emulator';
import { TestCard } from './testcard.js';

/** A device whose sectors come from a file and whose writes stay in memory. */
export async function copyOnWrite(path: string, readOnly = false): Promise<BlockDevice & { flushes: number }> {
  const file: FileHandle = await open(path);
  const image = await file.readFile();
  await file.close();
  const device = {
    size: image.length,
    readOnly,
    flushes: 0,
    async read(offset: number, length: number) {
      return image.subarray(offset, offset + length);
    },
    async write(offset: number, data: Uint8Array) {
      image.set(data, offset);
    },
    async flush() {
      device.flushes++;
    },
    async close() {},
  };
  return device;
}

/** A read-only device over a file that is not held in memory. */
export async function fileDevice(path: string): Promise<BlockDevice> {
  const file = await open(path);
  const { size } = await file.stat();
  return {
    size,
    readOnly: true,
    async read(offset, length) {
      const data = new Uint8Array(length);
      await file.read(data, 0, length, offset);
      return data;
    },
    async write() {
      throw new Error(`${path} is read-only`);
    },
    async flush() {},
    close: () => file.close(),
  };
}

/** COM1 as a stream. */
function stream(port: SerialPort): Duplex {
  const duplex = new Duplex({
    read() {},
    write(chunk: Uint8Array, _encoding, done) {
      port.write(chunk);
      done();
    },
  });
  port.onData((bytes) => void duplex.push(bytes));
  return duplex;
}

export interface Booted {
  readonly machine: Machine;
  readonly card: TestCard;
}

/** Boots the test card from these drives, with so many screens, and waits until it is ready. */
export async function boot(bootFrom: BootDevice, drives: readonly DriveSettings[], monitorCount = 1): Promise<Booted> {
  const machine = await v86Engine.start(
    {
      memoryMiB: 32,
      vramMiB: 16,
      monitorCount,
      cpuCount: 1,
      acpi: true,
      rtcUtc: true,
      bootOrder: [bootFrom],
      drives,
      serialPorts: [{ index: 1, ioBase: 0x3f8, irq: 4 }],
      networkAdapters: [],
    },
    { firmware: await findFirmware() },
  );
  const card = new TestCard(stream(machine.serial[0]!));
  await card.ready();
  return { machine, card };
}
