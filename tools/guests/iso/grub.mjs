// GRUB's loader for images of ours: Debian's grub-mkimage, and the modules that show a menu and start Linux from a CD.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { debianPrefix, prefixEnvironment } from '../../setup/debian.mjs';
import { run } from '../../setup/progress.mjs';
import { writeImage } from './iso9660.mjs';

const GRUB = {
  label: 'grub',
  // grub-mkimage's libraries are named too: a bare system has not all of them
  packages: ['grub-common', 'grub-pc-bin', 'libdevmapper1.02.1', 'liblzma5', 'libselinux1', 'libpcre2-8-0', 'libudev1'],
};

const MODULES = ['biosdisk', 'iso9660', 'normal', 'linux16'];

/**
 * Writes an image whose GRUB starts Linux: the menu names /LINUX.IMG and /INITRD.GZ.
 * @param {string} path
 * @param {{ scratch: string, volume: string, menu: string, linux: Buffer, initrd: Buffer, versions?: Readonly<Record<string, string>> }} from
 *   scratch: a folder for what is in the making; versions: of the packages in it, for VERSIONS.TXT, where GRUB's are added
 * @throws {SetupError} where Debian's packages cannot be had
 */
export async function writeLinuxImage(path, { scratch, volume, menu, linux, initrd, versions }) {
  const grub = await grubLoader(scratch);
  writeImage(path, {
    volume,
    files: [
      { name: 'BOOT.IMG', data: grub.image },
      { name: 'GRUB.CFG', data: Buffer.from(menu) },
      { name: 'LINUX.IMG', data: linux },
      { name: 'INITRD.GZ', data: initrd },
      ...(versions ? [{ name: 'VERSIONS.TXT', data: Buffer.from(`${JSON.stringify({ ...versions, ...grub.versions }, null, 2)}\n`) }] : []),
    ],
    boot: 'BOOT.IMG',
    bootSectors: 4,
    bootInfoTable: true,
  });
}

/**
 * Makes the loader that El Torito boots; its menu is the image's GRUB.CFG.
 * @param {string} scratch
 * @returns {Promise<{ image: Buffer, versions: Readonly<Record<string, string>> }>}
 */
async function grubLoader(scratch) {
  const grub = await debianPrefix(GRUB);
  const core = join(scratch, 'core.img');
  const modules = join(grub.path, 'usr/lib/grub/i386-pc');
  await run(join(grub.path, 'usr/bin/grub-mkimage'), ['-O', 'i386-pc-eltorito', '-d', modules, '-p', '/', '-o', core, ...MODULES], { env: prefixEnvironment(grub) });
  return { image: readFileSync(core), versions: grub.versions };
}
