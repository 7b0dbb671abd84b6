/** Waiting that ends. */
import { watch } from 'node:fs';

/** @throws the error that `late` makes when `work` has not settled after `milliseconds` */
export async function within<T>(milliseconds: number, work: Promise<T>, late: () => Error): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const expired = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(late()), milliseconds);
  });
  try {
    return await Promise.race([work, expired]);
  } finally {
    clearTimeout(timer);
  }
}

/** Tries `attempt` now and whenever something changes in `folder`, until it gives a value or `signal` aborts. */
export async function whenFolderChanges<T>(folder: string, attempt: () => Promise<T | undefined>, signal: AbortSignal): Promise<T | undefined> {
  let changed = (): void => undefined;
  let change = new Promise<void>((resolve) => (changed = resolve));
  const watcher = watch(folder, () => changed());
  signal.addEventListener('abort', () => changed(), { once: true });
  try {
    while (!signal.aborted) {
      const value = await attempt();
      if (value !== undefined) return value;
      await change;
      change = new Promise<void>((resolve) => (changed = resolve));
    }
    return undefined;
  } finally {
    watcher.close();
  }
}
