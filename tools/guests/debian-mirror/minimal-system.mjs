// The installer's component that installs a minimal system: a udeb out of Debian's own packages (debootstrap, perl for it, sfdisk, mke2fs, the kernel's modules
// for IDE disks and ext4) and a script. It stands for the partitioner, the base installer and GRUB's installer, which the mirrors of packages do not all carry.
import { cpSync, chmodSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { SetupError, run } from '../../setup/progress.mjs';

export const NAME = 'minimal-system';
const VERSION = '1';

/** Debian's packages, and what is taken out of each. */
const PARTS = {
  debootstrap: ['usr/sbin/debootstrap', 'usr/share/debootstrap'],
  'perl-base': ['usr/bin/perl'],
  fdisk: ['sbin/sfdisk'],
  libfdisk1: ['usr/lib/i386-linux-gnu/libfdisk.so.1'],
  libsmartcols1: ['usr/lib/i386-linux-gnu/libsmartcols.so.1'],
  e2fsprogs: ['sbin/mke2fs', 'etc/mke2fs.conf'],
  libext2fs2: ['lib/i386-linux-gnu/libext2fs.so.2', 'lib/i386-linux-gnu/libe2p.so.2'],
  'libcom-err2': ['lib/i386-linux-gnu/libcom_err.so.2'],
};

/** Modules of the kernel, and what each needs. */
const MODULES = ['libata', 'ata_piix', 'ata_generic', 'ext4', 'jbd2', 'mbcache'];

/** The packages that it is made from. @param {string} kernel such as 6.1.0-50-686 */
export const ingredients = (kernel) => [...Object.keys(PARTS), `linux-image-${kernel}`];

/**
 * Makes the udeb.
 * @param {string} kernel the installer's
 * @param {(name: string) => string} debian the file of one of the ingredients
 * @param {string} scratch a folder for what is in the making
 * @returns {Promise<{ file: string, fields: string }>} the udeb, and its fields for an index, without those of its file
 */
export async function buildMinimalSystem(kernel, debian, scratch) {
  const root = join(scratch, NAME);
  const put = (/** @type {string} */ from, /** @type {string} */ path) => {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    cpSync(from, join(root, path), { recursive: true, dereference: true });
  };
  for (const [name, paths] of Object.entries(PARTS)) {
    const unpacked = await unpack(debian(name), join(scratch, name));
    for (const path of paths) put(join(unpacked, path), path);
  }
  const modules = join(await unpack(debian(`linux-image-${kernel}`), join(scratch, 'kernel')), 'lib/modules', kernel);
  const files = readdirSync(modules, { recursive: true, encoding: 'utf8' });
  for (const module of MODULES) {
    const path = files.find((file) => file.endsWith(`/${module}.ko`));
    if (!path) throw new SetupError(`Debian's kernel ${kernel} brings no module ${module}`);
    put(join(modules, path), join('lib/modules', kernel, path));
  }

  const fields = `Package: ${NAME}
Version: ${VERSION}
Architecture: i386
Section: debian-installer
Priority: standard
Maintainer: Belvedere
Depends: configured-network, choose-mirror
Kernel-Version: ${kernel}
Installer-Menu-Item: 6000
Description: install a minimal system
`;
  mkdirSync(join(root, 'DEBIAN'), { recursive: true });
  writeFileSync(join(root, 'DEBIAN', 'control'), fields);
  for (const [name, mode] of /** @type {const} */ ([['postinst', 0o755], ['templates', 0o644]])) {
    writeFileSync(join(root, 'DEBIAN', name), readFileSync(fileURLToPath(new URL(`./minimal-system/${name}`, import.meta.url))));
    chmodSync(join(root, 'DEBIAN', name), mode);
  }
  const file = join(scratch, `${NAME}_${VERSION}_i386.udeb`);
  await run('dpkg-deb', ['--root-owner-group', '-Zgzip', '--nocheck', '--build', root, file]);
  return { file, fields };
}

/** @param {string} deb @param {string} folder */
async function unpack(deb, folder) {
  mkdirSync(folder, { recursive: true });
  await run('dpkg-deb', ['--extract', deb, folder]);
  return folder;
}
