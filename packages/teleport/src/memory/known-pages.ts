/**
 * What the target holds, page by page: so that zero pages, pages it has elsewhere and pages that have not really changed cost next to nothing. Pure.
 *
 * Most pages are like no other. A print, which is cheap, tells so; only a page whose print was seen before is hashed, and what is known by
 * its hash is not sent again. Contents are so sent twice at most, however often they repeat.
 */
import * as crypto from 'node:crypto';
import { PAGE_SIZE, type PageRun } from '../ports.js';

const ZERO_PAGE = Buffer.alloc(PAGE_SIZE);
const WORDS = PAGE_SIZE / 4;

// SHA-256: a guest that could make two pages of one hash would read its own memory wrongly.
const hashOf: (page: Uint8Array) => string =
  // Node.js 20.12 has it: a third of the time.
  typeof crypto.hash === 'function' ? (page) => crypto.hash('sha256', page, 'binary') : (page) => crypto.createHash('sha256').update(page).digest('binary');

/** A page's print: pages of different prints are different. Four sums beside each other, which a processor adds up at once. */
function printOf(words: Int32Array, start: number): number {
  let [a, b, c, d] = [0, 0, 0, 0];
  for (let at = start; at < start + WORDS; at += 4) {
    a = Math.imul(a ^ words[at], 0x9e3779b1);
    b = Math.imul(b ^ words[at + 1], 0x85ebca6b);
    c = Math.imul(c ^ words[at + 2], 0xc2b2ae35);
    d = Math.imul(d ^ words[at + 3], 0x27d4eb2f);
  }
  return a ^ b ^ c ^ d;
}

export class KnownPages {
  /** By page: whether the target holds anything but zeroes there, which it starts with. */
  private readonly full: Uint8Array;
  /** Prints of what was sent. */
  private readonly prints = new Set<number>();
  /** By page: the hash of what the target holds there, where it is known. */
  private readonly hashes = new Map<number, string>();
  /** By hash: a page where the target holds it. */
  private readonly places = new Map<string, number>();

  constructor(count: number) {
    this.full = new Uint8Array(count);
  }

  /**
   * What to tell the target so that it holds `contents`, and remembers that it does.
   * @param pages ascending; @param contents theirs, one after the other, which the runs are views of
   */
  runsFor(pages: Uint32Array, contents: Uint8Array): PageRun[] {
    const runs: PageRun[] = [];
    const words = wordsOf(contents);
    for (let index = 0; index < pages.length; index++) {
      const page = pages[index];
      const bytes = contents.subarray(index * PAGE_SIZE, (index + 1) * PAGE_SIZE);
      const print = printOf(words, index * WORDS);
      // Zeroes have the print 0.
      if (print === 0 && ZERO_PAGE.equals(bytes)) {
        if (this.full[page] === 0) continue;
        this.full[page] = 0;
        this.forget(page);
        appendZero(runs, page);
      } else if (!this.prints.has(print)) {
        this.prints.add(print);
        this.full[page] = 1;
        this.forget(page);
        appendData(runs, page, bytes);
      } else {
        const hash = hashOf(bytes);
        if (this.hashes.get(page) === hash) continue;
        const from = this.places.get(hash);
        this.full[page] = 1;
        this.forget(page);
        this.hashes.set(page, hash);
        if (!this.places.has(hash)) this.places.set(hash, page);
        if (from !== undefined) appendCopy(runs, page, from);
        else appendData(runs, page, bytes);
      }
    }
    return runs;
  }

  private forget(page: number): void {
    const hash = this.hashes.get(page);
    if (hash === undefined) return;
    this.hashes.delete(page);
    if (this.places.get(hash) === page) this.places.delete(hash);
  }
}

const wordsOf = (bytes: Uint8Array): Int32Array => (bytes.byteOffset % 4 === 0 ? new Int32Array(bytes.buffer, bytes.byteOffset, bytes.length >> 2) : new Int32Array(bytes.slice().buffer));

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
