/**
 * Reads and writes in the order they were asked for, wherever they overlap. Pure.
 *
 * The host's threads finish operations in any order. Here an operation waits for the earlier ones that overlap it, if either
 * of the two writes; all others run at once.
 */
interface Operation {
  readonly start: number;
  readonly end: number;
  readonly writes: boolean;
  readonly done: Promise<void>;
}

export class RangeQueue {
  private readonly underway = new Set<Operation>();

  async run<T>(start: number, length: number, writes: boolean, work: () => Promise<T>): Promise<T> {
    const end = start + length;
    const earlier: Promise<void>[] = [];
    for (const other of this.underway) {
      if (start < other.end && other.start < end && (writes || other.writes)) earlier.push(other.done);
    }
    let finish!: () => void;
    const operation: Operation = { start, end, writes, done: new Promise((resolve) => (finish = resolve)) };
    this.underway.add(operation);
    try {
      if (earlier.length) await Promise.all(earlier);
      return await work();
    } finally {
      this.underway.delete(operation);
      finish();
    }
  }

  /** Resolves when the operations that are under way now have ended, well or not. */
  async settled(): Promise<void> {
    await Promise.all(Array.from(this.underway, ({ done }) => done));
  }
}

/** Runs pieces of work one after another, each after the one before has ended, well or not. */
export class Serial {
  private last: Promise<unknown> = Promise.resolve();

  run<T>(work: () => Promise<T>): Promise<T> {
    const result = this.last.then(work);
    this.last = result.catch(() => undefined);
    return result;
  }
}
