// An image of the Debian installer that asks nothing: its kernel and RAM disk, and a preseed file with all answers.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { writeLinuxImage } from '../iso/grub.mjs';
import { readImageFile } from '../iso/iso9660.mjs';
import { FILE, cpio } from '../linux/cpio.mjs';

/** Text mode: the installer's screens cost the guest least there. */
const MENU = `set timeout=0
menuentry "Debian installer, unattended" {
  linux16 /LINUX.IMG auto=true priority=critical vga=normal fb=false nomodeset ipv6.disable=1 mitigations=off ---
  initrd16 /INITRD.GZ
}
`;

/**
 * The answers as the installer reads them. The mirror is ours and its index not signed: that is allowed here, and nowhere in the installed system.
 * @param {import('./unattended.mjs').Answers} answers
 */
const preseed = ({ mirror, directory, suite, disk, rootPassword }) => `d-i debian-installer/locale string C
d-i keyboard-configuration/xkb-keymap select us
d-i netcfg/choose_interface select auto
d-i netcfg/get_hostname string debian
d-i netcfg/get_domain string
d-i hw-detect/load_firmware boolean false
d-i hw-detect/firmware-lookup string never
d-i mirror/country string manual
d-i mirror/protocol string http
d-i mirror/http/hostname string ${mirror}
d-i mirror/http/directory string ${directory}
d-i mirror/http/proxy string
d-i mirror/suite string ${suite}
d-i mirror/udeb/suite string ${suite}
d-i debian-installer/allow_unauthenticated boolean true
d-i anna/no_kernel_modules boolean true
d-i minimal-system/disk string ${disk}
d-i minimal-system/packages string ${PACKAGES.join(',')}
d-i minimal-system/root-password password ${rootPassword}
`;

/** What is installed beside Debian's required packages: a kernel, a loader, an init, and a network by DHCP. */
const PACKAGES = ['init', 'systemd-sysv', 'udev', 'kmod', 'netbase', 'linux-image-686', 'initramfs-tools', 'grub-pc'];

/**
 * Writes an image that installs without a question.
 * @param {string} path
 * @param {string} installer the Debian installer's image
 * @param {import('./unattended.mjs').Answers} answers
 */
export async function writeUnattended(path, installer, answers) {
  const scratch = mkdtempSync(join(tmpdir(), 'belvedere-unattended-'));
  try {
    // Linux unpacks archives that follow each other, one over the other
    const answered = gzipSync(cpio([{ name: 'preseed.cfg', mode: FILE, data: Buffer.from(preseed(answers)) }]));
    await writeLinuxImage(path, {
      scratch,
      volume: 'DEBIAN_UNATTENDED',
      menu: MENU,
      linux: readImageFile(installer, 'LINUX.IMG'),
      initrd: Buffer.concat([readImageFile(installer, 'INITRD.GZ'), answered]),
    });
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}
