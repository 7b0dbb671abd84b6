/**
 * A further screen: QEMU's `bochs-display`, a display adapter on PCI without VGA, as its documentation (docs/specs/standard-vga) and Linux's
 * driver `bochs` have it. BAR 0 is video memory; BAR 2 holds an EDID at 0, the Bochs display interface's registers at 0x500 and the byte
 * order at 0x600. It has no interrupt and no palette; modes have 16 or 32 bits a pixel.
 *
 * v86 hands every access of a guest to the functions here, so what was drawn is known page by page.
 */
import { StateError, type StateSection } from '../saved-state.js';
import { EDID_SIZE, edidBlock } from './edid.js';
import type { Cpu } from './inside.js';
import { highColours } from './palette.js';
import { jsonSection, sectionOf, Values } from './section-values.js';
import type { Surface } from './surface.js';

/** Bytes of video memory: the largest screen at 32 bits a pixel fits. A power of two. */
export const DISPLAY_MEMORY = 16 * 1024 * 1024;
/** The size that a display asks its guest for, until somebody wishes for another. */
export const FIRST_SIZE = { width: 1024, height: 768 } as const;

/** Where screen 2's memory and registers are; the next screens' come behind them. v86 moves no memory: these addresses stay. */
const MEMORY = 0xd000_0000;
const REGISTERS = 0xd800_0000;
/** What v86 maps at least. */
const STRETCH = 0x2_0000;
/** Behind the first screen's VGA at 18, so that a guest finds that one first; the network cards have 21 to 28, the disks 30. */
const PCI_SLOTS = [19, 20, 29] as const;
const BAR2_SIZE = 0x1000;
const PAGE_SHIFT = 12;

const DISPI = 0x500;
const ByteOrder = { size: 0x600, order: 0x604, little: 0x1e1e_1e1e, length: 8 } as const;
const Index = { id: 0, width: 1, height: 2, depth: 3, enable: 4, bank: 5, virtualWidth: 6, virtualHeight: 7, x: 8, y: 9, memory: 10 } as const;
const REGISTER_COUNT = 11;
const DISPI_ID = 0xb0c5;
const ENABLED = 1;

const littleEndian = (bytes: number, value: number): number[] => Array.from({ length: bytes }, (_unused, index) => (value >>> (8 * index)) & 0xff);

/** The configuration space: vendor, device, no command, class "other display controller", revision 2. */
const configuration = (memory: number, registers: number): number[] => {
  const space = new Array<number>(256).fill(0);
  space.splice(0, 12, 0x34, 0x12, 0x11, 0x11, 0x03, 0, 0, 0, 0x02, 0x00, 0x80, 0x03);
  // Prefetchable.
  space.splice(0x10, 4, ...littleEndian(4, memory | 8));
  space.splice(0x18, 4, ...littleEndian(4, registers));
  space.splice(0x2c, 4, 0xf4, 0x1a, 0x00, 0x11);
  return space;
};

interface Mode {
  readonly width: number;
  readonly height: number;
  readonly bytes: number;
  /** Bytes. */
  readonly pitch: number;
  readonly start: number;
}

export class BochsDisplay {
  readonly memory = new Uint8Array(DISPLAY_MEMORY);
  readonly #bytes = Buffer.from(this.memory.buffer);
  readonly #words = new Int32Array(this.memory.buffer);
  readonly #written = new Uint8Array(DISPLAY_MEMORY >> PAGE_SHIFT);
  readonly #registers = new Uint16Array(REGISTER_COUNT);
  #edid: Uint8Array;
  #isOff = false;
  #wish: { readonly width: number; readonly height: number } = FIRST_SIZE;
  #shown = '';
  #line = Buffer.alloc(0);

