/** A machine's snapshots as VirtualBox prints them: a tree for people, and numbered keys for programs. Pure. */
import type { Machine } from '@belvedere/client';
import { keyed } from './lines.js';

type Snapshot = Machine['snapshots'][number];

/** Each snapshot with its numbers in the tree, parents before their children: none for the first, then `-1`, `-1-2`. */
function* numbered(snapshots: readonly Snapshot[], parent: string | null = null, path = ''): Generator<readonly [snapshot: Snapshot, path: string]> {
  let number = 0;
  for (const snapshot of snapshots.filter(({ parentUuid }) => parentUuid === parent)) {
    number++;
    const own = parent === null ? '' : `${path}-${number}`;
    yield [snapshot, own];
    yield* numbered(snapshots, snapshot.uuid, own);
  }
}

/** `SnapshotName-1-1="…"` and its kin. */
export function snapshotKeys(snapshots: readonly Snapshot[]): string {
  const all = [...numbered(snapshots)];
  const lines = all.map(([{ name, uuid, description }, path]) =>
    [keyed(`SnapshotName${path}`, name), keyed(`SnapshotUUID${path}`, uuid), ...(description ? [keyed(`SnapshotDescription${path}`, description)] : [])].join(''),
  );
  const current = all.find(([snapshot]) => snapshot.current);
  if (current) {
    const [{ name, uuid }, path] = current;
    lines.push(keyed('CurrentSnapshotName', name), keyed('CurrentSnapshotUUID', uuid), keyed('CurrentSnapshotNode', `SnapshotName${path}`));
  }
  return lines.join('');
}

export function formatSnapshots(snapshots: readonly Snapshot[], details: boolean): string {
  return [...numbered(snapshots)]
    .map(([{ name, uuid, description, takenAt, online, current }, path]) => {
      const indent = ' '.repeat(3 * (path.split('-').length - 1) + 3);
      const more = details ? [`Taken: ${takenAt}${online ? ', with the state of the running machine' : ''}`] : [];
      const about = description ? ['Description:', description] : [];
      return [`Name: ${name} (UUID: ${uuid})${current ? ' *' : ''}`, ...more, ...about].map((line) => `${indent}${line}\n`).join('');
    })
    .join('');
}
