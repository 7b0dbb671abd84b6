/** Slices of the two scripts: many moves of one guest (teleport-soak.ts), and faults on the way (teleport-faults.ts). */
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { Home } from './home.js';
import { type Fault } from './moving-pair.js';
import { strike, type Struck } from './teleport-faults.js';
import { soak } from './teleport-soak.js';

let home: Home;
beforeEach(() => void (home = new Home()));
afterEach(() => home.close(), 120_000);

test('two moves, there and back: nothing is lost, nothing is done twice', async () => {
  const { downtimes, sectors } = await soak(home, 2, 0);
  expect(downtimes).toHaveLength(2);
  expect(sectors).toBeGreaterThan(0);
}, 600_000);

test('the line cut in the middle, the target killed, the source killed at the end: never two, never none', async () => {
  const struck: Struck[] = [];
  const points = (line: Record<Fault['way'], number>): Fault[] => [
    { way: 'toTarget', after: Math.floor(line.toTarget / 2), what: 'cut' },
    { way: 'toSource', after: Math.floor(line.toSource / 2), what: 'target' },
    { way: 'toTarget', after: Math.floor(line.toTarget / 3), what: 'source' },
  ];
  await strike(home, points, (one) => struck.push(one));
  expect(struck.map(({ happened, settled }) => [happened, settled])).toEqual([[true, 'stayed'], [true, 'stayed'], [true, 'killed']]);
}, 900_000);
