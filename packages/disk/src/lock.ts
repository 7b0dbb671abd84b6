/**
 * One opener at a time may write an image, or many may read it while nobody writes: a lock between processes, of any user's home, on one
 * host or on several that share a folder.
 *
 * A lock is a file beside the image, `IMAGE.lock-N`, that says who holds it and how. It is made whole by link(2), which fails when the name
 * exists, on network file systems too. A holder that died on this host (its process is gone, or its number has a new owner, or the
 * host was started again) does not count: the next one takes N + 1 and removes what the dead left. Because a number is
 * never taken over, two that find the same dead holder cannot both win. A holder on another host, or in another container, cannot be
 * judged: it counts until `breakLock`.
 */
import { randomUUID } from 'node:crypto';
import { link, readdir, readFile, stat, unlink, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { hostError, ImageLockedError } from './errors.js';
import { resolveFile } from './file.js';
import { type Life, lifeOf, type LockMode, parseHolder, self } from './holder.js';
import { isUuid } from './uuid.js';

export interface Lock {
  /** Undefined on a file system that this host cannot change. */
  readonly file: string | undefined;
  release(): Promise<void>;
}

/** A lock that somebody has on an image. */
export interface LockInfo {
  /** The lock's own file. */
  readonly file: string;
  /** What the holder said of itself, such as a machine's name; undefined where the file does not say. */
  readonly owner: string | undefined;
  readonly mode: LockMode;
  readonly pid: number | undefined;
  readonly host: string | undefined;
  readonly life: Life;
}

const attempts = 5;

/**
 * Locks an image.
 * @param path with symbolic links resolved
 * @param owner who asks, in words, for the message that others see
 * @param besides a lock of the caller's own, which is no obstacle
 * @throws ImageLockedError with the holder
 */
export async function lockImage(path: string, owner: string, mode: LockMode = 'write', besides?: Lock): Promise<Lock> {
  const draft = `${path}.lock-${randomUUID()}`;
  try {
    await writeFile(draft, JSON.stringify(self(owner, mode)), { flag: 'wx', mode: 0o644 });
    try {
      return await take(path, draft, mode, besides?.file);
    } finally {
      await unlink(draft);
    }
  } catch (cause) {
    // What this host cannot change needs no promise that nobody does.
    if (mode === 'read' && (cause as NodeJS.ErrnoException).code === 'EROFS') return { file: undefined, release: () => Promise.resolve() };
    throw hostError(path, 'lock', cause);
  }
}

/** Removes what a process that died while it locked the image left beside it. @param path with symbolic links resolved; @param all of a living one too, when the image is gone */
export async function sweepDrafts(path: string, all: boolean): Promise<void> {
  const prefix = `${basename(path)}.lock-`;
  for (const name of await readdir(dirname(path))) {
    if (!name.startsWith(prefix) || !isUuid(name.slice(prefix.length))) continue;
    const file = join(dirname(path), name);
    const holder = parseHolder(await readFile(file, 'utf8').catch(() => ''));
    if (all || (holder && lifeOf(holder) === 'dead')) await remove(file);
  }
}

/** Who has an image now, the dead included until the next opener removes what they left. @throws ImageError */
export async function readLocks(path: string): Promise<LockInfo[]> {
  const real = await resolveFile(path);
  try {
    return (await inspect(await list(real))).map(({ file, owner, mode, pid, host, life }) => ({ file, owner, mode, pid, host, life }));
  } catch (cause) {
    throw hostError(path, 'lock', cause);
  }
}

/**
 * Removes the locks of holders that cannot be judged from here, for one who knows that they are gone: on another host, in another container.
 * @returns those that were removed, with the dead
 * @throws ImageLockedError when a process of this host has the image: end that instead
 */
export async function breakLock(path: string): Promise<LockInfo[]> {
  const locks = await readLocks(path);
  const living = locks.find(({ life }) => life === 'alive');
  if (living) throw new ImageLockedError(path, holderOf(living), living.mode, 'that process lives on this host: end it, its lock goes with it');
  for (const { file } of locks) await remove(file).catch((cause: unknown) => Promise.reject(hostError(path, 'lock', cause)));
  return locks;
}

async function take(path: string, draft: string, mode: LockMode, besides: string | undefined): Promise<Lock> {
  const others = (locks: readonly LockFile[]): LockFile[] => locks.filter(({ file }) => file !== besides);
  // Names that are taken, though a network file system's listing, which may be out of date, had them not.
  const unlisted = new Map<string, LockFile>();
  for (let attempt = 1; ; attempt++) {
    const listed = await list(path);
    const present = [...listed, ...[...unlisted.values()].filter(({ file }) => !listed.some((lock) => lock.file === file))];
    await judge(path, others(present), mode);
    const number = Math.max(0, ...present.map((lock) => lock.number)) + 1;
    const mine = `${path}.lock-${number}`;
    try {
      await link(draft, mine);
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code !== 'EEXIST') throw cause;
      // A network file system may repeat a request whose answer was lost: the link is there, and it is ours.
      if ((await stat(draft)).nlink !== 2) {
        if (attempt === attempts) throw new ImageLockedError(path, 'others who come and go', mode, 'try again', { cause });
        unlisted.set(mine, { file: mine, number });
        continue; // another was faster, or is remembered here alone: look again, at that one too
      }
    }
    try {
      // Between the look and the link another may have come by a higher number: whoever sees a living other steps back.
      const dead = await judge(path, others(await list(path)).filter((lock) => lock.number !== number), mode);
      for (const file of dead) await remove(file);
      if (dead.length) await sweepDrafts(path, false);
    } catch (error) {
      await remove(mine);
      throw error;
    }
    return { file: mine, release: () => remove(mine) };
  }
}

