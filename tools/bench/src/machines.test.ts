/** The benchmarks of running machines, in small: that they measure, and that what they measure was right. Figures are judged by running them. */
import { expect, test } from '@jest/globals';
import { describeWith } from '@belvedere/viewers/testing';
import { commandTimes } from './commands.js';
import { guestSpeed } from './guest-speed.js';
import { median } from './median.js';

test('the median', () => {
  expect(median([3, 1, 2])).toBe(2);
  expect(median([4, 1, 2, 3])).toBe(2.5);
  expect(() => median([])).toThrow('no numbers');
});

describeWith(['xfreerdp'], 'benchmarks', () => {
  test('commands take their time', async () => {
    const { list, node, start } = await commandTimes(3);
    expect(node).toBeGreaterThan(0);
    expect(list).toBeGreaterThan(node);
    expect(start).toBeGreaterThan(0);
  }, 120_000);

  test('a guest computes right in the machine and in bare v86', async () => {
    const { machine, bare, share } = await guestSpeed(2, 2);
    expect(machine).toBeGreaterThan(0);
    expect(bare).toBeGreaterThan(0);
    expect(share).toBeCloseTo(bare / machine);
  }, 120_000);
});
