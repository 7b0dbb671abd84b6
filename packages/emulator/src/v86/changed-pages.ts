/**
 * Which pages of guest memory have changed since somebody last asked: memory is compared with a copy. 256 MiB take 60 ms; the emulated
 * processor keeps no record of its writes that would be cheaper.
 */
import { PAGE, StateError } from '../saved-state.js';
import type { PageRun } from '../moving.js';

/** Compared at once before its pages are: most of memory does not change. */
const STRETCH = 16 * PAGE;

export class ChangedPages {
  readonly #copy: Buffer;

  constructor(size: number) {
    this.#copy = Buffer.alloc(size);
  }

  /** @param memory all of it, as it is now */
  take(memory: Uint8Array): Uint32Array {
    const copy = this.#copy;
    const pages: number[] = [];
    for (let stretch = 0; stretch < memory.length; stretch += STRETCH) {
      const end = Math.min(stretch + STRETCH, memory.length);
      if (copy.compare(memory, stretch, end, stretch, end) === 0) continue;
      for (let at = stretch; at < end; at += PAGE) if (copy.compare(memory, at, at + PAGE, at, at + PAGE) !== 0) pages.push(at / PAGE);
      copy.set(memory.subarray(stretch, end), stretch);
    }
    return Uint32Array.from(pages);
  }
}

/** @throws StateError for a page outside the memory */
export function readPages(memory: Uint8Array, pages: Uint32Array): Uint8Array {
  const bytes = new Uint8Array(pages.length * PAGE);
  pages.forEach((page, index) => {
    check(memory, page, 1);
    bytes.set(memory.subarray(page * PAGE, (page + 1) * PAGE), index * PAGE);
  });
  return bytes;
}

/** @throws StateError for pages outside the memory; what came before has been written then */
export function writeRuns(memory: Uint8Array, runs: readonly PageRun[]): void {
  for (const run of runs) {
    const count = run.kind === 'data' ? run.data.length / PAGE : run.count;
    const start = check(memory, run.first, count);
    if (run.kind === 'data') memory.set(run.data, start);
    else if (run.kind === 'zero') memory.fill(0, start, start + count * PAGE);
    else memory.copyWithin(start, check(memory, run.from, count), (run.from + count) * PAGE);
  }
}

function check(memory: Uint8Array, first: number, count: number): number {
  if (!Number.isInteger(first) || !Number.isInteger(count) || first < 0 || count < 0 || (first + count) * PAGE > memory.length) {
    throw new StateError(`${count} pages from ${first} on are none of the ${memory.length / PAGE} pages of guest memory`);
  }
  return first * PAGE;
}
