/** Opens an image as what it is, under its lock, on the chain of its parents. */
import { ImageError } from './errors.js';
import { openFile, resolveFile } from './file.js';
import type { OpenImage } from './image.js';
import { lockImage } from './lock.js';
import type { LockMode } from './holder.js';
import type { Format, HostFile, Image } from './ports.js';
import { probeFormat } from './probe.js';
import { floppySizes, openIso, openRaw } from './raw.js';
import { openVdi } from './vdi/image.js';
import { openVhd } from './vhd/image.js';
import { openVmdk } from './vmdk/image.js';

/** What an image is put into. */
export type Device = 'hdd' | 'dvd' | 'floppy';

/** A parent's file; its format is found out from the file when not given. */
export type ParentFile = string | { readonly path: string; readonly format?: Format };

/** Tells where the image with a UUID is; undefined when it is not known. @param child the image that names it */
export type ResolveParent = (uuid: string, child: string) => ParentFile | undefined | Promise<ParentFile | undefined>;

export interface OpenOptions {
  readonly readOnly?: boolean;
  /** With `readOnly`: nobody may write the image meanwhile, and it is refused while somebody does. */
  readonly shared?: boolean;
  /**
   * Found out from the file when absent. Give it for a disk whose guest is not trusted: a guest can write into a raw disk what looks like
   * the header of another format.
   */
  readonly format?: Format;
  /** Refuses an image that does not fit this device. */
  readonly device?: Device;
  /** Who opens it, in words: others who are refused meanwhile are shown this. */
  readonly owner?: string;
  /** Finds the parents of a differencing image, which is refused without. */
  readonly resolveParent?: ResolveParent;
}

/** Parents that an image may hang on, one on the other. */
export const maxParents = 256;
/** Bytes of memory for the tables of a whole chain. */
const maxTables = 256 << 20;

/**
 * Opens an image; for writing (the default, but for ISO images) under a lock that no second opener gets. The parents of a differencing
 * image are opened for reading, under locks that others may share but nobody who writes.
 * @throws ImageError when it is no image that can be used so, ImageLockedError when another holds it
 */
export function openImage(path: string, options: OpenOptions = {}): Promise<Image> {
  return openChain(path, options);
}

/** `openImage`, with what the rest of this package sees of an open image. */
export async function openChain(path: string, options: OpenOptions = {}): Promise<OpenImage> {
  const real = await resolveFile(path);
  const format = options.format ?? (await probeFormat(real));
  const readOnly = options.readOnly ?? format === 'ISO';
  if (format === 'ISO' && !readOnly) throw new ImageError(path, 'open for writing', 'an ISO image is read-only');
  if (!readOnly && !writable.includes(format)) {
    throw new ImageError(path, 'open for writing', `${format} images are read only: clone it to a VDI with clonemedium, or put a differencing VDI on it (createmedium --diffparent)`);
  }
  const owner = options.owner ?? 'another opener';

  const leaf = await openLayer(real, format, readOnly, readOnly ? (options.shared ? 'read' : undefined) : 'write', owner);
  try {
    await openParents(leaf, owner, options.resolveParent);
    if (options.device) checkDevice(leaf, options.device);
    return leaf;
  } catch (error) {
    await leaf.close();
    throw error;
  }
}

const writable: readonly Format[] = ['VDI', 'RAW'];

/** One image, without its parents. @param path with symbolic links resolved */
export async function openLayer(path: string, format: Format, readOnly: boolean, mode: LockMode | undefined, owner: string): Promise<OpenImage> {
  const lock = mode && (await lockImage(path, owner, mode));
  try {
    const image = await openUnlocked(path, format, readOnly);
    image.lock = lock;
    return image;
  } catch (error) {
    await lock?.release();
    throw error;
  }
}

