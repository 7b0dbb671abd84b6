/** Finds out what a file is and opens it as that. */
import { unlink } from 'node:fs/promises';
import { hostError, ImageError } from './errors.js';
import { openFile, resolveFile } from './file.js';
import { type Lock, lockImage } from './lock.js';
import type { Format, HostFile, Image, Variant } from './ports.js';
import { floppySizes, isIso, isoSize, openIso, openRaw, rawSize } from './raw.js';
import { signature, signatureOffset } from './vdi-header.js';
import { openVdi, readVdiHeader, variantOf } from './vdi.js';

/** What an image is put into. */
export type Device = 'hdd' | 'dvd' | 'floppy';

export interface OpenOptions {
  readonly readOnly?: boolean;
  /**
   * Found out from the file when absent. Give it for a disk whose guest is not trusted: a guest can write into a raw disk what looks like
   * the header of another format.
   */
  readonly format?: Format;
  /** Refuses an image that does not fit this device. */
  readonly device?: Device;
  /** Who opens it, in words: others who are refused meanwhile are shown this. */
  readonly owner?: string;
}

export interface ImageInfo {
  readonly path: string;
  readonly format: Format;
  readonly variant: Variant;
  readonly uuid: string | undefined;
  /** Bytes that the guest sees. */
  readonly size: number;
  /** Bytes that it occupies on the host. */
  readonly actualSize: number;
}

const nobody = (): Promise<void> => Promise.resolve();

/**
 * Opens an image; for writing (the default, but for ISO images) under a lock that no second opener gets.
 * @throws ImageError when it is no image that can be used so, ImageLockedError when another writes it
 */
export async function openImage(path: string, options: OpenOptions = {}): Promise<Image> {
  const real = await resolveFile(path);
  const format = options.format ?? (await probeFormat(real));
  const readOnly = options.readOnly ?? (format === 'ISO');
  if (format === 'ISO' && !readOnly) throw new ImageError(path, 'open for writing', 'an ISO image is read-only');

  const lock = readOnly ? undefined : await lockImage(real, options.owner ?? 'another opener');
  try {
    return await openLocked(real, format, readOnly, lock, options.device);
  } catch (error) {
    await lock?.release();
    throw error;
  }
}

async function openLocked(path: string, format: Format, readOnly: boolean, lock: Lock | undefined, device: Device | undefined): Promise<Image> {
  const file = await openFile(path, readOnly);
  try {
    const opened = await openers[format](file, lock ? lock.release : nobody);
    if (device) checkDevice(opened, device);
    return opened;
  } catch (error) {
    await file.close();
    throw error;
  }
}

const openers: Readonly<Record<Format, (file: HostFile, released: () => Promise<void>) => Promise<Image>>> = { VDI: openVdi, RAW: openRaw, ISO: openIso };

function checkDevice(image: Image, device: Device): void {
  if (device === 'dvd' && image.format !== 'ISO') throw new ImageError(image.path, 'format', `${image.format}: a DVD drive takes ISO images only`);
  if (device === 'hdd' && image.format === 'ISO') throw new ImageError(image.path, 'format', 'ISO: attach it as a DVD');
  if (device === 'floppy' && (image.format !== 'RAW' || !floppySizes.includes(image.size))) {
    throw new ImageError(image.path, 'size', `${image.size} bytes of ${image.format} are not a floppy disk: make a raw image of 1474560 bytes or another usual size`);
  }
}

/** Deletes an image's file, and what a holder that died left beside it. @throws ImageError, or ImageLockedError when another writes it */
export async function deleteImage(path: string): Promise<void> {
  const real = await resolveFile(path);
  const lock = await lockImage(real, 'somebody who deletes it');
  try {
    await unlink(real);
  } catch (cause) {
    throw hostError(path, 'delete', cause);
  } finally {
    await lock.release();
  }
}

/** What a file is, by its own bytes. @throws ImageError for a format that is known but not supported */
export async function probeFormat(path: string): Promise<Format> {
  const file = await openFile(await resolveFile(path), true);
  try {
    const head = new Uint8Array(512);
    await file.read(head, 0);
    if (new DataView(head.buffer).getUint32(signatureOffset, true) === signature) return 'VDI';
    const start = String.fromCharCode(...head.subarray(0, 8));
    for (const [magic, name] of foreign) {
      if (start.startsWith(magic)) throw new ImageError(path, 'format', `${name} is not supported: convert it with "qemu-img convert -O vdi"`);
    }
    return (await isIso(file)) ? 'ISO' : 'RAW';
  } finally {
    await file.close();
  }
}

const foreign: readonly (readonly [magic: string, name: string])[] = [
  ['KDMV', 'VMDK'],
  ['# Disk D', 'VMDK'],
  ['conectix', 'VHD'],
  ['vhdxfile', 'VHDX'],
  ['QFI\xfb', 'QCOW'],
];

/** Describes an image without locking it; of a VDI only the header is read. @throws ImageError */
export async function readImageInfo(path: string, options: { readonly format?: Format } = {}): Promise<ImageInfo> {
  const real = await resolveFile(path);
  const format = options.format ?? (await probeFormat(real));
  const file = await openFile(real, true);
  try {
    return { path: real, format, actualSize: await file.occupied(), ...(await describe[format](file)) };
  } finally {
    await file.close();
  }
}

const describe: Readonly<Record<Format, (file: HostFile) => Promise<Pick<ImageInfo, 'variant' | 'uuid' | 'size'>>>> = {
  async VDI(file) {
    const header = await readVdiHeader(file);
    return { variant: variantOf(header), uuid: header.uuidCreate, size: Number(header.cbDisk) };
  },
  RAW: async (file) => ({ variant: 'Fixed', uuid: undefined, size: await rawSize(file) }),
  async ISO(file) {
    if (!(await isIso(file))) throw new ImageError(file.path, 'volume descriptor', 'neither ISO 9660 nor UDF: not an image of a CD or DVD');
    return { variant: 'Fixed', uuid: undefined, size: isoSize(await file.size()) };
  },
};
