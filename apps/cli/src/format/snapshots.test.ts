import { expect, test } from '@jest/globals';
import type { Machine } from '@belvedere/client';
import { formatSnapshots, snapshotKeys } from './snapshots.js';

type Snapshot = Machine['snapshots'][number];

const at = (name: string, parent: string | null, more: Partial<Snapshot> = {}): Snapshot => ({ uuid: `u-${name}`, name, description: '', parentUuid: parent && `u-${parent}`, takenAt: '2026-01-02T03:04:05.000Z', online: false, current: false, ...more });
const tree = [at('one', null, { description: 'first "try"' }), at('two', 'one'), at('three', 'two', { online: true }), at('four', 'one', { current: true })];

test('a tree of snapshots is numbered as scripts know it', () => {
  expect(snapshotKeys(tree)).toBe(`SnapshotName="one"
SnapshotUUID="u-one"
SnapshotDescription="first \\"try\\""
SnapshotName-1="two"
SnapshotUUID-1="u-two"
SnapshotName-1-1="three"
SnapshotUUID-1-1="u-three"
SnapshotName-2="four"
SnapshotUUID-2="u-four"
CurrentSnapshotName="four"
CurrentSnapshotUUID="u-four"
CurrentSnapshotNode="SnapshotName-2"
`);
  expect(snapshotKeys([])).toBe('');
});

test('and drawn for people', () => {
  expect(formatSnapshots(tree, false)).toBe(`   Name: one (UUID: u-one)
   Description:
   first "try"
      Name: two (UUID: u-two)
         Name: three (UUID: u-three)
      Name: four (UUID: u-four) *
`);
  expect(formatSnapshots(tree.slice(0, 1), true)).toContain('   Taken: 2026-01-02T03:04:05.000Z\n');
});
