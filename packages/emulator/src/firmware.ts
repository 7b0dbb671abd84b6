/**
 * Finds the PC's firmware on this host: SeaBIOS and its VGA BIOS.
 * Reads files; nothing is downloaded here.
 */
import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';

export interface Firmware {
  readonly bios: Uint8Array;
  readonly vgaBios: Uint8Array;
  /** The folder that both were found in. */
  readonly folder: string;
}

const BIOS = 'bios.bin';
const VGA_BIOS = 'vgabios-stdvga.bin';
/** The size of the BIOS's place below 1 MiB, and of the option ROM's. */
const BIOS_LIMIT = 0x20000;
const VGA_BIOS_LIMIT = 0x10000;

/** The folder that the set-up program fills where the system has no firmware. */
export function firmwareCacheFolder(env: NodeJS.ProcessEnv = process.env, platform: NodeJS.Platform = process.platform): string {
  return join(cacheFolder(env, platform), 'firmware');
}

/** Where things are kept that the set-up program can fetch again. */
export function cacheFolder(env: NodeJS.ProcessEnv, platform: NodeJS.Platform): string {
  if (env.BELVEDERE_CACHE) return env.BELVEDERE_CACHE;
  if (env.XDG_CACHE_HOME) return join(env.XDG_CACHE_HOME, 'belvedere');
  if (platform === 'darwin') return join(homedir(), 'Library', 'Caches', 'belvedere');
  if (platform === 'win32' && env.LOCALAPPDATA) return join(env.LOCALAPPDATA, 'belvedere', 'cache');
  return join(homedir(), '.cache', 'belvedere');
}

/** Folders that may hold firmware, best first. `BELVEDERE_FIRMWARE` names the only one. */
export function firmwareFolders(env: NodeJS.ProcessEnv = process.env): readonly string[] {
  if (env.BELVEDERE_FIRMWARE) return [env.BELVEDERE_FIRMWARE];
  return [
    firmwareCacheFolder(env),
    '/usr/share/seabios',
    '/usr/share/qemu',
    '/usr/share/qemu-kvm',
    '/usr/local/share/qemu',
    '/opt/homebrew/share/qemu',
    '/opt/local/share/qemu',
  ];
}

/**
 * Reads the first pair of firmware files found.
 *
 * @throws Error that names the folders tried and what to install
 */
export async function findFirmware(env: NodeJS.ProcessEnv = process.env): Promise<Firmware> {
  const folders = firmwareFolders(env);
  const problems: string[] = [];
  for (const folder of folders) {
    try {
      const bios = await readRom(join(folder, BIOS), BIOS_LIMIT);
      const vgaBios = await readRom(join(folder, VGA_BIOS), VGA_BIOS_LIMIT);
      return { bios, vgaBios, folder };
    } catch (error) {
      const problem = error as NodeJS.ErrnoException;
      problems.push(problem.code === 'ENOENT' || problem.code === 'ENOTDIR' ? folder : `${folder} (${problem.message})`);
    }
  }
  throw new Error(
    `no firmware: looked for ${BIOS} and ${VGA_BIOS} in ${problems.join(', ')}; install SeaBIOS ` +
      '(Debian and Ubuntu: apt-get install seabios; Fedora: dnf install seabios-bin seavgabios-bin; macOS: brew install qemu), ' +
      'run npm run setup, or set BELVEDERE_FIRMWARE to a folder that holds both files',
  );
}

async function readRom(path: string, limit: number): Promise<Uint8Array> {
  const bytes = await readFile(path);
  if (bytes.length === 0 || bytes.length > limit || bytes.length % 512 !== 0) {
    throw new Error(`${path} has ${bytes.length} bytes, expected a multiple of 512 up to ${limit}`);
  }
  return new Uint8Array(bytes);
}
