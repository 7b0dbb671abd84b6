/** Decides about snapshots: what may be taken, restored, deleted and how. */
import { Injectable } from '@nestjs/common';
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import type { SnapshotRow } from '../database/rows.js';
import { ApiError, invalid, inUse, notFound } from '../http/api-error.js';
import type { Machine } from '../machines/machine.dto.js';
import type { MachineRecord } from '../machines/machine-rows.js';
import { MachineStore } from '../machines/machine.store.js';
import { type MediumRecord, parentsOf } from '../machines/settings.js';
import { isOnline } from '../machines/words.js';
import { MediumStore } from '../media/medium.store.js';
import { snapshotFolderOf } from '../states/state-files.js';
import { MachineView } from '../supervisor/machine-view.js';
import { StateStore } from '../supervisor/state.store.js';
import { Supervisor } from '../supervisor/supervisor.js';
import type { Branch, Merge } from './plan.js';
import { findSnapshot } from './find.js';
import { SnapshotStore } from './snapshot.store.js';
import { snapshotStateFile, SnapshotWork } from './snapshot-work.js';
import type { EditSnapshot, TakeSnapshot } from './snapshots.dto.js';
import { disksOf, mediaOfStored, settingsOf, storedOf } from './stored.js';

@Injectable()
export class SnapshotsService {
  constructor(
    private readonly machines: MachineStore,
    private readonly media: MediumStore,
    private readonly store: SnapshotStore,
    private readonly work: SnapshotWork,
    private readonly states: StateStore,
    private readonly supervisor: Supervisor,
    private readonly view: MachineView,
  ) {}

  /** The machine as it was when the snapshot was taken. */
  async get(ref: string, snapshotRef: string): Promise<Machine> {
    const record = await this.machines.find(ref);
    const snapshot = findSnapshot(await this.store.list(record.settings.uuid), record.settings.name, snapshotRef);
    const media = await this.store.media(mediaOfStored(snapshot.settings));
    return { ...this.view.unregistered({ ...record, settings: settingsOf(snapshot.settings, record.settings, media) }), registered: true, state: snapshot.online ? 'saved' : 'poweroff', stateChangedAt: snapshot.takenAt };
  }

  take(ref: string, { name: asked, description = '', uniqueName }: TakeSnapshot): Promise<Machine> {
    return this.locked(ref, async (record) => {
      const { settings, settingsFile } = record;
      const all = await this.store.list(settings.uuid);
      const takenAt = new Date().toISOString();
      const name = uniqueOf(requireName(asked), all, uniqueName, takenAt);
      const { state } = await this.states.get(settings.uuid);
      if (isOnline(state) && state !== 'running' && state !== 'paused') throw busy(record, `is ${state}`, 'wait until it runs or is off');
      const uuid = randomUUID();
      const online = isOnline(state) || state === 'saved';
      const branches = disksOf(settings).map(({ controller, port, device, medium }) => branchOf(settingsFile, { controller, port, device }, medium));
      await this.work.take(record, {
        kind: 'take',
        snapshot: { uuid, machine: settings.uuid, parent: all.find(({ current }) => current)?.uuid ?? null, name, description, takenAt, online, current: true, settings: storedOf(settings) },
        branches,
        stateFile: online ? snapshotStateFile(settingsFile, uuid) : null,
      });
    });
  }

  /** @param snapshotRef undefined: the current one */
  restore(ref: string, snapshotRef?: string): Promise<Machine> {
    return this.locked(ref, async (record) => {
      const { settings, settingsFile } = record;
      const all = await this.store.list(settings.uuid);
      const current = all.find((snapshot) => snapshot.current);
      if (snapshotRef === undefined && !current) throw notFound(`machine '${settings.name}' has no snapshots`, 'IMachine');
      const snapshot = snapshotRef === undefined ? current! : findSnapshot(all, record.settings.name, snapshotRef);
      const { state } = await this.states.get(settings.uuid);
      if (isOnline(state)) throw busy(record, `is ${state}`, 'power it off, or save its state, before a snapshot is restored');
      const media = await this.store.media(mediaOfStored(snapshot.settings));
      const then = settingsOf(snapshot.settings, settings, media);
      await this.work.restore(record, { kind: 'restore', snapshot: snapshot.uuid, branches: disksOf(then).map(({ controller, port, device, medium }) => branchOf(settingsFile, { controller, port, device }, medium)) }, snapshot);
    });
  }

  delete(ref: string, snapshotRef: string): Promise<Machine> {
    return this.locked(ref, async (record) => {
      const all = await this.store.list(record.settings.uuid);
      const snapshot = findSnapshot(all, record.settings.name, snapshotRef);
      const { state } = await this.states.get(record.settings.uuid);
      if (isOnline(state) && state !== 'running' && state !== 'paused') throw busy(record, `is ${state}`, 'wait until it runs or is off');
      await this.work.delete(record, { kind: 'delete', snapshot: snapshot.uuid, merges: await this.merges(record, all, snapshot) });
    });
  }

