/** Images without a header: raw disks, floppies, and ISO images as DVDs. */
import { ImageError } from './errors.js';
import { OpenImage } from './image.js';
import type { HostFile } from './ports.js';

/** Bytes of the floppy disks that a PC's drives read. */
export const floppySizes: readonly number[] = [160, 180, 320, 360, 640, 720, 800, 820, 830, 880, 1040, 1120, 1200, 1440, 1476, 1494, 1600, 1640, 1660, 1680, 1722, 1743, 1760, 1840, 1920, 2880, 3120, 3200, 3520, 3840].map(
  (kib) => kib * 1024,
);

const dvdSector = 2048;
/** Volume descriptors begin here, one a sector. [ECMA-119] 6.2.1, [ECMA-167] 2/8.3.1 */
const firstDescriptor = 16;
const descriptors = 16;
const identifiers: readonly string[] = ['CD001', 'BEA01', 'NSR02', 'NSR03'];

class RawImage extends OpenImage {
  protected async readRange(offset: number, length: number): Promise<Uint8Array> {
    const bytes = new Uint8Array(length);
    await this.file.read(bytes, offset);
    return bytes;
  }
  protected writeRange(offset: number, data: Uint8Array): Promise<void> {
    return this.file.write(data, offset);
  }
  protected commit(): Promise<void> {
    return this.file.sync();
  }
}

/** @throws ImageError when its length is not one of a disk */
export async function openRaw(file: HostFile, released: () => Promise<void>): Promise<OpenImage> {
  return new RawImage(file, { format: 'RAW', variant: 'Fixed', uuid: undefined, size: await rawSize(file), readOnly: file.readOnly }, released);
}

export async function rawSize(file: HostFile): Promise<number> {
  const size = await file.size();
  if (size === 0 || size % 512 !== 0) throw new ImageError(file.path, 'size', `${size} bytes are not a positive multiple of 512: no raw disk image`);
  return size;
}

/** A last sector that the file has in part is filled with zeroes. @throws ImageError when it has no volume descriptor */
export async function openIso(file: HostFile, released: () => Promise<void>): Promise<OpenImage> {
  if (!(await isIso(file))) throw new ImageError(file.path, 'volume descriptor', 'neither ISO 9660 nor UDF: not an image of a CD or DVD');
  return new RawImage(file, { format: 'ISO', variant: 'Fixed', uuid: undefined, size: isoSize(await file.size()), readOnly: true }, released);
}

export const isoSize = (length: number): number => Math.ceil(length / dvdSector) * dvdSector;

export async function isIso(file: HostFile): Promise<boolean> {
  const bytes = new Uint8Array(descriptors * dvdSector);
  await file.read(bytes, firstDescriptor * dvdSector);
  for (let at = 1; at < bytes.length; at += dvdSector) {
    if (identifiers.includes(String.fromCharCode(...bytes.subarray(at, at + 5)))) return true;
  }
  return false;
}
