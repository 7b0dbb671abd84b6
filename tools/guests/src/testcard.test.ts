// The test card on the embedded engine: it boots from each kind of drive, its pictures are the formula's, and it tells what the machine does to it.
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Machine } from '@belvedere/emulator';
import { TESTCARD_FLOPPY, TESTCARD_ISO } from './images.js';
import { boot, copyOnWrite, type Booted } from './machine.testing.js';
import { blinkArea, expectedPicture, statusArea, type Mode } from './picture.js';
import { difference, untilScreen } from './screen.testing.js';
import { benchResult, journalSum, type TestCard } from './testcard.js';
import { TEXT_CURSOR, expectedText, textPicture } from './text.js';

test('a card that starts anew with commands under way answers the later ones rightly', async () => {
  const { machine, card } = await boot('dvd', [{ slot: 'ide1-0', kind: 'dvd', device: await copyOnWrite(TESTCARD_ISO, true) }]);
  try {
    for (let round = 0; round < 3; round++) {
      const lost = [card.reset(), card.hello(), card.tick(), card.hello()].map((command) => command.catch(() => undefined));
      await card.ready();
      await Promise.all(lost);
      expect((await card.hello()).drive & 0xe0).toBe(0xe0);
      expect(await card.tick()).toBeGreaterThan(0);
    }
  } finally {
    await machine.powerOff();
  }
}, 60_000);

describe('boots', () => {
  test.each([
    ['floppy', 'floppy0', TESTCARD_FLOPPY, 0x00],
    ['disk', 'ide0-0', TESTCARD_FLOPPY, 0x80],
    ['dvd', 'ide1-0', TESTCARD_ISO, 0xe0],
  ] as const)('from a %s', async (from, slot, path, drive) => {
    const kind = from === 'disk' ? 'hdd' : from;
    const { machine, card } = await boot(from, [{ slot, kind, device: await copyOnWrite(path, kind === 'dvd') }]);
    try {
      const hello = await card.hello();
      expect(hello.version).toBe(1);
      expect(hello.drive & 0xe0).toBe(drive);
    } finally {
      await machine.powerOff();
    }
  }, 60_000);
});

