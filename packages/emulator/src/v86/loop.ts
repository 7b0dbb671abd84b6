/**
 * When the guest runs, when it sleeps, and when its screen is looked at.
 *
 * v86 asks for a tick after so many milliseconds. This loop sleeps exactly that long, on a cell of shared memory that every message
 * to this thread changes, so that a key or a disk's answer ends the sleep at once. A guest that has done nothing for a while
 * and takes its time from a counter, not from timer ticks, is woken less often than it asks.
 */
import { hostNow } from './guest-clock.js';
import type { Core, Cpu } from './inside.js';
import type { Mailbox } from './mailbox.js';
import { Counter, type Shared, type ToWorker } from './protocol.js';

/** Milliseconds between two looks at the screen: while the guest runs, when it has gone idle, and for a while after input. */
const FRAME = 1000 / 60;
const FRAME_IDLE = 6;
const FRAME_INPUT = 2;
const INPUT_LASTS = 150;
/** Looking at the screen may cost this part of the time. */
const SCREEN_SHARE = 0.06;

/** A guest that nothing touched and that changed nothing for so long is woken no more often than every `SLUMBER` milliseconds. */
const QUIET = 200;
const SLUMBER = 30;
/** The PIT's clock, in ticks a millisecond. */
const PIT_RATE = 1193.1816666;
/** Of a timer whose ticks came late because this thread could not run, so many milliseconds are made up for. */
const TICKS_MADE_UP = 10_000;
/** PIT modes that tick again and again. */
const PERIODIC = [2, 3];

/** Nothing calls for an earlier tick. */
const LONG = 1000;

export interface LoopParts {
  readonly core: Core;
  readonly mailbox: Mailbox;
  readonly shared: Shared;
  receive(message: ToWorker): void;
  /** Before the guest runs: hands over what waits. @returns milliseconds until it should be called again, Infinity when nothing waits */
  feed(): number;
  /** After the guest ran. */
  collect(): void;
  /** Looks at the screen; returns whether the guest changed it. */
  refresh(): boolean;
  untilBlink(): number;
  /** Milliseconds of the guest's time in one of the host's. */
  rate(): number;
  /** The guest made the engine fail. */
  failed(error: unknown): void;
}

export class Loop {
  readonly #counters: Float64Array;
  #tick = 0;
  #dueAt = 0;
  #scheduled = false;
  #paused = false;
  #ended = false;
  /** The guest has run since the screen was last looked at. */
  #ran = true;
  #lookedAt = 0;
  #lookCost = 0;
  #blinkAt = Infinity;
  #inputAt = -Infinity;
  #activeAt = hostNow();
  #periodicWait = LONG;
  #instructions = 0;
  /** Of its time the guest stands still for this share, whatever calls it. */
  #slowness = 0;
  #restsUntil = 0;

  constructor(private readonly parts: LoopParts) {
    this.#counters = parts.shared.counters;
    parts.core.yield = (wait, tick) => this.#next(wait, tick);
    this.#watchTimers(parts.core.cpu);
  }

  /** The guest stands still from the next tick on, and its screens show what it stands at; messages are still taken. */
  pause(): void {
    this.#paused = true;
    this.#look(hostNow());
  }

  /** Another machine's devices are here: its screens are looked at soon. */
  replaced(): void {
    this.#ran = true;
  }

  resume(): void {
    this.#paused = false;
    this.stir();
  }

  /** @param share 0 to 0.95 */
  slowDown(share: number): void {
    this.#slowness = share;
    this.#restsUntil = 0;
  }

  /** No tick runs any more, and the thread can end. */
  end(): void {
    this.#ended = true;
  }

  /** Something happened that the guest should see now. */
  stir(): void {
    this.#dueAt = 0;
    this.#activeAt = hostNow();
  }

  /** As `stir`, from a person, who waits for an answer on the screen. */
  input(): void {
    this.stir();
    this.#inputAt = this.#activeAt;
  }

