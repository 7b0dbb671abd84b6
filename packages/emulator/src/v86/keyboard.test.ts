import { beforeEach, describe, expect, test } from '@jest/globals';
import type { ByteQueue, Cpu, PortEntry, Ps2 } from './inside.js';
import { KeyboardQueue } from './keyboard.js';

const BIOS_HEAD = 0x41a;
const BIOS_TAIL = 0x41c;

describe('keyboard queue', () => {
  let now: number;
  let bytes: number[];
  let memory: Uint8Array;
  let cr: Int32Array;
  let ps2: Ps2;
  let ports: PortEntry[];
  let keyboard: KeyboardQueue;

  beforeEach(() => {
    now = 1000;
    bytes = [];
    memory = new Uint8Array(0x500);
    cr = new Int32Array(8);
    const buffer = {
      get length() {
        return bytes.length;
      },
      push: (byte: number) => void bytes.push(byte),
      shift: () => bytes.shift() ?? -1,
      clear: () => void bytes.splice(0),
    } as ByteQueue;
    ps2 = {
      kbd_buffer: buffer,
      enable_keyboard_stream: true,
      command_register: 0,
      kbd_send_code: (byte: number) => buffer.push(byte),
    } as unknown as Ps2;
    ports = [];
    ports[0x60] = { read8: () => bytes.shift() ?? 0 } as unknown as PortEntry;
    ports[0x64] = { read8: () => (bytes.length > 0 ? 1 : 0) } as unknown as PortEntry;
    keyboard = new KeyboardQueue({ mem8: memory, cr, devices: { ps2 }, io: { ports } } as unknown as Cpu, () => now);
  });

  /** The guest reads until there is nothing more. */
  function read(): number[] {
    const seen: number[] = [];
    for (let quiet = 0; quiet < 3; now++) {
      if (ports[0x64]!.read8.call(undefined, 0x64)) seen.push(ports[0x60]!.read8.call(undefined, 0x60));
      else quiet++;
    }
    return seen;
  }

  const ring = (head: number, tail: number): void => {
    memory[BIOS_HEAD] = head;
    memory[BIOS_TAIL] = tail;
  };

  test('hands over one key at a time', () => {
    keyboard.push([0xe0, 0x1d]);
    keyboard.push([0xe0, 0x9d]);
    expect(bytes).toEqual([0xe0, 0x1d]);
    expect(keyboard.waiting).toBe(4);
    expect(read()).toEqual([0xe0, 0x1d, 0xe0, 0x9d]);
    expect(keyboard.waiting).toBe(0);
    expect(keyboard.feed()).toBe(Infinity);
  });

  test('gives a key again that a command of the guest swept away, from the byte that was not read', () => {
    keyboard.push([0xe0, 0x48]);
    keyboard.push([0x1e]);
    expect(ports[0x60]!.read8.call(undefined, 0x60)).toBe(0xe0);
    // The guest sets the lights: the controller empties its buffer and answers.
    ps2.kbd_buffer.clear();
    ps2.kbd_buffer.push(0xfa);
    expect(read()).toEqual([0xfa, 0x48, 0x1e]);
  });

  test('waits until the guest has switched the keyboard on', () => {
    ps2.enable_keyboard_stream = false;
    keyboard.push([0x1e]);
    expect(read()).toEqual([]);
    ps2.enable_keyboard_stream = true;
    ps2.command_register = 0x10;
    expect(read()).toEqual([]);
    ps2.command_register = 0;
    expect(read()).toEqual([0x1e]);
  });

  test("waits while the BIOS's buffer is full", () => {
    ring(0x1e, 0x3c);
    keyboard.push([0x1e]);
    now += 10_000;
    expect(read()).toEqual([]);
    ring(0x20, 0x3c);
    expect(read()).toEqual([0x1e]);
  });

  test('does not wait for a BIOS that a guest with paging has left behind', () => {
    ring(0x22, 0x20);
    cr[0] = 1 << 31;
    keyboard.push([0x1e]);
    expect(read()).toEqual([]);
    now += 3000;
    expect(read()).toEqual([0x1e]);
  });

  test('forgets everything at a reset', () => {
    keyboard.push([0x1e]);
    keyboard.push([0x30]);
    bytes.splice(0);
    keyboard.reset();
    expect(read()).toEqual([]);
  });
});
