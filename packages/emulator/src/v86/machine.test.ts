import { afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import type { HardwareSettings } from '../engine.js';
import { findFirmware, type Firmware } from '../firmware.js';
import { Bench, BootSector, FLOPPY, guests, MemoryDisk } from '../testing.js';
import { v86Engine } from './engine.js';

const DISK = 1024 * 1024;
/** Scancodes of a to j. */
const LETTERS = [0x1e, 0x30, 0x2e, 0x20, 0x12, 0x21, 0x22, 0x23, 0x17, 0x24];

let firmware: Firmware;
const benches: Bench[] = [];

beforeAll(async () => {
  firmware = await findFirmware();
});

afterEach(async () => {
  for (const { machine } of benches.splice(0)) await machine.powerOff();
});

async function boot(sector: Uint8Array, settings?: Partial<HardwareSettings>): Promise<Bench> {
  const bench = await Bench.boot(v86Engine, firmware, sector, settings);
  benches.push(bench);
  return bench;
}

async function start(settings: Partial<HardwareSettings>): Promise<Bench> {
  const bench = await Bench.start(v86Engine, firmware, settings);
  benches.push(bench);
  return bench;
}

const disk = (first: number): MemoryDisk => new MemoryDisk(DISK, Uint8Array.of(first));

describe('keyboard', () => {
  test('loses nothing when a page is pasted into a guest that reads with its BIOS', async () => {
    const bench = await boot(guests.biosKeyboard());
    const keys = Array.from({ length: 2000 }, (_unused, index) => (index * 7) % LETTERS.length);
    for (const key of keys) {
      bench.machine.keyboard.scancode(LETTERS[key]!, true);
      bench.machine.keyboard.scancode(LETTERS[key]!, false);
    }
    expect(String.fromCharCode(...(await bench.take(keys.length)))).toBe(keys.map((key) => 'abcdefghij'[key]).join(''));
    expect(bench.machine.statistics().keysWaiting).toBeLessThan(3);
  });

  test('loses nothing when ten thousand keys are pasted into a guest that asks the controller', async () => {
    const bench = await boot(guests.keyboard());
    const bytes: number[] = [];
    for (let index = 0; index < 10_000; index++) {
      const code = LETTERS[(index * 7) % LETTERS.length]!;
      bench.machine.keyboard.scancode(code, index % 2 === 0);
      bytes.push(index % 2 === 0 ? code : code | 0x80);
    }
    expect(await bench.take(bytes.length)).toEqual(bytes);
  });
});

describe('mouse', () => {
  test('has a wheel and five buttons where the guest asks for them', async () => {
    const bench = await boot(guests.mouse([200, 200, 80]));
    const { pointer } = bench.machine;
    pointer.move(50, 50, 0b01000);
    expect(await bench.take(4)).toEqual([0x08, 0, 0, 0x10]);
    pointer.move(50, 50, 0b10100);
    expect(await bench.take(4)).toEqual([0x0c, 0, 0, 0x20]);
    pointer.move(50, 50, 0);
    expect(await bench.take(4)).toEqual([0x08, 0, 0, 0]);
    // PS/2 counts the wheel towards the user.
    pointer.wheel(0, 1);
    expect(await bench.take(4)).toEqual([0x08, 0, 0, 0x0f]);
    pointer.wheel(0, -2);
    expect(await bench.take(4)).toEqual([0x08, 0, 0, 0x02]);
  });

  test('has a wheel and three buttons where the guest asks for those', async () => {
    const bench = await boot(guests.mouse([200, 100, 80]));
    const { pointer } = bench.machine;
    pointer.move(50, 50, 0b00111);
    expect(await bench.take(4)).toEqual([0x0f, 0, 0, 0]);
    pointer.wheel(0, 3);
    expect(await bench.take(4)).toEqual([0x0f, 0, 0, 0xfd]);
    expect(() => pointer.move(NaN, 0, 0)).toThrow(RangeError);
    expect(() => pointer.wheel(0, Infinity)).toThrow(RangeError);
  });

  test('takes absolute positions where the guest speaks to the backdoor', async () => {
    const bench = await boot(guests.absoluteMouse());
    const { pointer } = bench.machine;
    const [screen] = bench.machine.screens;
    const packet = async (): Promise<number[]> => {
      bench.say('?');
      const bytes = await bench.take(8);
      return [0, 2, 4, 6].map((at) => bytes[at]! | (bytes[at + 1]! << 8));
    };
    expect(pointer.absolute).toBe(true);
    pointer.move(360, 100, 0);
    const [status, x, y] = await packet();
    expect(status).toBe(0);
    // Divided back by the guest's driver, this is the very pixel.
    expect([Math.floor((x! * screen!.width) / 0x10000), Math.floor((y! * screen!.height) / 0x10000)]).toEqual([360, 100]);
    pointer.move(360, 100, 0b00011);
    expect((await packet())[0]).toBe(0x30);
    pointer.wheel(0, -1);
    expect((await packet())[3]).toBe(1);
    await bench.machine.reset();
    await bench.hear('B');
  });
});

describe('graphics modes', () => {
  test.each([
    ['8', 0x101, [15, 4], [0xffffff, 0xa80000]],
    ['15', 0x110, [0xff, 0x7f, 0x00, 0x7c], [0xffffff, 0xff0000]],
    ['16', 0x111, [0xff, 0xff, 0xe0, 0x07], [0xffffff, 0x00ff00]],
    ['24', 0x112, [0x12, 0x34, 0x56, 0xff, 0x00, 0x00], [0x563412, 0x0000ff]],
    ['32', 0x142, [0x12, 0x34, 0x56, 0, 0xff, 0x00, 0x00, 0], [0x563412, 0x0000ff]],
  ])('of %s bits a pixel are shown exactly', async (_depth, mode, bytes, pixels) => {
    const bench = await boot(guests.vbeMode(mode, bytes));
    const screen = bench.machine.screens[0]!;
    await bench.see('640x480', () => screen.width === 640 && screen.height === 480 && bench.pixel(0, 0) === pixels[0]);
    expect([bench.pixel(0, 0), bench.pixel(1, 0), bench.pixel(2, 0), bench.pixel(639, 479)]).toEqual([...pixels, 0, 0]);
    expect(bench.machine.textScreen!()).toEqual([]);
  });

  test.each([
    ['CGA, 4 colours', 0x04, 320, 200, 2, undefined],
    ['CGA, 2 colours', 0x06, 640, 200, 1, 0xffffff],
    ['EGA, 320x200', 0x0d, 320, 200, 4, 0xa80000],
    ['EGA, 640x350', 0x10, 640, 350, 4, 0xa80000],
    ['VGA, 640x480', 0x12, 640, 480, 4, 0xa80000],
    ['VGA, 256 colours', 0x13, 320, 200, 4, 0xa80000],
  ])('of %s fill the picture of a monitor', async (_name, mode, width, height, colour, shown) => {
    const at = { x: width - 3, y: height - 2 };
    const bench = await boot(guests.pixel(mode, at.x, at.y, colour));
    const screen = bench.machine.screens[0]!;
    const [wide, high] = [width === 320 ? 2 : 1, height === 200 ? 2 : 1];
    const drawn = (): boolean => screen.width === width * wide && screen.height === height * high && bench.pixel(at.x * wide, at.y * high) !== 0;
    await bench.see('one pixel', drawn);
    const lit: number[] = [];
    for (let y = 0; y < screen.height; y++) for (let x = 0; x < screen.width; x++) if (bench.pixel(x, y)) lit.push(x, y);
    expect(lit.length / 2).toBe(wide * high);
    expect(lit.slice(0, 2)).toEqual([at.x * wide, at.y * high]);
    if (shown !== undefined) expect(bench.pixel(at.x * wide, at.y * high)).toBe(shown);
  });

  test('that are switched off show black, and come back', async () => {
    const bench = await boot(guests.blanker());
    const lit = (): boolean => bench.machine.screens[0]!.pixels.some((value) => value > 0);
    await bench.see('a picture', lit);
    bench.say('x');
    await bench.see('black', () => !lit());
    bench.say('x');
    await bench.see('a picture again', lit);
  });
});

describe('clock', () => {
  test('ticks a guest 18.2 times a second while it sleeps, and lets the host sleep too', async () => {
    const bench = await boot(guests.ticker());
    await bench.take(2);
    // A busy host may keep the engine from running for a while; one second in four without that is enough to tell.
    const ticks = 18;
    const seen: { off: number; wakes: number; busy: number }[] = [];
    const good = ({ off, wakes, busy }: (typeof seen)[number]): boolean => Math.abs(off) < 0.02 && wakes < 120 && busy < 0.2;
    while (seen.length < 4 && !seen.some(good)) {
      const before = bench.machine.statistics();
      const began = performance.now();
      await bench.take(ticks);
      const elapsed = performance.now() - began;
      const after = bench.machine.statistics();
      seen.push({
        off: elapsed / ((ticks * 65_536) / 1_193.182) - 1,
        wakes: ((after.wakes - before.wakes) / elapsed) * 1000,
        busy: (after.guestTime + after.screenTime - before.guestTime - before.screenTime) / elapsed,
      });
    }
    expect(seen.filter(good)).not.toEqual([]);
  });

  test('loses no tick of a guest that could hardly run, as its time stamp counter shows', async () => {
    const bench = await boot(guests.clocks());
    const read = async (): Promise<{ ticks: number; stamp: number }> => {
      bench.say('t');
      const bytes = Buffer.from(await bench.take(11));
      return { ticks: bytes.readUInt32LE(3), stamp: bytes.readUInt32LE(7) };
    };
    const first = await read();
    /** Ticks that are missing; the counter's lower half goes round every 78. */
    const missing = async (): Promise<number> => {
      const { ticks, stamp } = await read();
      const TICK = (65_535 / 1_193_181.6666) * 1e9;
      const round = 2 ** 32 / TICK;
      const difference = (((stamp - first.stamp) / TICK - (ticks - first.ticks)) % round + round) % round;
      return difference > round / 2 ? difference - round : difference;
    };
    const departure = bench.machine.depart();
    await departure.slowDown(0.95);
    const before = bench.machine.statistics().guestTime;
    while (bench.machine.statistics().guestTime < before + 100) await read();
    await departure.end();
    while (Math.abs(await missing()) > 2);
    expect(Math.abs(await missing())).toBeLessThanOrEqual(3);
  }, 120_000);

  test('stands still in a pause', async () => {
    const bench = await boot(guests.ticker());
    await bench.take(1);
    await bench.machine.pause();
    const heard = bench.heard.length;
    await new Promise<void>((resolve) => setTimeout(resolve, 300));
    expect(bench.heard.length).toBe(heard);
    const began = performance.now();
    await bench.machine.resume();
    await bench.take(heard + 3);
    // The five ticks of the pause are not made up for.
    expect(performance.now() - began).toBeGreaterThan(80);
  });
});

describe('drives', () => {
  test('stand in any of the four places', async () => {
    const bench = await boot(guests.mover(), {
      drives: [
        { slot: 'ide0-1', kind: 'hdd', device: disk(0x62) },
        { slot: 'ide0-0', kind: 'dvd', device: null },
        { slot: 'ide1-0', kind: 'hdd', device: disk(0x63) },
        { slot: 'ide1-1', kind: 'hdd', device: disk(0x64) },
      ],
    });
    for (const [number, answer] of [[0x80, '+b'], [0x81, '+c'], [0x82, '+d'], [0x83, '-']] as const) {
      bench.say(number, 'r', 1);
      await bench.hear(answer);
    }
  });

  test('may take their time', async () => {
    const slow = disk(0x61);
    const read = slow.read.bind(slow);
    slow.read = async (offset, length) => {
      await new Promise<void>((resolve) => setTimeout(resolve, 20));
      return read(offset, length);
    };
    const bench = await boot(guests.mover(), { drives: [{ slot: 'ide0-0', kind: 'hdd', device: slow }] });
    bench.say(0x80, 'r', 1);
    await bench.hear('+a');
  });

  test('are booted from in the order of the settings, and never out of it', async () => {
    const drives = [
      { slot: 'floppy0', kind: 'floppy', device: new MemoryDisk(FLOPPY, guests.named('F')) },
      { slot: 'ide0-0', kind: 'hdd', device: new MemoryDisk(DISK, guests.named('H')) },
    ] as const;
    await (await start({ drives, bootOrder: ['dvd', 'disk', 'floppy'] })).hear('H');
    await (await start({ drives, bootOrder: ['floppy', 'disk'] })).hear('F');
    const nowhere = await start({ drives, bootOrder: ['dvd', 'none'] });
    await nowhere.see('the BIOS to give up', () => nowhere.machine.textScreen!().some((row) => /No bootable device|Hard disk/i.test(row)));
    expect(nowhere.heard).toBe('');
  });
});

describe('ACPI', () => {
  test('tells of no event that never was, and of no device that can go', async () => {
    const sector = new BootSector().say('B');
    // The event status after all of it is cleared, then slots plugged, pulled and removable, then the CPUs.
    sector.out8(0xafe0, 0xff).in8(0xafe0).call('send');
    // in eax, dx
    for (const port of [0xae00, 0xae04, 0xae0c, 0xaf00]) sector.dx(port).code(0x66, 0xed).call('send');
    const bench = await boot(sector.halt().build());
    expect(await bench.take(5)).toEqual([0, 0, 0, 0, 1]);
  });
});

describe('serial port', () => {
  test('says when a guest does not read', async () => {
    const bench = await boot(guests.named('B'));
    expect(() => {
      for (let round = 0; round < 20; round++) bench.machine.serial[0]!.write(new Uint8Array(100_000));
    }).toThrow(/wait for the guest/);
  });

  test('is not there unless it is set', async () => {
    const bench = await start({ serialPorts: [], drives: [{ slot: 'floppy0', kind: 'floppy', device: new MemoryDisk(FLOPPY, guests.textMode(0x1f)) }] });
    expect(bench.machine.serial).toEqual([]);
    await bench.see('the guest', () => bench.machine.textScreen!().some((row) => /Text/.test(row)));
  });
});

describe('a guest that makes the engine fail', () => {
  test('ends its own machine, with the reason, and no other', async () => {
    const other = await boot(guests.echo());
    const bench = await boot(guests.wildJump());
    const { machine } = bench;
    const picture = machine.screens[0]!.pixels;
    bench.say('x');
    const ended = await machine.ended;
    expect(ended).toMatchObject({ reason: 'failed', error: { message: 'memory access out of bounds' } });
    expect(machine.state).toBe('ended');
    expect(machine.screens[0]!.pixels).toBe(picture);
    await expect(machine.pause()).resolves.toBeUndefined();
    await expect(machine.reset()).rejects.toThrow(/off/);
    other.say('a');
    await other.hear('b');
  });
});