describe('once booted', () => {
  let booted: Booted;
  let machine: Machine;
  let card: TestCard;
  let disk: Awaited<ReturnType<typeof copyOnWrite>>;

  beforeAll(async () => {
    disk = await copyOnWrite(TESTCARD_FLOPPY);
    booted = await boot('disk', [{ slot: 'ide0-0', kind: 'hdd', device: disk }]);
    ({ machine, card } = booted);
  }, 60_000);
  afterAll(async () => {
    await machine?.powerOff();
  });

  test.each([
    [1024, 768, 32],
    [1280, 1024, 24],
    [800, 600, 16],
    [640, 480, 15],
    [640, 480, 8],
    [640, 480, 4],
    [320, 200, 8],
    [320, 200, 4],
  ])('draws %d by %d at %d bits as the formula says', async (width, height, depth) => {
    const mode: Mode = { width, height, depth };
    const picture = expectedPicture(mode);
    expect(await card.modes()).toContainEqual(mode);
    await card.mode(mode);
    await untilScreen(machine, () => difference(machine, picture));
  }, 60_000);

  test('draws text as a VGA with its own font does', async () => {
    await card.text();
    const font = await card.font();
    const look = (blinkShown: boolean, cursor: boolean) =>
      textPicture(expectedText(), { font, cellWidth: 9, blinkShown, ...(cursor ? { cursor: { ...TEXT_CURSOR, from: 14, to: 15 } } : {}) });
    const phases = [look(true, true), look(true, false), look(false, true), look(false, false)];
    await untilScreen(machine, () => {
      const problems = phases.map((phase) => difference(machine, phase));
      return problems.includes(undefined) ? undefined : problems[0];
    });
  }, 60_000);

  test('fills areas and refuses what is not inside the screen', async () => {
    const mode: Mode = { width: 640, height: 480, depth: 32 };
    await card.mode(mode);
    await card.fill(100, 50, 30, 20, 0x123456);
    const picture = expectedPicture(mode);
    for (let y = 50; y < 70; y++) for (let x = 100; x < 130; x++) picture.pixels.set([0x56, 0x34, 0x12], (y * 640 + x) * 4);
    await untilScreen(machine, () => difference(machine, picture));
    await expect(card.fill(600, 0, 41, 10, 0)).rejects.toThrow('the area is not inside the screen');
    await expect(card.fill(0, 480, 1, 1, 0)).rejects.toThrow('the area is not inside the screen');
  }, 60_000);

  test('moves a rectangle while it is told to', async () => {
    const screen = machine.screens[0]!;
    await card.rectStart();
    const columns = new Set<number>();
    await untilScreen(machine, () => {
      const row = Math.floor(screen.height / 2);
      for (let x = 0; x < screen.width; x++) {
        const at = row * screen.stride + x * 4;
        if (screen.pixels[at] === 0 && screen.pixels[at + 1] === 0x80 && screen.pixels[at + 2] === 0xff) {
          columns.add(x);
          break;
        }
      }
      return columns.size > 5 ? undefined : `seen at ${columns.size} places`;
    });
    const { x, y } = await card.rectStop();
    expect(y).toBe((screen.height - 64) / 2);
    expect(x % 4).toBe(0);
  }, 60_000);

  test('blinks while it is told to', async () => {
    const mode: Mode = { width: 640, height: 480, depth: 32 };
    await card.mode(mode);
    const area = blinkArea(mode);
    const colours = new Set<number>();
    await card.blinkStart();
    await untilScreen(machine, () => {
      const { pixels, stride } = machine.screens[0]!;
      const [first, last] = [area.y * stride + area.x * 4, (area.y + area.height - 1) * stride + (area.x + area.width - 1) * 4];
      if (pixels[first] === pixels[last] && (pixels[first] === 0 || pixels[first] === 255)) colours.add(pixels[first]);
      return colours.size === 2 ? undefined : `seen in ${colours.size} colours`;
    });
    await card.blinkStop();
  }, 60_000);

  test('keeps the screen clean when it is told to', async () => {
    const mode: Mode = { width: 640, height: 480, depth: 32 };
    await card.mode(mode);
    await card.echo(false);
    card.forget();
    machine.keyboard.scancode(0x10, true);
    machine.keyboard.scancode(0x10, false);
    machine.pointer.move(300, 200, 0);
    machine.pointer.move(320, 220, 0);
    expect((await card.key()).code).toBe('10');
    await card.pointer();
    await card.tick();
    await untilScreen(machine, () => difference(machine, expectedPicture(mode)));
    await card.echo(true);
  }, 60_000);

  test('tells keys and shows them', async () => {
    const mode: Mode = { width: 640, height: 480, depth: 32 };
    await card.mode(mode);
    card.forget();
    machine.keyboard.scancode(0x1e, true);
    machine.keyboard.scancode(0x1e, false);
    machine.keyboard.scancode(0xe050, true);
    machine.keyboard.scancode(0xe050, false);
    expect([(await card.key()).code, (await card.key()).code, (await card.key()).code, (await card.key()).code]).toEqual(['1e', '9e', 'e050', 'e0d0']);
    const area = statusArea(mode);
    await untilScreen(machine, () => {
      const { pixels, stride } = machine.screens[0]!;
      // the newest key stands at the end: its last glyph has both black and white
      const seen = new Set<number>();
      for (let y = area.y; y < area.y + area.height; y++) for (let x = area.x + area.width - 8; x < area.x + area.width; x++) seen.add(pixels[y * stride + x * 4]!);
      return seen.has(0) && seen.has(255) && seen.size === 2 ? undefined : 'no glyph there';
    });
  }, 60_000);

  test('tells relative and absolute positions, buttons and the wheel', async () => {
    const mode: Mode = { width: 800, height: 600, depth: 32 };
    await card.mode(mode);
    // positions are meant on the screen that is shown
    await untilScreen(machine, () => difference(machine, expectedPicture(mode)));
    card.forget();
    expect((await card.hello()).mouse).toBe(4);
    machine.pointer.move(200, 150, 0);
    machine.pointer.move(200, 150, 1);
    await card.pointer(({ buttons }) => buttons === 1);
    machine.pointer.move(200, 150, 0);
    await card.pointer(({ buttons }) => buttons === 0);
    machine.pointer.wheel(0, 1);
    await card.pointer(({ wheel }) => wheel === 1);

    await card.mouse('absolute');
    machine.pointer.move(600, 450, 0);
    const at = await card.pointer(({ x }) => Math.abs(x - 600) <= 1);
    expect(Math.abs(at.y - 450)).toBeLessThanOrEqual(1);
    machine.pointer.move(600, 450, 2);
    await card.pointer(({ buttons }) => buttons === 2);
    machine.pointer.move(600, 450, 0);
    await card.mouse('relative');
  }, 60_000);

  test('writes, reads and flushes the disk', async () => {
    await card.diskWrite(100, 0xdeadbeef);
    expect(await card.diskRead(100)).toEqual({ value: 0xdeadbeef, uniform: true });
    expect((await card.diskRead(0)).uniform).toBe(false);
    const before = disk.flushes;
    await card.diskFlush();
    expect(disk.flushes).toBeGreaterThan(before);
    expect(Buffer.from(await disk.read(100 * 512, 4)).readUInt32LE()).toBe(0xdeadbeef);
  }, 60_000);

  test('works by itself: memory that changes, and sectors in their order', async () => {
    await expect(card.dirtyStart(64, 10)).rejects.toThrow('not so much memory');
    await card.dirtyStart(8, 10);
    await card.journalStart(200, 1000);
    const begin = await card.tick();
    while ((await card.tick()) < begin + 20);
    const { count, sum, errors } = await card.journalStop();
    expect([count > 10, errors]).toEqual([true, 0]);
    expect(journalSum(await disk.read(200 * 512, count * 512), count)).toBe(sum);
    const dirtied = await card.dirtyStop();
    expect([dirtied.pages > 1000, dirtied.errors]).toEqual([true, 0]);
    const torn = Uint8Array.from(await disk.read(200 * 512, count * 512));
    torn[512 + 100] ^= 1;
    expect(() => journalSum(torn, count)).toThrow('sector 1 of the journal is torn');
  }, 60_000);

  test('computes the benchmark', async () => {
    expect((await card.bench(3)).crc).toBe(benchResult(3));
  }, 60_000);

  test('refuses what it does not know', async () => {
    await expect(card.mode({ width: 999, height: 1, depth: 32 })).rejects.toThrow('no such mode');
  });

  test('resets, and switches itself off', async () => {
    await card.reset();
    await card.ready();
    await card.powerOff();
    expect(await machine.ended).toEqual({ reason: 'powerOff', by: 'guest' });
  }, 60_000);
});
