/** Removes images. */
import { unlink } from 'node:fs/promises';
import { hostError } from './errors.js';
import { resolveFile } from './file.js';
import { lockImage, sweepDrafts } from './lock.js';

/** Deletes an image's file, and what a holder that died left beside it. @throws ImageError, or ImageLockedError when another holds it */
export async function deleteImage(path: string): Promise<void> {
  const real = await resolveFile(path);
  const lock = await lockImage(real, 'somebody who deletes it');
  try {
    await unlink(real);
    await sweepDrafts(real, true);
  } catch (cause) {
    throw hostError(path, 'delete', cause);
  } finally {
    await lock.release();
  }
}
