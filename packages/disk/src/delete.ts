/** Removes images. */
import { lstat, unlink } from 'node:fs/promises';
import { hostError, ImageError } from './errors.js';
import { openFile, resolveFile } from './file.js';
import { lockImage, sweepDrafts } from './lock.js';
import { probeFormat } from './probe.js';
import { ownExtents } from './vmdk/image.js';

/**
 * Deletes an image's file, with the files of its extents that are named after it, and what a holder that died left beside it.
 * @throws ImageError, or ImageLockedError when another holds it
 */
export async function deleteImage(path: string): Promise<void> {
  const real = await resolveFile(path);
  const lock = await lockImage(real, 'somebody who deletes it');
  try {
    const extents = await extentsOf(real);
    await unlink(real);
    for (const extent of extents) await unlink(extent);
    await sweepDrafts(real, true);
  } catch (cause) {
    throw hostError(path, 'delete', cause);
  } finally {
    await lock.release();
  }
}

/** What cannot be read any more can still be deleted, alone. */
async function extentsOf(path: string): Promise<string[]> {
  try {
    if ((await probeFormat(path)) !== 'VMDK') return [];
    const file = await openFile(path, true);
    const named = await ownExtents(file).finally(() => file.close());
    const there: string[] = [];
    for (const extent of named) if ((await lstat(extent).catch(() => undefined))?.isFile()) there.push(extent);
    return there;
  } catch (error) {
    if (error instanceof ImageError) return [];
    throw error;
  }
}
