/** A VMDK image, open for reading: one sparse extent with its descriptor inside, or a descriptor with extents beside it. */
import { basename, dirname, join } from 'node:path';
import { ImageError } from '../errors.js';
import { openFile, resolveFile } from '../file.js';
import { OpenImage } from '../image.js';
import type { HostFile, Variant } from '../ports.js';
import { type Descriptor, type ExtentLine, maxDescriptorBytes, parseDescriptor } from './descriptor.js';
import { magic, type SparseExtent } from './header.js';
import { readExtent, SparseReader } from './sparse.js';

export interface VmdkDescription {
  readonly variant: Variant;
  readonly size: number;
  readonly uuid: string | undefined;
  readonly modificationUuid: string | undefined;
  readonly descriptor: Descriptor | undefined;
  /** Of an image in one file. */
  readonly extent: SparseExtent | undefined;
}

const maxSize = 2 ** 43;

/** Reads and judges what describes the image; files of extents are not touched. @throws ImageError */
export async function describeVmdk(file: HostFile): Promise<VmdkDescription> {
  const head = new Uint8Array(4);
  await file.read(head, 0);
  return new DataView(head.buffer).getUint32(0, true) === magic ? describeSparse(file) : describeText(file);
}

async function describeSparse(file: HostFile): Promise<VmdkDescription> {
  const extent = await readExtent(file);
  const descriptor = extent.descriptor && parseDescriptor(file.path, await readText(file, extent.descriptor.offset, extent.descriptor.size));
  if (descriptor && descriptor.extents.length !== 1) throw new ImageError(file.path, 'descriptor.extent', `${descriptor.extents.length} extents in an image of one`);
  return { variant: extent.compressed ? 'StreamOptimized' : 'Standard', size: extent.size, uuid: descriptor?.uuid, modificationUuid: descriptor?.modificationUuid, descriptor, extent };
}

async function describeText(file: HostFile): Promise<VmdkDescription> {
  const size = await file.size();
  if (size > maxDescriptorBytes) throw new ImageError(file.path, 'descriptor', `${size} bytes are more than the ${maxDescriptorBytes} of a descriptor`);
  const descriptor = parseDescriptor(file.path, await readText(file, 0, size));
  const { extents, uuid, modificationUuid } = descriptor;
  if (extents.length === 0) throw new ImageError(file.path, 'descriptor.extent', 'the descriptor names none');
  const total = extents.reduce((sum, extent) => sum + extent.size, 0);
  if (total > maxSize) throw new ImageError(file.path, 'descriptor.extent', `the extents have ${total} bytes, more than ${maxSize}`);
  return { variant: extents.every(({ type }) => type === 'FLAT') ? 'Fixed' : 'Standard', size: total, uuid, modificationUuid, descriptor, extent: undefined };
}

async function readText(file: HostFile, offset: number, size: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(size);
  await file.read(bytes, offset);
  return bytes;
}

/**
 * The files of extents beside a descriptor that are the image's own: named after it, as every program names them. Another file is none
 * of the image's to delete, whatever the descriptor says.
 */
export async function ownExtents(file: HostFile): Promise<string[]> {
  const { descriptor, extent } = await describeVmdk(file);
  if (extent || !descriptor) return [];
  const stem = basename(file.path).replace(/\.vmdk$/i, '');
  return descriptor.extents.filter(({ type, name }) => type !== 'ZERO' && name.startsWith(`${stem}-`) && /\.vmdk$/i.test(name)).map(({ name }) => join(dirname(file.path), name));
}

/** @throws ImageError when it cannot be believed */
export async function openVmdk(file: HostFile, released: () => Promise<void>): Promise<OpenImage> {
  const description = await describeVmdk(file);
  const { descriptor, extent } = description;
  if (extent) return new VmdkImage(file, description, [{ start: 0, size: extent.size, source: await SparseReader.open(file, extent) }], released);
  const files: HostFile[] = [];
  const closeAll = async (): Promise<void> => {
    for (const each of files) await each.close();
  };
  try {
    const extents: Extent[] = [];
    let start = 0;
    for (const line of descriptor!.extents) {
      extents.push({ start, size: line.size, source: await openExtent(file.path, line, files) });
      start += line.size;
    }
    return new VmdkImage(file, description, extents, () => closeAll().finally(released));
  } catch (error) {
    await closeAll();
    throw error;
  }
}

async function openExtent(descriptor: string, line: ExtentLine, files: HostFile[]): Promise<Extent['source']> {
  if (line.type === 'ZERO') return undefined;
  const folder = dirname(descriptor);
  const path = await resolveFile(join(folder, line.name));
  if (dirname(path) !== folder) throw new ImageError(descriptor, 'descriptor.extent', `'${line.name}' leads to ${path}, outside the image's own folder`);
  const file = await openFile(path, true);
  files.push(file);
  if (line.type === 'FLAT') {
    const size = await file.size();
    if (line.offset + line.size > size) throw new ImageError(path, 'extent', `has ${size} bytes, but ${line.size} at ${line.offset} belong to ${descriptor}: the file is truncated`);
    return { read: (into, offset) => file.read(into, line.offset + offset), isAbsent: () => Promise.resolve(false), tableBytes: 0 };
  }
  const reader = await SparseReader.open(file, await readExtent(file));
  if (reader.size < line.size) throw new ImageError(path, 'extent', `has ${reader.size} bytes of disk, but ${line.size} belong to ${descriptor}`);
  return reader;
}

/** A part of the disk that one file has; without a source it is zero. */
interface Extent {
  readonly start: number;
  readonly size: number;
  readonly source: Pick<SparseReader, 'read' | 'isAbsent' | 'tableBytes'> | undefined;
}

class VmdkImage extends OpenImage {
  override readonly tableBytes: number;

  constructor(
    file: HostFile,
    { variant, size, uuid, modificationUuid }: VmdkDescription,
    private readonly extents: readonly Extent[],
    released: () => Promise<void>,
  ) {
    super(file, { format: 'VMDK', variant, size, uuid, modificationUuid, readOnly: true }, released);
    this.tableBytes = extents.reduce((sum, { source }) => sum + (source?.tableBytes ?? 0), 0);
  }

  override async isKnownZero(offset: number, length: number): Promise<boolean> {
    for (const { extent, at, count } of this.parts(offset, length)) if (extent.source && !(await extent.source.isAbsent(at, count))) return false;
    return true;
  }

  protected async readRange(offset: number, length: number): Promise<Uint8Array> {
    const bytes = new Uint8Array(length);
    for (const { extent, at, start, count } of this.parts(offset, length)) await extent.source?.read(bytes.subarray(start, start + count), at);
    return bytes;
  }

  protected writeRange(): Promise<void> {
    throw new ImageError(this.path, 'write', 'VMDK images are open for reading only');
  }

  protected async commit(): Promise<void> {
    // nothing was written
  }

  /** The request cut at the borders of extents; `at` counts from the extent's beginning. */
  private *parts(offset: number, length: number): Generator<{ extent: Extent; at: number; start: number; count: number }> {
    for (const extent of this.extents) {
      const from = Math.max(offset, extent.start);
      const to = Math.min(offset + length, extent.start + extent.size);
      if (from < to) yield { extent, at: from - extent.start, start: from - offset, count: to - from };
    }
  }
}
