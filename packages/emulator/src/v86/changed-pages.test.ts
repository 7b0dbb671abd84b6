import { describe, expect, test } from '@jest/globals';
import { PAGE } from '../saved-state.js';
import { ChangedPages } from './changed-pages.js';

/** The compiler's libraries keep it with the browser's. */
declare const WebAssembly: { Memory: new (size: { initial: number }) => { readonly buffer: ArrayBuffer } };

describe.each([true, false])('watched by the kernel where it can be: %s', (watched) => {
  test('tells every page that is not zero first, then what was written', () => {
    const { buffer } = new WebAssembly.Memory({ initial: 256 });
    // Not where the host's pages are, as an emulator's memory may lie; nor does one area begin where the other ends.
    const areas = [new Uint8Array(buffer, 100, 64 * PAGE), new Uint8Array(buffer, 100 + 80 * PAGE, 1000 * PAGE)];
    areas[0]![5 * PAGE] = 1;
    areas[0]![6 * PAGE] = 1;
    areas[0]![6 * PAGE] = 0;
    areas[1]![999 * PAGE + PAGE - 1] = 1;
    const changes = new ChangedPages(() => areas, watched);
    try {
      expect([...changes.take()]).toEqual([5, 64 + 999]);
      areas[0]![0] = 1;
      areas[0]!.fill(3, 10 * PAGE, 12 * PAGE);
      areas[1]![500 * PAGE + 17] = 1;
      const told = [...changes.take()];
      expect(told).toEqual([...told].sort((a, b) => a - b));
      expect(told).toEqual(expect.arrayContaining([0, 10, 11, 64 + 500]));
      // A page of the host is two of the guest's here.
      expect(told.length).toBeLessThanOrEqual(changes.watched ? 8 : 4);
      expect([...changes.take()]).toEqual([]);
      for (let page = 0; page < 1000; page += 2) areas[1]![page * PAGE + 200] ^= 0xff;
      const every = new Set(changes.take());
      for (let page = 0; page < 1000; page += 2) expect(every.has(64 + page)).toBe(true);
    } finally {
      changes.end();
    }
  });
});
