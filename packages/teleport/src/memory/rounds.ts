/**
 * When to stop sending rounds of changed pages and pause: the decision after each round. Pure.
 *
 * The guest is paused when what is left fits the downtime that was asked for, and another round would not bring it down much. A guest that changes memory as fast as it is sent is slowed
 * step by step; when it stands still nearly always and that is not enough, the pause may grow to the operator's limit; then the move
 * is given up. Each round either brings what is left down by a quarter or takes a step, so there is an end.
 */

export interface DowntimeLimits {
  /** The downtime that is wanted, in milliseconds. */
  readonly maxDowntime: number;
  /** The longest that is borne when nothing else helps, in milliseconds; at least `maxDowntime`. */
  readonly longestDowntime: number;
}

/** One round, as it was measured. */
export interface Round {
  readonly pages: number;
  readonly milliseconds: number;
}

export type Verdict =
  | { readonly next: 'pause'; readonly expected: number }
  | { readonly next: 'round' }
  | { readonly next: 'slower'; readonly share: number }
  | { readonly next: 'giveUp'; readonly expected: number };

/** Shares of its time that the guest stands still, step after step. */
export const SLOWNESS: readonly number[] = [0.2, 0.4, 0.6, 0.75, 0.85, 0.92, 0.95];
/** What is left has to shrink to this share of what it was, or a step is taken. */
const GOOD = 0.75;
/** Of the wanted downtime, what is not worth another round. */
const SMALL = 0.1;
/** Of the wanted downtime, what pages may have even when device state alone takes all of it. */
const LEAST_FOR_PAGES = 0.25;

export class Rounds {
  private step = 0;
  private best = Infinity;
  /** Milliseconds a page, of the slowest of recent rounds. */
  private perPage = 0;

  /** @param fixed milliseconds of the pause that do not depend on pages: state, disks, the way there and back */
  constructor(
    private readonly limits: DowntimeLimits,
    private readonly fixed: number,
  ) {}

  /** @param left pages that have changed meanwhile */
  after(round: Round, left: number): Verdict {
    if (round.pages > 0) {
      const now = round.milliseconds / round.pages;
      this.perPage = this.perPage === 0 ? now : Math.max(now, (this.perPage + now) / 2);
    }
    const pagesTime = left * this.perPage;
    const expected = this.fixed + pagesTime;
    const { maxDowntime, longestDowntime } = this.limits;
    const fits = pagesTime <= Math.max(maxDowntime - this.fixed, LEAST_FOR_PAGES * maxDowntime);
    const shrinks = left <= GOOD * this.best;
    if (left === 0 || (fits && (!shrinks || pagesTime <= SMALL * maxDowntime))) return { next: 'pause', expected };
    if (shrinks) {
      this.best = left;
      return { next: 'round' };
    }
    if (this.step < SLOWNESS.length) {
      this.best = Math.max(left, this.best === Infinity ? 0 : this.best);
      return { next: 'slower', share: SLOWNESS[this.step++] };
    }
    return expected <= longestDowntime ? { next: 'pause', expected } : { next: 'giveUp', expected };
  }
}
