// Images made when they are needed, out of those in the cache: the installer that asks nothing, and the guest that writes blocks.
import { fileURLToPath } from 'node:url';
import { writeBlockWriter } from '../block-writer/image.mjs';
import { writeUnattended } from '../debian-installer/unattended.mjs';
import { SUITE } from '../debian-mirror/mirror.mjs';
import { debianInstallerIso, debianMirror, linuxIso } from './images.js';
import { MIRROR_DIRECTORY } from './mirror.js';

export interface UnattendedAnswers {
  /** Host and port of the mirror, as the guest reaches it: `10.0.2.2:8080`. */
  readonly mirror: string;
  readonly rootPassword: string;
}

/**
 * Writes an image of the Debian installer that erases the first IDE disk, installs a minimal system from a mirror that `serveMirror` serves, and switches the
 * machine off. It tells its stages at COM1, a line each that begins with `minimal-system: `. It needs 512 MiB.
 * @returns false, and nothing written, where the installer's image or the mirror is not there
 */
export async function writeUnattendedIso(path: string, answers: UnattendedAnswers): Promise<boolean> {
  const installer = debianInstallerIso();
  if (installer === undefined || debianMirror() === undefined) return false;
  await writeUnattended(path, installer, { ...answers, directory: MIRROR_DIRECTORY, suite: SUITE, disk: '/dev/sda' });
  return true;
}

/**
 * Writes an image of the small Linux with a shell at COM2, the first IDE disk as `/dev/sda`, and the program `writer DISK NUMBER`, which writes the blocks of
 * `blockContent` from a number on, four at a time, and prints the last number of each four once fsync has returned. It needs 128 MiB.
 * @returns false, and nothing written, where the images in the cache are not there
 */
export async function writeBlockWriterIso(path: string): Promise<boolean> {
  const [linux, installer, mirror] = [linuxIso(), debianInstallerIso(), debianMirror()];
  if (linux === undefined || installer === undefined || mirror === undefined) return false;
  await writeBlockWriter(path, { linux, installer, mirror, writer: fileURLToPath(new URL('./block-writer/writer', import.meta.url)) });
  return true;
}
