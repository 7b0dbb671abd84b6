/**
 * What moving a running machine must do, for any engine: piece by piece it arrives elsewhere and goes on as if nothing had been.
 */
import { afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import type { Engine, HardwareSettings, Machine } from '../engine.js';
import { findFirmware, type Firmware } from '../firmware.js';
import type { Arrival, Departure } from '../moving.js';
import { PAGE, StateError } from '../saved-state.js';
import { Bench, FLOPPY, PLAIN } from './bench.js';
import * as guests from './guests.js';
import { MemoryDisk } from './memory-disk.js';
import { kept } from './states.js';


export function describeMoves(engine: Engine): void {
  describe('a move', () => {
    let firmware: Firmware;
    const ends: (() => Promise<void>)[] = [];

    beforeAll(async () => {
      firmware = await findFirmware();
    });

    afterEach(async () => {
      for (const end of ends.splice(0)) await end();
    });

    const settings = (sector: Uint8Array): HardwareSettings => ({ ...PLAIN, drives: [{ slot: 'floppy0', kind: 'floppy', device: new MemoryDisk(FLOPPY, sector) }] });
    const boot = async (sector: Uint8Array): Promise<Bench> => {
      const bench = await Bench.boot(engine, firmware, sector);
      ends.push(() => bench.machine.powerOff());
      return bench;
    };
    const arrive = async (sector: Uint8Array): Promise<Arrival<Machine>> => {
      const arrival = await engine.arrive(settings(sector), { firmware });
      ends.push(() => arrival.discard());
      return arrival;
    };
    const copy = async (departure: Departure, arrival: Arrival<Machine>): Promise<number> => {
      const pages = await departure.changedPages();
      const bytes = await departure.readPages(pages);
      expect(bytes).toHaveLength(pages.length * PAGE);
      await arrival.write([...pages].map((first, index) => ({ kind: 'data', first, data: bytes.subarray(index * PAGE, (index + 1) * PAGE) })));
      return pages.length;
    };
    /** Moves what runs on `bench`, in rounds. */
    const move = async (bench: Bench, sector: Uint8Array): Promise<Bench> => {
      const [departure, arrival] = [bench.machine.depart(), await arrive(sector)];
      await arrival.prepare(await departure.devices());
      for (let round = 0; round < 3; round++) await copy(departure, arrival);
      await bench.machine.pause();
      await copy(departure, arrival);
      expect(await departure.changedPages()).toHaveLength(0);
      const machine = await arrival.complete(await departure.devices());
      ends.push(() => machine.powerOff());
      expect(machine.state).toBe('paused');
      return Bench.of(machine);
    };
    const memory = async (bench: Bench): Promise<Map<number, Buffer>> => {
      const pages = new Map<number, Buffer>();
      for await (const { address, bytes } of (await kept(await bench.machine.saveState())).memory) {
        for (let at = 0; at < bytes.length; at += PAGE) pages.set((address + at) / PAGE, Buffer.from(bytes.subarray(at, at + PAGE)));
      }
      return pages;
    };

    test('brings all of memory and the devices, and the guest goes on there', async () => {
      const bench = await boot(guests.echo());
      const next = await move(bench, guests.echo());
      expect(await memory(next)).toEqual(await memory(bench));
      await next.machine.resume();
      next.say('a');
      await next.hear('b');
    });

    test('goes on with a guest that counts on its timer, and there and back again', async () => {
      let bench = await boot(guests.ticker());
      for (let times = 0; times < 3; times++) {
        await bench.take(2);
        bench = await move(bench, guests.ticker());
        await bench.machine.resume();
      }
      await bench.take(5);
    });

    test('leaves a machine where it was, when nothing came of it', async () => {
      const bench = await boot(guests.echo());
      const [departure, arrival] = [bench.machine.depart(), await arrive(guests.echo())];
      await copy(departure, arrival);
      await departure.slowDown(0.95);
      await arrival.discard();
      await departure.end();
      bench.say('a');
      await bench.hear('b');
      // Another one begins with all of memory.
      expect((await bench.machine.depart().changedPages()).length).toBeGreaterThan(20);
    });

    test('brings video memory', async () => {
      const sector = guests.vbeMode(0x112, [0x11, 0x22, 0x33, 0, 0x44, 0x55, 0x66, 0]);
      const bench = await boot(sector);
      const next = await move(bench, sector);
      await next.machine.resume();
      await next.see('the pixels', () => next.machine.screens[0]!.width === 640 && next.pixel(0, 0) === bench.pixel(0, 0) && next.pixel(1, 0) === bench.pixel(1, 0));
      expect(bench.pixel(0, 0)).not.toBe(0);
    });

    test('slows a guest down', async () => {
      const bench = await boot(guests.echo());
      const departure = bench.machine.depart();
      await departure.slowDown(0.95);
      const [before, start] = [bench.machine.statistics().guestTime, performance.now()];
      while (bench.machine.statistics().guestTime < before + 30) await departure.changedPages();
      expect((bench.machine.statistics().guestTime - before) / (performance.now() - start)).toBeLessThan(0.5);
      await departure.end();
    });

    test('refuses pages that it does not have', async () => {
      const arrival = await arrive(guests.echo());
      const [page, PAGES] = [new Uint8Array(PAGE), engine.movingPages(PLAIN)];
      await expect(arrival.write([{ kind: 'data', first: PAGES, data: page }])).rejects.toThrow(StateError);
      await expect(arrival.write([{ kind: 'zero', first: PAGES - 1, count: 2 }])).rejects.toThrow(StateError);
      await expect(arrival.write([{ kind: 'copy', first: 0, count: 1, from: PAGES }])).rejects.toThrow(StateError);
      await expect(arrival.write([{ kind: 'copy', first: -1, count: 1, from: 0 }])).rejects.toThrow(StateError);
    });

    test('refuses devices of other hardware', async () => {
      const bench = await boot(guests.echo());
      await bench.machine.pause();
      const devices = await bench.machine.depart().devices();
      const arrival = await arrive(guests.echo());
      await expect(arrival.complete({ ...devices, hardware: { ...devices.hardware, memory: '32 MiB' } })).rejects.toThrow('memory');
      const other = await arrive(guests.echo());
      await expect(other.complete({ ...devices, sections: devices.sections.slice(1) })).rejects.toThrow(StateError);
    });
  });
}
