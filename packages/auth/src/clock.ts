/** Time as a port, and waits that end. The only file that knows a timer. */

export interface Clock {
  /** Milliseconds since the epoch. INVARIANT: never goes back, also when the host's clock is set back */
  now(): number;
  /** Calls `act` once, `ms` milliseconds from now; the returned function cancels it. What is `idle` keeps no process from ending. */
  after(ms: number, act: () => void, idle?: 'idle'): () => void;
}

export const systemClock: Clock = {
  now: () => performance.timeOrigin + performance.now(),
  after(ms, act, idle) {
    const timer = setTimeout(act, ms);
    if (idle) timer.unref();
    return () => clearTimeout(timer);
  },
};

/** A wait that was given up: in time-out, or because its signal aborted. */
export class AbandonedError extends Error {
  override readonly name = 'AbandonedError';
  constructor(
    message: string,
    readonly why: 'time-out' | 'aborted',
  ) {
    super(message);
  }
}

const aborted = () => new AbandonedError('the client has gone', 'aborted');

/** Waits for `work`, or until `signal` aborts. @throws AbandonedError */
export async function unlessAborted<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  let stop!: () => void;
  const gone = new Promise<never>((_, reject) => {
    stop = () => reject(aborted());
    if (signal.aborted) stop();
    else signal.addEventListener('abort', stop, { once: true });
  });
  try {
    return await Promise.race([work, gone]);
  } finally {
    signal.removeEventListener('abort', stop);
  }
}

/**
 * Waits for `work` for `ms` milliseconds. The signal given to `work` aborts when the time is over.
 * @param what names the work in the error: `'the guest'`
 * @throws AbandonedError
 */
export async function within<T>(clock: Clock, ms: number, what: string, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const timeIsUp = new AbortController();
  let cancel!: () => void;
  const late = new Promise<never>((_, reject) => {
    cancel = clock.after(ms, () => {
      reject(new AbandonedError(`${what} did not answer within ${ms / 1000} s`, 'time-out'));
      timeIsUp.abort();
    });
  });
  try {
    return await Promise.race([work(timeIsUp.signal), late]);
  } finally {
    cancel();
  }
}

/** Resolves after `ms` milliseconds. @throws AbandonedError when `signal` aborts first */
export async function pause(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) throw aborted();
  if (ms <= 0) return;
  let cancel = (): void => undefined;
  try {
    await unlessAborted(signal, new Promise<void>((resolve) => (cancel = clock.after(ms, resolve))));
  } finally {
    cancel();
  }
}
