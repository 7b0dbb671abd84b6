// Builds the Debian installer's ISO, once, into the cache: kernel and text installer of debian-installer-12-netboot-i386, started by GRUB.
// Nothing here needs root; nothing on the image needs a network to reach the installer's first dialog.
import { mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { writeImage } from '../iso/iso9660.mjs';
import { debianPrefix, hasApt, prefixEnvironment } from '../../setup/debian.mjs';
import { withLock } from '../../setup/lock.mjs';
import { SetupError, run, say, step } from '../../setup/progress.mjs';
import { findInstaller, installerFolder, installerName } from './iso.mjs';

const INSTALLER = { label: 'debian-installer', packages: ['debian-installer-12-netboot-i386'] };
const GRUB = {
  label: 'grub',
  // grub-mkimage's libraries are named too: a bare system has not all of them
  packages: ['grub-common', 'grub-pc-bin', 'libdevmapper1.02.1', 'liblzma5', 'libselinux1', 'libpcre2-8-0', 'libudev1'],
};

/** What GRUB has to know to show a menu and to start Linux from a CD. */
const MODULES = ['biosdisk', 'iso9660', 'normal', 'linux16'];

/** The 16-bit loader hands vga= to the kernel, which sets 800x600 at 16 bits (788) by the BIOS. */
const MENU = `set timeout=2
set default=0
menuentry "Debian installer (text)" {
  linux16 /LINUX.IMG vga=788 --- quiet
  initrd16 /INITRD.GZ
}
menuentry "Debian installer (text), expert" {
  linux16 /LINUX.IMG vga=788 priority=low ---
  initrd16 /INITRD.GZ
}
`;

/**
 * Builds the image unless it is there.
 * @returns {Promise<string | undefined>} its path; undefined where Debian's packages cannot be had, which is said
 */
export async function buildInstaller() {
  const there = findInstaller();
  if (there) return there;
  if (!hasApt()) {
    say('  the Debian installer image needs apt-get and dpkg-deb, which this system lacks: the test card serves instead');
    return undefined;
  }
  try {
    return await step('the Debian installer image (about 110 MB from Debian, once)', () => withLock(join(installerFolder(), 'installer.lock'), async () => findInstaller() ?? build()));
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    say(`  no Debian installer image: ${error.message}\n  the test card serves instead; the next set-up tries again`);
    return undefined;
  }
}

async function build() {
  const installer = await debianPrefix(INSTALLER);
  const grub = await debianPrefix(GRUB);
  mkdirSync(installerFolder(), { recursive: true });
  const scratch = mkdtempSync(join(installerFolder(), 'new-'));
  try {
    const core = join(scratch, 'core.img');
    const modules = join(grub.path, 'usr/lib/grub/i386-pc');
    await run(join(grub.path, 'usr/bin/grub-mkimage'), ['-O', 'i386-pc-eltorito', '-d', modules, '-p', '/', '-o', core, ...MODULES], { env: prefixEnvironment(grub) });
    const images = join(installer.path, 'usr/lib/debian-installer/images/12/i386/text/debian-installer/i386');
    const image = join(scratch, 'image.iso');
    writeImage(image, {
      volume: 'DEBIAN_INSTALLER',
      files: [
        { name: 'BOOT.IMG', data: readFileSync(core) },
        { name: 'GRUB.CFG', data: Buffer.from(MENU) },
        { name: 'LINUX.IMG', data: readFileSync(join(images, 'linux')) },
        { name: 'INITRD.GZ', data: readFileSync(join(images, 'initrd.gz')) },
        { name: 'VERSIONS.TXT', data: Buffer.from(`${JSON.stringify({ ...installer.versions, ...grub.versions }, null, 2)}\n`) },
      ],
      boot: 'BOOT.IMG',
      bootSectors: 4,
      bootInfoTable: true,
    });
    const path = join(installerFolder(), installerName(installer.versions[INSTALLER.packages[0]]));
    renameSync(image, path);
    // the unpacked packages are three times as large as the image, and have done their work
    rmSync(installer.path, { recursive: true, force: true });
    rmSync(grub.path, { recursive: true, force: true });
    return path;
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}
