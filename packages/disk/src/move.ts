/** An image's file under another name, on the same file system or another. */
import { link, unlink } from 'node:fs/promises';
import { createWhole } from './draft.js';
import { hostError, ImageError } from './errors.js';
import { extentsOf } from './extents.js';
import { openFile, resolveFile } from './file.js';
import { lockImage } from './lock.js';
import type { HostFile, Work } from './ports.js';
import { isZero } from './zero.js';

const piece = 1 << 20;

export interface MoveOptions extends Work {
  /** Who moves it, in words: others who are refused meanwhile are shown this. */
  readonly owner?: string;
}

/**
 * Moves an image; a file that is there is never replaced. To another file system it is copied, and the old file goes when the new one is whole and durable.
 * @throws ImageError for an image in several files, or a name that is taken; ImageLockedError when somebody has it; NoSpaceError, or the signal's reason. It is
 * where it was then
 */
export async function moveImage(path: string, to: string, { owner = 'somebody who moves it', ...work }: MoveOptions = {}): Promise<void> {
  const real = await resolveFile(path);
  const lock = await lockImage(real, owner);
  try {
    const others = await extentsOf(real);
    if (others.length) throw new ImageError(path, 'move', `the image is in ${others.length + 1} files: clone it with clonemedium to where it shall be`);
    try {
      await link(real, to);
    } catch (cause) {
      const { code } = cause as NodeJS.ErrnoException;
      // Another file system, or one without hard links.
      if (code !== 'EXDEV' && code !== 'EPERM' && code !== 'ENOTSUP') throw hostError(to, 'create', cause);
      await copyTo(real, to, work);
    }
    await unlink(real).catch((cause: unknown) => Promise.reject(hostError(path, 'delete', cause)));
  } finally {
    await lock.release();
  }
  work.onProgress?.(1);
}

async function copyTo(from: string, to: string, work: Work): Promise<void> {
  const source = await openFile(from, true);
  try {
    await createWhole(to, (target) => copyBytes(source, target, work));
  } catch (cause) {
    throw work.signal?.aborted ? cause : hostError(to, 'create', cause);
  } finally {
    await source.close();
  }
}

/** Every byte, with holes for zeroes. */
async function copyBytes(source: HostFile, target: HostFile, { onProgress, signal }: Work): Promise<void> {
  const size = await source.size();
  for (let at = 0; at < size; at += piece) {
    signal?.throwIfAborted();
    onProgress?.(at / size);
    const bytes = new Uint8Array(Math.min(piece, size - at));
    await source.read(bytes, at);
    if (!isZero(bytes)) await target.write(bytes, at);
  }
  await target.truncate(size);
  await target.sync();
}
