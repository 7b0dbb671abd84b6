// What the set-up needs beyond npm: SeaBIOS and its VGA BIOS for the embedded engine, passt for its networks, nasm for the test card.
// Each is taken from this machine where it has it, else fetched from Debian into the cache, else named with what to install.
import { copyFileSync, mkdirSync, renameSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { debianPrefix, hasApt, prefixEnvironment } from './debian.mjs';
import { cacheFolder, findProgram } from './places.mjs';
import { SetupError } from './progress.mjs';

/** Where systems keep SeaBIOS: the folders that the emulator looks into, and Fedora's own two. */
const FIRMWARE_FOLDERS = [
  '/usr/share/seabios',
  '/usr/share/seavgabios',
  '/usr/share/qemu',
  '/usr/share/qemu-kvm',
  '/usr/local/share/qemu',
  '/opt/homebrew/share/qemu',
  '/opt/local/share/qemu',
  'C:\\Program Files\\qemu\\share',
  'C:\\Program Files\\qemu',
];

/** The two images, and the most bytes each may have: the space below 1 MiB that is theirs. */
const FIRMWARE = { 'bios.bin': 0x20000, 'vgabios-stdvga.bin': 0x10000 };

/** The folder where the emulator looks first. */
export const firmwareFolder = () => join(cacheFolder(), 'firmware');

/** @param {string} path @param {number} most */
function usable(path, most) {
  try {
    const { size } = statSync(path);
    return size > 0 && size <= most;
  } catch {
    return false;
  }
}

/** Both images as this machine has them, by name. @returns {Record<string, string> | undefined} */
function hostFirmware() {
  /** @type {Record<string, string>} */
  const found = {};
  for (const [file, most] of Object.entries(FIRMWARE)) {
    const path = [firmwareFolder(), ...FIRMWARE_FOLDERS].map((folder) => join(folder, file)).find((candidate) => usable(candidate, most));
    if (!path) return undefined;
    found[file] = path;
  }
  return found;
}

/** Whether the emulator finds its firmware: both images in one folder. */
export function hasFirmware() {
  const found = Object.values(hostFirmware() ?? {}).map((path) => dirname(path));
  return found.length > 0 && new Set(found).size === 1;
}

/** Puts SeaBIOS into the cache: copied together from this machine's folders, or out of Debian's package. @throws {SetupError} when it cannot be had */
export async function provideFirmware() {
  const found = hostFirmware() ?? (await debianFirmware());
  mkdirSync(firmwareFolder(), { recursive: true });
  for (const [file, path] of Object.entries(found)) {
    const target = join(firmwareFolder(), file);
    if (path === target) continue;
    copyFileSync(path, `${target}.new`);
    renameSync(`${target}.new`, target);
  }
}

async function debianFirmware() {
  if (!hasApt()) throw new SetupError(`no SeaBIOS on this machine: ${install('seabios', 'seabios-bin seavgabios-bin', 'qemu', 'QEMU from https://www.qemu.org/download/#windows')}`);
  const { path } = await debianPrefix({ label: 'seabios', packages: ['seabios'] });
  return Object.fromEntries(Object.keys(FIRMWARE).map((file) => [file, join(path, 'usr/share/seabios', file)]));
}

/** The folder where the emulator looks for passt first. */
export const passtFolder = () => join(cacheFolder(), 'passt');

/** Whether the emulator finds passt. */
export const hasPasst = () => usable(join(passtFolder(), 'passt'), Infinity) || findProgram('passt') !== undefined;

/** Puts passt into the cache, with the build of it for newer processors, which it starts by itself. @throws {SetupError} when it cannot be had */
export async function providePasst() {
  if (!hasApt()) throw new SetupError(`no passt on this machine: install ${findProgram('dnf') ? 'it by "sudo dnf install passt"' : 'the package passt'}`);
  const { path } = await debianPrefix({ label: 'passt', packages: ['passt'] });
  mkdirSync(passtFolder(), { recursive: true });
  // The plain program last: it is what is looked for.
  for (const name of ['passt.avx2', 'passt']) {
    const [source, target] = [join(path, 'usr/bin', name), join(passtFolder(), name)];
    if (!usable(source, Infinity)) continue;
    copyFileSync(source, `${target}.new`);
    renameSync(`${target}.new`, target);
  }
}

/**
 * The assembler: its program and the environment it runs in.
 * @returns {Promise<{ program: string, env: NodeJS.ProcessEnv }>}
 * @throws {SetupError} when it cannot be had
 */
export async function provideNasm() {
  const installed = findProgram('nasm');
  if (installed) return { program: installed, env: process.env };
  if (!hasApt()) throw new SetupError(`no nasm on this machine, which assembles the test card: ${install('nasm', 'nasm', 'nasm', 'nasm from https://www.nasm.us')}`);
  const prefix = await debianPrefix({ label: 'nasm', packages: ['nasm'] });
  return { program: join(prefix.path, 'usr/bin/nasm'), env: prefixEnvironment(prefix) };
}

/**
 * How to install a thing, for the system at hand.
 * @param {string} apt
 * @param {string} dnf
 * @param {string} brew
 * @param {string} windows
 */
function install(apt, dnf, brew, windows) {
  if (process.platform === 'darwin') return `run "brew install ${brew}"`;
  if (process.platform === 'win32') return `install ${windows}`;
  if (findProgram('dnf')) return `run "sudo dnf install ${dnf}"`;
  if (findProgram('pacman')) return `run "sudo pacman -S ${brew === 'qemu' ? 'seabios' : brew}"`;
  if (findProgram('zypper')) return `run "sudo zypper install ${brew === 'qemu' ? 'qemu-seabios qemu-vgabios' : brew}"`;
  return `install ${apt} (Debian), ${dnf} (Fedora) or what your system calls it`;
}
