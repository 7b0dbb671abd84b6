/** Work that must take turns. Pure of everything but promises. */

/** Runs pieces of work one after another, each after the one before has ended, well or not. */
export class Queue {
  private last: Promise<unknown> = Promise.resolve();

  run<T>(work: () => Promise<T>): Promise<T> {
    const result = this.last.then(work);
    this.last = result.catch(() => undefined);
    return result;
  }
}

/** A queue for each key. */
export class KeyedQueue {
  private readonly queues = new Map<string, { queue: Queue; users: number }>();

  async run<T>(key: string, work: () => Promise<T>): Promise<T> {
    const entry = this.queues.get(key) ?? { queue: new Queue(), users: 0 };
    this.queues.set(key, entry);
    entry.users++;
    try {
      return await entry.queue.run(work);
    } finally {
      if (--entry.users === 0) this.queues.delete(key);
    }
  }
}
