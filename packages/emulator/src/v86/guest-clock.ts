/**
 * The time that the guest sees: the host's monotonic clock without the pauses.
 * v86 binds `performance.now` when it is loaded, so this clock takes its place before that.
 */
const host = globalThis.performance;

/** Milliseconds of host time. */
export const hostNow = (): number => host.now();

export class GuestClock {
  #behind = 0;
  #stoppedAt: number | undefined;

  /** Milliseconds of guest time. */
  readonly now = (): number => (this.#stoppedAt ?? hostNow()) - this.#behind;

  stop(): void {
    this.#stoppedAt ??= hostNow();
  }

  /** Stands still at `time`, as a machine's clock does whose state was saved then. */
  standAt(time: number): void {
    this.#stoppedAt = hostNow();
    this.#behind = this.#stoppedAt - time;
  }

  go(): void {
    if (this.#stoppedAt === undefined) return;
    this.#behind += hostNow() - this.#stoppedAt;
    this.#stoppedAt = undefined;
  }

  /** Makes this the clock of everything loaded afterwards in this thread. */
  install(): void {
    Object.defineProperty(globalThis, 'performance', { value: { now: this.now }, configurable: true });
  }
}
