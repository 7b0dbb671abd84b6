/** What a file is, by its own bytes. */
import { ImageError } from './errors.js';
import { openFile, resolveFile } from './file.js';
import type { Format } from './ports.js';
import { isIso } from './raw.js';
import { isVhd } from './vhd/image.js';
import { signature, signatureOffset } from './vdi/header.js';

/** @throws ImageError for a format that is known but not supported */
export async function probeFormat(path: string): Promise<Format> {
  const file = await openFile(await resolveFile(path), true);
  try {
    const head = new Uint8Array(512);
    await file.read(head, 0);
    if (new DataView(head.buffer).getUint32(signatureOffset, true) === signature) return 'VDI';
    const start = String.fromCharCode(...head.subarray(0, 8));
    if (start.startsWith('KDMV') || start.startsWith('# Disk D')) return 'VMDK';
    for (const [magic, name] of foreign) {
      if (start.startsWith(magic)) throw new ImageError(path, 'format', `${name} is not supported: convert it with "qemu-img convert -O vdi"`);
    }
    if (await isVhd(file)) return 'VHD';
    return (await isIso(file)) ? 'ISO' : 'RAW';
  } finally {
    await file.close();
  }
}

const foreign: readonly (readonly [magic: string, name: string])[] = [
  ['COWD', 'VMDK of an ESX host'],
  ['vhdxfile', 'VHDX'],
  ['QFI\xfb', 'QCOW'],
  ['WithoutF', 'HDD of Parallels'],
  ['WithouFr', 'HDD of Parallels'],
];
