/**
 * The time that the guest sees: the host's monotonic clock without the pauses.
 * v86 binds `performance.now` when it is loaded, so this clock takes its place before that.
 */
const host = globalThis.performance;

/** Milliseconds of host time. */
export const hostNow = (): number => host.now();

/** Milliseconds of host time too, the same in all threads of a process. */
export const threadsNow = (): number => Number(process.hrtime.bigint()) / 1e6;

/** How much faster the guest's time goes while it makes up for what it lost: a timer that ticks loses none of its ticks so. */
const MAKE_UP = 1;

export class GuestClock {
  #behind = 0;
  #stoppedAt: number | undefined;
  /** Milliseconds that are to be made up for, from `#since` on. */
  #lost = 0;
  #since = 0;

  /** @param host milliseconds of host time */
  constructor(private readonly host: () => number = hostNow) {}

  /** Milliseconds of guest time. */
  readonly now = (): number => {
    const host = this.#stoppedAt ?? this.host();
    return host - this.#behind + this.#madeUp(host);
  };

  /** Milliseconds of guest time in one of host time. */
  get rate(): number {
    const host = this.host();
    return this.#madeUp(host) < this.#lost ? 1 + MAKE_UP : 1;
  }

  /** Milliseconds that the guest's time is behind: what it stands still for now, and what it has not made up for yet. */
  get behind(): number {
    const host = this.host();
    const at = this.#stoppedAt ?? host;
    return host - at + this.#lost - this.#madeUp(at);
  }

  #madeUp(host: number): number {
    return this.#lost === 0 ? 0 : Math.min(this.#lost, Math.max(0, host - this.#since) * MAKE_UP);
  }

  stop(): void {
    this.#stoppedAt ??= this.host();
  }

  /** Stands still at `time`, as a machine's clock does whose state was saved then. */
  standAt(time: number): void {
    this.#stoppedAt = this.host();
    this.#behind = this.#stoppedAt - time;
    this.#lost = 0;
  }

  /**
   * @param lost milliseconds that the guest is behind and is not to miss: it makes up for them in as many. Absent: what it had not made up for
   * before it stood still
   */
  go(lost?: number): void {
    if (this.#stoppedAt === undefined) return;
    const madeUp = this.#madeUp(this.#stoppedAt);
    this.#since = this.host();
    this.#behind += this.#since - this.#stoppedAt - madeUp;
    this.#lost = lost ?? this.#lost - madeUp;
    this.#stoppedAt = undefined;
  }

  /** Makes this the clock of everything loaded afterwards in this thread. */
  install(): void {
    Object.defineProperty(globalThis, 'performance', { value: { now: this.now }, configurable: true });
  }
}
