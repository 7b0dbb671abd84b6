/** Mutated streams, 100,000 unless told: `node dist/testing/mutants.main.js [COUNT [FIRST]]`. */
import { tryStreams } from './mutants.js';

const [count, first] = [Number(process.argv[2] ?? 100_000), Number(process.argv[3] ?? 0)];
const { problems, outcomes } = await tryStreams(first, first + count);
console.log(`${count} mutated streams:`, outcomes);
for (const problem of problems) console.error(problem);
process.exitCode = problems.length === 0 ? 0 : 1;
