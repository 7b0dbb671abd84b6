/**
 * Page runs as bytes: what one `memory` or `state` section holds. Pure.
 *
 * A run is its first page (4 bytes), its count of pages (4), its kind (1), then for `data` the pages, for `copy` the first page
 * copied from (4). Every number is bounded by the size of memory before it is used. Written by hand for speed: pages never pass
 * through a byte-by-byte interpreter.
 */
import { WireError } from '@belvedere/wire';
import { PAGE_SIZE, type PageRun } from '../ports.js';

const KIND = { zero: 0, data: 1, copy: 2 } as const;
const HEAD = 9;

const bodyLength = (run: PageRun): number => (run.kind === 'data' ? run.data.length : run.kind === 'copy' ? 4 : 0);

/** Bytes that `runs` take. */
export const runsSize = (runs: readonly PageRun[]): number => runs.reduce((sum, run) => sum + HEAD + bodyLength(run), 0);

/** @param room bytes that are left at the start, for whoever puts something before */
export function encodeRuns(runs: readonly PageRun[], room = 0): Uint8Array {
  // Filled to the last byte, and not from a pool.
  const bytes = new Uint8Array(Buffer.allocUnsafeSlow(room + runsSize(runs)).buffer);
  const view = new DataView(bytes.buffer);
  bytes.fill(0, 0, room);
  let at = room;
  for (const run of runs) {
    view.setUint32(at, run.first, true);
    view.setUint32(at + 4, run.kind === 'data' ? run.data.length / PAGE_SIZE : run.count, true);
    view.setUint8(at + 8, KIND[run.kind]);
    at += HEAD;
    if (run.kind === 'data') bytes.set(run.data, at);
    else if (run.kind === 'copy') view.setUint32(at, run.from, true);
    at += bodyLength(run);
  }
  return bytes;
}

/** @param pages of the memory that the runs are for. @throws WireError for whatever reaches beyond it */
export function decodeRuns(bytes: Uint8Array, pages: number): PageRun[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const runs: PageRun[] = [];
  let at = 0;
  const need = (length: number, field: string): void => {
    if (bytes.length - at < length) throw new WireError(`RUN.${field}`, at, `need ${length} bytes, have ${bytes.length - at}`);
  };
  const within = (first: number, count: number, field: string): void => {
    if (first + count > pages) throw new WireError(`RUN.${field}`, at, `pages ${first} to ${first + count - 1} of ${pages}`);
  };
  while (at < bytes.length) {
    need(HEAD, 'first');
    const [first, count, kind] = [view.getUint32(at, true), view.getUint32(at + 4, true), view.getUint8(at + 8)];
    if (count === 0) throw new WireError('RUN.count', at + 4, 'no page');
    within(first, count, 'count');
    at += HEAD;
    if (kind === KIND.zero) {
      runs.push({ kind: 'zero', first, count });
    } else if (kind === KIND.data) {
      need(count * PAGE_SIZE, 'data');
      runs.push({ kind: 'data', first, data: bytes.subarray(at, at + count * PAGE_SIZE) });
      at += count * PAGE_SIZE;
    } else if (kind === KIND.copy) {
      need(4, 'from');
      const from = view.getUint32(at, true);
      within(from, count, 'from');
      runs.push({ kind: 'copy', first, count, from });
      at += 4;
    } else {
      throw new WireError('RUN.kind', at - 1, `unknown kind ${kind}`);
    }
  }
  return runs;
}

/** Does to `memory` what `runs` say: the meaning of a run, and a destination's twin in tests. */
export function applyRuns(memory: Uint8Array, runs: readonly PageRun[]): void {
  for (const run of runs) {
    const start = run.first * PAGE_SIZE;
    if (run.kind === 'data') memory.set(run.data, start);
    else if (run.kind === 'zero') memory.fill(0, start, start + run.count * PAGE_SIZE);
    else memory.copyWithin(start, run.from * PAGE_SIZE, (run.from + run.count) * PAGE_SIZE);
  }
}