  /** @param number from 1; the first screen is the VGA's */
  constructor(
    cpu: Cpu,
    private readonly number: number,
    readonly surface: Surface,
  ) {
    this.#edid = edidBlock(number, this.#wish);
    const place = number - 2;
    const [memory, registers] = [MEMORY + place * DISPLAY_MEMORY, REGISTERS + place * STRETCH];
    cpu.devices.pci.register_device({
      name: `bochs-display ${number}`,
      pci_id: PCI_SLOTS[place]! << 3,
      pci_space: configuration(memory, registers),
      pci_bars: [{ size: DISPLAY_MEMORY }, undefined, { size: BAR2_SIZE }],
    });
    this.#mapMemory(cpu, memory);
    this.#mapRegisters(cpu, registers);
    surface.resize(this.#wish.width, this.#wish.height);
  }

  /** The guest shows something, and its user did not switch the screen off. */
  get on(): boolean {
    return this.#mode() !== undefined;
  }

  /** The display's own switch: whatever the guest shows, it stays dark while it is off. */
  set off(off: boolean) {
    this.#isOff = off;
  }

  /** Draws what the guest has changed. */
  refresh(): void {
    const mode = this.#mode();
    const shown = JSON.stringify(mode) ?? 'dark';
    const isStale = shown !== this.#shown;
    this.#shown = shown;
    if (!mode) return isStale ? this.surface.clear() : undefined;
    const { surface, memory } = this;
    const { width, height, bytes, pitch, start } = mode;
    if (!surface.resize(width, height) && !isStale && !this.#written.includes(1)) return;
    for (let y = 0; y < height; y++) {
      const at = start + y * pitch;
      if (!isStale && !this.#isWritten(at, at + width * bytes)) continue;
      if (bytes === 4) surface.putLine(y, this.#bytes, at);
      else surface.putLine(y, this.#convert(memory, at), 0);
    }
    this.#written.fill(0);
  }

  /** The size that the guest is told to use. It sees it when it looks at its displays: Linux when its driver starts. */
  wishFor(width: number, height: number): void {
    this.#wish = { width, height };
    this.#edid = edidBlock(this.number, this.#wish);
    if (!this.on) this.surface.resize(width, height);
  }

  /** As the reset line leaves it; video memory keeps what it has. */
  reset(): void {
    this.#registers.fill(0);
  }

  /** @param videoMemory false: left out, because it goes its own way as memory does */
  save(videoMemory: boolean): StateSection[] {
    const { name, memoryName } = this.#sections;
    const bytes = videoMemory ? this.memory.slice(0, lastByte(this.#bytes)) : new Uint8Array(0);
    return [jsonSection(name, 1, { registers: [...this.#registers], width: this.#wish.width, height: this.#wish.height }), { name: memoryName, version: 1, bytes }];
  }

  /** @throws StateError */
  restore(sections: readonly StateSection[]): void {
    const { name, memoryName } = this.#sections;
    const values = Values.of(sections, name, 1);
    const registers = values.numbers('registers', 0xffff);
    const { bytes } = sectionOf(sections, memoryName, 1);
    const [width, height] = [values.number('width'), values.number('height')];
    if (registers.length !== REGISTER_COUNT || bytes.length > DISPLAY_MEMORY || !isSize(width) || !isSize(height)) throw new StateError(`section ${name} of the state is not of such a screen: the state is damaged`);
    this.#registers.set(registers);
    this.memory.set(bytes);
    this.wishFor(width, height);
    this.#shown = '';
  }

  get #sections(): { readonly name: string; readonly memoryName: string } {
    return { name: `screen-${this.number}`, memoryName: `screen-${this.number}-memory` };
  }

  /** What the registers say; undefined while the guest shows nothing, or what cannot be shown. */
  #mode(): Mode | undefined {
    const registers = this.#registers;
    if (this.#isOff || !(registers[Index.enable]! & ENABLED)) return undefined;
    const [width, height, depth] = [registers[Index.width]!, registers[Index.height]!, registers[Index.depth]!];
    const bytes = depth === 32 ? 4 : 2;
    const pitch = Math.max(width, registers[Index.virtualWidth]!) * bytes;
    const start = registers[Index.x]! * bytes + registers[Index.y]! * pitch;
    const fits = isSize(width) && isSize(height) && (depth === 32 || depth === 16) && start + (height - 1) * pitch + width * bytes <= DISPLAY_MEMORY;
    return fits ? { width, height, bytes, pitch, start } : undefined;
  }

  #isWritten(from: number, to: number): boolean {
    for (let page = from >> PAGE_SHIFT; page <= (to - 1) >> PAGE_SHIFT; page++) if (this.#written[page]) return true;
    return false;
  }

  /** One row of 16 bits a pixel as BGRX. */
  #convert(memory: Uint8Array, at: number): Buffer {
    const { width, stride } = this.surface;
    if (this.#line.length !== stride) this.#line = Buffer.alloc(stride);
    const line = new Uint32Array(this.#line.buffer, this.#line.byteOffset, width);
    const colours = HIGH_COLOURS();
    for (let x = 0; x < width; x++) line[x] = colours[memory[at + 2 * x]! | (memory[at + 2 * x + 1]! << 8)]!;
    return this.#line;
  }

  #mapMemory(cpu: Cpu, address: number): void {
    const { memory } = this;
    const [words, written] = [this.#words, this.#written];
    const mask = DISPLAY_MEMORY - 1;
    const read8 = (at: number): number => memory[at & mask]!;
    const write8 = (at: number, value: number): void => {
      memory[at & mask] = value;
      written[(at & mask) >> PAGE_SHIFT] = 1;
    };
    const read32 = (at: number): number => (at & 3 ? read8(at) | (read8(at + 1) << 8) | (read8(at + 2) << 16) | (read8(at + 3) << 24) : words[(at & mask) >> 2]!);
    const write32 = (at: number, value: number): void => {
      if (at & 3) return littleEndian(4, value).forEach((byte, index) => write8(at + index, byte));
      words[(at & mask) >> 2] = value;
      written[(at & mask) >> PAGE_SHIFT] = 1;
    };
    cpu.io.mmap_register(address, DISPLAY_MEMORY, read8, write8, read32, write32);
  }

  #mapRegisters(cpu: Cpu, address: number): void {
    const mask = BAR2_SIZE - 1;
    const read8 = (at: number): number => this.#readRegister(at & mask);
    const write8 = (at: number, value: number): void => this.#writeRegister(at & mask, value);
    const read32 = (at: number): number => read8(at) | (read8(at + 1) << 8) | (read8(at + 2) << 16) | (read8(at + 3) << 24);
    const write32 = (at: number, value: number): void => littleEndian(4, value).forEach((byte, index) => write8(at + index, byte));
    cpu.io.mmap_register(address, STRETCH, read8, write8, read32, write32);
  }

  /** One byte of BAR 2. */
  #readRegister(at: number): number {
    if (at < EDID_SIZE) return this.#edid[at]!;
    if (at >= DISPI && at < DISPI + 2 * REGISTER_COUNT) {
      const index = (at - DISPI) >> 1;
      const value = index === Index.id ? DISPI_ID : index === Index.memory ? DISPLAY_MEMORY >> 16 : this.#registers[index]!;
      return at & 1 ? value >> 8 : value & 0xff;
    }
    if (at >= ByteOrder.size && at < ByteOrder.order) return littleEndian(4, ByteOrder.length)[at - ByteOrder.size]!;
    if (at >= ByteOrder.order && at < ByteOrder.size + ByteOrder.length) return littleEndian(4, ByteOrder.little)[at - ByteOrder.order]!;
    return 0;
  }

  #writeRegister(at: number, value: number): void {
    if (at < DISPI || at >= DISPI + 2 * REGISTER_COUNT) return;
    const index = (at - DISPI) >> 1;
    if (index === Index.id || index === Index.memory) return;
    const before = this.#registers[index]!;
    this.#registers[index] = at & 1 ? (before & 0xff) | (value << 8) : (before & 0xff00) | value;
  }
}

/** Sides of a screen that is shown; as in the engine's limits, either way round. */
const LARGEST = 2560;
const isSize = (pixels: number): boolean => Number.isInteger(pixels) && pixels > 0 && pixels <= LARGEST;

let highColours16: Uint32Array | undefined;
const HIGH_COLOURS = (): Uint32Array => (highColours16 ??= highColours(16));

/** Bytes up to the last one that is not zero. */
function lastByte(bytes: Buffer): number {
  const zeroes = Buffer.alloc(1 << PAGE_SHIFT);
  let end = bytes.length;
  while (end > 0 && bytes.compare(zeroes, 0, zeroes.length, end - zeroes.length, end) === 0) end -= zeroes.length;
  return end;
}