  #next(guestWait: number, tick: number): void {
    const now = hostNow();
    const wait = guestWait / this.parts.rate();
    this.#tick = tick;
    // A guest that ran to the end of its slice has work to do.
    if (wait <= 0) this.#activeAt = now;
    const quiet = now - this.#activeAt > QUIET;
    this.#dueAt = now + (quiet && wait > 0 ? Math.min(Math.max(wait, SLUMBER), this.#periodicWait) : wait);
    this.#schedule();
  }

  /** Through the event loop each time: compiled guest code arrives there. */
  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      this.#turn();
    });
  }

  #turn(): void {
    if (this.#ended) return;
    this.#drain();
    if (this.#ended) return;
    let now = hostNow();
    if (!this.#paused) {
      const fed = this.parts.feed();
      if (now + fed < this.#dueAt) this.#dueAt = now + fed;
      if (now >= Math.max(this.#dueAt, this.#restsUntil) - 0.02) return this.#run(now);
    }
    this.#lookIfDue(now, true);
    now = hostNow();
    const wake = Math.min(this.#paused ? now + LONG : Math.max(this.#dueAt, this.#restsUntil), this.#nextLook(now));
    if (wake > now) {
      this.parts.mailbox.sleep(wake - now);
      this.#counters[Counter.wakes]! += 1;
    }
    this.#schedule();
  }

  #run(now: number): void {
    this.#ran = true;
    try {
      this.parts.core.yield_callback(this.#tick);
    } catch (error) {
      this.#ended = true;
      this.parts.failed(error);
      return;
    }
    const after = hostNow();
    this.#counters[Counter.guestTime]! += after - now;
    if (this.#slowness > 0) this.#restsUntil = after + ((after - now) * this.#slowness) / (1 - this.#slowness);
    this.#countInstructions();
    this.parts.collect();
    this.#lookIfDue(after, false);
  }

  #drain(): void {
    for (let message = this.parts.mailbox.take(); message; message = this.parts.mailbox.take()) this.parts.receive(message);
  }

  #lookIfDue(now: number, idle: boolean): void {
    if (now >= (this.#ran ? this.#lookDue(now, idle) : this.#nextBlink())) this.#look(now);
  }

  #look(now: number): void {
    const changed = this.parts.refresh();
    const after = hostNow();
    this.#ran = false;
    this.#lookedAt = after;
    this.#lookCost = after - now;
    this.#counters[Counter.screenTime]! += after - now;
    this.#counters[Counter.refreshes]! += 1;
    this.#blinkAt = after + this.parts.untilBlink();
    if (changed) this.#activeAt = after;
  }

  /** When the screen may next be looked at. */
  #lookDue(now: number, idle: boolean): number {
    const fresh = now - this.#inputAt < INPUT_LASTS;
    const interval = fresh ? FRAME_INPUT : idle ? FRAME_IDLE : FRAME;
    return this.#lookedAt + Math.max(interval, this.#lookCost / SCREEN_SHARE);
  }

  #nextLook(now: number): number {
    return this.#ran ? Math.max(now, this.#lookDue(now, true)) : this.#nextBlink();
  }

  /** A paused guest's cursor stands still with it. */
  #nextBlink(): number {
    return this.#paused ? Infinity : this.#blinkAt;
  }

  #countInstructions(): void {
    const count = this.parts.core.cpu.instruction_counter[0]!;
    this.#counters[Counter.instructions]! += (count - this.#instructions) >>> 0;
    this.#instructions = count;
  }

  /** Notes how long the guest can sleep without losing a tick of a timer that ticks on its own. */
  #watchTimers(cpu: Cpu): void {
    const { pit, rtc } = cpu.devices;
    const pitTimer = pit.timer.bind(pit);
    const rtcTimer = rtc.timer.bind(rtc);
    let pitWait = LONG;
    pit.timer = (now, noIrq) => {
      // v86 makes one tick of all that are due: each of them is its own, as long as the guest can still make up for them.
      const next = pit.counter_start_time[0]! + (pit.counter_start_value[0]! + 2) / PIT_RATE;
      const missed = pit.counter_enabled[0] && PERIODIC.includes(pit.counter_mode[0]!) && now - next > pit.counter_reload[0]! / PIT_RATE && now - next < TICKS_MADE_UP;
      const at = missed ? next : now;
      const wait = Math.max(0, pitTimer(at, noIrq) - (now - at));
      pitWait = pit.counter_enabled[0] && PERIODIC.includes(pit.counter_mode[0]!) ? wait : LONG;
      return wait;
    };
    rtc.timer = (now, legacy) => {
      const wait = rtcTimer(now, legacy);
      this.#periodicWait = Math.min(pitWait, wait);
      return wait;
    };
  }
}
