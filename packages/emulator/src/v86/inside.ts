/**
 * The insides of v86 that this engine touches, as types, and the one place that loads it.
 * v86 promises none of these names: the version is pinned in package.json and compared here, and no other file imports v86.
 */
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { atLevel, highestLeaf } from './cpuid.js';
import type { NetworkCardModel } from '../engine.js';

export const V86_VERSION = '0.5.462';

/** Bytes of an Ethernet frame's payload. */
export const MTU = 1500;

/** The parts of WebAssembly used here; Node has it, the compiler's libraries keep it with the browser's. */
declare const WebAssembly: {
  compile(bytes: Uint8Array): Promise<object>;
  instantiate(module: object, imports: object): Promise<{ readonly exports: object }>;
};

export interface ByteQueue {
  length: number;
  push(byte: number): void;
  shift(): number;
  clear(): void;
}

/** The 8042 with its keyboard and mouse. */
export interface Ps2 {
  kbd_buffer: ByteQueue;
  mouse_buffer: ByteQueue;
  enable_keyboard_stream: boolean;
  enable_mouse_stream: boolean;
  use_mouse: boolean;
  /** Bit 4 stops the keyboard, bit 5 the mouse. */
  command_register: number;
  mouse_clicks: number;
  mouse_id: number;
  wheel_movement: number;
  next_byte_is_ready: boolean;
  next_byte_is_aux: boolean;
  kbd_send_code(byte: number): void;
  send_mouse_packet(dx: number, dy: number): void;
  raise_irq(): void;
  reset(): void;
}

export interface VmwareMouse {
  enabled: boolean;
  absolute: boolean;
  queue: number[];
  buttons: number;
  last_x: number;
  last_y: number;
  tail_is_move: boolean;
}

export interface Layer {
  readonly screen_x: number;
  readonly screen_y: number;
  readonly buffer_y: number;
  readonly buffer_height: number;
}

export interface Vga {
  graphical_mode: boolean;
  svga_enabled: boolean;
  svga_width: number;
  svga_height: number;
  svga_bpp: number;
  /** Pixels. */
  svga_offset: number;
  svga_offset_x: number;
  svga_offset_y: number;
  svga_version: number;
  svga_memory: Uint8Array;
  vga_memory_size: number;
  dispi_index: number;
  /** Planes 0 to 3 of 64 KiB each; text modes keep characters and attributes interleaved from 0, fonts in plane 2. */
  vga_memory: Uint8Array;
  plane2: Uint8Array;
  /** A palette index for each pixel, filled by `vga_replot` between the `diff_plot` marks. */
  pixel_buffer: Uint8Array;
  diff_addr_min: number;
  diff_addr_max: number;
  virtual_width: number;
  screen_width: number;
  screen_height: number;
  layers: readonly Layer[];
  /** 0x00RRGGBB. */
  vga256_palette: Int32Array;
  dac_map: Uint8Array;
  dac_mask: number;
  attribute_mode: number;
  attribute_controller_index: number;
  color_plane_enable: number;
  color_select: number;
  palette_source: number;
  clocking_mode: number;
  character_map_select: number;
  max_scan_line: number;
  line_compare: number;
  offset_register: number;
  start_address: number;
  start_address_latched: number;
  underline_location_register: number;
  horizontal_display_enable_end: number;
  horizontal_blank_start: number;
  vertical_display_enable_end: number;
  vertical_blank_start: number;
  cursor_address: number;
  cursor_scanline_start: number;
  cursor_scanline_end: number;
  vga_replot(): void;
  reset_diffs(): void;
  complete_redraw(): void;
  update_vertical_retrace(): void;
}

/** What a drive reads and writes; `get` and `set` answer whenever they like. */
export interface DiskBuffer {
  readonly byteLength: number;
  get(start: number, length: number, done: (data: Uint8Array) => void): void;
  set(start: number, data: Uint8Array, done: () => void): void;
  /** Bytes that are at hand; v86 looks for a partition table in the first sector, to guess the disk's geometry. */
  get_from_cache(start: number, length: number): Uint8Array | undefined;
}

