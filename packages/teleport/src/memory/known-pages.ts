/**
 * What the target holds, page by page, as hashes: so that zero pages, pages it has elsewhere and pages that have not really
 * changed cost next to nothing. Pure.
 */
import * as crypto from 'node:crypto';
import { PAGE_SIZE, type PageRun } from '../ports.js';

const ZERO_PAGE = Buffer.alloc(PAGE_SIZE);
/** Stands for a page of zeroes. */
const ZERO = '';

// SHA-256: a guest that could make two pages of one hash would read its own memory wrongly.
const hashOf: (page: Uint8Array) => string =
  // Node.js 20.12 has it: a third of the time.
  typeof crypto.hash === 'function' ? (page) => crypto.hash('sha256', page, 'binary') : (page) => crypto.createHash('sha256').update(page).digest('binary');

export class KnownPages {
  /** By page: the hash of what the target holds there. The target starts with zeroes. */
  private readonly hashes: string[];
  /** By hash: a page where the target holds it. */
  private readonly places = new Map<string, number>();

  constructor(count: number) {
    this.hashes = Array<string>(count).fill(ZERO);
  }

  /**
   * What to tell the target so that it holds `contents`, and remembers that it does.
   * @param pages ascending; @param contents theirs, one after the other, which the runs are views of
   */
  runsFor(pages: Uint32Array, contents: Uint8Array): PageRun[] {
    const runs: PageRun[] = [];
    for (let index = 0; index < pages.length; index++) {
      const page = pages[index];
      const bytes = contents.subarray(index * PAGE_SIZE, (index + 1) * PAGE_SIZE);
      const hash = ZERO_PAGE.equals(bytes) ? ZERO : hashOf(bytes);
      const before = this.hashes[page];
      if (hash === before) continue;
      const from = hash === ZERO ? undefined : this.places.get(hash);
      this.remember(page, hash, before);
      if (hash === ZERO) appendZero(runs, page);
      else if (from !== undefined) appendCopy(runs, page, from);
      else appendData(runs, page, bytes);
    }
    return runs;
  }

  private remember(page: number, hash: string, before: string): void {
    if (before !== ZERO && this.places.get(before) === page) this.places.delete(before);
    this.hashes[page] = hash;
    if (hash !== ZERO && !this.places.has(hash)) this.places.set(hash, page);
  }
}

/** What makes `now` of `before`, page by page; both are whole pages, and what is beyond `before` is new. */
export function changedRuns(before: Uint8Array, now: Uint8Array): PageRun[] {
  const runs: PageRun[] = [];
  const old = Buffer.from(before.buffer, before.byteOffset, before.length);
  for (let at = 0; at < now.length; at += PAGE_SIZE) {
    const bytes = now.subarray(at, at + PAGE_SIZE);
    if (at < before.length ? old.compare(bytes, 0, PAGE_SIZE, at, at + PAGE_SIZE) === 0 : ZERO_PAGE.equals(bytes)) continue;
    appendData(runs, at / PAGE_SIZE, bytes);
  }
  return runs;
}

function appendZero(runs: PageRun[], page: number): void {
  const last = runs.at(-1);
  if (last?.kind === 'zero' && last.first + last.count === page) runs[runs.length - 1] = { ...last, count: last.count + 1 };
  else runs.push({ kind: 'zero', first: page, count: 1 });
}

function appendCopy(runs: PageRun[], page: number, from: number): void {
  const last = runs.at(-1);
  // A run is copied as a whole, so what it reads must not be what it writes.
  const grows = last?.kind === 'copy' && last.first + last.count === page && last.from + last.count === from && from < last.first;
  if (grows) runs[runs.length - 1] = { ...last, count: last.count + 1 };
  else runs.push({ kind: 'copy', first: page, count: 1, from });
}

function appendData(runs: PageRun[], page: number, bytes: Uint8Array): void {
  const last = runs.at(-1);
  const follows = last?.kind === 'data' && last.first + last.data.length / PAGE_SIZE === page && last.data.byteOffset + last.data.length === bytes.byteOffset;
  if (follows) runs[runs.length - 1] = { ...last, data: new Uint8Array(bytes.buffer, last.data.byteOffset, last.data.length + PAGE_SIZE) };
  else runs.push({ kind: 'data', first: page, data: bytes });
}