interface LockFile {
  readonly file: string;
  readonly number: number;
}

async function list(path: string): Promise<LockFile[]> {
  const prefix = `${basename(path)}.lock-`;
  const names = await readdir(dirname(path));
  return names
    .filter((name) => name.startsWith(prefix) && /^\d{1,9}$/.test(name.slice(prefix.length)))
    .map((name) => ({ file: join(dirname(path), name), number: Number(name.slice(prefix.length)) }));
}

async function inspect(locks: readonly LockFile[]): Promise<LockInfo[]> {
  const found: LockInfo[] = [];
  for (const { file } of locks) {
    const text = await readFile(file, 'utf8').catch((cause: NodeJS.ErrnoException) => (cause.code === 'ENOENT' ? undefined : Promise.reject(cause)));
    if (text === undefined) continue; // released since
    const holder = parseHolder(text);
    const host = holder?.host.split('/')[0];
    found.push({ file, owner: holder?.owner, mode: holder?.mode ?? 'write', pid: holder?.pid, host, life: holder ? lifeOf(holder) : 'unknown' });
  }
  return found;
}

/** @returns the files of the dead @throws ImageLockedError when one that lives, or may live, excludes `mode` */
async function judge(path: string, locks: readonly LockFile[], mode: LockMode): Promise<string[]> {
  const found = await inspect(locks);
  for (const lock of found) {
    if (lock.life === 'dead' || (lock.mode === 'read' && mode === 'read')) continue;
    if (lock.owner === undefined) throw new ImageLockedError(path, holderOf(lock), lock.mode, `${lock.file} says nothing of who it is; break the lock, or delete that file, if nobody uses the image`);
    const advice = lock.life === 'alive' ? 'close it there first' : `close it there first, or break the lock (or delete ${lock.file}) if that one is gone for good`;
    throw new ImageLockedError(path, holderOf(lock), lock.mode, advice);
  }
  return found.filter(({ life }) => life === 'dead').map(({ file }) => file);
}

const holderOf = ({ owner, pid, host }: LockInfo): string => (owner === undefined ? 'an unknown holder' : `${owner} (process ${pid} on ${host})`);

async function remove(file: string): Promise<void> {
  await unlink(file).catch((cause: NodeJS.ErrnoException) => (cause.code === 'ENOENT' ? undefined : Promise.reject(cause)));
}
