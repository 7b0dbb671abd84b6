/** Which part of a machine's snapshots a copy takes along, and which images that needs. Pure. */
import { invalid, notFound } from '../http/api-error.js';
import { type MachineSettings, type MediumRecord, parentsOf } from '../machines/settings.js';
import { findSnapshot } from '../snapshots/find.js';
import { disksOf, type SnapshotRecord } from '../snapshots/stored.js';
import type { CloneMachine } from './clone.dto.js';

export interface Subtree<S extends SnapshotRecord> {
  /** Parents before their children; the first hangs on nothing. */
  readonly snapshots: readonly S[];
  /** The copy is as the machine is now, and not as the first of the snapshots. */
  readonly asNow: boolean;
}

/**
 * What is copied beside the machine itself.
 * @param all of the machine, parents before their children
 * @throws ApiError for what makes no sense together
 */
export function subtreeOf<S extends SnapshotRecord>(all: readonly S[], name: string, { mode = 'machine', snapshot: ref, link }: CloneMachine): Subtree<S> {
  if (mode === 'machine') return { snapshots: [], asNow: ref === undefined };
  if (link) throw invalid(`a linked clone has one state of the machine, and no snapshots: leave out the mode '${mode}'`);
  if (mode === 'all') {
    if (ref !== undefined) throw invalid("mode 'all' copies every snapshot: leave out --snapshot, or use the mode 'machineandchildren'");
    return { snapshots: all, asNow: true };
  }
  // What the machine is now has no children.
  if (ref === undefined) return { snapshots: [], asNow: true };
  if (all.length === 0) throw notFound(`machine '${name}' has no snapshots`, 'IMachine');
  const below = new Set([findSnapshot(all, name, ref).uuid]);
  for (const { uuid, parent } of all) if (parent !== null && below.has(parent)) below.add(uuid);
  const snapshots = all.filter(({ uuid }) => below.has(uuid));
  return { snapshots, asNow: snapshots.some(({ current }) => current) };
}

export interface ImageToCopy {
  readonly medium: MediumRecord;
  /** UUID of the image that its copy hangs on the copy of; null: the copy holds all that the image shows. */
  readonly onto: string | null;
}

/** The images of some machines' disks, parents before their children, with what stands between two of them. */
export function imagesOf(machines: readonly MachineSettings[]): ImageToCopy[] {
  const wanted = new Set(machines.flatMap(disksOf).map(({ medium }) => medium.uuid));
  const found = new Map<string, ImageToCopy>();
  for (const { medium } of machines.flatMap(disksOf)) {
    const chain = [medium, ...parentsOf(medium)];
    const last = chain.findLastIndex(({ uuid }) => wanted.has(uuid));
    for (const [index, image] of chain.slice(0, last + 1).entries()) found.set(image.uuid, { medium: image, onto: index === last ? null : chain[index + 1]!.uuid });
  }
  return [...found.values()].sort((a, b) => parentsOf(a.medium).length - parentsOf(b.medium).length);
}
