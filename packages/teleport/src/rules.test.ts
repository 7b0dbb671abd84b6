import { expect, test } from '@jest/globals';
import { checkDescription, type Description, differences } from './rules.js';

const machine: Description = {
  engine: { name: 'v86', version: '0.5' },
  firmware: { bios: 'ab' },
  hardware: { vramMiB: 8, drives: [{ slot: 'ide0-0', kind: 'hdd' }], boot: ['disk'] },
  features: ['fpu'],
  snapshots: 0,
  memoryBytes: 4096,
};

test('equal machines differ in nothing, and a better processor does no harm', () => {
  expect(differences(machine, { ...machine, features: ['fpu', 'sse'] })).toEqual([]);
});

test('each difference is named with both values', () => {
  const other: Description = {
    ...machine,
    engine: { name: 'v86', version: '0.6' },
    hardware: { vramMiB: 16, drives: [{ slot: 'ide0-0', kind: 'dvd' }, { slot: 'ide0-1', kind: 'hdd' }], sound: true },
    features: [],
    snapshots: 1,
  };
  expect(differences(machine, other)).toEqual([
    'the target has 1 snapshot: delete them, or move a machine without',
    'engine.version is "0.5" at the source and "0.6" at the target',
    'boot is ["disk"] at the source and not there at the target',
    'drives.0.kind is "hdd" at the source and "dvd" at the target',
    'drives.1 is not there at the source and {"slot":"ide0-1","kind":"hdd"} at the target',
    'sound is not there at the source and true at the target',
    'vramMiB is 8 at the source and 16 at the target',
    'processor features that the guest has seen are missing at the target: fpu',
  ]);
});

test('what is no description is refused with the field', () => {
  expect(checkDescription(JSON.parse(JSON.stringify(machine)))).toEqual(machine);
  for (const key of Object.keys(machine)) {
    expect(() => checkDescription({ ...machine, [key]: null })).toThrow(key);
    expect(() => checkDescription({ ...machine, [key]: [[]] })).toThrow(key);
  }
  expect(() => checkDescription({ ...machine, memoryBytes: 4097 })).toThrow('memoryBytes');
  expect(() => checkDescription({ ...machine, snapshots: -1 })).toThrow('snapshots');
  expect(() => checkDescription(null)).toThrow('description');
});
