/**
 * The keyboard's own queue before v86's 8042: a key is handed over when the guest has read the one before.
 * A pasted page waits here, not in a guest's small buffers, and nothing is lost when the guest sends the keyboard a command.
 */
import type { Cpu } from './inside.js';
import { wrapPort } from './inside.js';
import { jsonSection, Values } from './section-values.js';
import type { StateSection } from '../saved-state.js';

/** Milliseconds between two keys: no guest was written for more than a keyboard's own wire carries. */
const SPACING = 0.25;
/** Milliseconds until another look at a guest that takes no key now. */
const AGAIN = 10;
/** How long a full BIOS buffer holds keys back in a guest that has paging on and may have left the BIOS for good. */
const STALE = 2000;

/** The BIOS data area's keyboard buffer: two pointers and fifteen keys. */
const BIOS_HEAD = 0x41a;
const BIOS_TAIL = 0x41c;
const BIOS_BUFFER = { start: 0x1e, end: 0x3e };

const PAGING = 1 << 31;

const SECTION = { name: 'keyboard', version: 1 } as const;

export class KeyboardQueue {
  #keys: number[][] = [];
  #head = 0;
  #bytes = 0;
  #fedAt = -Infinity;
  /** What the 8042 holds is a key of ours, and so many bytes of it. */
  #inFlight: number[] = [];
  #ring = -1;
  #ringAt = 0;

  constructor(
    private readonly cpu: Cpu,
    private readonly now: () => number,
  ) {
    wrapPort(cpu, 0x60, (before) => ({
      read8: (port) => {
        const value = before.read8.call(cpu.devices.ps2, port);
        this.feed();
        return value;
      },
    }));
    // A guest that asks again and again whether there is a key need not wait for its slice to end.
    wrapPort(cpu, 0x64, (before) => ({
      read8: (port) => {
        this.feed();
        return before.read8.call(cpu.devices.ps2, port);
      },
    }));
    this.#watchClear();
  }

  /** Bytes that the guest has not taken. */
  get waiting(): number {
    return this.#bytes + this.#unread();
  }

  /** @param bytes one key's scancode, with its prefix */
  push(bytes: readonly number[]): void {
    this.#keys.push([...bytes]);
    this.#bytes += bytes.length;
    this.feed();
  }

  /** Forgets everything: the machine was reset. */
  reset(): void {
    this.#keys = [];
    this.#head = 0;
    this.#bytes = 0;
    this.#inFlight = [];
    this.#ring = -1;
    this.#watchClear();
  }

  save(): StateSection {
    return jsonSection(SECTION.name, SECTION.version, { keys: this.#keys.slice(this.#head).map((bytes) => ({ bytes })), inFlight: this.#inFlight });
  }

  /** Takes over what waited in another machine; before anything waits here. */
  restore(sections: readonly StateSection[]): void {
    const values = Values.of(sections, SECTION.name, SECTION.version);
    this.#keys = values.all('keys').map((key) => key.numbers('bytes', 0xff));
    this.#head = 0;
    this.#bytes = this.#keys.reduce((total, key) => total + key.length, 0);
    this.#inFlight = values.numbers('inFlight', 0xff);
  }

  /** Hands over the next key if the guest can take it now. @returns milliseconds until it may be able to; Infinity with no key left */
  feed(): number {
    const ps2 = this.cpu.devices.ps2;
    if (this.#bytes === 0) return Infinity;
    if (ps2.kbd_buffer.length > 0 || !ps2.enable_keyboard_stream || ps2.command_register & 0x10) return AGAIN;
    const now = this.now();
    if (now - this.#fedAt < SPACING) return SPACING - (now - this.#fedAt);
    if (this.#biosIsFull(now)) return AGAIN;
    const key = this.#keys[this.#head++]!;
    if (this.#head > 1000 && this.#head * 2 > this.#keys.length) {
      this.#keys = this.#keys.slice(this.#head);
      this.#head = 0;
    }
    this.#bytes -= key.length;
    this.#fedAt = now;
    this.#inFlight = key;
    for (const byte of key) ps2.kbd_send_code(byte);
    return this.#bytes > 0 ? SPACING : Infinity;
  }

  #unread(): number {
    return Math.min(this.#inFlight.length, this.cpu.devices.ps2.kbd_buffer.length);
  }

  /** A command to the keyboard empties the 8042; a key in it goes back to the front of the queue. */
  #watchClear(): void {
    const buffer = this.cpu.devices.ps2.kbd_buffer;
    const clear = buffer.clear.bind(buffer);
    buffer.clear = () => {
      const unread = this.#unread();
      if (unread > 0) {
        const rest = this.#inFlight.slice(-unread);
        this.#keys.splice(this.#head, 0, rest);
        this.#bytes += rest.length;
      }
      this.#inFlight = [];
      clear();
    };
  }

  /** The guest's BIOS takes keys and has no room: a real one would beep and drop them. */
  #biosIsFull(now: number): boolean {
    const memory = this.cpu.mem8;
    const head = memory[BIOS_HEAD]! | (memory[BIOS_HEAD + 1]! << 8);
    const tail = memory[BIOS_TAIL]! | (memory[BIOS_TAIL + 1]! << 8);
    const ring = (head << 16) | tail;
    if (ring !== this.#ring) {
      this.#ring = ring;
      this.#ringAt = now;
    }
    const inside = (at: number): boolean => at >= BIOS_BUFFER.start && at < BIOS_BUFFER.end && at % 2 === 0;
    if (!inside(head) || !inside(tail)) return false;
    const next = tail + 2 === BIOS_BUFFER.end ? BIOS_BUFFER.start : tail + 2;
    if (next !== head) return false;
    return (this.cpu.cr[0]! & PAGING) === 0 || now - this.#ringAt < STALE;
  }
}
