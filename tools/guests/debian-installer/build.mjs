// Builds the Debian installer's ISO, once, into the cache: kernel and text installer of debian-installer-12-netboot-i386, started by GRUB.
// Nothing here needs root; nothing on the image needs a network to reach the installer's first dialog.
import { mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { writeLinuxImage } from '../iso/grub.mjs';
import { debianPrefix, hasApt } from '../../setup/debian.mjs';
import { withLock } from '../../setup/lock.mjs';
import { SetupError, say, step } from '../../setup/progress.mjs';
import { findInstaller, installerFolder, installerName } from './iso.mjs';

const INSTALLER = { label: 'debian-installer', packages: ['debian-installer-12-netboot-i386'] };
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
  mkdirSync(installerFolder(), { recursive: true });
  const scratch = mkdtempSync(join(installerFolder(), 'new-'));
  try {
    const images = join(installer.path, 'usr/lib/debian-installer/images/12/i386/text/debian-installer/i386');
    const image = join(scratch, 'image.iso');
    await writeLinuxImage(image, {
      scratch,
      volume: 'DEBIAN_INSTALLER',
      menu: MENU,
      linux: readFileSync(join(images, 'linux')),
      initrd: readFileSync(join(images, 'initrd.gz')),
      versions: installer.versions,
    });
    const path = join(installerFolder(), installerName(installer.versions[INSTALLER.packages[0]]));
    renameSync(image, path);
    // the unpacked packages are twice as large as the image, and have done their work
    rmSync(installer.path, { recursive: true, force: true });
    return path;
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}
