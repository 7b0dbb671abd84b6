/**
 * Drives a guest's ports, and through them its IDE drives, from a test: the guest is `guests.ports`.
 *
 * ATA8-ACS 7 (commands), INF-8020 2.6 (packets).
 */
import type { Bench } from './bench.js';

/** The first channel; the second is 0x80 below. */
const COMMAND_BLOCK = 0x1f0;
const Register = { data: 0, error: 1, features: 1, count: 2, low: 3, mid: 4, high: 5, device: 6, status: 7, command: 7 } as const;
const Status = { ERR: 0x01, DRQ: 0x08, BSY: 0x80 } as const;
const PACKET = 0xa0;

export class Ports {
  constructor(private readonly bench: Bench) {}

  async out(port: number, byte: number): Promise<void> {
    this.bench.say('o', port & 0xff, port >> 8, byte);
    await this.bench.hear('+');
  }

  async out32(port: number, value: number): Promise<void> {
    this.bench.say('d', port & 0xff, port >> 8, value & 0xff, (value >> 8) & 0xff, (value >> 16) & 0xff, (value >> 24) & 0xff);
    await this.bench.hear('+');
  }

  async in(port: number): Promise<number> {
    this.bench.say('i', port & 0xff, port >> 8);
    return (await this.bench.take(1))[0]!;
  }

  /** Puts bytes into the guest's memory, below 64 KiB. */
  async poke(address: number, bytes: readonly number[]): Promise<void> {
    for (const [index, byte] of bytes.entries()) {
      this.bench.say('m', (address + index) & 0xff, (address + index) >> 8, byte);
      await this.bench.hear('+');
    }
  }

  /** Moves 512 bytes between 0000:8000 and a port. */
  async block(direction: 'w' | 'r', port: number): Promise<void> {
    this.bench.say(direction, port & 0xff, port >> 8);
    await this.bench.hear('+');
  }
}

/** One IDE drive, by its registers. */
export class Drive {
  readonly #base: number;

  constructor(
    readonly ports: Ports,
    channel: number,
    private readonly device: number,
  ) {
    this.#base = COMMAND_BLOCK - channel * 0x80;
  }

  /** Sends a command for sector `lba` without waiting for what becomes of it; 48 bits are two writes to each register. */
  async send(command: number, { features = 0, count = 0, lba = 0, wide = false } = {}): Promise<void> {
    const set = (register: keyof typeof Register, byte: number): Promise<void> => this.ports.out(this.#base + Register[register], byte);
    await set('device', 0xe0 | (this.device << 4));
    for (const high of wide ? [true, false] : [false]) {
      await set('features', high ? 0 : features);
      await set('count', high ? 0 : count);
      await set('low', high ? 0 : lba & 0xff);
      await set('mid', high ? 0 : (lba >> 8) & 0xff);
      await set('high', high ? 0 : (lba >> 16) & 0xff);
    }
    await set('command', command);
  }

  /** The status register once the drive is no longer busy. */
  async settled(): Promise<number> {
    for (;;) {
      const status = await this.ports.in(this.#base + Register.status);
      if ((status & Status.BSY) === 0) return status;
    }
  }

  get status(): Promise<number> {
    return this.ports.in(this.#base + Register.status);
  }

  /** Sends a command and waits; true when it ended well. */
  async command(command: number, registers: Parameters<Drive['send']>[1] = {}): Promise<boolean> {
    await this.send(command, registers);
    return ((await this.settled()) & Status.ERR) === 0;
  }

  /** Writes the 512 bytes at 0000:8000 by a programmed command, and leaves the drive at it. */
  async write(command: number, registers: Parameters<Drive['send']>[1]): Promise<void> {
    await this.send(command, { count: 1, ...registers });
    await this.settled();
    await this.ports.block('w', this.#base + Register.data);
  }

  /** Reads 512 bytes to 0000:8000. */
  async read(): Promise<void> {
    await this.ports.block('r', this.#base + Register.data);
  }

  /** Sends a packet of no data, and waits; true when it ended well. */
  async packet(bytes: readonly number[]): Promise<boolean> {
    const words = Array.from({ length: 12 }, (_unused, index) => bytes[index] ?? 0);
    await this.send(PACKET);
    if (((await this.settled()) & Status.DRQ) === 0) return false;
    for (let at = 0; at < 12; at += 4) await this.ports.out32(this.#base + Register.data, words[at]! | (words[at + 1]! << 8) | (words[at + 2]! << 16) | (words[at + 3]! << 24));
    return ((await this.settled()) & Status.ERR) === 0;
  }

  /** The error register: of a packet the sense key in its upper half. */
  get error(): Promise<number> {
    return this.ports.in(this.#base + Register.error);
  }
}
