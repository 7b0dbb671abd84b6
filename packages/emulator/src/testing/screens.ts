/**
 * What further screens must do, for any engine that has them: each is a display adapter of its own, whose pictures go where the machine goes.
 */
import { afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { SettingsError, type Engine, type HardwareSettings } from '../engine.js';
import { findFirmware, type Firmware } from '../firmware.js';
import type { Screen } from '../ports.js';
import { PAGE } from '../saved-state.js';
import { Bench, FLOPPY, PLAIN } from './bench.js';
import * as guests from './guests.js';
import { MemoryDisk } from './memory-disk.js';
import { kept } from './states.js';

/** A pixel as 0xRRGGBB. */
const pixel = ({ pixels, stride }: Screen, x: number, y: number): number => Buffer.from(pixels.buffer, pixels.byteOffset).readUInt32LE(y * stride + x * 4) & 0xffffff;

const isBlack = ({ pixels }: Screen): boolean => pixels.every((value) => value === 0);

/** Of an EDID's first detailed timing. */
const preferred = (edid: readonly number[]): string => `${edid[56]! | ((edid[58]! & 0xf0) << 4)}x${edid[59]! | ((edid[61]! & 0xf0) << 4)}`;

export function describeScreens(engine: Engine): void {
  const most = engine.limits.monitorCount.max;
  if (most === 1) return;

  describe('further screens', () => {
    let firmware: Firmware;
    const benches: Bench[] = [];

    beforeAll(async () => {
      firmware = await findFirmware();
    });

    afterEach(async () => {
      for (const bench of benches.splice(0)) await bench.machine.powerOff();
    });

    const added = (bench: Bench): Bench => {
      benches.push(bench);
      return bench;
    };
    const boot = async (index: number, monitorCount: number, colour = 0x123456): Promise<Bench> => added(await Bench.boot(engine, firmware, guests.furtherScreen(index, colour), { monitorCount }));
    const settings = (monitorCount: number): HardwareSettings => ({ ...PLAIN, monitorCount, drives: [{ slot: 'floppy0', kind: 'floppy', device: new MemoryDisk(FLOPPY, guests.furtherScreen(0, 0)) }] });

    test('are as many as the settings say, dark until the guest uses them', async () => {
      const bench = added(await Bench.boot(engine, firmware, guests.echo(), { monitorCount: most }));
      const { screens } = bench.machine;
      expect(screens).toHaveLength(most);
      expect(screens.map(({ on }) => on)).toEqual([true, ...Array.from({ length: most - 1 }, () => false)]);
      for (const screen of screens.slice(1)) expect([screen.width > 0, isBlack(screen)]).toEqual([true, true]);
    });

    test('are not there where the settings do not say so', async () => {
      const bench = added(await Bench.start(engine, firmware, settings(1)));
      await bench.hear('-');
    });

    test.each(Array.from({ length: most - 1 }, (_unused, index) => index))('show what the guest writes to adapter %d, and no other does', async (index) => {
      const bench = await boot(index, most);
      const { screens } = bench.machine;
      const screen = screens[index + 1]!;
      await bench.see('the pixels', () => screen.on && screen.width === 640 && pixel(screen, 0, 0) === 0x123456 && pixel(screen, 1, 0) === 0x123456, index + 1);
      expect([screen.height, screen.x, screen.y]).toEqual([480, screens[0]!.width, 0]);
      screen.takeDamage();
      bench.say(0x99);
      await bench.take(1);
      await bench.see('the pixel that changed', () => pixel(screen, 0, 0) === 0x123499, index + 1);
      expect(pixel(screen, 1, 0)).toBe(0x123456);
      for (const other of screens) if (other !== screen && other !== screens[0]) expect(isBlack(other)).toBe(true);
    });

    test('stand where they are put, and are dark while they are off', async () => {
      const bench = await boot(0, 2);
      const { machine } = bench;
      const screen = machine.screens[1]!;
      await bench.see('the pixels', () => screen.on && pixel(screen, 0, 0) === 0x123456, 1);
      const placed = (): Promise<void> => new Promise((resolve) => {
        const stop = screen.onPlace(() => {
          stop();
          resolve();
        });
      });
      let done = placed();
      machine.arrange(1, { on: true, x: -640, y: 20 });
      await done;
      expect([screen.x, screen.y]).toEqual([-640, 20]);
      done = placed();
      machine.arrange(1, { on: false, x: 0, y: 0 });
      await done;
      expect(screen.on).toBe(false);
      await bench.see('nothing', () => isBlack(screen), 1);
      done = placed();
      machine.arrange(1, { on: true, x: 0, y: 0 });
      await done;
      await bench.see('the pixels again', () => pixel(screen, 0, 0) === 0x123456, 1);
      expect(() => machine.arrange(2, { on: true, x: 0, y: 0 })).toThrow(SettingsError);
      expect(() => machine.arrange(1, { on: true, x: 1e6, y: 0 })).toThrow(/whole numbers/);
      expect(() => machine.arrange(0, { on: false, x: 0, y: 0 })).toThrow(/first screen/);
    });

    test('tell the guest of the size that is wished for', async () => {
      const bench = await boot(0, 2);
      const screen = bench.machine.screens[1]!;
      bench.say('E');
      const before = await bench.take(128);
      expect([before.slice(0, 8), before.reduce((sum, byte) => sum + byte) % 256]).toEqual([[0, 255, 255, 255, 255, 255, 255, 0], 0]);
      screen.requestSize!(1280, 720);
      bench.say('E');
      const after = await bench.take(128);
      expect([preferred(after), after.reduce((sum, byte) => sum + byte) % 256]).toEqual(['1280x720', 0]);
      expect(preferred(before)).not.toBe('1280x720');
      expect(() => screen.requestSize!(99_999, 10)).toThrow(/use 320x200 to/);
    });

    test('go on from a saved state, and after a move', async () => {
      const bench = await boot(0, 2, 0xabcdef);
      const { machine } = bench;
      machine.arrange(1, { on: true, x: 5, y: 400 });
      machine.screens[1]!.requestSize!(800, 600);
      const shows = async (next: Bench): Promise<void> => {
        const screen = next.machine.screens[1]!;
        await next.machine.resume();
        await next.see('the pixels', () => screen.on && screen.width === 640 && pixel(screen, 0, 0) === 0xabcdef && pixel(screen, 1, 0) === 0xabcdef, 1);
        expect([screen.x, screen.y]).toEqual([5, 400]);
        next.say('E');
        expect(preferred(await next.take(128))).toBe('800x600');
      };
      await machine.pause();
      const state = await kept(await machine.saveState());
      await shows(added(await Bench.restore(engine, firmware, settings(2), state)));
      await expect(engine.restore(settings(3), state, { firmware })).rejects.toThrow(/monitors/);

      const [departure, arrival] = [machine.depart(), await engine.arrive(settings(2), { firmware })];
      await arrival.prepare(await departure.devices());
      const pages = await departure.changedPages();
      expect(pages.at(-1)!).toBeLessThan(engine.movingPages(settings(2)));
      const bytes = await departure.readPages(pages);
      await arrival.write([...pages].map((first, index) => ({ kind: 'data', first, data: bytes.subarray(index * PAGE, (index + 1) * PAGE) })));
      await shows(added(Bench.of(await arrival.complete(await departure.devices()))));
    });
  });
}
