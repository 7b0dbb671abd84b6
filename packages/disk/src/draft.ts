/**
 * Files in the making: a new image is `PATH.draft-UUID` until it is whole, then it takes its name. Touches the file system.
 *
 * Whoever makes one holds the draft's own lock meanwhile, so that others can tell what is being made from what a process left that died.
 */
import { link, lstat, readdir, unlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { hostError, ImageError, ImageLockedError } from './errors.js';
import { createFile, resolveFolder, syncDirectory } from './file.js';
import { lockImage, sweepDrafts } from './lock.js';
import type { HostFile } from './ports.js';
import { newUuid } from './uuid.js';

/**
 * Makes a new file that is there whole, and durable, or not at all.
 * @param write fills the file and makes its content durable
 * @throws what `write` throws, or ImageError when the file exists; no file is left then
 */
export async function createWhole(path: string, write: (file: HostFile) => Promise<void>): Promise<void> {
  try {
    await lstat(path); // said now, and not when all is written
    throw Object.assign(new Error(path), { code: 'EEXIST' });
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'ENOENT') throw hostError(path, 'create', cause);
  }
  const named = (cause: unknown): Promise<never> => Promise.reject(hostError(path, 'create', cause instanceof ImageError ? cause.cause : cause));
  const draft = `${path}.draft-${newUuid()}`;
  const lock = await lockImage(draft, `somebody who makes ${path}`).catch(named);
  try {
    const file = await createFile(draft).catch(named);
    try {
      try {
        await write(file);
      } finally {
        await file.close();
      }
      await link(draft, path).catch(named); // fails where the file exists
    } finally {
      await unlink(draft);
    }
  } finally {
    await lock.release();
  }
  await syncDirectory(dirname(path)).catch(named);
}

const draftName = /^(.+\.draft-[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})(?:\.lock-[0-9a-f-]+)?$/;

/**
 * Removes from a folder the drafts whose makers died; one that somebody makes, or may make on another host, stays.
 * @param image only those that were to be this image
 * @returns the drafts' paths; none where there is no such folder
 * @throws ImageError when one cannot be removed
 */
export async function removeAbandonedDrafts(folder: string, image?: string): Promise<string[]> {
  const real = await resolveFolder(folder);
  if (real === undefined) return [];
  const names = await readdir(real).catch((cause: unknown) => Promise.reject(hostError(folder, 'list', cause)));
  const drafts = new Set(names.flatMap((name) => draftName.exec(name)?.[1] ?? []).filter((name) => image === undefined || name.startsWith(`${basename(image)}.draft-`)));
  const removed: string[] = [];
  for (const name of drafts) if (await removeAbandoned(join(real, name))) removed.push(join(real, name));
  return removed;
}

async function removeAbandoned(draft: string): Promise<boolean> {
  let lock;
  try {
    lock = await lockImage(draft, 'somebody who clears up');
  } catch (error) {
    if (error instanceof ImageLockedError) return false;
    throw error;
  }
  try {
    await unlink(draft).catch((cause: NodeJS.ErrnoException) => (cause.code === 'ENOENT' ? undefined : Promise.reject(hostError(draft, 'delete', cause))));
    await sweepDrafts(draft, false);
    return true;
  } finally {
    await lock.release();
  }
}