export interface IdeInterface {
  buffer: DiskBuffer | null;
  drive_connected: boolean;
  is_atapi: boolean;
  sector_size: number;
  sector_count: number;
  head_count: number;
  status_reg: number;
  error_reg: number;
  features_reg: number;
  sector_count_reg: number;
  current_command: number;
  current_atapi_command: number;
  data: Uint8Array;
  data_pointer: number;
  data_length: number;
  write_dest: number;
  medium_changed: number;
  atapi_sense_key: number;
  atapi_add_sense: number;
  readonly channel: IdeChannel;
  ata_command(command: number): void;
  atapi_handle(): void;
  atapi_check_condition_response(senseKey: number, additionalSense: number): void;
  ata_advance(command: number, sectors: number): void;
  get_lba(is48: boolean): number;
  get_count(is48: boolean): number;
  create_identify_packet(): void;
  device_reset(): void;
  do_write(): void;
  push_irq(): void;
  set_disk_buffer(buffer: DiskBuffer): void;
  set_cdrom(buffer: DiskBuffer): void;
  eject(): void;
}

export interface IdeChannel {
  readonly master: IdeInterface;
  readonly slave: IdeInterface;
  readonly current_interface: IdeInterface;
  readonly command_base: number;
  readonly irq: number;
  dma_status: number;
}

export interface FloppyDrive {
  drive_type: number;
  buffer: DiskBuffer | null;
  insert_disk(buffer: DiskBuffer, readOnly: boolean): boolean;
  eject_disk(): void;
}

export interface Uart {
  input: number[];
  fifo_control: number;
}

export interface PciDevice {
  pci_id: number;
  readonly pci_space: number[];
  readonly name?: string;
  /** Base address registers by their number; what `pci_space` says of memory stays. */
  readonly pci_bars?: readonly ({ readonly size: number } | undefined)[];
}

export interface Pci {
  /** Which interrupt the chipset's four lines lead to, from 0x60 on. */
  readonly isa_bridge_space8: Uint8Array;
  readonly device_spaces: (Int32Array | undefined)[];
  readonly devices: (PciDevice | undefined)[];
  register_device(device: PciDevice): Int32Array;
  raise_irq(id: number): void;
  lower_irq(id: number): void;
}

/** What a network card sends events to, and hears them from. */
export interface CardBus {
  send(event: string, data?: unknown): void;
  register(event: string, listener: (data: Uint8Array) => void, self: object): void;
}

interface NetworkCard {
  mac: Uint8Array;
  get_state(): unknown[];
  set_state(state: unknown[]): void;
}

/** A DP8390 with its 32 KiB of memory; pages are of 256 bytes. */
export interface Ne2000 extends NetworkCard, PciDevice {
  readonly port: number;
  readonly memory: Uint8Array;
  /** Bit 0: stopped. */
  cr: number;
  pstart: number;
  pstop: number;
  curpg: number;
  boundary: number;
  /** Interrupt status, and which of it interrupts. */
  isr: number;
  imr: number;
  /** Which multicast addresses it was told to take; not in its state. */
  mar: Uint8Array;
  do_interrupt(status: number): void;
}

export interface VirtioNet extends NetworkCard {
  /** Bit 0: link up. */
  status: number;
  readonly virtio: {
    readonly pci_id: number;
    readonly isr_status: number;
    /** Bit 2: the driver is there. */
    readonly device_status: number;
    readonly queues: readonly { has_request(): boolean }[];
    notify_config_changes(): void;
  };
  reset(): void;
}

/** @param keepMac the address in a saved state counts; @param id gives the first I/O port: 0x300 + 0x100 * id */
export type Ne2000Class = new (cpu: Cpu, bus: CardBus, keepMac: boolean, translateMac: boolean, id: number) => Ne2000;
export type VirtioNetClass = new (cpu: Cpu, bus: CardBus, keepMac: boolean, mtu: number) => VirtioNet;

export interface CardClasses {
  readonly ne2000?: Ne2000Class;
  readonly virtio?: VirtioNetClass;
}

export interface PortEntry {
  read8: (this: unknown, port: number) => number;
  read16: (this: unknown, port: number) => number;
  read32: (this: unknown, port: number) => number;
  write8: (this: unknown, value: number) => void;
  write16: (this: unknown, value: number) => void;
  write32: (this: unknown, value: number) => void;
  device: unknown;
}

