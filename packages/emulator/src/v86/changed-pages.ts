/**
 * The pages that a move carries: guest memory and behind it video memory, numbered through, and which of them have changed since somebody
 * last asked. The kernel tells what was written where it can (written-pages.ts); else memory is compared with a copy, 256 MiB in 60 ms: the
 * emulated processor keeps no record of its writes.
 */
import { PAGE, StateError } from '../saved-state.js';
import type { PageRun } from '../moving.js';
import { WrittenPages } from './written-pages.js';

/** Compared at once before its pages are: most of memory does not change. */
const STRETCH = 16 * PAGE;
const ZEROES = Buffer.alloc(PAGE);

/** Memory as it is now, each a whole number of pages: growing wasm memory detaches older views. */
export type Areas = () => readonly Uint8Array[];

export class ChangedPages {
  readonly #written: WrittenPages | undefined;
  readonly #copies: readonly Buffer[];
  #asked = false;

  /** @param watched false: compares, whatever the kernel could tell */
  constructor(
    private readonly areas: Areas,
    watched = true,
  ) {
    this.#written = watched ? WrittenPages.over(areas()) : undefined;
    this.#copies = this.#written ? [] : areas().map(({ length }) => Buffer.alloc(length));
  }

  /** Whether the kernel tells. */
  get watched(): boolean {
    return this.#written !== undefined;
  }

  take(): Uint32Array {
    const first = !this.#asked;
    this.#asked = true;
    const pages = this.#written ? (first ? this.#touched(this.#written) : this.#told(this.#written)) : this.#compared();
    return Uint32Array.from(pages);
  }

  /** No record is kept any more. */
  end(): void {
    this.#written?.end();
  }

  #told(written: WrittenPages): number[] {
    const pages: number[] = [];
    const firsts = firstPages(this.areas());
    for (const { area, start, end } of written.take()) {
      // A page of the host may reach into two of the guest's, and stretches may meet in one.
      for (let page = firsts[area]! + Math.floor(start / PAGE); page < firsts[area]! + Math.ceil(end / PAGE); page++) if (page !== pages.at(-1)) pages.push(page);
    }
    return pages;
  }

  #touched(written: WrittenPages): number[] {
    written.take();
    const pages: number[] = [];
    const areas = this.areas();
    const firsts = firstPages(areas);
    for (const { area, start, end } of written.touched()) {
      for (let at = Math.floor(start / PAGE) * PAGE; at < end; at += PAGE) {
        const page = firsts[area]! + at / PAGE;
        if (page !== pages.at(-1) && ZEROES.compare(areas[area]!, at, at + PAGE) !== 0) pages.push(page);
      }
    }
    return pages;
  }

  #compared(): number[] {
    const pages: number[] = [];
    const areas = this.areas();
    const firsts = firstPages(areas);
    areas.forEach((memory, area) => {
      const copy = this.#copies[area]!;
      for (let stretch = 0; stretch < memory.length; stretch += STRETCH) {
        const end = Math.min(stretch + STRETCH, memory.length);
        if (copy.compare(memory, stretch, end, stretch, end) === 0) continue;
        for (let at = stretch; at < end; at += PAGE) if (copy.compare(memory, at, at + PAGE, at, at + PAGE) !== 0) pages.push(firsts[area]! + at / PAGE);
        copy.set(memory.subarray(stretch, end), stretch);
      }
    });
    return pages;
  }
}

/** The number of each area's first page. */
function firstPages(areas: readonly Uint8Array[]): number[] {
  let next = 0;
  return areas.map(({ length }) => {
    const first = next;
    next += length / PAGE;
    return first;
  });
}

/** @throws StateError for a page outside the memory */
export function readPages(areas: readonly Uint8Array[], pages: Uint32Array): Uint8Array {
  // Filled to the last byte, or nobody gets it.
  const bytes = new Uint8Array(Buffer.allocUnsafeSlow(pages.length * PAGE).buffer);
  pages.forEach((page, index) => bytes.set(pageOf(areas, page), index * PAGE));
  return bytes;
}

/** @throws StateError for pages outside the memory; what came before has been written then */
export function writeRuns(areas: readonly Uint8Array[], runs: readonly PageRun[]): void {
  for (const run of runs) {
    const count = run.kind === 'data' ? run.data.length / PAGE : run.count;
    check(areas, run.first, count);
    if (run.kind === 'copy') check(areas, run.from, count);
    for (let index = 0; index < count; index++) {
      if (run.kind === 'data') pageOf(areas, run.first + index).set(run.data.subarray(index * PAGE, (index + 1) * PAGE));
      else if (run.kind === 'zero') pageOf(areas, run.first + index).fill(0);
      else {
        // What is read before it is written, where both overlap.
        const at = run.from < run.first ? count - 1 - index : index;
        pageOf(areas, run.first + at).set(pageOf(areas, run.from + at));
      }
    }
  }
}

function pageOf(areas: readonly Uint8Array[], page: number): Uint8Array {
  let index = page;
  for (const area of areas) {
    if (index >= 0 && index < area.length / PAGE) return area.subarray(index * PAGE, (index + 1) * PAGE);
    index -= area.length / PAGE;
  }
  throw outside(areas, page, 1);
}

function check(areas: readonly Uint8Array[], first: number, count: number): void {
  const fits = Number.isInteger(first) && Number.isInteger(count) && first >= 0 && count >= 0 && first + count <= pagesOf(areas);
  if (!fits) throw outside(areas, first, count);
}

const pagesOf = (areas: readonly Uint8Array[]): number => areas.reduce((sum, { length }) => sum + length / PAGE, 0);
const outside = (areas: readonly Uint8Array[], first: number, count: number): StateError => new StateError(`${count} pages from ${first} on are none of the ${pagesOf(areas)} pages of memory`);
