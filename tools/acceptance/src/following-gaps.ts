/**
 * How long each viewer's picture of a moving test card stands still while the machine is teleported: `node following-gaps.js [RUNS [VIEWER]]`.
 *
 * One viewer at a time, so that it is the move that is measured and not the other viewers. Prints a line for each run and the median of each
 * viewer; ends with 1 where a median is not under 1.5 s.
 */
import { loadavg } from 'node:os';
import { setTimeout } from 'node:timers/promises';
import { longestGap, Move, type Watcher, watchers } from './following.js';
import { Home } from './home.js';

/** Milliseconds. */
const LIMIT = 1500;
/** Milliseconds after the move that still belong to it: a viewer that is sent on has its second gap then. */
const AFTER = 5000;

async function gap(watcher: Watcher, sameDisplayPort: boolean): Promise<{ readonly before: number; readonly gap: number }> {
  const home = new Home();
  try {
    const move = await Move.prepare(home, { sameDisplayPort });
    const watched = await move.watch(watcher);
    try {
      await setTimeout(2000);
      const start = performance.now();
      const before = longestGap(watched.changes, start - 1500);
      await move.go();
      await setTimeout(AFTER);
      return { before, gap: longestGap(watched.changes, start) };
    } finally {
      await watched.close();
    }
  } finally {
    await home.close();
  }
}

const runs = Number(process.argv[2] ?? 3);
const only = process.argv[3];
let isSlow = false;
for (const [watcher, { follows }] of Object.entries(watchers) as [Watcher, (typeof watchers)[Watcher]][]) {
  if (only !== undefined && only !== watcher) continue;
  for (const way of follows === 'redirection' ? (['redirection', 'relay'] as const) : (['relay'] as const)) {
    const gaps: number[] = [];
    for (let run = 0; run < runs; run++) {
      const measured = await gap(watcher, way === 'redirection');
      gaps.push(measured.gap);
      process.stdout.write(`${watcher}, ${way}: ${Math.round(measured.gap)} ms (before the move ${Math.round(measured.before)} ms; load ${loadavg()[0]!.toFixed(1)})\n`);
    }
    const median = gaps.sort((a, b) => a - b)[gaps.length >> 1]!;
    process.stdout.write(`${watcher}, ${way}: median ${Math.round(median)} ms\n`);
    isSlow ||= median >= LIMIT;
  }
}
process.exitCode = isSlow ? 1 : 0;