export interface Cpu {
  readonly wasm_memory: { readonly buffer: ArrayBuffer };
  readonly mem8: Uint8Array;
  readonly memory_size: Int32Array;
  readonly cr: Int32Array;
  readonly in_hlt: Uint8Array;
  readonly instruction_counter: Uint32Array;
  readonly svga_dirty_bitmap_min_offset: Uint32Array;
  readonly svga_dirty_bitmap_max_offset: Uint32Array;
  readonly option_roms: { name: string; data: Uint8Array }[];
  readonly io: {
    readonly ports: PortEntry[];
    register_read(port: number, device: object, r8?: () => number, r16?: () => number, r32?: () => number): void;
    register_write(port: number, device: object, w8?: (value: number) => void, w16?: (value: number) => void, w32?: (value: number) => void): void;
    create_empty_entry(): PortEntry;
    /** Whole stretches of 128 KiB. Addresses come signed; what is 16 bits wide comes as two bytes, low one first. */
    mmap_register(address: number, size: number, read8: (at: number) => number, write8: (at: number, value: number) => void, read32: (at: number) => number, write32: (at: number, value: number) => void): void;
  };
  readonly devices: {
    readonly pci: Pci;
    /** Asked for its part when the processor's state is saved. */
    net?: { get_state(): unknown[]; set_state(state: unknown[]): void };
    virtio_net?: VirtioNet;
    readonly ps2: Ps2;
    readonly vmware: VmwareMouse;
    readonly vga: Vga;
    readonly ide: { readonly primary: IdeChannel; readonly secondary: IdeChannel };
    readonly fdc: { readonly drives: FloppyDrive[]; end_read_write(status0: number, status1: number, status2: number): void };
    readonly rtc: { rtc_time: number; last_update: number; cmos_write(index: number, value: number): void; timer(now: number, legacy: boolean): number };
    readonly pit: { counter_enabled: Uint8Array; counter_mode: Uint8Array; counter_reload: Uint16Array; counter_start_value: Uint16Array; counter_start_time: Float64Array; timer(now: number, noIrq: boolean): number };
    readonly acpi?: Acpi;
    readonly uart0: Uart;
    readonly uart1?: Uart;
    readonly uart2?: Uart;
    readonly uart3?: Uart;
  };
  /** Finds dirty pages of video memory, notes the first and last of them, and calls them clean. */
  svga_fill_pixel_buffer(bitsPerPixel: number, offset: number): void;
  svga_mark_dirty(): void;
  /** The part of the state that is guest memory; `bitmap` says which pages the packed ones are. */
  pack_memory(): { bitmap: { get_buffer(): ArrayBuffer }; packed_memory: Uint8Array };
  unpack_memory(bitmap: object, packed: Uint8Array): void;
  is_memory_zeroed(address: number, length: number): boolean;
  device_raise_irq(irq: number): void;
  device_lower_irq(irq: number): void;
  reboot_internal(): void;
}

export interface Acpi {
  status: number;
  pm1_status: number;
  pm1_enable: number;
  gpe: Uint8Array;
  last_timer: number;
  timer_last_value: number;
  timer_imprecision_offset: number;
  get_timer(now: number): number;
  timer(now: number): number;
}

/** v86's main loop: each tick asks `yield` to call `yield_callback` after `t` milliseconds. */
export interface Core {
  readonly cpu: Cpu;
  yield(t: number, tick: number): void;
  yield_callback(tick: number): void;
  /** The processor and every device by position; what `pack_memory` gives stands for the memory. */
  save_state(): ArrayBuffer;
  restore_state(state: ArrayBuffer): void;
}

export interface Emulator {
  readonly v86: Core;
  readonly bus: { send(event: string, data?: unknown): void };
  readonly screen_adapter: Record<string, unknown>;
  add_listener(event: string, listener: (data: never) => void): void;
  run(): Promise<void>;
}

/** The options of v86's constructor that this engine uses. */
export interface EmulatorOptions {
  readonly bios: ArrayBuffer;
  readonly vgaBios: ArrayBuffer;
  readonly memoryBytes: number;
  readonly vramBytes: number;
  readonly acpi: boolean;
  readonly cpuPortabilityLevel: number;
  /** Which of the serial ports 2 to 4 to build; the first is always there. */
  readonly serialPorts: readonly number[];
  /** A card that v86 is to build; `takeCardClass` takes it out again. */
  readonly card?: NetworkCardModel;
}

/** The video memory that v86 makes of what was asked for: a power of two. */
export const videoMemoryMiB = (wanted: number): number => 2 ** Math.ceil(Math.log2(wanted));

