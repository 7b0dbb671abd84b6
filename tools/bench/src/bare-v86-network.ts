/**
 * v86 as its package comes, with the small Linux in its drive and passt behind its network card: what the machines' networks are compared with.
 *
 * Arguments: the image, and `virtio` or `NE2000`. The guest's COM2, where its shell is, is standard input and output. A card is given no frame that
 * it has no room for: v86 would lose it.
 */
import { createRequire } from 'node:module';
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { findFirmware, findPasst, Nat, natNetwork } from '@belvedere/emulator';

/** As much of v86 as is used here. */
interface V86 {
  readonly v86: {
    readonly cpu: {
      readonly devices: {
        readonly net?: { readonly cr: number; readonly isr: number; readonly pstart: number; readonly pstop: number; readonly curpg: number; readonly boundary: number; do_interrupt(status: number): void };
        readonly virtio_net?: { readonly virtio: { readonly device_status: number; readonly queues: readonly { has_request(): boolean }[] } };
      };
    };
  };
  add_listener(event: string, listener: (value: never) => void): void;
  bus: { send(event: string, value: unknown): void };
}

/** Frames that wait for the card: above the first passt is paused, below the second it goes on. */
const WAITING = { most: 200, low: 50 };
const DRIVER_OK = 4;

const [iso = '', card = 'virtio'] = process.argv.slice(2);
const build = dirname(createRequire(import.meta.url).resolve('v86'));
const { V86 } = (await import(pathToFileURL(join(build, 'libv86.mjs')).href)) as { V86: new (options: object) => V86 };
const { bios, vgaBios } = await findFirmware();
const buffer = (bytes: Uint8Array): { buffer: ArrayBuffer } => ({ buffer: Uint8Array.from(bytes).buffer });

const nat = await Nat.start({ program: await findPasst(), network: natNetwork('10.0.2.0/24'), mac: Buffer.from('080027000001', 'hex'), localhostReachable: false, log: () => undefined });
const emulator = new V86({
  wasm_path: join(build, 'v86.wasm'),
  bios: buffer(bios),
  vga_bios: buffer(vgaBios),
  cdrom: buffer(await readFile(iso)),
  boot_order: 0x123,
  memory_size: 256 << 20,
  vga_memory_size: 8 << 20,
  uart1: true,
  net_device: { type: card === 'virtio' ? 'virtio' : 'ne2k' },
  disable_keyboard: true,
  disable_mouse: true,
  disable_speaker: true,
  autostart: true,
});

let waiting: Uint8Array[] = [];

/** @returns whether the card takes a full frame now; undefined: its driver is not there */
function room(): boolean | undefined {
  const { net, virtio_net: virtio } = emulator.v86.cpu.devices;
  if (virtio) return virtio.virtio.device_status & DRIVER_OK ? virtio.virtio.queues[0]!.has_request() : undefined;
  if (!net || net.cr & 1) return undefined;
  const boundary = net.boundary >= net.pstart ? net.boundary : net.pstop - 1;
  const free = boundary > net.curpg ? boundary - net.curpg : net.pstop - net.curpg + boundary - net.pstart;
  if (free <= 6 && !(net.isr & 1)) net.do_interrupt(1);
  return free > 6;
}

function feed(): void {
  let fed = 0;
  for (const frame of waiting) {
    const takes = room();
    if (takes === false) break;
    if (takes) emulator.bus.send('net0-receive', frame);
    fed++;
  }
  waiting = waiting.slice(fed);
  if (waiting.length < WAITING.low) nat.resume();
  if (waiting.length > 0) setImmediate(feed);
}

nat.onFrame((frame) => {
  waiting.push(Uint8Array.from(frame));
  if (waiting.length === WAITING.most) nat.pause();
  if (waiting.length === 1) setImmediate(feed);
});
emulator.add_listener('net0-send', (frame: Uint8Array) => nat.send(frame.slice()));
emulator.add_listener('serial1-output-byte', (byte: number) => process.stdout.write(Uint8Array.of(byte)));
process.stdin.on('data', (bytes: Uint8Array) => bytes.forEach((byte) => emulator.bus.send('serial1-input', byte)));
process.stdin.on('end', () => void nat.close().then(() => process.exit()));
