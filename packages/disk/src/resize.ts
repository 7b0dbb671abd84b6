/** Images made larger, and images made to take less room. */
import { ImageError } from './errors.js';
import { openFile, resolveFile } from './file.js';
import { lockImage } from './lock.js';
import { openChain, type ResolveParent } from './open.js';
import type { Format, Work } from './ports.js';
import { probeFormat } from './probe.js';
import { VdiImage } from './vdi/image.js';
import { resizeVdi } from './vdi/resize.js';

export interface ResizeOptions extends Work {
  readonly format?: Format;
  /** Who resizes, in words: others who are refused meanwhile are shown this. */
  readonly owner?: string;
}

/**
 * Makes a VDI larger; what is added reads as zero. Images that hang on it, or that it hangs on, keep their size.
 * @param size bytes of the disk, a multiple of 512
 * @throws ImageError for a smaller size, or another format; ImageLockedError when somebody has it; NoSpaceError
 */
export async function resizeImage(path: string, size: number, options: ResizeOptions = {}): Promise<void> {
  const real = await resolveFile(path);
  const format = options.format ?? (await probeFormat(real));
  if (format !== 'VDI') throw new ImageError(path, 'resize', `${format} images keep their size: clone it to a VDI with clonemedium, and resize that`);
  const lock = await lockImage(real, options.owner ?? 'somebody who resizes it');
  try {
    const file = await openFile(real, false);
    try {
      await resizeVdi(file, size, options);
    } finally {
      await file.close();
    }
  } finally {
    await lock.release();
  }
}

export interface CompactOptions extends ResizeOptions {
  /** Finds the parents of a differencing image. */
  readonly resolveParent?: ResolveParent;
}

/**
 * Makes a VDI's file smaller: blocks that are zero, or the same as its parent's, give back their room.
 * @returns bytes that the file was made shorter by
 * @throws ImageError for an image that is not a Standard VDI, ImageLockedError when somebody has it
 */
export async function compactImage(path: string, options: CompactOptions = {}): Promise<number> {
  const image = await openChain(path, { owner: 'somebody who compacts it', ...options });
  try {
    if (!(image instanceof VdiImage)) throw new ImageError(path, 'compact', `${image.format} images cannot be compacted: clone it to a Standard VDI with clonemedium`);
    if (image.variant === 'Fixed') throw new ImageError(path, 'compact', 'a Fixed image has its whole size by intent: clone it to a Standard one with clonemedium');
    return await image.compact(options);
  } finally {
    await image.close();
  }
}
