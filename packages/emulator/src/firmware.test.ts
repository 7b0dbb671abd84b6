import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { mkdtemp, mkdir, rm, writeFile } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { findFirmware, firmwareCacheFolder, firmwareFolders } from './firmware.js';

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'firmware-'));
});

afterEach(async () => {
  await rm(folder, { recursive: true });
});

async function put(where: string, bios = 0x20000, vgaBios = 0x9a00): Promise<void> {
  await mkdir(where, { recursive: true });
  await writeFile(join(where, 'bios.bin'), new Uint8Array(bios));
  await writeFile(join(where, 'vgabios-stdvga.bin'), new Uint8Array(vgaBios));
}

describe('firmware', () => {
  test('is taken from the folder that the environment names, and from no other', async () => {
    await put(folder);
    const found = await findFirmware({ BELVEDERE_FIRMWARE: folder });
    expect([found.bios.length, found.vgaBios.length, found.folder]).toEqual([0x20000, 0x9a00, folder]);
    expect(firmwareFolders({ BELVEDERE_FIRMWARE: folder })).toEqual([folder]);
  });

  test('is found in the cache before the system', async () => {
    const env = { BELVEDERE_CACHE: folder };
    await put(join(folder, 'firmware'));
    expect((await findFirmware(env)).folder).toBe(join(folder, 'firmware'));
    expect(firmwareFolders(env)).toContain('/usr/share/seabios');
  });

  test('has its cache where the system keeps such', () => {
    expect(firmwareCacheFolder({}, 'darwin')).toBe(join(homedir(), 'Library', 'Caches', 'belvedere', 'firmware'));
    expect(firmwareCacheFolder({ LOCALAPPDATA: '/l' }, 'win32')).toBe(join('/l', 'belvedere', 'cache', 'firmware'));
    expect(firmwareCacheFolder({}, 'linux')).toBe(join(homedir(), '.cache', 'belvedere', 'firmware'));
    expect(firmwareCacheFolder({ XDG_CACHE_HOME: '/x' })).toBe(join('/x', 'belvedere', 'firmware'));
    expect(firmwareCacheFolder({ BELVEDERE_CACHE: '/y', XDG_CACHE_HOME: '/x' })).toBe(join('/y', 'firmware'));
  });

  test('that is missing is an error that says what to install', async () => {
    await expect(findFirmware({ BELVEDERE_FIRMWARE: folder })).rejects.toThrow(/apt-get install seabios/);
    await expect(findFirmware({ BELVEDERE_FIRMWARE: folder })).rejects.toThrow(folder);
  });

  test.each([
    [0, 0x9a00],
    [0x40000, 0x9a00],
    [0x20000, 0x10200],
    [0x20000, 100],
  ])('of impossible size (%p, %p bytes) is named', async (bios, vgaBios) => {
    await put(folder, bios, vgaBios);
    await expect(findFirmware({ BELVEDERE_FIRMWARE: folder })).rejects.toThrow(/expected a multiple of 512/);
  });
});
