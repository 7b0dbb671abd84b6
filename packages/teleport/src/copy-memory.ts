/**
 * Live pre-copy: rounds of changed pages while the guest runs, until the rest fits the downtime. Uses the machine and the line only.
 *
 * A round ends with the target's word that it has all of it: what is measured is the whole way, not what fits a buffer.
 */
import type { Clock } from './clock.js';
import { TeleportError } from './errors.js';
import type { Line } from './line/line.js';
import { put, ROUND } from './line/messages.js';
import { frameRoom, SECTIONS } from './line/sections.js';
import type { KnownPages } from './memory/known-pages.js';
import { encodeRuns, runsSize } from './memory/pages.js';
import { Rounds, type DowntimeLimits } from './memory/rounds.js';
import { AS_IT_IS, squeeze, type SqueezePolicy } from './memory/squeeze.js';
import { type Movable, PAGE_SIZE, type PageRun, type Progress } from './ports.js';

/** Pages read from the machine at once: a section holds them even when each is a run of its own. */
export const BATCH = Math.floor(SECTIONS.memory / (PAGE_SIZE + 16)) - 1;

export interface Copy {
  readonly machine: Movable;
  readonly line: Line;
  readonly known: KnownPages;
  readonly policy: SqueezePolicy;
  readonly clock: Clock;
}

/** Sends what these pages hold now. */
export async function sendPages({ machine, line, known, policy, clock }: Copy, pages: Uint32Array, sent: (count: number) => void = () => {}): Promise<void> {
  const read = (at: number): Promise<Uint8Array> => {
    const contents = machine.readPages(pages.subarray(at, at + BATCH));
    contents.catch(() => {}); // awaited below
    return contents;
  };
  // One batch is read while the one before is looked at, and the one before that is on its way.
  let sending: Promise<void> = Promise.resolve();
  for (let at = 0, ahead = pages.length > 0 ? read(0) : undefined; ahead; at += BATCH) {
    const batch = pages.subarray(at, at + BATCH);
    const contents = await ahead;
    ahead = at + BATCH < pages.length ? read(at + BATCH) : undefined;
    const runs = known.runsFor(batch, contents);
    await sending;
    sent(at);
    sending = runs.length > 0 ? sendRuns(line, 'memory', runs, policy, clock) : Promise.resolve();
    sending.catch(() => {}); // awaited before anything else is sent
  }
  await sending;
  sent(pages.length);
}

export async function sendRuns(line: Line, section: 'memory' | 'state', runs: readonly PageRun[], policy: SqueezePolicy, clock: Clock): Promise<void> {
  if (runsSize(runs) > PAGE_SIZE && policy.shouldSqueeze()) {
    const plain = encodeRuns(runs);
    const start = clock.now();
    const contents = await squeeze(plain);
    policy.measuredSqueeze(plain.length, contents.length, clock.now() - start);
    return line.send(section, contents);
  }
  const room = frameRoom(section);
  const frame = encodeRuns(runs, room + AS_IT_IS.length);
  frame.set(AS_IT_IS, room);
  await line.sendInPlace(section, frame);
}

export interface Copied {
  readonly rounds: number;
  /** Pages that changed since the last round began, to be sent in the pause. */
  readonly left: Uint32Array;
  readonly slowed: number;
}

/**
 * @param fixed milliseconds of the pause that pages have no part in
 * @throws TeleportError `convergence` when the guest changes memory faster than the line carries it
 */
export async function copyMemory(copy: Copy, limits: DowntimeLimits, fixed: number, report: (progress: Progress) => void, stop: () => void): Promise<Copied> {
  const { machine, line, policy, clock } = copy;
  const rounds = new Rounds(limits, fixed);
  const total = machine.memoryBytes / PAGE_SIZE;
  let slowed = 0;
  let pages = await machine.changedPages();
  for (let round = 1; ; round++) {
    const [start, sentBefore] = [clock.now(), line.sent];
    await sendPages(copy, pages, (count) => {
      stop();
      // The first round is most of the way; what follows is told by what remains.
      const done = round === 1 ? total - pages.length + count : total;
      report({ phase: 'memory', round, percent: Math.floor((95 * done) / total), remaining: (pages.length - count) * PAGE_SIZE });
    });
    const left = await machine.changedPages();
    await line.send('round', put(ROUND, { round, left: left.length }));
    await line.expect('round-end');
    const milliseconds = clock.now() - start;
    policy.measuredLine(line.sent - sentBefore, milliseconds);
    stop();
    const verdict = rounds.after({ pages: pages.length, milliseconds }, left.length);
    report({ phase: 'memory', round, percent: 95, remaining: left.length * PAGE_SIZE });
    if (verdict.next === 'pause') return { rounds: round, left, slowed };
    if (verdict.next === 'giveUp') {
      throw new TeleportError(
        'convergence',
        `the guest changes memory faster than it can be sent: it would stand still for ${Math.ceil(verdict.expected)} ms, ${limits.longestDowntime} ms are allowed. Allow more, or move it when it is less busy`,
      );
    }
    if (verdict.next === 'slower') await machine.slowDown((slowed = verdict.share));
    pages = left;
  }
}
