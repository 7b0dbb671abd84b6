/**
 * The suite that defines an engine: every engine runs it. It also exports what the suite is made of, for an engine's own tests.
 */
import { afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { SettingsError, TrayLockedError, type DriveSettings, type Engine, type HardwareSettings, type NetworkAdapterSettings } from './engine.js';
import { findFirmware, type Firmware } from './firmware.js';
import { Bench, FLOPPY, PLAIN } from './testing/bench.js';
import { BootSector, Jump } from './testing/boot-sector.js';
import * as guests from './testing/guests.js';
import { MemoryDisk } from './testing/memory-disk.js';
import { describeNetwork } from './testing/network.js';
import { Drive, Ports } from './testing/ports.js';
import { describeCpu } from './testing/cpu.js';
import { describeMoves } from './testing/moves.js';
import { describeScreens } from './testing/screens.js';
import { describeStates } from './testing/states.js';

export { Bench, BootSector, Drive, FLOPPY, guests, Jump, MemoryDisk, PLAIN, Ports };

const DISK = 4 * 1024 * 1024;
const DVD = 64 * 2048;
/** The BIOS's numbers of the first floppy drive and of the first disk. */
const FIRST_DISK = 0x80;
const SECOND_FLOPPY = 1;

/** ATA commands, and packets of MMC with the sense keys that answer them. */
const WRITE_SECTORS = 0x30;
const WRITE_MULTIPLE_FUA_EXT = 0xce;
const SET_FEATURES = 0xef;
const TEST_UNIT_READY = [0x00];
const PREVENT_REMOVAL = [0x1e, 0, 0, 0, 1];
const EJECT = [0x1b, 0, 0, 0, 2];
const [NOT_READY, ILLEGAL_REQUEST] = [2, 5];

/** A device that holds `value` in every sector's first byte. */
function marked(size: number, value: number, options?: { readOnly?: boolean }): MemoryDisk {
  const disk = new MemoryDisk(size, undefined, options);
  for (let at = 0; at < size; at += 512) disk.bytes[at] = value;
  return disk;
}

const hdd = (device: MemoryDisk): DriveSettings => ({ slot: 'ide0-0', kind: 'hdd', device });

const CARD: NetworkAdapterSettings = { slot: 1, model: 'ne2000', mac: '080027000001', cableConnected: true, link: null };

/** Describes what any engine must do. */
export function describeEngine(engine: Engine): void {
  describe(`engine ${engine.name}`, () => {
    let firmware: Firmware;
    let bench: Bench | undefined;

    beforeAll(async () => {
      firmware = await findFirmware();
    });

    afterEach(async () => {
      await bench?.machine.powerOff();
      bench = undefined;
    });

    const boot = async (sector: Uint8Array, settings?: Partial<HardwareSettings>): Promise<Bench> => {
      bench = await Bench.boot(engine, firmware, sector, settings);
      return bench;
    };

    describe('settings', () => {
      const refused: [string, Partial<HardwareSettings>, RegExp][] = [
        ['too little memory', { memoryMiB: engine.limits.memoryMiB.min - 1 }, /use \d+ to \d+ MiB/],
        ['memory that is no number', { memoryMiB: NaN }, /memory of NaN/],
        ['too much video memory', { vramMiB: engine.limits.vramMiB.max + 1 }, /video memory/],
        ['more monitors than it has', { monitorCount: engine.limits.monitorCount.max + 1 }, /monitors/],
        ['a place that is not there', { drives: [{ slot: 'ide7-7', kind: 'hdd', device: new MemoryDisk(DISK) }] }, /ide7-7.*use/],
        ['a floppy in an IDE place', { drives: [{ slot: 'ide0-0', kind: 'floppy', device: null }] }, /ide0-0 takes/],
        ['two drives in one place', { drives: [hdd(new MemoryDisk(DISK)), hdd(new MemoryDisk(DISK))] }, /two drives/],
        ['a disk without an image', { drives: [{ slot: 'ide0-0', kind: 'hdd', device: null }] }, /without an image/],
        ['a disk of half a sector', { drives: [hdd(new MemoryDisk(1000))] }, /multiple of 512/],
        ['a floppy of no known size', { drives: [{ slot: 'floppy0', kind: 'floppy', device: new MemoryDisk(512) }] }, /no floppy's size/],
        ['a network adapter in a slot that is not there', { networkAdapters: [{ ...CARD, slot: 99 }] }, /slot of 99/],
        ['two network adapters in one slot', { networkAdapters: [CARD, CARD] }, /adapter 1 is set twice/],
        ['a card with no address', { networkAdapters: [{ ...CARD, mac: 'auto' }] }, /twelve/],
        ["a card with a group's address", { networkAdapters: [{ ...CARD, mac: '01005E000001' }] }, /even/],
        ['a serial port elsewhere', { serialPorts: [{ index: 1, ioBase: 0x100, irq: 4 }] }, /serial port 1/],
      ];
      test.each(refused)('with %s are refused', async (_name, change, message) => {
        const settings = { ...PLAIN, ...change };
        expect(() => engine.validate(settings)).toThrow(SettingsError);
        expect(() => engine.validate(settings)).toThrow(message);
        await expect(engine.start(settings, { firmware })).rejects.toThrow(SettingsError);
      });

      test('that fit are accepted', () => {
        expect(() => engine.validate(PLAIN)).not.toThrow();
      });
    });

    test('shows the firmware where there is nothing to boot', async () => {
      bench = await Bench.start(engine, firmware, {});
      const { machine } = bench;
      expect(machine.state).toBe('running');
      await bench.see('the BIOS to give up', () => machine.textScreen!().some((row) => /No bootable device/i.test(row)));
      expect(machine.screens[0]!.pixels.some((value) => value > 0)).toBe(true);
    });

    test('carries bytes over a serial port in both directions', async () => {
      const { machine } = await boot(guests.echo());
      const bytes = Uint8Array.from({ length: 2000 }, (_unused, index) => index & 0xff);
      machine.serial[0]!.write(bytes);
      expect(await bench!.take(bytes.length)).toEqual([...bytes].map((byte) => (byte + 1) & 0xff));
    });

    test('delivers keys in order, with their prefixes', async () => {
      const { machine } = await boot(guests.keyboard());
      machine.keyboard.scancode(0x1e, true);
      machine.keyboard.scancode(0x1e, true);
      machine.keyboard.scancode(0x1e, false);
      machine.keyboard.scancode(0xe01d, true);
      machine.keyboard.scancode(0xe01d, false);
      machine.keyboard.scancode(0xe11d, true);
      expect(await bench!.take(10)).toEqual([0x1e, 0x1e, 0x9e, 0xe0, 0x1d, 0xe0, 0x9d, 0xe1, 0x1d, 0x45]);
      expect(() => machine.keyboard.scancode(0x1234, true)).toThrow(RangeError);
    });

    test('moves a PS/2 mouse by what the position moved, and pushes it to the edge', async () => {
      const { machine } = await boot(guests.mouse([]));
      expect(machine.pointer.absolute).toBe(false);
      machine.pointer.move(100, 100, 0);
      machine.pointer.move(110, 95, 0);
      expect(await bench!.take(3)).toEqual([0x08, 10, 5]);
      machine.pointer.move(110, 95, 1);
      expect(await bench!.take(3)).toEqual([0x09, 0, 0]);
      machine.pointer.move(110, 95, 0);
      expect(await bench!.take(3)).toEqual([0x08, 0, 0]);
      // To the left edge: further than the guest's pointer can be from it.
      machine.pointer.move(0, 95, 0);
      let moved = 0;
      while (moved > -(110 + machine.screens[0]!.width)) {
        const [flags, dx] = await bench!.take(3);
        moved += dx! - (flags! & 0x10 ? 256 : 0);
      }
      expect(moved).toBe(-(110 + machine.screens[0]!.width));
    });

    test('shows a graphics mode, pixel by pixel, and tells of the new size', async () => {
      bench = await Bench.start(engine, firmware, {
        drives: [{ slot: 'floppy0', kind: 'floppy', device: new MemoryDisk(FLOPPY, guests.mode13h()) }],
      });
      const screen = bench.machine.screens[0]!;
      const sizes: string[] = [];
      screen.onResize(() => sizes.push(`${screen.width}x${screen.height}`));
      await bench.hear('B');
      // The BIOS's palette: 15 is white, 4 red, 0 black; byte n of the picture is n modulo 256.
      const at = (index: number): number => bench!.pixel((index % 320) * (screen.width / 320), Math.floor(index / 320) * (screen.height / 200));
      const samples = Array.from({ length: 60 }, (_unused, index) => 256 + index * 997);
      await bench.see(
        'mode 13h',
        () => screen.width % 320 === 0 && screen.height % 200 === 0 && at(15) === 0xffffff && samples.every((index) => at(index) === at(index % 256)),
      );
      expect(sizes.at(-1)).toBe(`${screen.width}x${screen.height}`);
      expect(at(0)).toBe(0x000000);
      expect(at(4) >> 16).toBeGreaterThanOrEqual(0xa8);
      expect(at(4) & 0xffff).toBe(0);
    });

    describe('disks', () => {
      test('are read and written where the guest says', async () => {
        const disk = marked(DISK, 0x41);
        disk.bytes[4 * 512] = 0x42;
        await boot(guests.mover(), { drives: [hdd(disk)] });
        bench!.say(FIRST_DISK, 'r', 5);
        await bench!.hear('+B');
        bench!.say(FIRST_DISK, 'w', 9);
        await bench!.hear('+');
        expect(disk.bytes[8 * 512]).toBe(0x42);
        expect(disk.log).toContain('write 4096+512');
      });

      test('answer a bad sector with an error, and go on', async () => {
        const disk = marked(DISK, 0x41);
        disk.bad.add(6 * 512);
        await boot(guests.mover(), { drives: [hdd(disk)] });
        bench!.say(FIRST_DISK, 'r', 7);
        await bench!.hear('-');
        bench!.say(FIRST_DISK, 'r', 8);
        await bench!.hear('+A');
        bench!.say(FIRST_DISK, 'w', 7);
        await bench!.hear('-');
      });

      test('that are read-only refuse to be written', async () => {
        const disk = marked(DISK, 0x41, { readOnly: true });
        await boot(guests.mover(), { drives: [hdd(disk)] });
        bench!.say(FIRST_DISK, 'r', 2);
        await bench!.hear('+A');
        bench!.say(FIRST_DISK, 'w', 3);
        await bench!.hear('-');
        expect(disk.log.filter((entry) => entry.startsWith('write'))).toEqual([]);
      });

      test('are flushed before the guest hears that they were', async () => {
        const disk = marked(DISK, 0x41);
        let release!: () => void;
        const held = new Promise<void>((resolve) => {
          release = resolve;
        });
        let asked!: () => void;
        const flushAsked = new Promise<void>((resolve) => {
          asked = resolve;
        });
        disk.flush = async () => {
          asked();
          await held;
        };
        await boot(guests.flusher(), { drives: [hdd(disk)] });
        bench!.say('f');
        await flushAsked;
        expect(bench!.heard).toBe('');
        release();
        expect(((await bench!.take(1))[0]! & 0xe1).toString(16)).toBe('40');
      });

      test('are written through where the guest switched their write cache off, or asks for it with a write', async () => {
        const disk = marked(DISK, 0x41);
        await boot(guests.ports(), { drives: [hdd(disk)] });
        const drive = new Drive(new Ports(bench!), 0, 0);
        const asked = (): string[] => disk.log.splice(0).filter((entry) => !entry.startsWith('read'));
        asked();
        await drive.write(WRITE_SECTORS, { lba: 1 });
        await drive.settled();
        expect(asked()).toEqual(['write 512+512']);
        await drive.write(WRITE_MULTIPLE_FUA_EXT, { lba: 2, wide: true });
        await drive.settled();
        expect(asked()).toEqual(['write 1024+512', 'flush']);
        expect(await drive.command(SET_FEATURES, { features: 0x82 })).toBe(true);
        expect(asked()).toEqual(['flush']);

        let release!: () => void;
        const held = new Promise<void>((resolve) => {
          release = resolve;
        });
        const flush = disk.flush.bind(disk);
        disk.flush = async () => {
          await held;
          await flush();
        };
        await drive.write(WRITE_SECTORS, { lba: 3 });
        expect((await drive.status) & 0x80).toBe(0x80);
        expect(asked()).toEqual(['write 1536+512']);
        release();
        expect((await drive.settled()) & 0x81).toBe(0);
        expect(asked()).toEqual(['flush']);

        expect(await drive.command(SET_FEATURES, { features: 0x02 })).toBe(true);
        await drive.write(WRITE_SECTORS, { lba: 4 });
        await drive.settled();
        expect(asked()).toEqual(['write 2048+512']);
      });

      test('that the host has no room for pause the machine, which goes on where it was once there is', async () => {
        const disk = marked(DISK, 0x41);
        disk.bytes[4 * 512] = 0x42;
        const { machine } = await boot(guests.mover(), { drives: [hdd(disk)] });
        bench!.say(FIRST_DISK, 'r', 5);
        await bench!.hear('+B');
        const states: string[] = [];
        const paused = new Promise<void>((resolve) => {
          machine.onState((state, reason) => {
            states.push(reason === undefined ? state : `${state}: ${reason}`);
            if (state === 'paused') resolve();
          });
        });
        disk.full = true;
        bench!.say(FIRST_DISK, 'w', 9);
        await paused;
        expect([machine.state, machine.stateReason]).toEqual(['paused', 'the host has no space left']);
        await machine.pause();
        await expect(machine.resume()).rejects.toThrow('the host has no space left');
        expect([machine.state, machine.stateReason]).toEqual(['paused', 'the host has no space left']);
        expect(bench!.heard).toBe('');
        expect(disk.bytes[8 * 512]).toBe(0x41);

        disk.full = false;
        await machine.resume();
        expect(machine.stateReason).toBeUndefined();
        await bench!.hear('+');
        expect(disk.bytes[8 * 512]).toBe(0x42);
        expect(states).toEqual(['paused: the host has no space left', 'running']);
        bench!.say(FIRST_DISK, 'r', 9);
        await bench!.hear('+B');
      });

      test('that the host has no room for do not keep the machine from being switched off', async () => {
        const disk = marked(DISK, 0x41);
        const { machine } = await boot(guests.mover(), { drives: [hdd(disk)] });
        disk.full = true;
        const paused = new Promise<void>((resolve) => {
          machine.onState((state) => state === 'paused' && resolve());
        });
        bench!.say(FIRST_DISK, 'w', 9);
        await paused;
        await machine.powerOff();
        expect(machine.state).toBe('ended');
      });

      test('in floppy drives can be changed while the machine runs', async () => {
        const drives: DriveSettings[] = [{ slot: 'floppy1', kind: 'floppy', device: marked(FLOPPY, 0x41) }];
        const { machine } = await boot(guests.mover(), { drives });
        bench!.say(SECOND_FLOPPY, 'r', 1);
        await bench!.hear('+A');
        await machine.insert('floppy1', marked(FLOPPY, 0x42));
        // A drive reports a change once, as an error; the next attempt reads the new medium.
        let answer = 0;
        for (let attempt = 0; attempt < 3 && answer !== 0x2b; attempt++) {
          bench!.say(SECOND_FLOPPY, 'r', 2);
          [answer = 0] = await bench!.take(1);
        }
        expect(answer).toBe(0x2b);
        await bench!.hear('B');
      });

      test('in DVD drives can be changed and ejected while the machine runs', async () => {
        const drives: DriveSettings[] = [{ slot: 'ide1-0', kind: 'dvd', device: marked(DVD, 0x41, { readOnly: true }) }];
        const { machine } = await boot(guests.dvdReader(), { drives });
        bench!.say('r');
        await bench!.hear('+A');
        await machine.insert('ide1-0', marked(DVD, 0x42, { readOnly: true }));
        const attempts: string[] = [];
        while (attempts.at(-1) !== '+' && attempts.length < 5) {
          bench!.say('r');
          attempts.push(String.fromCharCode(...(await bench!.take(1))));
        }
        await bench!.hear('B');
        await machine.insert('ide1-0', null);
        bench!.say('r');
        await bench!.hear('-');
      });

      test('in DVD drives stay where the guest has locked the tray, unless they are forced out', async () => {
        const drives: DriveSettings[] = [{ slot: 'ide1-0', kind: 'dvd', device: marked(DVD, 0x41, { readOnly: true }) }];
        const { machine } = await boot(guests.ports(), { drives });
        const drive = new Drive(new Ports(bench!), 1, 0);
        while (!(await drive.packet(TEST_UNIT_READY)));
        const ejected: string[] = [];
        machine.onEject((slot) => ejected.push(slot));

        expect(await drive.packet(PREVENT_REMOVAL)).toBe(true);
        await expect(machine.insert('ide1-0', null)).rejects.toThrow(TrayLockedError);
        expect(await drive.packet(TEST_UNIT_READY)).toBe(true);
        expect(await drive.packet(EJECT)).toBe(false);
        expect((await drive.error) >> 4).toBe(ILLEGAL_REQUEST);
        await machine.insert('ide1-0', null, { force: true });
        expect(await drive.packet(TEST_UNIT_READY)).toBe(false);
        expect((await drive.error) >> 4).toBe(NOT_READY);

        await machine.insert('ide1-0', marked(DVD, 0x42, { readOnly: true }));
        while (!(await drive.packet(TEST_UNIT_READY)));
        await drive.packet(PREVENT_REMOVAL);
        await machine.reset();
        await bench!.hear('B');
        await machine.insert('ide1-0', null);
        expect(ejected).toEqual([]);
      });

      test('in DVD drives can be ejected by the guest, which is told', async () => {
        const drives: DriveSettings[] = [{ slot: 'ide1-0', kind: 'dvd', device: marked(DVD, 0x41, { readOnly: true }) }];
        const { machine } = await boot(guests.ports(), { drives });
        const drive = new Drive(new Ports(bench!), 1, 0);
        while (!(await drive.packet(TEST_UNIT_READY)));
        const ejected = new Promise<string>((resolve) => {
          machine.onEject(resolve);
        });
        expect(await drive.packet(EJECT)).toBe(true);
        expect(await ejected).toBe('ide1-0');
        expect(await drive.packet(TEST_UNIT_READY)).toBe(false);
        await machine.insert('ide1-0', marked(DVD, 0x42, { readOnly: true }));
        while (!(await drive.packet(TEST_UNIT_READY)));
      });

      test('cannot be put where there is no drive for them', async () => {
        const { machine } = await boot(guests.echo(), { drives: [hdd(new MemoryDisk(DISK))] });
        await expect(machine.insert('ide1-1', null)).rejects.toThrow(SettingsError);
        await expect(machine.insert('ide0-0', new MemoryDisk(DISK))).rejects.toThrow(/power it off/);
        await expect(machine.insert('floppy0', new MemoryDisk(513))).rejects.toThrow(SettingsError);
      });
    });

    describe('state', () => {
      test('paused stands still, and goes on', async () => {
        const { machine } = await boot(guests.ticker());
        const states: string[] = [];
        machine.onState((state) => states.push(state));
        await bench!.take(2);
        await machine.pause();
        expect(machine.state).toBe('paused');
        const before = machine.statistics().instructions;
        await machine.pause();
        machine.screens[0]!.takeDamage();
        expect(machine.statistics().instructions).toBe(before);
        await machine.resume();
        await bench!.take(bench!.heard.length + 2);
        expect(states).toEqual(['paused', 'running']);
      });

      test('is reset by the host and by the guest', async () => {
        const { machine } = await boot(guests.resetter());
        await machine.reset();
        await bench!.hear('B');
        bench!.say('r');
        await bench!.hear('B');
        expect(machine.statistics().resets).toBe(2);
      });

      test('hears the power button', async () => {
        const { machine } = await boot(guests.powerButton());
        await machine.powerButton();
        await bench!.hear('PC');
      });

      test('has no power button without ACPI', async () => {
        const { machine } = await boot(guests.echo(), { acpi: false });
        await expect(machine.powerButton()).rejects.toThrow(/ACPI/);
      });

      test('is switched off by the guest, whose last words are heard', async () => {
        const { machine } = await boot(guests.switchOff());
        bench!.say('o');
        await bench!.hear('E');
        expect(await machine.ended).toEqual({ reason: 'powerOff', by: 'guest' });
        expect(machine.state).toBe('ended');
      });

      test('is switched off by the host, once and for all', async () => {
        const { machine } = await boot(guests.echo());
        const states: string[] = [];
        machine.onState((state) => states.push(state));
        await Promise.all([machine.powerOff(), machine.powerOff()]);
        expect(await machine.ended).toEqual({ reason: 'powerOff', by: 'host' });
        expect(states).toEqual(['ended']);
        machine.keyboard.scancode(0x1e, true);
        await expect(machine.reset()).rejects.toThrow(/off/);
      });
    });

    describeStates(engine);
    describeCpu(engine);
    describeMoves(engine);
    describeScreens(engine);
    describeNetwork(engine);
  });
}
