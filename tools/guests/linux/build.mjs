// Builds the small Linux guest's ISO, once, into the cache: the installer's kernel, and an initial RAM disk with BusyBox, QEMU's guest agent,
// PAM's password checker, the drivers of network cards and a few accounts. Debian's own i386 binaries; nothing here needs root.
// Accounts: john; locked; expired. All have the password "right horse" (SHA-512 crypt with the salt "belvedere": openssl passwd -6 -salt belvedere).
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, realpathSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync, gzipSync } from 'node:zlib';
import { debianPrefix } from '../../setup/debian.mjs';
import { withLock } from '../../setup/lock.mjs';
import { SetupError, say, step } from '../../setup/progress.mjs';
import { writeLinuxImage } from '../iso/grub.mjs';
import { readImageFile } from '../iso/iso9660.mjs';
import { FILE, FOLDER, PROGRAM, SECRET, cpio, unpackCpio } from './cpio.mjs';
import { findLinux, linuxFolder, linuxName } from './iso.mjs';

const AGENT = 'qemu-guest-agent';
const PACKAGES = {
  label: 'linux-guest',
  architecture: 'i386',
  packages: [AGENT, 'busybox-static', 'libpam-modules-bin', 'libaudit1', 'libc6', 'libcap-ng0', 'libcrypt1', 'libglib2.0-0', 'libnuma1', 'libpcre2-8-0', 'libselinux1', 'libudev1', 'liburing2'],
};

const PROGRAMS = ['bin/busybox', 'usr/sbin/qemu-ga', 'sbin/unix_chkpwd'];

/** All that the programs need, and what these need in turn. */
const LIBRARIES = [
  'ld-linux.so.2', 'libaudit.so.1', 'libc.so.6', 'libcap-ng.so.0', 'libcrypt.so.1', 'libglib-2.0.so.0', 'libgmodule-2.0.so.0', 'libm.so.6', 'libnuma.so.1',
  'libpcre2-8.so.0', 'libselinux.so.1', 'libudev.so.1', 'liburing.so.2',
];

/** Of the kernel's modules, in the order in which they are loaded. */
const MODULES = ['8390', 'ne2k-pci', 'failover', 'net_failover', 'virtio', 'virtio_ring', 'virtio_pci_modern_dev', 'virtio_pci_legacy_dev', 'virtio_pci', 'virtio_net'];

const MENU = `set timeout=0
menuentry "Linux with QEMU's guest agent" {
  linux16 /LINUX.IMG quiet loglevel=2 mitigations=off
  initrd16 /INITRD.GZ
}
`;

/**
 * Builds the image unless it is there.
 * @param {string | undefined} installer the Debian installer's image, which has the kernel
 * @returns {Promise<string | undefined>} its path; undefined where Debian's packages cannot be had, which is said
 */
export async function buildLinux(installer) {
  const there = findLinux();
  if (there) return there;
  if (!installer) {
    say("  no small Linux guest: its kernel is the Debian installer's, whose image is not there");
    return undefined;
  }
  try {
    return await step('the small Linux guest (about 7 MB from Debian, once)', () => withLock(join(linuxFolder(), 'linux.lock'), async () => findLinux() ?? build(installer)));
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    say(`  no small Linux guest: ${error.message}\n  the next set-up tries again`);
    return undefined;
  }
}

/** @param {string} installer */
async function build(installer) {
  const prefix = await debianPrefix(PACKAGES);
  mkdirSync(linuxFolder(), { recursive: true });
  const scratch = mkdtempSync(join(linuxFolder(), 'new-'));
  try {
    const image = join(scratch, 'image.iso');
    await writeLinuxImage(image, {
      scratch,
      volume: 'BELVEDERE_LINUX',
      menu: MENU,
      linux: readImageFile(installer, 'LINUX.IMG'),
      initrd: gzipSync(cpio(rootFiles(prefix.path, installer)), { level: 9 }),
      versions: prefix.versions,
    });
    const path = join(linuxFolder(), linuxName(prefix.versions[AGENT]));
    renameSync(image, path);
    rmSync(prefix.path, { recursive: true, force: true });
    return path;
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

/**
 * The guest's whole root file system.
 * @param {string} prefix the folder of the unpacked packages
 * @param {string} installer
 * @returns {import('./cpio.mjs').Entry[]}
 */
function rootFiles(prefix, installer) {
  const own = (/** @type {string} */ name) => readFileSync(fileURLToPath(new URL(`./root/${name}`, import.meta.url)));
  return [
    ...['bin', 'dev', 'etc', 'lib', 'lib/modules', 'proc', 'run', 'sbin', 'sys', 'tmp', 'usr', 'usr/bin', 'usr/sbin'].map((name) => ({ name, mode: FOLDER })),
    { name: 'init', mode: PROGRAM, data: own('init') },
    { name: 'etc/dhcp', mode: PROGRAM, data: own('dhcp') },
    { name: 'lib/modules/order', mode: FILE, data: Buffer.from(MODULES.join('\n')) },
    ...modules(installer),
    { name: 'etc/passwd', mode: FILE, data: own('passwd') },
    { name: 'etc/group', mode: FILE, data: own('group') },
    { name: 'etc/shadow', mode: SECRET, data: own('shadow') },
    ...PROGRAMS.map((name) => ({ name, mode: PROGRAM, data: readFileSync(join(prefix, name)) })),
    ...LIBRARIES.map((name) => ({ name: `lib/${name}`, mode: PROGRAM, data: readFileSync(library(prefix, name)) })),
  ];
}

/**
 * The kernel's modules as the installer's RAM disk has them.
 * @param {string} installer
 * @returns {import('./cpio.mjs').Entry[]}
 */
function modules(installer) {
  const files = unpackCpio(gunzipSync(readImageFile(installer, 'INITRD.GZ')));
  return MODULES.map((module) => {
    const found = files.find(({ name }) => name.startsWith('lib/modules/') && name.endsWith(`/${module}.ko`));
    if (!found) throw new SetupError(`the Debian installer brings no module ${module}`);
    return { name: `lib/modules/${module}.ko`, mode: FILE, data: found.data };
  });
}

/** @param {string} prefix @param {string} name @returns {string} */
function library(prefix, name) {
  for (const folder of ['lib/i386-linux-gnu', 'usr/lib/i386-linux-gnu']) {
    if (readdirSync(join(prefix, folder)).includes(name)) return realpathSync(join(prefix, folder, name));
  }
  throw new SetupError(`Debian's packages bring no ${name}`);
}
