/** Cuts the line at 200 points of the stream in each direction, with and without a shared image: `node dist/testing/faults.main.js [POINTS]`. */
import { cuts, moveWithCut, streamLength } from './faults.js';

const points = Number(process.argv[2] ?? 200);
let wrong = 0;
for (const options of [{}, { diskless: true }]) {
  const passed = await streamLength(options);
  for (const way of ['toTarget', 'toSource'] as const) {
    const outcomes = new Map<string, number>();
    for (const cut of cuts(passed, way, points)) {
      const { outcome, problems } = await moveWithCut(cut, options);
      outcomes.set(outcome.where, (outcomes.get(outcome.where) ?? 0) + 1);
      for (const problem of problems) console.error(`${JSON.stringify(cut)} ${outcome.where}: ${problem}`);
      wrong += problems.length;
    }
    console.log(`${points} cuts ${way}, ${'diskless' in options ? 'no image' : 'an image'} shared:`, Object.fromEntries(outcomes));
  }
}
process.exitCode = wrong === 0 ? 0 : 1;
