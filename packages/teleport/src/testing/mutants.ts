/** What a target does with mutated streams. For tests. */
import { WireError } from '@belvedere/wire';
import { TeleportError } from '../errors.js';
import { mutate } from './mutations.js';
import { tell } from './recorded.js';
import { streamVersion1 } from './stream-version-1.js';
import { streamVersion2 } from './stream-version-2.js';

const BIGGEST = 4 << 20;

/** @returns what went wrong with these seeds; what the target took over, as counts */
export async function tryStreams(from: number, to: number): Promise<{ problems: string[]; outcomes: Record<string, number> }> {
  const streams = [streamVersion1(), streamVersion2()];
  const problems: string[] = [];
  const outcomes: Record<string, number> = {};
  for (let seed = from; seed < to; seed++) {
    try {
      const { outcome, destination, stage } = await tell(mutate(streams[seed % 2], seed), 1 + (seed % 2));
      outcomes[outcome.where] = (outcomes[outcome.where] ?? 0) + 1;
      if ((outcome.where === 'here') !== stage.running.has('target')) problems.push(`seed ${seed}: ${outcome.where}, and runs: ${stage.running.has('target')}`);
      if (outcome.where === 'empty' && destination.memory.length > 0) problems.push(`seed ${seed}: memory is left`);
      if (destination.memory.length > BIGGEST || destination.final.length > BIGGEST) problems.push(`seed ${seed}: took too much`);
      problems.push(...stage.problems.map((problem) => `seed ${seed}: ${problem}`));
    } catch (error) {
      // The first section is read by whoever listens, who closes the line then.
      if (error instanceof WireError || error instanceof TeleportError) outcomes['closed'] = (outcomes['closed'] ?? 0) + 1;
      else problems.push(`seed ${seed}: ${String(error)}`);
    }
  }
  return { problems, outcomes };
}
