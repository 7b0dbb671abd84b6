/** Removes images. */
import { unlink } from 'node:fs/promises';
import { hostError } from './errors.js';
import { extentsOf } from './extents.js';
import { resolveFile } from './file.js';
import { lockImage, sweepDrafts } from './lock.js';

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
