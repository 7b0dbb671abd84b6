/**
 * One API a home: a lock that its holder's death frees, however it dies.
 *
 * The embedded database's own file lock is the lock: the kernel drops it with the process, so nothing stale is ever found.
 */
import Database from 'libsql';

export interface InstanceLock {
  release(): void;
}

/** @returns undefined when another process holds it */
export function takeInstanceLock(file: string): InstanceLock | undefined {
  const lock = new Database(file);
  try {
    lock.exec('PRAGMA busy_timeout = 0');
    lock.exec('BEGIN EXCLUSIVE');
  } catch (error) {
    lock.close();
    if ((error as { code?: string }).code?.startsWith('SQLITE_BUSY')) return undefined;
    throw error;
  }
  return { release: () => void lock.close() };
}
