import { expect, test } from '@jest/globals';
import { cuts, moveWithCut, streamLength } from './testing/faults.js';

// A part of the points that `node dist/testing/faults.main.js` tries.
const POINTS = 14;

test.each([
  ['an image is shared', {}],
  ['no image is shared', { diskless: true }],
] as const)('the line is cut at points of the stream, both ways, while %s: it runs on one side, the other is clean, and it moves again', async (_name, options) => {
  const passed = await streamLength(options);
  const all = [...cuts(passed, 'toTarget', POINTS), ...cuts(passed, 'toSource', POINTS)];
  const found: string[] = [];
  const outcomes = new Set<string>();
  for (let at = 0; at < all.length; at += 8) {
    await Promise.all(
      all.slice(at, at + 8).map(async (cut) => {
        const { outcome, problems } = await moveWithCut(cut, options);
        outcomes.add(outcome.where);
        found.push(...problems.map((problem) => `${JSON.stringify(cut)}: ${outcome.where}: ${problem}`));
      }),
    );
  }
  expect(found).toEqual([]);
  expect(outcomes.has('here')).toBe(true);
}, 120_000);
