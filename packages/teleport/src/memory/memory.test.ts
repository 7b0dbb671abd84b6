import { expect, test } from '@jest/globals';
import { WireError } from '@belvedere/wire';
import fc from 'fast-check';
import { PAGE_SIZE, type PageRun } from '../ports.js';
import { KnownPages } from './known-pages.js';
import { applyRuns, decodeRuns, encodeRuns } from './pages.js';
import { Rounds } from './rounds.js';
import { asItIs, squeeze, SqueezePolicy, unfold } from './squeeze.js';

const PAGES = 16;
/** Few different contents, so that pages repeat. */
const contents = fc.integer({ min: 0, max: 5 }).map((value) => new Uint8Array(PAGE_SIZE).fill(value));

test('whatever was written when: the target holds what the source holds after each round', () => {
  const writes = fc.array(fc.tuple(fc.integer({ min: 0, max: PAGES - 1 }), contents), { maxLength: 12 });
  fc.assert(
    fc.property(fc.array(writes, { minLength: 1, maxLength: 6 }), (rounds) => {
      const [source, target] = [new Uint8Array(PAGES * PAGE_SIZE), new Uint8Array(PAGES * PAGE_SIZE)];
      const known = new KnownPages(PAGES);
      for (const round of rounds) {
        for (const [page, bytes] of round) source.set(bytes, page * PAGE_SIZE);
        const changed = Uint32Array.from(new Set(round.map(([page]) => page))).sort();
        const read = new Uint8Array(changed.length * PAGE_SIZE);
        changed.forEach((page, index) => read.set(source.subarray(page * PAGE_SIZE, (page + 1) * PAGE_SIZE), index * PAGE_SIZE));
        applyRuns(target, decodeRuns(encodeRuns(known.runsFor(changed, read)), PAGES));
        expect(Buffer.compare(target, source)).toBe(0);
      }
    }),
    { numRuns: 300 },
  );
});

test('runs are joined: zeroes, neighbours and copies of neighbours are one run each', () => {
  const known = new KnownPages(PAGES);
  const page = (value: number): Uint8Array => new Uint8Array(PAGE_SIZE).fill(value);
  const send = (first: number, ...pages: Uint8Array[]): PageRun[] => known.runsFor(Uint32Array.from(pages, (_, index) => first + index), Buffer.concat(pages));
  expect(send(0, page(1), page(2), page(3))).toMatchObject([{ kind: 'data', first: 0, data: { length: 3 * PAGE_SIZE } }]);
  // What was seen once is hashed when it is seen again, and known from then on.
  expect(send(4, page(1), page(2), page(3))).toMatchObject([{ kind: 'data', first: 4, data: { length: 3 * PAGE_SIZE } }]);
  expect(send(4, page(1), page(2), page(3))).toEqual([]);
  expect(send(8, page(1), page(2), page(3))).toEqual([{ kind: 'copy', first: 8, count: 3, from: 4 }]);
  expect(send(0, page(0), page(0), page(0))).toEqual([{ kind: 'zero', first: 0, count: 3 }]);
  expect(send(0, page(0))).toEqual([]);
});

const runs = fc.array(
  fc.oneof(
    fc.record({ kind: fc.constant('zero' as const), first: fc.integer({ min: 0, max: 8 }), count: fc.integer({ min: 1, max: 8 }) }),
    fc.record({ kind: fc.constant('copy' as const), first: fc.integer({ min: 0, max: 8 }), count: fc.integer({ min: 1, max: 8 }), from: fc.integer({ min: 0, max: 8 }) }),
    fc.record({ kind: fc.constant('data' as const), first: fc.integer({ min: 0, max: 8 }), data: contents }),
  ),
  { maxLength: 6 },
);

test('runs survive encoding; cut short they are an error', () => {
  fc.assert(
    fc.property(runs, fc.double({ min: 0, max: 1, noNaN: true }), (given, share) => {
      const bytes = encodeRuns(given);
      expect(JSON.stringify(decodeRuns(bytes, PAGES))).toBe(JSON.stringify(given));
      const cut = bytes.subarray(0, Math.floor(share * bytes.length));
      try {
        const whole = decodeRuns(cut, PAGES);
        expect(JSON.stringify(whole)).toBe(JSON.stringify(given.slice(0, whole.length)));
      } catch (error) {
        expect(error).toBeInstanceOf(WireError);
      }
    }),
    { numRuns: 100 },
  );
});