/** Where the npm package stands. @throws Error for any version but the one this engine was written for */
async function locate(): Promise<string> {
  const main = createRequire(import.meta.url).resolve('v86');
  const folder = join(main, '..', '..');
  const { version } = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8')) as { version: string };
  if (version.split('+')[0] !== V86_VERSION) {
    throw new Error(`v86 ${version} at ${folder}, but this engine reaches inside ${V86_VERSION}: install exactly that`);
  }
  return join(folder, 'build');
}

/** v86 builds its first IDE channel only for a disk; `IdeDrives` takes this one out again. */
function placeholder(): object {
  const disk = {
    byteLength: 512,
    onload: () => undefined,
    load: () => disk.onload(),
    get: () => undefined,
    set: () => undefined,
    get_and_cache: (_start: number, _length: number, done: () => void) => done(),
    get_from_cache: () => undefined,
  };
  return disk;
}

/**
 * Builds an emulator that has no drives yet and does not run. Whatever clock this thread has becomes the guest's.
 * v86 is given no ImageData on purpose: it then keeps no picture of its own, and its search for dirty pages copies nothing.
 */
export async function buildEmulator(options: EmulatorOptions): Promise<Emulator> {
  const folder = await locate();
  const { V86 } = (await import(pathToFileURL(join(folder, 'libv86.mjs')).href)) as { V86: new (options: object) => Emulator };
  const wasm = await WebAssembly.compile(atLevel(await readFile(join(folder, 'v86.wasm')), options.cpuPortabilityLevel));
  let reject: (error: Error) => void;
  const broken = new Promise<never>((_resolve, fail) => {
    reject = fail;
  });
  const emulator = new V86({
    wasm_fn: async (imports: object) => {
      try {
        return (await WebAssembly.instantiate(wasm, imports)).exports;
      } catch (error) {
        reject(error as Error);
        throw error;
      }
    },
    bios: { buffer: options.bios },
    vga_bios: { buffer: options.vgaBios },
    hda: placeholder(),
    memory_size: options.memoryBytes,
    vga_memory_size: options.vramBytes,
    acpi: options.acpi,
    cpuid_level: highestLeaf(options.cpuPortabilityLevel),
    uart1: options.serialPorts.includes(2),
    uart2: options.serialPorts.includes(3),
    uart3: options.serialPorts.includes(4),
    net_device: { type: options.card === undefined ? 'none' : options.card === 'ne2000' ? 'ne2k' : 'virtio', mtu: MTU },
    disable_keyboard: true,
    disable_mouse: true,
    disable_speaker: true,
    autostart: false,
  });
  const loaded = new Promise<void>((resolve) => emulator.add_listener('emulator-loaded', () => resolve()));
  await Promise.race([loaded, broken]);
  return emulator;
}

/** The classes of a machine's network cards, of which v86 hands out none: each is had from a card that it built, which is taken away. */
export async function cardClasses(emulator: Emulator, models: readonly NetworkCardModel[], options: EmulatorOptions): Promise<CardClasses> {
  let classes: CardClasses = {};
  for (const model of new Set(models)) {
    // v86 builds one card: the other model's class comes from a second PC, which never runs.
    const source = model === options.card ? emulator : await buildEmulator({ ...options, bios: options.bios.slice(0), vgaBios: options.vgaBios.slice(0), memoryBytes: 1 << 20, vramBytes: 1 << 20, card: model });
    classes = { ...classes, ...takeCardClass(source.v86.cpu) };
  }
  return classes;
}

function takeCardClass(cpu: Cpu): CardClasses {
  const { devices, io } = cpu;
  const { net, virtio_net: virtio } = devices;
  const card = (net as Ne2000 | undefined) ?? (virtio?.virtio as unknown as PciDevice);
  for (let port = 0; net && port < 0x20; port++) io.ports[(net as Ne2000).port + port] = io.create_empty_entry();
  devices.pci.devices[card.pci_id] = undefined;
  devices.pci.device_spaces[card.pci_id] = undefined;
  delete devices.net;
  delete devices.virtio_net;
  return net ? { ne2000: net.constructor as Ne2000Class } : { virtio: virtio!.constructor as VirtioNetClass };
}

/** Puts `change` around a port's handlers, keeping what was there. */
export function wrapPort(cpu: Cpu, port: number, change: (before: PortEntry) => Partial<PortEntry>): void {
  const entry = cpu.io.ports[port]!;
  const before = { ...entry };
  Object.assign(entry, change(before));
}