/** One image without its parents, and without a lock: `image.lock`, where the caller sets it, is released with the image. */
export async function openUnlocked(path: string, format: Format, readOnly: boolean): Promise<OpenImage> {
  const file = await openFile(path, readOnly);
  try {
    const image: OpenImage = await openers[format](file, () => image.lock?.release() ?? Promise.resolve());
    return image;
  } catch (error) {
    await file.close();
    throw error;
  }
}

const openers: Readonly<Record<Format, (file: HostFile, released: () => Promise<void>) => Promise<OpenImage>>> = { VDI: openVdi, VMDK: openVmdk, VHD: openVhd, RAW: openRaw, ISO: openIso };

async function openParents(leaf: OpenImage, owner: string, resolve: ResolveParent | undefined): Promise<void> {
  const seen = new Set([leaf.path]);
  let tables = leaf.tableBytes;
  for (let child = leaf; child.parentUuid !== undefined; ) {
    if (seen.size > maxParents) throw new ImageError(leaf.path, 'parent', `hangs on more than ${maxParents} images, one on the other: merge some of them`);
    const parent = await openParent(child, child.parentUuid, seen, owner, resolve);
    child.setParent(parent);
    judgeParent(child, parent);
    tables += parent.tableBytes;
    if (tables > maxTables) throw new ImageError(leaf.path, 'parent', `the tables of the image and what it hangs on take more than ${maxTables} bytes of memory: merge some of them`);
    child = parent;
  }
}

async function openParent(child: OpenImage, uuid: string, seen: Set<string>, owner: string, resolve: ResolveParent | undefined): Promise<OpenImage> {
  const found = await resolve?.(uuid, child.path);
  if (found === undefined) throw new ImageError(child.path, linkageField, `the parent image {${uuid}} is not known: register it first`);
  const given = typeof found === 'string' ? { path: found } : found;
  const path = await resolveFile(given.path).catch((cause: Error) => Promise.reject(new ImageError(child.path, linkageField, `the parent image {${uuid}} cannot be used: ${cause.message}`, { cause })));
  if (seen.has(path)) throw new ImageError(child.path, linkageField, `the parent image {${uuid}} is ${path}, which hangs on this image itself`);
  seen.add(path);
  const format = given.format ?? (await probeFormat(path));
  if (format === 'ISO') throw new ImageError(child.path, linkageField, `the parent image ${path} is an ISO image, which no disk hangs on`);
  return openLayer(path, format, true, 'read', owner);
}

const linkageField = 'VDIHEADER.uuidLinkage';

/** A parent that was written after its child was made would show through it as another disk. @throws ImageError */
export function judgeParent(child: OpenImage, parent: OpenImage): void {
  const { parentUuid, parentModificationUuid } = child;
  if (parent.uuid !== undefined && parent.uuid !== parentUuid) {
    throw new ImageError(child.path, linkageField, `the parent image should have the UUID {${parentUuid}}, but ${parent.path} has {${parent.uuid}}`);
  }
  if (parent.modificationUuid !== undefined && parentModificationUuid !== undefined && parent.modificationUuid !== parentModificationUuid) {
    throw new ImageError(
      child.path,
      'VDIHEADER.uuidParentModify',
      `the parent image ${parent.path} was modified after this image was made: its modification UUID is {${parent.modificationUuid}} instead of {${parentModificationUuid}}`,
    );
  }
}

function checkDevice(image: Image, device: Device): void {
  if (device === 'dvd' && image.format !== 'ISO') throw new ImageError(image.path, 'format', `${image.format}: a DVD drive takes ISO images only`);
  if (device === 'hdd' && image.format === 'ISO') throw new ImageError(image.path, 'format', 'ISO: attach it as a DVD');
  if (device === 'floppy' && (image.format !== 'RAW' || !floppySizes.includes(image.size))) {
    throw new ImageError(image.path, 'size', `${image.size} bytes of ${image.format} are not a floppy disk: make a raw image of 1474560 bytes or another usual size`);
  }
}
