/**
 * Serial ports: bytes in are fed as the guest reads them, bytes out are gathered until the engine's loop comes round.
 */
import type { Cpu, Emulator, Uart } from './inside.js';
import { wrapPort } from './inside.js';
import { jsonSection, Values } from './section-values.js';
import type { StateSection } from '../saved-state.js';

/** Where v86's four ports are; index 1 is COM1. */
export const SERIAL_PORTS = [
  { index: 1, ioBase: 0x3f8, irq: 4 },
  { index: 2, ioBase: 0x2f8, irq: 3 },
  { index: 3, ioBase: 0x3e8, irq: 4 },
  { index: 4, ioBase: 0x2e8, irq: 3 },
] as const;

/** What a 16550 holds. */
const FIFO = 16;
const SECTION_VERSION = 1;
/** The modem lines of a port whose other end is there. */
const LINES = ['carrier-detect', 'data-set-ready', 'clear-to-send'];

export class SerialLine {
  #in: number[] = [];
  #next = 0;
  #out: number[] = [];
  readonly #uart: Uart;

  /** @param taken told how many bytes the guest's port has taken */
  constructor(
    private readonly emulator: Emulator,
    readonly index: number,
    private readonly taken: (count: number) => void,
  ) {
    const cpu = emulator.v86.cpu;
    const number = index - 1;
    this.#uart = cpu.devices[`uart${number}` as 'uart0']!;
    emulator.add_listener(`serial${number}-output-byte`, (byte: never) => this.#out.push(byte));
    for (const line of LINES) emulator.bus.send(`serial${number}-${line}-input`, true);
    wrapPort(cpu, SERIAL_PORTS[number]!.ioBase, (before) => ({
      read8: (port) => {
        const value = before.read8.call(this.#uart, port);
        this.#feed();
        return value;
      },
    }));
  }

  write(bytes: Uint8Array): void {
    for (const byte of bytes) this.#in.push(byte);
    this.#feed();
  }

  /** What the guest has sent since the last call. */
  takeOutput(): Uint8Array | undefined {
    if (this.#out.length === 0) return undefined;
    const bytes = Uint8Array.from(this.#out);
    this.#out = [];
    return bytes;
  }

  /** The bytes that the guest's port has not taken. */
  save(): StateSection {
    return jsonSection(this.#section, SECTION_VERSION, { in: this.#in.slice(this.#next) });
  }

  /** @returns how many bytes wait */
  restore(sections: readonly StateSection[]): number {
    this.#in = Values.of(sections, this.#section, SECTION_VERSION).numbers('in', 0xff);
    this.#next = 0;
    return this.#in.length;
  }

  get #section(): string {
    return `serial${this.index}`;
  }

  #feed(): void {
    if (this.#uart.input.length > 0 || this.#next >= this.#in.length) return;
    const count = Math.min(FIFO, this.#in.length - this.#next);
    for (let i = 0; i < count; i++) this.emulator.bus.send(`serial${this.index - 1}-input`, this.#in[this.#next++]);
    if (this.#next === this.#in.length) {
      this.#in = [];
      this.#next = 0;
    }
    this.taken(count);
  }
}

/** Takes the first port away, which v86 always builds. */
export function removeFirstPort(cpu: Cpu): void {
  for (let port = SERIAL_PORTS[0].ioBase; port < SERIAL_PORTS[0].ioBase + 8; port++) cpu.io.ports[port] = cpu.io.create_empty_entry();
}
