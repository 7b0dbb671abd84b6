/**
 * One opener at a time may write an image: a lock between processes, of any user's home, on one host or on several that share a folder.
 *
 * A lock is a file beside the image, `IMAGE.lock-N`, that says who holds it. It is made whole by link(2), which fails when the name
 * exists, on network file systems too. A holder that died on this host (its process is gone, or its number has a new owner, or the
 * host was started again) does not count: the next one takes N + 1 and removes what the dead left. Because a number is
 * never taken over, two that find the same dead holder cannot both win. A holder on another host, or in another container, cannot be
 * judged: it counts until its file is deleted by hand.
 */
import { randomUUID } from 'node:crypto';
import { readFileSync, readlinkSync } from 'node:fs';
import { link, readdir, readFile, unlink, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { hostError, ImageLockedError } from './errors.js';

/** Who holds a lock: what tells a living process from every other one. */
interface Holder {
  readonly owner: string;
  readonly pid: number;
  /** Since boot, in the kernel's ticks; empty where the host does not tell. */
  readonly startTime: string;
  readonly host: string;
  /** Changes with every start of the host. */
  readonly boot: string;
  /** The name space that `pid` counts in. */
  readonly pidSpace: string;
}

export interface Lock {
  release(): Promise<void>;
}

const attempts = 5;

/**
 * Locks an image for writing.
 * @param path with symbolic links resolved
 * @param owner who asks, in words, for the message that others see
 * @throws ImageLockedError with the holder
 */
export async function lockImage(path: string, owner: string): Promise<Lock> {
  const draft = `${path}.lock-${randomUUID()}`;
  try {
    await writeFile(draft, JSON.stringify(self(owner)), { flag: 'wx', mode: 0o644 });
    try {
      return await take(path, draft);
    } finally {
      await unlink(draft);
    }
  } catch (cause) {
    throw hostError(path, 'lock', cause);
  }
}

async function take(path: string, draft: string): Promise<Lock> {
  for (let attempt = 1; ; attempt++) {
    const present = await list(path);
    await refuseIfHeld(path, present);
    const number = Math.max(0, ...present.map((lock) => lock.number)) + 1;
    const mine = `${path}.lock-${number}`;
    try {
      await link(draft, mine);
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code !== 'EEXIST' || attempt === attempts) throw cause;
      continue; // another was faster: look again
    }
    try {
      // Between the look and the link another may have come by a higher number: whoever sees a living other steps back.
      const others = (await list(path)).filter((lock) => lock.number !== number);
      await refuseIfHeld(path, others);
      for (const { file } of others) await remove(file);
    } catch (error) {
      await remove(mine);
      throw error;
    }
    return { release: () => remove(mine) };
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

async function refuseIfHeld(path: string, locks: readonly LockFile[]): Promise<void> {
  for (const { file } of locks) {
    const text = await readFile(file, 'utf8').catch((cause: NodeJS.ErrnoException) => (cause.code === 'ENOENT' ? undefined : Promise.reject(cause)));
    if (text === undefined) continue; // released since
    const holder = parse(text);
    if (!holder) throw new ImageLockedError(path, 'an unknown holder', `${file} says nothing of who it is; delete that file if nobody uses the image`);
    const here = self('');
    const reachable = holder.host === here.host && (holder.boot !== here.boot || holder.pidSpace === here.pidSpace);
    const advice = reachable ? 'close it there first' : `close it there first, or delete ${file} if that one is gone for good`;
    if (!reachable || isAlive(holder, here)) throw new ImageLockedError(path, `${holder.owner} (process ${holder.pid} on ${holder.host.split('/')[0]})`, advice);
  }
}

async function remove(file: string): Promise<void> {
  await unlink(file).catch((cause: NodeJS.ErrnoException) => (cause.code === 'ENOENT' ? undefined : Promise.reject(cause)));
}

function parse(text: string): Holder | undefined {
  try {
    const { owner, pid, startTime, host, boot, pidSpace } = JSON.parse(text) as Record<string, unknown>;
    const strings = [owner, startTime, host, boot, pidSpace];
    return strings.every((value) => typeof value === 'string') && Number.isSafeInteger(pid) && (pid as number) > 0
      ? ({ owner, pid, startTime, host, boot, pidSpace } as Holder)
      : undefined;
  } catch {
    return undefined;
  }
}

function isAlive(holder: Holder, here: Holder): boolean {
  if (holder.boot !== here.boot) return false;
  try {
    process.kill(holder.pid, 0);
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ESRCH') return false;
  }
  if (!holder.startTime) return true;
  const { state, startTime } = processStat(holder.pid);
  return startTime === holder.startTime && state !== 'Z' && state !== 'X';
}

const self = (owner: string): Holder => ({
  owner,
  pid: process.pid,
  startTime: processStat(process.pid).startTime,
  host: `${hostname()}/${tryRead('/etc/machine-id')}`,
  boot: tryRead('/proc/sys/kernel/random/boot_id'),
  pidSpace: pidSpace(),
});

/** Of Linux's /proc/PID/stat: field 3, one letter, and field 22; empty where there is none. */
function processStat(pid: number): { state: string; startTime: string } {
  const text = tryRead(`/proc/${pid}/stat`);
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return { state: fields[0] ?? '', startTime: fields[19] ?? '' };
}

function pidSpace(): string {
  try {
    return readlinkSync('/proc/self/ns/pid');
  } catch {
    return '';
  }
}

function tryRead(file: string): string {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch {
    return '';
  }
}
