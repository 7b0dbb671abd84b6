// The image of a guest that writes blocks to its disk: the small Linux, with the writer and the kernel's modules for IDE disks.
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { run } from '../../setup/progress.mjs';
import { writeLinuxImage } from '../iso/grub.mjs';
import { readImageFile } from '../iso/iso9660.mjs';
import { FILE, PROGRAM, cpio, unpackCpio } from '../linux/cpio.mjs';

/** In the order in which they are loaded: most are in the installer's RAM disk, those for IDE disks in its component of ours. */
const MODULES = ['crct10dif_common', 'crc-t10dif', 'crc64', 'crc64-rocksoft', 't10-pi', 'scsi_common', 'scsi_mod', 'sd_mod', 'libata', 'ata_piix'];

const MENU = `set timeout=0
menuentry "Linux that writes blocks" {
  linux16 /LINUX.IMG quiet loglevel=2 mitigations=off
  initrd16 /INITRD.GZ
}
`;

/**
 * Writes the image.
 * @param {string} path
 * @param {{ linux: string, installer: string, mirror: string, writer: string }} from
 */
export async function writeBlockWriter(path, { linux, installer, mirror, writer }) {
  const scratch = mkdtempSync(join(tmpdir(), 'belvedere-writer-'));
  try {
    const modules = new Map([...installed(installer), ...(await ofComponent(mirror, scratch))]);
    const more = cpio([
      { name: 'lib/modules/order', mode: FILE, data: Buffer.from(MODULES.join('\n')) },
      ...MODULES.map((name) => ({ name: `lib/modules/${name}.ko`, mode: FILE, data: modules.get(name) ?? missing(name) })),
      { name: 'bin/writer', mode: PROGRAM, data: readFileSync(writer) },
    ]);
    await writeLinuxImage(path, {
      scratch,
      volume: 'BLOCK_WRITER',
      menu: MENU,
      linux: readImageFile(linux, 'LINUX.IMG'),
      // Linux unpacks archives that follow each other, one over the other
      initrd: Buffer.concat([readImageFile(linux, 'INITRD.GZ'), gzipSync(more)]),
    });
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

/** @param {string} name @returns {never} */
function missing(name) {
  throw new Error(`neither the Debian installer nor the mirror brings a module ${name}`);
}

/** The modules of the installer's RAM disk, by name. @param {string} installer @returns {Map<string, Buffer>} */
function installed(installer) {
  const files = unpackCpio(gunzipSync(readImageFile(installer, 'INITRD.GZ'))).filter(({ name }) => name.endsWith('.ko'));
  return new Map(files.map(({ name, data }) => [basename(name, '.ko'), data]));
}

/** The modules of the component that installs a minimal system, by name. @param {string} mirror @param {string} scratch @returns {Promise<Map<string, Buffer>>} */
async function ofComponent(mirror, scratch) {
  const pool = join(mirror, 'pool/main');
  const component = readdirSync(pool).find((name) => name.endsWith('.udeb'));
  if (!component) throw new Error(`the mirror ${mirror} has no component of the installer; delete it, and run npm run setup`);
  const folder = join(scratch, 'component');
  mkdirSync(folder);
  await run('dpkg-deb', ['--extract', join(pool, component), folder]);
  const files = readdirSync(join(folder, 'lib/modules'), { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ko'));
  return new Map(files.map((name) => [basename(name, '.ko'), readFileSync(join(folder, 'lib/modules', name))]));
}
