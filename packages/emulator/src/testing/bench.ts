/**
 * A machine under test, and ways to wait for it. No wait without an end: each fails after its time with what was seen.
 */
import type { Ended, Engine, HardwareSettings, Machine } from '../engine.js';
import type { Firmware } from '../firmware.js';
import type { SavedState } from '../saved-state.js';
import { MemoryDisk } from './memory-disk.js';

/** Milliseconds; a PC boots in about one second, on a busy host in ten. */
const PATIENCE = 40_000;

export const FLOPPY = 1_474_560;

/** A small PC with nothing plugged in but COM1. */
export const PLAIN: HardwareSettings = {
  memoryMiB: 16,
  vramMiB: 8,
  monitorCount: 1,
  cpuCount: 1,
  acpi: true,
  rtcUtc: true,
  bootOrder: ['floppy', 'disk', 'dvd'],
  drives: [],
  serialPorts: [{ index: 1, ioBase: 0x3f8, irq: 4 }],
  networkAdapters: [],
};

export class Bench {
  #heard: number[] = [];
  #wake: () => void = () => undefined;
  #ended: Ended | undefined;

  private constructor(readonly machine: Machine) {
    machine.serial[0]?.onData((bytes) => {
      this.#heard.push(...bytes);
      this.#wake();
    });
    void machine.ended.then((ended) => {
      this.#ended = ended;
      this.#wake();
    });
  }

  static async start(engine: Engine, firmware: Firmware, settings: Partial<HardwareSettings>): Promise<Bench> {
    return new Bench(await engine.start({ ...PLAIN, ...settings }, { firmware }));
  }

  /** Starts a guest from a floppy and waits until it says `B`. */
  static async boot(engine: Engine, firmware: Firmware, sector: Uint8Array, settings: Partial<HardwareSettings> = {}): Promise<Bench> {
    const drives = [{ slot: 'floppy0' as const, kind: 'floppy' as const, device: new MemoryDisk(FLOPPY, sector) }, ...(settings.drives ?? [])];
    const bench = await Bench.start(engine, firmware, { ...settings, drives });
    try {
      await bench.hear('B');
    } catch (error) {
      await bench.machine.powerOff();
      throw error;
    }
    return bench;
  }

  /** Goes on with a machine's state, standing still. */
  static async restore(engine: Engine, firmware: Firmware, settings: Partial<HardwareSettings>, state: SavedState): Promise<Bench> {
    return new Bench(await engine.restore({ ...PLAIN, ...settings }, state, { firmware }));
  }

  static of(machine: Machine): Bench {
    return new Bench(machine);
  }

  /** The next `count` bytes from COM1. */
  async take(count: number): Promise<number[]> {
    const until = Date.now() + PATIENCE;
    while (this.#heard.length < count) {
      if (this.#ended) throw new Error(`the machine ended (${JSON.stringify(this.#ended, errors)}) before it said ${count} bytes`);
      await within(until, `${count} bytes from COM1, heard ${this.#heard.length}, at last ${JSON.stringify(String.fromCharCode(...this.#heard.slice(-100)))}`, (done) => {
        this.#wake = done;
      });
    }
    return this.#heard.splice(0, count);
  }

  async hear(text: string): Promise<void> {
    const heard = String.fromCharCode(...(await this.take(text.length)));
    if (heard !== text) throw new Error(`expected ${JSON.stringify(text)} from COM1, heard ${JSON.stringify(heard)}`);
  }

  /** What has come and was not taken. */
  get heard(): string {
    return String.fromCharCode(...this.#heard);
  }

  say(...bytes: readonly (string | number)[]): void {
    const codes = bytes.flatMap((part) => (typeof part === 'number' ? [part] : [...part].map((character) => character.charCodeAt(0))));
    this.machine.serial[0]!.write(Uint8Array.from(codes));
  }

  /** Waits until a screen shows what `test` looks for. @param number from 0 */
  async see(what: string, test: () => boolean, number = 0): Promise<void> {
    const screen = this.machine.screens[number]!;
    const until = Date.now() + PATIENCE;
    while (!test()) {
      screen.takeDamage();
      if (test()) return;
      await within(until, `${what}; the screen is ${screen.width}x${screen.height}:\n${this.machine.textScreen?.().join('\n') ?? ''}`, (done) => {
        const off = screen.onDamage(() => {
          off();
          done();
        });
      });
    }
  }

  /** A pixel of the first screen as 0xRRGGBB. */
  pixel(x: number, y: number): number {
    const { pixels, stride } = this.machine.screens[0]!;
    const at = y * stride + x * 4;
    return (pixels[at + 2]! << 16) | (pixels[at + 1]! << 8) | pixels[at]!;
  }
}

const errors = (_key: string, value: unknown): unknown => (value instanceof Error ? value.stack : value);

function within(until: number, what: string, begin: (done: () => void) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`waited too long for ${what}`)), Math.max(0, until - Date.now()));
    begin(() => {
      clearTimeout(timer);
      resolve();
    });
  });
}
