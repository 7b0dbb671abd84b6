/** New images: VDI, with a parent or without, and raw. */
import { createWhole } from './draft.js';
import { hostError, ImageError } from './errors.js';
import { writeZeroes } from './fill.js';
import { resolveFile } from './file.js';
import { readImageInfo } from './info.js';
import { lockImage } from './lock.js';
import type { Format, VdiVariant, Work } from './ports.js';
import { isUuid, nilUuid } from './uuid.js';
import { createVdiFile, type Linkage } from './vdi/create.js';

export interface CreateOptions {
  /** Bytes: a multiple of 512. The parent's size where that is absent. */
  readonly size?: number;
  /** @default 'Standard' */
  readonly variant?: VdiVariant;
  readonly uuid?: string;
  /**
   * Makes a differencing image, which reads as its parent where it was not written. The parent must not be written from then on.
   * `uuid` is for a parent whose format keeps none (RAW): what its registry calls it.
   */
  readonly parent?: { readonly path: string; readonly format?: Format; readonly uuid?: string };
  /** From 0 to 1, rising. */
  readonly onProgress?: (done: number) => void;
  /** Aborting removes what was made. */
  readonly signal?: AbortSignal;
}

/**
 * Makes a new VDI image; an existing file is refused.
 * @returns its UUID
 * @throws ImageError, NoSpaceError, ImageLockedError when somebody writes the parent, or the signal's reason; no file is left then
 */
export async function createVdi(path: string, options: CreateOptions): Promise<string> {
  const { size, parent, variant = 'Standard', ...rest } = options;
  if (!parent) return createVdiFile(path, { ...rest, variant, size: size ?? NaN });
  const lock = await lockImage(await resolveFile(parent.path), `somebody who makes ${path}`, 'read');
  try {
    const { size: parentSize, linkage } = await describeParent(path, parent);
    return await createVdiFile(path, { ...rest, variant, size: size ?? parentSize, linkage });
  } finally {
    await lock.release();
  }
}

/** What a new image at `child` is to say of its parent. @throws ImageError */
export async function describeParent(child: string, parent: NonNullable<CreateOptions['parent']>): Promise<{ size: number; linkage: Linkage }> {
  const info = await readImageInfo(parent.path, parent.format ? { format: parent.format } : {});
  if (info.format === 'ISO') throw new ImageError(child, 'parent', `${info.path} is an ISO image, which no disk hangs on`);
  const uuid = info.uuid ?? parent.uuid;
  if (uuid === undefined || !isUuid(uuid) || uuid === nilUuid) throw new ImageError(child, 'parent', `${info.path} has no UUID of its own: give the one that it is registered with`);
  return { size: info.size, linkage: { uuid: uuid.toLowerCase(), modificationUuid: info.modificationUuid ?? nilUuid } };
}

/**
 * Makes a new raw disk, all zero; an existing file is refused.
 * @param options.size bytes: a multiple of 512
 * @throws ImageError, NoSpaceError, or the signal's reason; no file is left then
 */
export async function createRaw(path: string, { size, variant = 'Standard', onProgress, signal }: Work & { readonly size: number; readonly variant?: VdiVariant }): Promise<void> {
  if (!Number.isSafeInteger(size) || size <= 0 || size % 512 !== 0) throw new ImageError(path, 'size', `${size} bytes are not a positive multiple of 512`);
  await createWhole(path, async (file) => {
    if (variant === 'Fixed') await writeZeroes(file, 0, size, { onProgress, signal });
    await file.truncate(size);
    await file.sync();
  }).catch((cause: unknown) => Promise.reject(signal?.aborted ? cause : hostError(path, 'create', cause)));
  onProgress?.(1);
}
