/** New VDI images, with a parent or without. */
import { ImageError } from './errors.js';
import { resolveFile } from './file.js';
import { readImageInfo } from './info.js';
import { lockImage } from './lock.js';
import type { Format, VdiVariant } from './ports.js';
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

async function describeParent(child: string, parent: NonNullable<CreateOptions['parent']>): Promise<{ size: number; linkage: Linkage }> {
  const info = await readImageInfo(parent.path, parent.format ? { format: parent.format } : {});
  if (info.format === 'ISO') throw new ImageError(child, 'parent', `${info.path} is an ISO image, which no disk hangs on`);
  const uuid = info.uuid ?? parent.uuid;
  if (uuid === undefined || !isUuid(uuid) || uuid === nilUuid) throw new ImageError(child, 'parent', `${info.path} has no UUID of its own: give the one that it is registered with`);
  return { size: info.size, linkage: { uuid: uuid.toLowerCase(), modificationUuid: info.modificationUuid ?? nilUuid } };
}
