/** A move whose line is cut at one byte, and what is wrong afterwards. For tests. */
import { readdir } from 'node:fs/promises';
import { PAGE_SIZE } from '../ports.js';
import type { TeleportOutcome } from '../source.js';
import { type Cut, CutRelay } from './cut-relay.js';
import { Pair, type PairOptions } from './pair.js';

const guest = (): ((memory: Uint8Array) => void) => {
  let round = 0;
  return (memory) => memory.fill(++round, 5 * PAGE_SIZE, 9 * PAGE_SIZE - 40 * round);
};
/** Pages that neither repeat nor compress, so that most of the stream is memory. */
const fill = (memory: Uint8Array): void => {
  for (let at = 0, value = 1; at < memory.length / 2; at += 4, value = (value * 48271) % 0x7fffffff) new DataView(memory.buffer).setUint32(at, value);
};

/** Bytes of a move without a fault. */
export async function streamLength(options: PairOptions = {}): Promise<CutRelay['passed']> {
  const pair = await Pair.of({ ...options, pages: 24, guest: guest() });
  const relay = await CutRelay.to(pair.waiting.port);
  try {
    fill(pair.machine.memory);
    await pair.teleport({ port: relay.port });
    await pair.waiting.closed;
    return relay.passed;
  } finally {
    await relay.close();
    await pair.close();
  }
}

/** @returns the outcome at the source, and everything that is not as it must be */
export async function moveWithCut(cut: Cut, options: PairOptions = {}): Promise<{ outcome: TeleportOutcome; problems: string[] }> {
  const pair = await Pair.of({ ...options, pages: 24, guest: guest() });
  const relay = await CutRelay.to(pair.waiting.port, cut);
  const { stage } = pair;
  try {
    fill(pair.machine.memory);
    const outcome = await pair.teleport({ port: relay.port });
    const problems: string[] = [];
    const want = (condition: boolean, problem: string): void => void (condition || problems.push(problem));
    const isMemoryRight = (): boolean => Buffer.from(pair.destination.memory).equals(stage.atPause!.memory) && Buffer.from(pair.destination.final).equals(stage.atPause!.state);
    if (outcome.where === 'there') {
      const arrival = await pair.waiting.outcome;
      want(arrival.where === 'here', `there for the source, ${arrival.where} for the target`);
      want(isMemoryRight(), 'other memory or state than at the pause');
      want(stage.running.has('target') && stage.running.size === 1, 'does not run at the target');
      want(cut.forGood || stage.kept.size === 0, 'a state is left over');
      await pair.waiting.closed;
    } else if (outcome.where === 'here') {
      want(stage.running.has('source') && stage.running.size === 1, 'does not run at the source');
      const end = await Promise.race([pair.targetWaits(), pair.waiting.outcome]);
      if (end) {
        // Without a shared image a target whose source is out of reach for good cannot know that the machine runs there.
        want(options.diskless === true && cut.forGood && end.where === 'kept', `the target ended: ${end.where}`);
        return { outcome, problems: [...problems, ...stage.problems] };
      }
      want(stage.kept.size === 0 && stage.holder === 'source', `left over: ${[...stage.kept]}, disks with ${stage.holder}`);
      want(pair.destination.memory.length === 0, 'the target is not empty');
      const again = await pair.teleport();
      want(again.where === 'there' && isMemoryRight(), `cannot be teleported again: ${again.where === 'here' ? again.error.message : again.where}`);
      await pair.waiting.closed;
    } else {
      want(stage.kept.has('source') || stage.running.size === 1, 'nothing is left of it');
    }
    const files = (await readdir(pair.folder)).filter((file) => file !== 'disk.vdi');
    // Only who cannot know that all know leaves the decision behind.
    want(files.length === 0 || cut.forGood, `left beside the image: ${files}`);
    return { outcome, problems: [...problems, ...stage.problems] };
  } finally {
    await relay.close();
    await pair.close();
  }
}

/** `count` cuts, spread over a stream of these bytes, half of them for good. */
export const cuts = (passed: CutRelay['passed'], way: Cut['way'], count: number): Cut[] =>
  Array.from({ length: count }, (_, index) => ({ way, after: Math.floor(((index + 0.5) / count) * passed[way]), forGood: index % 2 === 1 }));
