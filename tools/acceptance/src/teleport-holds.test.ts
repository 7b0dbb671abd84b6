/** A slice of teleport-soak.ts: moves of one guest. Faults on the way are struck by teleport-faults.ts alone. */
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { Home } from './home.js';
import { soak } from './teleport-soak.js';

let home: Home;
beforeEach(() => void (home = new Home()));
afterEach(() => home.close(), 120_000);

test('two moves, there and back: nothing is lost, nothing is done twice', async () => {
  const { downtimes, sectors } = await soak(home, 2, 0);
  expect(downtimes).toHaveLength(2);
  expect(sectors).toBeGreaterThan(0);
}, 600_000);