test.each([
  ['a count that reaches beyond memory', [{ kind: 'zero', first: 10, count: 7 }]],
  ['a first page beyond memory', [{ kind: 'zero', first: 0xffffffff, count: 1 }]],
  ['a copy from beyond memory', [{ kind: 'copy', first: 0, count: 2, from: 15 }]],
  ['no page at all', [{ kind: 'zero', first: 0, count: 0 }]],
] as const)('refused: %s', (_name, wrong) => {
  expect(() => decodeRuns(encodeRuns(wrong as readonly PageRun[]), PAGES)).toThrow(WireError);
});

test('squeezed contents unfold; bombs, lies and rubbish do not', async () => {
  const text = Buffer.from('to be compressed '.repeat(1000));
  const small = await squeeze(text);
  expect(small.length).toBeLessThan(text.length / 10);
  expect(Buffer.from(await unfold(small, text.length)).equals(text)).toBe(true);
  expect(Buffer.from(await unfold(asItIs(text), text.length)).equals(text)).toBe(true);
  const random = Uint8Array.from({ length: 100 }, (_, index) => (index * 7919) % 251);
  expect(await squeeze(random)).toEqual(asItIs(random));
  await expect(unfold(small, text.length - 1)).rejects.toThrow('at most');
  const lie = Uint8Array.from(small);
  lie[1] ^= 1;
  await expect(unfold(lie, text.length)).rejects.toThrow(WireError);
  await expect(unfold(small.subarray(0, 20), text.length)).rejects.toThrow(WireError);
  await expect(unfold(Uint8Array.of(2, 0, 0, 0, 0, 0), 10)).rejects.toThrow('encoding 2');
  await expect(unfold(new Uint8Array(0), 10)).rejects.toThrow('nothing');
});

test('compression is used where the line is the limit, and only there', () => {
  const fast = new SqueezePolicy();
  expect(fast.shouldSqueeze()).toBe(false);
  fast.measuredLine(1e9, 1000); // 1 GB/s
  expect(fast.shouldSqueeze()).toBe(false);
  const slow = new SqueezePolicy();
  slow.measuredLine(10e6, 1000); // 10 MB/s
  expect(slow.shouldSqueeze()).toBe(true);
  slow.measuredSqueeze(50e6, 20e6, 1000); // 50 MB/s, to 40 %
  expect(slow.shouldSqueeze()).toBe(true);
  for (let tries = 0; tries < 20; tries++) slow.measuredSqueeze(50e6, 49e6, 1000); // nothing to gain
  expect(slow.shouldSqueeze()).toBe(false);
});

test('rounds end for any guest: what is left fits, or steps are taken, or the move is given up', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 100_000 }), { minLength: 1, maxLength: 50 }), fc.integer({ min: 1, max: 1000 }), (left, maxDowntime) => {
      const rounds = new Rounds({ maxDowntime, longestDowntime: 2 * maxDowntime }, maxDowntime / 3);
      let pages = 100_000;
      for (let round = 0; round < 1000; round++) {
        const next = left[round % left.length];
        const verdict = rounds.after({ pages, milliseconds: pages / 10 }, next);
        if (verdict.next === 'pause') {
          expect(verdict.expected).toBeLessThanOrEqual(2 * maxDowntime);
          return;
        }
        if (verdict.next === 'giveUp') return;
        pages = next;
      }
      throw new Error('a thousand rounds and no end');
    }),
  );
});

test('an idle guest is paused after the first round; one that shrinks gets its rounds at full speed', () => {
  expect(new Rounds({ maxDowntime: 250, longestDowntime: 250 }, 50).after({ pages: 65536, milliseconds: 1000 }, 100)).toMatchObject({ next: 'pause' });
  const rounds = new Rounds({ maxDowntime: 10, longestDowntime: 10 }, 0);
  expect([40_000, 20_000, 10_000].map((left) => rounds.after({ pages: 50_000, milliseconds: 500 }, left).next)).toEqual(['round', 'round', 'round']);
  expect(rounds.after({ pages: 10_000, milliseconds: 100 }, 9000)).toEqual({ next: 'slower', share: 0.2 });
});