  edit(ref: string, snapshotRef: string, { name, description }: EditSnapshot): Promise<Machine> {
    return this.locked(ref, async (record) => {
      const { uuid } = findSnapshot(await this.store.list(record.settings.uuid), record.settings.name, snapshotRef);
      await this.store.edit(uuid, { ...(name === undefined ? {} : { name: requireName(name) }), ...(description === undefined ? {} : { description }) });
      await this.machines.rewrite(record.settings.uuid);
    });
  }

  private locked(ref: string, work: (record: MachineRecord) => Promise<void>): Promise<Machine> {
    return this.machines.locked(ref, async (record) => {
      await work(await this.work.settle(record));
      return this.view.of(await this.machines.find(record.settings.uuid));
    });
  }

  /** What becomes of the disks of a snapshot that goes. @throws ApiError where that cannot be, with what to do */
  private async merges(record: MachineRecord, all: readonly SnapshotRow[], snapshot: SnapshotRow): Promise<Merge[]> {
    const { settings } = record;
    const running = this.supervisor.running(settings.uuid) !== undefined;
    const chain = new Map(disksOf(settings).flatMap(({ medium }) => [medium, ...parentsOf(medium)]).map((medium) => [medium.uuid, medium]));
    const leaves = new Set(disksOf(settings).map(({ medium }) => medium.uuid));
    const own = new Set([...chain.keys(), ...all.flatMap((other) => mediaOfStored(other.settings))]);
    const lines = all.filter(({ parent }) => parent === snapshot.uuid).length + Number(snapshot.current);
    if (snapshot.parent === null && lines > 1) throw inUse(`snapshot '${snapshot.name}' cannot be deleted: ${lines} lines of snapshots begin at it, the first: delete the snapshots of all but one of them before`);
    const merges: Merge[] = [];
    const media = await this.store.media(mediaOfStored(snapshot.settings));
    for (const { medium } of disksOf(settingsOf(snapshot.settings, settings, media))) {
      const children = await this.media.children(medium.uuid);
      const foreign = children.find(({ uuid }) => !own.has(uuid));
      if (foreign) throw inUse(`snapshot '${snapshot.name}' cannot be deleted: the image '${foreign.path}' hangs on its disk, and is not the machine's: a linked clone, or a disk that was detached; delete that first`);
      const needed = all.some((other) => other.uuid !== snapshot.uuid && mediaOfStored(other.settings).includes(medium.uuid)) || leaves.has(medium.uuid);
      if (needed) continue;
      if (running) this.requireLive(record, snapshot, medium, children.map(({ uuid }) => uuid), chain, leaves);
      if (medium.parent) merges.push(children.length ? { how: 'down', medium: medium.uuid, children: children.map(({ uuid }) => uuid) } : { how: 'drop', medium: medium.uuid });
      else if (children.length > 1) {
        throw inUse(`snapshot '${snapshot.name}' cannot be deleted: ${children.length} lines of snapshots begin at it, and its disk '${medium.path}' is the machine's own: delete the snapshots of all but one of them first`);
      } else if (children.length === 1) merges.push({ how: 'up', medium: medium.uuid, child: children[0]!.uuid });
    }
    return merges;
  }

  /** While the machine runs it holds its disks and what they hang on: only what it does itself can be done. */
  private requireLive({ settings: { name } }: MachineRecord, snapshot: SnapshotRow, medium: MediumRecord, children: readonly string[], chain: ReadonlyMap<string, MediumRecord>, leaves: ReadonlySet<string>): void {
    if (!chain.has(medium.uuid)) return;
    if (medium.parent && children.every((child) => leaves.has(child) || !chain.has(child))) return;
    throw new ApiError('VBOX_E_INVALID_VM_STATE', `snapshot '${snapshot.name}' cannot be deleted while machine '${name}' runs, which reads its disk '${medium.path}': power the machine off or save its state first`, { interface: 'IMachine' });
  }
}

const branchOf = (settingsFile: string, place: { controller: string; port: number; device: number }, medium: MediumRecord): Branch => {
  const child = randomUUID();
  return { ...place, parent: medium.uuid, child, path: join(snapshotFolderOf(settingsFile), `{${child}}.vdi`) };
};

function requireName(name: string): string {
  if (name.trim() === '') throw invalid('a snapshot needs a name');
  return name;
}

/** @throws ApiError when the name must be free and is not */
function uniqueOf(name: string, all: readonly SnapshotRow[], how: TakeSnapshot['uniqueName'], takenAt: string): string {
  const taken = (candidate: string): boolean => all.some((snapshot) => snapshot.name === candidate);
  if (how === undefined || !taken(name)) return name;
  if (how === 'force') throw inUse(`there is a snapshot named '${name}' already: choose another name`);
  if (how === 'timestamp') return `${name} ${takenAt}`;
  let number = 2;
  while (taken(`${name} ${number}`)) number++;
  return `${name} ${number}`;
}

const busy = ({ settings: { name } }: MachineRecord, what: string, instead: string): ApiError => new ApiError('VBOX_E_INVALID_VM_STATE', `machine '${name}' ${what}: ${instead}`, { interface: 'IMachine' });
