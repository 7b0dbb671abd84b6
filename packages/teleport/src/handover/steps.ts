/**
 * The hand-over: who runs the machine, whatever happens. Pure: two tables; `source.ts` and `target.ts` do what they say.
 *
 * It begins when the guest stands still and all of its memory has been sent. The target's answers are in the middle.
 *
 *      source                                                target
 *      ──────                                                ──────
 *      paused: last pages, device state, disks flushed   ──▶ loading
 *      offered ────────────────── done ─────────────────▶    │ engine complete, guest stands still
 *         │ ◀──────────────────── ready ────────────────  ready
 *      unlocking: disks let go                               │
 *      granted ─────────────────── go ──────────────────▶ locking: disks taken
 *         │                                               deciding: "target" ◀── THE ONE INSTANT OF COMMITMENT
 *         │                                               starting: the guest goes on
 *         │ ◀──────────────────── runs ─────────────────  running
 *      there ───────────────────── bye ─────────────────▶
 *
 *      any fault before `offered`:   the source resumes; nothing else could run.
 *      any fault from then on:       the source decides too ("source"), and obeys what was decided first:
 *                                    deciding ─▶ source: relocking ─▶ here          ─▶ target: asking ─▶ there
 *                                    deciding ─▶ cannot be known: the state is kept on disk, and it asks again (doubtful)
 *      a source that is gone:        the target, complete, takes the disks, which shows that nobody runs there, and decides (orphaned)
 *
 * **The decision** is a record that the first to write it settles for both (a file beside a shared image made by link(2), which two
 * cannot make). The lock on the images alone would not do: it is free again after the winner has ended, and the loser would go on
 * from a state that is long past. Where no image is shared the target keeps the decision, and two rules differ: without `go` the target
 * never runs (stranded), and after `go` the source never runs before the target has said that it may.
 *
 * **A kept state** is what remains when both could be lost: it is written before anybody gives up, and nobody runs from it without deciding.
 *
 * What no protocol can change: a source that is killed before the target has all of the machine is a machine that was killed.
 */
import type { Side } from '../ports.js';

/** `here`, `there` and `kept` are ends. */
export type SourceState =
  | 'paused'
  | 'offered'
  | 'unlocking'
  | 'granted'
  | 'deciding'
  | 'doubtful'
  | 'relocking'
  | 'lockless'
  | 'asking'
  | 'unheard'
  | 'here'
  | 'there'
  | 'kept';

export type SourceAction = 'offer' | 'unlock' | 'grant' | 'decide' | 'keep' | 'lock' | 'resume' | 'ask' | 'farewell' | 'stop';

/**
 * `done` and `failed` end an action; `lost` is a line that broke or fell silent; `unknown` is an answer that could not be had; `again` and
 * `enough` end the wait after a state was kept, the second only if it was.
 */
export type SourceEvent = 'done' | 'failed' | 'lost' | 'ready' | 'runs' | 'refused' | Side | 'unknown' | 'again' | 'enough';

type Table<State extends string, Event extends string, Action extends string> = Readonly<Record<State, Readonly<Partial<Record<Event, readonly [State, Action]>>>>>;

export const SOURCE: Table<SourceState, SourceEvent, SourceAction> = {
  paused: { done: ['offered', 'offer'], failed: ['here', 'resume'] },
  offered: { ready: ['unlocking', 'unlock'], refused: ['here', 'resume'], lost: ['deciding', 'decide'] },
  unlocking: { done: ['granted', 'grant'], failed: ['deciding', 'decide'] },
  granted: { runs: ['there', 'farewell'], refused: ['relocking', 'lock'], lost: ['deciding', 'decide'] },
  deciding: { source: ['relocking', 'lock'], target: ['asking', 'ask'], unknown: ['doubtful', 'keep'] },
  doubtful: { again: ['deciding', 'decide'], enough: ['kept', 'stop'] },
  relocking: { done: ['here', 'resume'], failed: ['lockless', 'keep'] },
  // Decided for this side, but the disks are still held there, or by somebody else.
  lockless: { again: ['relocking', 'lock'], enough: ['kept', 'stop'] },
  // Decided for the other side: does the machine really run there?
  asking: { runs: ['there', 'farewell'], refused: ['relocking', 'lock'], unknown: ['unheard', 'keep'] },
  // The kept state stays on disk, for an operator who finds the other host dead.
  unheard: { again: ['asking', 'ask'], enough: ['there', 'stop'] },
  here: {},
  there: {},
  kept: {},
};

/** `empty`, `running` and `kept` are ends; an empty target waits for the next source. */
export type TargetState =
  | 'loading'
  | 'ready'
  | 'locking'
  | 'deciding'
  | 'undecided'
  | 'starting'
  | 'failing'
  | 'returning'
  | 'returned'
  | 'orphaned'
  | 'looking'
  | 'waiting'
  | 'stranded'
  | 'running'
  | 'empty'
  | 'kept';

export type TargetAction = 'sayReady' | 'lock' | 'decide' | 'keep' | 'run' | 'sayRuns' | 'giveBack' | 'sayRefused' | 'look' | 'discard' | 'refuse' | 'stop';

/** `back`: the source has the machine again; `stranded`: the line is lost, and no image is shared that could tell more. */
export type TargetEvent = 'done' | 'failed' | 'lost' | 'stranded' | 'go' | 'back' | 'cancelled' | Side | 'unknown' | 'again' | 'enough';

export const TARGET: Table<TargetState, TargetEvent, TargetAction> = {
  loading: { done: ['ready', 'sayReady'], failed: ['empty', 'refuse'] },
  ready: { go: ['locking', 'lock'], back: ['empty', 'discard'], cancelled: ['empty', 'refuse'], lost: ['orphaned', 'lock'], stranded: ['stranded', 'keep'] },
  locking: { done: ['deciding', 'decide'], failed: ['empty', 'refuse'] },
  deciding: { target: ['starting', 'run'], source: ['empty', 'refuse'], unknown: ['undecided', 'keep'] },
  undecided: { again: ['deciding', 'decide'], enough: ['kept', 'stop'] },
  starting: { done: ['running', 'sayRuns'], failed: ['failing', 'keep'] },
  // Decided for this side, and the engine cannot: given back, unless the source is gone too.
  failing: { again: ['returning', 'giveBack'], enough: ['returning', 'giveBack'] },
  returning: { done: ['returned', 'sayRefused'], failed: ['returned', 'sayRefused'] },
  returned: { back: ['empty', 'discard'], again: ['returned', 'keep'], enough: ['kept', 'stop'] },
  // The source is out of reach. Who holds the disks tells whether it may be alive.
  orphaned: { done: ['deciding', 'decide'], failed: ['looking', 'look'] },
  looking: { source: ['empty', 'discard'], unknown: ['waiting', 'keep'] },
  waiting: { again: ['orphaned', 'lock'], enough: ['kept', 'stop'] },
  stranded: { back: ['empty', 'discard'], again: ['stranded', 'keep'], enough: ['kept', 'stop'] },
  running: {},
  empty: {},
  kept: {},
};

/** What follows an event. A programmer's mistake throws. */
export function next<State extends string, Event extends string, Action extends string>(
  table: Table<State, Event, Action>,
  state: State,
  event: Event,
): readonly [State, Action] {
  const step = table[state][event];
  if (!step) throw new Error(`hand-over: "${event}" in state "${state}"`);
  return step;
}
