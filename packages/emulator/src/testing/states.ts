/**
 * What a saved state must hold, for any engine: a machine goes on from it as if nothing had been.
 */
import { afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import type { DriveSettings, Engine, HardwareSettings } from '../engine.js';
import { findFirmware, type Firmware } from '../firmware.js';
import { PAGE, StateError, type MemoryRun, type SavedState } from '../saved-state.js';
import { Bench, FLOPPY } from './bench.js';
import * as guests from './guests.js';
import { MemoryDisk } from './memory-disk.js';

const DISK = 4 * 1024 * 1024;
const FIRST_DISK = 0x80;

/** A state that can be read again and again. */
export async function kept(state: SavedState): Promise<SavedState> {
  const runs: MemoryRun[] = [];
  for await (const run of state.memory) runs.push(run);
  return { ...state, memory: { [Symbol.asyncIterator]: () => list(runs) } };
}

async function* list(runs: readonly MemoryRun[]): AsyncGenerator<MemoryRun> {
  yield* runs;
}

const hdd = (device: MemoryDisk): DriveSettings => ({ slot: 'ide0-0', kind: 'hdd', device });

export function describeStates(engine: Engine): void {
  describe('saved state', () => {
    let firmware: Firmware;
    const benches: Bench[] = [];

    beforeAll(async () => {
      firmware = await findFirmware();
    });

    afterEach(async () => {
      for (const bench of benches.splice(0)) await bench.machine.powerOff();
    });

    const floppy = (sector: Uint8Array): DriveSettings => ({ slot: 'floppy0', kind: 'floppy', device: new MemoryDisk(FLOPPY, sector) });
    const boot = async (sector: Uint8Array, settings: Partial<HardwareSettings> = {}): Promise<Bench> => {
      const bench = await Bench.boot(engine, firmware, sector, settings);
      benches.push(bench);
      return bench;
    };
    const restore = async (state: SavedState, sector: Uint8Array, settings: Partial<HardwareSettings> = {}): Promise<Bench> => {
      const bench = await Bench.restore(engine, firmware, { ...settings, drives: [floppy(sector), ...(settings.drives ?? [])] }, state);
      benches.push(bench);
      return bench;
    };
    /** Saves what `bench` has now, ends it, and goes on with another. */
    const moved = async (bench: Bench, sector: Uint8Array, settings: Partial<HardwareSettings> = {}): Promise<Bench> => {
      await bench.machine.pause();
      const state = await kept(await bench.machine.saveState());
      await bench.machine.powerOff();
      const next = await restore(state, sector, settings);
      expect(next.machine.state).toBe('paused');
      await next.machine.resume();
      return next;
    };

    test('is had of a machine that stands still, which goes on afterwards', async () => {
      const bench = await boot(guests.echo());
      await expect(bench.machine.saveState()).rejects.toThrow(/paused/);
      await bench.machine.pause();
      const state = await kept(await bench.machine.saveState());
      const names = state.sections.map(({ name }) => name);
      expect(new Set(names).size).toBe(names.length);
      await bench.machine.resume();
      bench.say('a');
      await bench.hear('b');
      // And so do any number of others.
      for (let copy = 0; copy < 2; copy++) {
        const other = await restore(state, guests.echo());
        await other.machine.resume();
        other.say('x');
        await other.hear('y');
      }
    });

    test('has pages of memory that are not all zeroes, in order, each once', async () => {
      const bench = await boot(guests.echo());
      await bench.machine.pause();
      const state = await kept(await bench.machine.saveState());
      expect(state.memorySize).toBe(16 * 1024 * 1024);
      let end = 0;
      let bytes = 0;
      for await (const run of state.memory) {
        expect(run.address % PAGE).toBe(0);
        expect(run.bytes.length % PAGE).toBe(0);
        expect(run.address).toBeGreaterThanOrEqual(end);
        for (let at = 0; at < run.bytes.length; at += PAGE) expect(run.bytes.subarray(at, at + PAGE).some((byte) => byte !== 0)).toBe(true);
        end = run.address + run.bytes.length;
        bytes += run.bytes.length;
      }
      expect(end).toBeLessThanOrEqual(state.memorySize);
      expect(bytes).toBeLessThan(state.memorySize / 4);
    });

    test('whose memory is read after the machine went on is refused', async () => {
      const bench = await boot(guests.ticker());
      await bench.machine.pause();
      const state = await bench.machine.saveState();
      await bench.machine.resume();
      await expect(kept(state)).rejects.toThrow(/running/);
    });

    test('shows the same picture', async () => {
      const bench = await boot(guests.mode13h());
      const { machine } = bench;
      const screen = machine.screens[0]!;
      // The last white one of the picture's bytes.
      await bench.see('the picture', () => screen.width % 320 === 0 && bench.pixel(79 * (screen.width / 320), 199 * (screen.height / 200)) === 0xffffff);
      await machine.pause();
      const state = await kept(await machine.saveState());
      const next = await restore(state, guests.mode13h());
      const shown = next.machine.screens[0]!;
      await next.see('the same picture', () => shown.width === screen.width && shown.height === screen.height && Buffer.compare(shown.pixels, screen.pixels) === 0);
      expect(next.pixel(15 * (shown.width / 320), 0)).toBe(0xffffff);
    });

    test('shows the same text', async () => {
      const bench = await boot(guests.textMode(0x1e));
      const { machine } = bench;
      await bench.see('the text', () => machine.textScreen?.()[0]?.startsWith('Text') ?? true);
      await machine.pause();
      const state = await kept(await machine.saveState());
      const next = await restore(state, guests.textMode(0x1e));
      const [screen, shown] = [machine.screens[0]!, next.machine.screens[0]!];
      await next.see('the same text', () => shown.width === screen.width && shown.height === screen.height && Buffer.compare(shown.pixels, screen.pixels) === 0);
    });

    test('holds the keys that nobody has read, in order, and takes more', async () => {
      const bench = await boot(guests.keyboard());
      await bench.machine.pause();
      const typed = Array.from({ length: 60 }, (_unused, index) => 2 + (index % 40));
      for (const code of typed) bench.machine.keyboard.scancode(code, true);
      bench.machine.keyboard.scancode(0xe01d, true);
      const next = await moved(bench, guests.keyboard());
      next.machine.keyboard.scancode(0x1e, false);
      expect(await next.take(typed.length + 3)).toEqual([...typed, 0xe0, 0x1d, 0x9e]);
    });

    test('holds what waits for a serial port, and its room', async () => {
      const bench = await boot(guests.echo());
      await bench.machine.pause();
      const bytes = Uint8Array.from({ length: 3000 }, (_unused, index) => (index * 7) & 0xff);
      bench.machine.serial[0]!.write(bytes);
      const next = await moved(bench, guests.echo());
      const heard = await next.take(bytes.length);
      expect([...bench.heard].map((character) => character.charCodeAt(0)).concat(heard)).toEqual([...bytes].map((byte) => (byte + 1) & 0xff));
      // All of it was taken: as much fits as ever did.
      expect(() => next.machine.serial[0]!.write(new Uint8Array(1024 * 1024))).not.toThrow();
    });

    test('knows where the pointer was, and its buttons', async () => {
      const bench = await boot(guests.mouse([]));
      bench.machine.pointer.move(100, 100, 0);
      bench.machine.pointer.move(110, 95, 1);
      expect(await bench.take(3)).toEqual([0x09, 10, 5]);
      const next = await moved(bench, guests.mouse([]));
      next.machine.pointer.move(112, 95, 1);
      expect(await next.take(3)).toEqual([0x09, 2, 0]);
      next.machine.pointer.move(112, 95, 0);
      expect(await next.take(3)).toEqual([0x08, 0, 0]);
    });

    test('waits for the disks: a request under way is answered, and the answer is in it', async () => {
      const disk = new MemoryDisk(DISK);
      disk.bytes[4 * 512] = 0x42;
      let release!: () => void;
      const held = new Promise<void>((resolve) => {
        release = resolve;
      });
      let asked!: () => void;
      const readAsked = new Promise<void>((resolve) => {
        asked = resolve;
      });
      const bench = await boot(guests.mover(), { drives: [hdd(disk)] });
      const read = disk.read.bind(disk);
      disk.read = async (offset, length) => {
        if (offset === 4 * 512) {
          asked();
          await held;
        }
        return read(offset, length);
      };
      bench.say(FIRST_DISK, 'r', 5);
      await readAsked;
      await bench.machine.pause();
      let saved = false;
      const saving = bench.machine.saveState().then(async (state) => {
        saved = true;
        return kept(state);
      });
      await new Promise((resolve) => setImmediate(resolve));
      expect(saved).toBe(false);
      release();
      const state = await saving;
      const next = await restore(state, guests.mover(), { drives: [hdd(disk)] });
      await next.machine.resume();
      await next.hear('+B');
    });

    test('knows that a disk writes through', async () => {
      const disk = new MemoryDisk(DISK);
      const bench = await boot(guests.uncachedMover(), { drives: [hdd(disk)] });
      const next = await moved(bench, guests.uncachedMover(), { drives: [hdd(disk)] });
      next.say(FIRST_DISK, 'r', 2);
      await next.take(2);
      next.say(FIRST_DISK, 'w', 9);
      await next.hear('+');
      const written = disk.log.indexOf('write 4096+512');
      expect(disk.log[written + 1]).toBe('flush');
    });

    test('reads a medium that was put in while the machine ran, and has an empty drive where one was taken out', async () => {
      const drive = (device: MemoryDisk | null): DriveSettings => ({ slot: 'ide1-0', kind: 'dvd', device });
      const disc = new MemoryDisk(64 * 2048, undefined, { readOnly: true });
      disc.bytes.fill(0x44);
      const bench = await boot(guests.dvdReader(), { drives: [drive(null)] });
      await bench.machine.insert('ide1-0', disc);
      const next = await moved(bench, guests.dvdReader(), { drives: [drive(disc)] });
      // A drive reports a change as an error first.
      let answer = '';
      for (let attempt = 0; attempt < 5 && answer !== '+'; attempt++) {
        next.say('r');
        answer = String.fromCharCode(...(await next.take(1)));
      }
      await next.hear('D');
      await next.machine.insert('ide1-0', null);
      const last = await moved(next, guests.dvdReader(), { drives: [drive(null)] });
      last.say('r');
      await last.hear('-');
    });

    test("shows the host's time, and its counters go on from where they stood", async () => {
      const bench = await boot(guests.clocks());
      const read = async (from: Bench): Promise<{ time: string; ticks: number; stamp: number }> => {
        from.say('t');
        const bytes = Buffer.from(await from.take(11));
        return { time: bytes.subarray(0, 3).toString('hex'), ticks: bytes.readUInt32LE(3), stamp: bytes.readUInt32LE(7) };
      };
      const seconds = (time: string): number => Number(time.slice(0, 2)) * 3600 + Number(time.slice(2, 4)) * 60 + Number(time.slice(4));
      const before = await read(bench);
      const next = await moved(bench, guests.clocks());
      const after = await read(next);
      const now = new Date();
      const host = now.getUTCHours() * 3600 + now.getUTCMinutes() * 60 + now.getUTCSeconds();
      const behind = (host - seconds(after.time) + 86_400) % 86_400;
      expect(Math.min(behind, 86_400 - behind)).toBeLessThan(60);
      // The guest slept through all that lay between: its own counters know of little.
      expect(after.ticks).toBeGreaterThanOrEqual(before.ticks);
      expect(after.ticks - before.ticks).toBeLessThan(18 * 60);
      expect((after.stamp - before.stamp) >>> 0).toBeLessThan(0x8000_0000 * 2);
      const later = await read(next);
      expect(later.ticks).toBeGreaterThanOrEqual(after.ticks);
    });

    test('ticks on', async () => {
      const bench = await boot(guests.ticker());
      await bench.take(2);
      const next = await moved(bench, guests.ticker());
      await next.take(10);
    });

    test('is reset like any machine', async () => {
      const bench = await boot(guests.echo());
      const next = await moved(bench, guests.echo());
      await next.machine.reset();
      await next.hear('B');
    });

    describe('is refused', () => {
      let state: SavedState;
      const settings = { drives: [] as DriveSettings[] };

      beforeAll(async () => {
        const bench = await Bench.boot(engine, firmware, guests.echo());
        await bench.machine.pause();
        state = await kept(await bench.machine.saveState());
        await bench.machine.powerOff();
      });

      const refused: [string, (state: SavedState) => SavedState, Partial<HardwareSettings>, RegExp][] = [
        ['with other memory, naming both', (same) => same, { memoryMiB: 32 }, /memory: 16 MiB in the state, 32 MiB in the machine/],
        ['with another drive, naming it', (same) => same, { drives: [hdd(new MemoryDisk(DISK))] }, /drive ide0-0: none in the state, hdd, 4194304 bytes/],
        ['without its serial port', (same) => same, { serialPorts: [] }, /serial port 1: 0x3f8, IRQ 4 in the state, none/],
        ['of another engine', (same) => ({ ...same, engine: 'other' }), {}, /engine other/],
        ['of another version', (same) => ({ ...same, engineVersion: '0.0.1' }), {}, /0\.0\.1/],
        ['without its sections', (same) => ({ ...same, sections: same.sections.slice(1) }), {}, /no section/],
        ['with a section of another version', (same) => ({ ...same, sections: same.sections.map((section) => ({ ...section, version: section.version + 1 })) }), {}, /version/],
        ['with a section cut short', (same) => ({ ...same, sections: same.sections.map((section) => ({ ...section, bytes: section.bytes.slice(0, 20) })) }), {}, /state/],
        ['with memory beyond its end', (same) => ({ ...same, memory: { [Symbol.asyncIterator]: () => list([{ address: same.memorySize, bytes: new Uint8Array(PAGE) }]) } }), {}, /damaged/],
      ];
      test.each(refused)('%s', async (_name, change, other, message) => {
        const given = { ...settings, ...other };
        const drives = [floppy(guests.echo()), ...given.drives];
        const restoring = Bench.restore(engine, firmware, { ...given, drives }, change(state)).then((bench) => benches.push(bench));
        await expect(restoring).rejects.toThrow(StateError);
        await expect(Bench.restore(engine, firmware, { ...given, drives }, change(state)).then((bench) => benches.push(bench))).rejects.toThrow(message);
      });
    });
  });
}
