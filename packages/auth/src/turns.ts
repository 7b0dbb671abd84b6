/** A bounded number at once, the rest in line, and the line bounded too. Pure. */
import { AbandonedError } from './clock.js';

export class BusyError extends Error {
  override readonly name = 'BusyError';
}

export class Turns {
  private taken = 0;
  private readonly line: (() => void)[] = [];

  constructor(
    private readonly atOnce: number,
    private readonly waiting: number,
  ) {}

  /**
   * Waits for a turn.
   * @returns what gives the turn back; later calls of it do nothing
   * @throws BusyError when too many wait; AbandonedError when `signal` aborts first
   */
  async take(signal: AbortSignal): Promise<() => void> {
    if (signal.aborted) throw new AbandonedError('the client has gone', 'aborted');
    if (this.taken < this.atOnce) this.taken++;
    else if (this.line.length >= this.waiting) throw new BusyError(`${this.line.length} logins already wait to be judged; try again later`);
    else await this.wait(signal);
    let held = true;
    return () => {
      if (!held) return;
      held = false;
      const next = this.line.shift();
      if (next) next();
      else this.taken--;
    };
  }

  private wait(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const called = (): void => {
        signal.removeEventListener('abort', left);
        resolve();
      };
      const left = (): void => {
        this.line.splice(this.line.indexOf(called), 1);
        reject(new AbandonedError('the client has gone', 'aborted'));
      };
      this.line.push(called);
      signal.addEventListener('abort', left, { once: true });
    });
  }
}
