/** Time that only goes forward, as a port. A host clock that is set meanwhile changes nothing here. */
import { setTimeout as sleep } from 'node:timers/promises';

export interface Clock {
  /** Milliseconds since some start. */
  now(): number;
  wait(milliseconds: number): Promise<void>;
}

export const monotonicClock: Clock = {
  now: () => performance.now(),
  wait: (milliseconds) => sleep(milliseconds),
};
