/** The benchmarks of running machines, in small: that they measure, and that what they measure was right. Figures are judged by running them. */
import { expect, test } from '@jest/globals';
import { describeWith } from '@belvedere/viewers/testing';
import { commandTimes } from './commands.js';
import { guestSpeed } from './guest-speed.js';
import { median } from './median.js';
import { manyMachines, memoryOf } from './twenty-machines.js';

test('the mappings of a process, by what they hold', () => {
  const mapping = (head: string, size: number, pss: number): string => `${head}\nSize:${String(size).padStart(15)} kB\nRss: ${pss} kB\nPss: ${pss} kB\nPss_Dirty: 0 kB\n`;
  const smaps = [
    mapping('00400000-00b6f000 r--p 00000000 fe:00 1234                /usr/bin/node', 7612, 100),
    mapping('31e15000-3226f000 rw-p 00000000 00:00 0                   [heap]', 4456, 4000),
    mapping('7f2284000000-7f2287160000 rw-p 00000000 00:00 0 ', 50560, 1200),
    mapping('7f2300000000-7f2600000000 ---p 00000000 00:00 0 ', 9999999, 0),
    mapping('7f272c000000-7f272cbac000 rw-p 00000000 00:00 0 ', 11952, 4700),
  ].join('');
  expect(memoryOf(smaps)).toEqual({ total: 10_000, program: 100, engine: 1200, reserved: 50560, native: 4000, javascript: 4700 });
});

test('several machines are listed and answer, and their memory is looked at', async () => {
  const { memory, answered, started, api } = await manyMachines(3);
  expect(answered).toBeGreaterThan(started);
  expect(api).toBeGreaterThan(0);
  for (const { total, reserved, ...parts } of memory) {
    expect(Object.values(parts).reduce((sum, part) => sum + part)).toBe(total);
    expect(reserved).toBeGreaterThan(40 * 1024);
  }
}, 180_000);

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
