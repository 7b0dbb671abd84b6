/** Time that only goes forward, as a port. A host clock that is set meanwhile changes nothing here. */
import { setTimeout as sleep } from 'node:timers/promises';

export interface Clock {
  /** Milliseconds since some start. */
  now(): number;
  /** Resolves after so long, or at once when `signal` says so. */
  wait(milliseconds: number, signal?: AbortSignal): Promise<void>;
}

export const monotonicClock: Clock = {
  now: () => performance.now(),
  wait: (milliseconds, signal) => sleep(milliseconds, undefined, signal && { signal }).catch(() => {}),
};
