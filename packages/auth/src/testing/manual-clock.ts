/** A clock that a test moves by hand. Timers run in the order of their time. */
import type { Clock } from '../clock.js';

interface Timer {
  readonly at: number;
  readonly act: () => void;
}

export class ManualClock implements Clock {
  private time = Date.UTC(2026, 0, 1);
  private readonly timers = new Set<Timer>();
  private watchers: (() => void)[] = [];

  now(): number {
    return this.time;
  }

  after(ms: number, act: () => void): () => void {
    const timer = { at: this.time + ms, act };
    this.timers.add(timer);
    for (const watcher of this.watchers.splice(0)) watcher();
    return () => void this.timers.delete(timer);
  }

  /** Milliseconds until the next timer; undefined when there is none. */
  get next(): number | undefined {
    const times = [...this.timers].map(({ at }) => at);
    return times.length === 0 ? undefined : Math.min(...times) - this.time;
  }

  advance(ms: number): void {
    const until = this.time + ms;
    for (;;) {
      const [timer] = [...this.timers].sort((a, b) => a.at - b.at);
      if (!timer || timer.at > until) break;
      this.timers.delete(timer);
      this.time = Math.max(this.time, timer.at);
      timer.act();
    }
    this.time = until;
  }

  /** Resolves when a timer of `ms` milliseconds runs. */
  async timer(ms: number): Promise<void> {
    while (![...this.timers].some(({ at }) => at === this.time + ms)) await new Promise<void>((resolve) => this.watchers.push(resolve));
  }
}
