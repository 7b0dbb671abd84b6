import { expect, test } from '@jest/globals';
import { atLevel, featuresAt } from './cpuid.js';

const ecx = [0x41, 0x81, 0x80, 0x80, 0x84, 0x7c];
const edx = [0x41, 0xf9, 0xd2, 0x82, 0x3c, 0x41, 0xf9, 0xd6, 0x82, 0x3c];
const program = Uint8Array.from([1, 2, ...ecx, 3, ...edx, 4]);

test('a level changes constants in their places, and nothing else', () => {
  expect(atLevel(program, 0)).toBe(program);
  expect([...atLevel(program, 1)]).toEqual([1, 2, 0x41, 0x81, 0x80, 0x80, 0x80, 0x78, 3, ...edx, 4]);
  expect([...atLevel(program, 2)]).toEqual([1, 2, 0x41, 0x80, 0x80, 0x80, 0x80, 0x78, 3, ...edx, 4]);
  expect([...atLevel(program, 3)]).toEqual([1, 2, 0x41, 0x80, 0x80, 0x80, 0x80, 0x78, 3, 0x41, 0xf9, 0xd2, 0x82, 0x0c, 0x41, 0xf9, 0xd6, 0x82, 0x0c, 4]);
});

test('another program is refused', () => {
  expect(() => atLevel(Uint8Array.from([...ecx, 0, ...ecx, ...edx]), 1)).toThrow('in several places');
  expect(() => atLevel(Uint8Array.from(ecx), 1)).toThrow('0x780a979 nowhere');
});

test('the higher the level, the fewer features', () => {
  expect([0, 1, 2, 3].map((level) => featuresAt(level).length)).toEqual([18, 15, 14, 12]);
  expect(featuresAt(3)).toEqual(expect.arrayContaining(['fpu', 'cmov', 'mmx', 'fxsr']));
});
