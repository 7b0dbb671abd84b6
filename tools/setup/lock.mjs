// A lock between processes: a file that holds its owner's process id. A lock whose owner is gone is taken over.
import { mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { say } from './progress.mjs';

/** How often a waiting process looks again, in milliseconds. */
const LOOK_AGAIN = 200;
/** How long a lock may stand without an owner, in milliseconds. */
const OWNERLESS = 5000;

/**
 * Runs `work` while no other process holds `path`.
 * @template T
 * @param {string} path
 * @param {() => Promise<T>} work
 * @returns {Promise<T>}
 */
export async function withLock(path, work) {
  mkdirSync(dirname(path), { recursive: true });
  let told = false;
  while (!take(path)) {
    const owner = ownerOf(path);
    if (owner === undefined ? isOld(path) : !isAlive(owner)) {
      dropStale(path, owner);
      continue;
    }
    if (!told) say(`  waiting for process ${owner ?? 'unknown'}, which holds ${path}`);
    told = true;
    await wait(LOOK_AGAIN);
  }
  try {
    return await work();
  } finally {
    rmSync(path, { force: true });
  }
}

/** @param {string} path */
function take(path) {
  try {
    writeFileSync(path, `${process.pid}\n`, { flag: 'wx' });
    return true;
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code === 'EEXIST') return false;
    throw error;
  }
}

/** @param {string} path */
function ownerOf(path) {
  try {
    const pid = Number(readFileSync(path, 'utf8'));
    return Number.isInteger(pid) && pid > 0 ? pid : undefined;
  } catch {
    return undefined;
  }
}

/** Whether a lock without an owner has stood for long: its maker died before writing its id. @param {string} path */
function isOld(path) {
  try {
    return Date.now() - statSync(path).mtimeMs > OWNERLESS;
  } catch {
    return false;
  }
}

/** @param {number} pid */
function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return /** @type {NodeJS.ErrnoException} */ (error).code === 'EPERM';
  }
}

/**
 * Two waiting processes may find the same dead owner: the rename lets only one of them remove that file.
 * @param {string} path
 * @param {number | undefined} owner
 */
function dropStale(path, owner) {
  const aside = `${path}.stale-${process.pid}`;
  try {
    renameSync(path, aside);
  } catch {
    return;
  }
  // Between the look and the rename somebody may have taken the lock anew: give it back.
  if (ownerOf(aside) === owner) rmSync(aside, { force: true });
  else renameSync(aside, path);
}
