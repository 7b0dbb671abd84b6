/** A disk copied into a new image of any format that can be written: the whole chain of its source becomes one image. */
import { hostError, ImageError } from './errors.js';
import { type CreateOptions, describeParent } from './create.js';
import { createWhole } from './draft.js';
import { resolveFile } from './file.js';
import type { OpenImage } from './image.js';
import { lockImage } from './lock.js';
import { openChain, type ResolveParent } from './open.js';
import type { Format, HostFile, Variant, Work } from './ports.js';
import { isUuid, newUuid, nilUuid } from './uuid.js';
import { VdiWriter } from './vdi/writer.js';
import { DynamicVhdWriter, FixedVhdWriter } from './vhd/writer.js';
import { SparseWriter, StreamWriter } from './vmdk/writer.js';
import { type ImageWriter, type NewDisk, writerPiece } from './writer.js';
import { isZero } from './zero.js';

export interface CloneOptions extends Work {
  /** @default 'VDI' */
  readonly format?: Exclude<Format, 'ISO'>;
  /** @default 'Standard' */
  readonly variant?: Variant;
  /** Of the new image, where its format keeps one. */
  readonly uuid?: string;
  /**
   * The copy hangs on this image, which must read as the source's parent does, and holds only what the source itself holds; a Standard VDI. `uuid` is for a parent whose
   * format keeps none. Nobody may write the parent from then on.
   */
  readonly parent?: CreateOptions['parent'];
  /** Of the source, as in `openImage`. */
  readonly sourceFormat?: Format;
  /** Finds the parents of a differencing source. */
  readonly resolveParent?: ResolveParent;
  /** Who copies, in words: others who are refused meanwhile are shown this. */
  readonly owner?: string;
}

/**
 * Copies a disk into a new image; nobody may write the source meanwhile. What is zero takes no room in the copy, but in a Fixed one. The
 * target appears when it is complete; an existing file is refused.
 * @returns the new image's UUID; undefined where the format keeps none (RAW)
 * @throws ImageError, ImageLockedError when somebody writes the source, NoSpaceError, or the signal's reason; no file is left then
 */
export async function cloneImage(source: string, target: string, options: CloneOptions = {}): Promise<string | undefined> {
  const { format = 'VDI', variant = 'Standard', uuid = newUuid(), signal, onProgress } = options;
  if (!isUuid(uuid) || uuid === nilUuid) throw new ImageError(target, 'uuid', `${uuid} is no UUID for an image`);
  const make = writers[format][variant];
  if (options.parent && (format !== 'VDI' || variant !== 'Standard')) throw new ImageError(target, 'parent', `${variant} ${format}: only a Standard VDI hangs on another image`);
  if (!make) throw new ImageError(target, 'variant', `${variant} is no variant of ${format}: use ${Object.keys(writers[format]).join(' or ')}`);
  signal?.throwIfAborted();
  const image = await openChain(source, {
    readOnly: true,
    shared: true,
    owner: options.owner ?? `somebody who makes ${target}`,
    ...(options.sourceFormat ? { format: options.sourceFormat } : {}),
    ...(options.resolveParent ? { resolveParent: options.resolveParent } : {}),
  });
  try {
    if (image.format === 'ISO') throw new ImageError(source, 'clone', 'an ISO image is no disk: copy its file');
    const disk = { size: image.size, uuid: uuid.toLowerCase(), path: target };
    const { parent } = options;
    if (parent) await copyOnto(image, disk, parent, { signal, onProgress });
    else await createWhole(target, (file) => copy(image, make(file, disk), { signal, onProgress }));
  } catch (cause) {
    throw signal?.aborted ? cause : hostError(target, 'create', cause);
  } finally {
    await image.close();
  }
  onProgress?.(1);
  return format === 'RAW' ? undefined : uuid.toLowerCase();
}

/** The parent's lock is held until the copy names it. */
async function copyOnto(image: OpenImage, disk: NewDisk, parent: NonNullable<CreateOptions['parent']>, work: Work): Promise<void> {
  const lock = await lockImage(await resolveFile(parent.path), `somebody who makes ${disk.path}`, 'read');
  try {
    const { size, linkage } = await describeParent(disk.path, parent);
    if (size > image.size) throw new ImageError(disk.path, 'parent', `${parent.path} has ${size} bytes, more than the ${image.size} of the source`);
    await createWhole(disk.path, (file) => copyOwn(image, new VdiWriter(file, disk, 'Standard', linkage), work));
  } finally {
    await lock.release();
  }
}

type MakeWriter = (file: HostFile, disk: NewDisk) => ImageWriter;

const writers: Readonly<Record<Exclude<Format, 'ISO'>, Partial<Record<Variant, MakeWriter>>>> = {
  VDI: { Standard: (file, disk) => new VdiWriter(file, disk, 'Standard'), Fixed: (file, disk) => new VdiWriter(file, disk, 'Fixed') },
  VMDK: { Standard: (file, disk) => new SparseWriter(file, disk), StreamOptimized: (file, disk) => new StreamWriter(file, disk) },
  VHD: { Standard: (file, disk) => new DynamicVhdWriter(file, disk), Fixed: (file, disk) => new FixedVhdWriter(file, disk) },
  RAW: { Standard: (file, disk) => rawWriter(file, disk, false), Fixed: (file, disk) => rawWriter(file, disk, true) },
};

/** A raw disk: with holes for its zeroes, or without. */
function rawWriter(file: HostFile, { size }: NewDisk, wantsZeroes: boolean): ImageWriter {
  return {
    wantsZeroes,
    write: (offset, data) => file.write(data, offset),
    async finish() {
      await file.truncate(size);
      await file.sync();
    },
  };
}

async function copy(image: OpenImage, writer: ImageWriter, { onProgress, signal }: Work): Promise<void> {
  for (let at = 0; at < image.size; at += writerPiece) {
    signal?.throwIfAborted();
    onProgress?.(at / image.size);
    const length = Math.min(writerPiece, image.size - at);
    if (await image.isKnownZero(at, length)) {
      if (writer.wantsZeroes) await writer.write(at, new Uint8Array(length));
      continue;
    }
    const data = await image.read(at, length);
    if (writer.wantsZeroes || !isZero(data)) await writer.write(at, data);
  }
  await writer.finish();
}

/** What the image itself holds, its zeroes too, and nothing of its parents. */
async function copyOwn(image: OpenImage, writer: VdiWriter, { onProgress, signal }: Work): Promise<void> {
  for (let at = 0; at < image.size; at += writerPiece) {
    signal?.throwIfAborted();
    onProgress?.(at / image.size);
    const length = Math.min(writerPiece, image.size - at);
    if (image.inherits(at, length)) continue;
    const data = await image.read(at, length);
    await (isZero(data) ? writer.writeZero(at) : writer.write(at, data));
  }
  await writer.finish();
}
