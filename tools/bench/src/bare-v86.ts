/**
 * v86 as its package comes, with the test card in its drive: what the machines are compared with.
 *
 * The guest's COM1 is standard input and output. Over the channel to the parent process: `stop` and `go`, each answered when done.
 */
import { createRequire } from 'node:module';
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { findFirmware } from '@belvedere/emulator';
import { TESTCARD_ISO } from '@belvedere/guests';

/** As much of v86 as is used here. */
interface V86 {
  run(): Promise<void>;
  stop(): Promise<void>;
  add_listener(event: string, listener: (value: number) => void): void;
  bus: { send(event: string, value: number): void };
}

const build = dirname(createRequire(import.meta.url).resolve('v86'));
const { V86 } = (await import(pathToFileURL(join(build, 'libv86.mjs')).href)) as { V86: new (options: object) => V86 };
const { bios, vgaBios } = await findFirmware();
const buffer = (bytes: Uint8Array): { buffer: ArrayBuffer } => ({ buffer: Uint8Array.from(bytes).buffer });

const emulator = new V86({
  wasm_path: join(build, 'v86.wasm'),
  bios: buffer(bios),
  vga_bios: buffer(vgaBios),
  cdrom: buffer(await readFile(TESTCARD_ISO)),
  boot_order: 0x123,
  memory_size: 32 << 20,
  vga_memory_size: 16 << 20,
  disable_keyboard: true,
  disable_mouse: true,
  disable_speaker: true,
  autostart: true,
});

emulator.add_listener('serial0-output-byte', (byte) => process.stdout.write(Uint8Array.of(byte)));
process.stdin.on('data', (bytes: Uint8Array) => bytes.forEach((byte) => emulator.bus.send('serial0-input', byte)));
process.on('message', (what) => void (what === 'stop' ? emulator.stop() : emulator.run()).then(() => process.send!(what)));
