// Where the guests' images are: the test card's beside this program, the Linux ones in the machine's cache.
import { fileURLToPath } from 'node:url';
import { findInstaller } from '../debian-installer/iso.mjs';
import { findMirror } from '../debian-mirror/mirror.mjs';
import { findLinux } from '../linux/iso.mjs';

const built = (name: string) => fileURLToPath(new URL(`./testcard/${name}`, import.meta.url));

/** The test card as a 1.44 MB floppy image; it boots as a hard disk too. */
export const TESTCARD_FLOPPY = built('testcard.img');

/** The test card as a bootable ISO image. */
export const TESTCARD_ISO = built('testcard.iso');

/** The Debian installer's ISO image, which the set-up builds into the cache; undefined where Debian's packages could not be had. */
export const debianInstallerIso = (): string | undefined => findInstaller();

/**
 * A small Linux as an ISO image, which the set-up builds into the cache; undefined where Debian's packages could not be had. QEMU's guest agent
 * listens at COM1. It needs 128 MiB.
 */
export const linuxIso = (): string | undefined => findLinux();

/** The password of its accounts john, locked and expired; the last two are what their names say. */
export const LINUX_PASSWORD = 'right horse';

/** The folder with the mirror of Debian's packages for an installation, which the set-up of the tests builds into the cache; undefined where they could not be had. */
export const debianMirror = (): string | undefined => findMirror();
