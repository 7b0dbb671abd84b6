/**
 * Carries plans out, and finishes what was interrupted: see plan.ts for the order of things.
 */
import { createVdi, mergeImages, readImageInfo, removeAbandonedDrafts } from '@belvedere/disk';
import { Injectable, Logger } from '@nestjs/common';
import { link, copyFile, mkdir, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { Database } from '../database/database.js';
import { AttachmentRow, MediumRow, SnapshotRow, SnapshotWorkRow } from '../database/rows.js';
import { ApiError, fileError, textOf } from '../http/api-error.js';
import type { MachineRecord } from '../machines/machine-rows.js';
import { MachineStore } from '../machines/machine.store.js';
import { type MachineSettings, type MediumRecord, parentsOf } from '../machines/settings.js';
import { isOnline } from '../machines/words.js';
import { deleteFile } from '../media/delete-file.js';
import { addMedium } from '../media/medium.store.js';
import { exists } from '../settings-file/file.js';
import { snapshotFolderOf, stateFileOf } from '../states/state-files.js';
import { imageFormat } from '../media/formats.js';
import type { RunningMachine } from '../supervisor/running-machine.js';
import { StateStore } from '../supervisor/state.store.js';
import { Supervisor } from '../supervisor/supervisor.js';
import type { Branch, Merge, SnapshotPlan } from './plan.js';
import { insertSnapshot, mediaByUuid, nowClean, SnapshotStore, snapshotsOf, updateSettings } from './snapshot.store.js';
import { snapshotUsersOf } from './users.js';
import { disksOf, settingsOf, withDisks, withMedium } from './stored.js';

type Plan<K extends SnapshotPlan['kind']> = Extract<SnapshotPlan, { kind: K }>;

/** How long a machine may take to write its state or to merge a disk, in milliseconds. */
const workLimit = 600_000;

/** A snapshot's state stands beside the machine's own, under the snapshot's UUID. */
export const snapshotStateFile = stateFileOf;

@Injectable()
export class SnapshotWork {
  private readonly log = new Logger('snapshots');

  constructor(
    private readonly database: Database,
    private readonly machines: MachineStore,
    private readonly store: SnapshotStore,
    private readonly states: StateStore,
    private readonly supervisor: Supervisor,
  ) {}

  /** Finishes what an earlier API left, for every machine. */
  async settleAll(): Promise<void> {
    for (const uuid of await this.store.unfinished()) {
      await this.machines.locked(uuid, (record) => this.settle(record)).catch((error: unknown) => this.log.error(`work on the snapshots of machine {${uuid}} could not be finished: ${textOf(error)}`));
    }
  }

  /** Finishes what was interrupted on one machine. Call it under its lock. @returns the machine as it is then */
  async settle(record: MachineRecord): Promise<MachineRecord> {
    const { uuid } = record.settings;
    const plan = await this.store.plan(uuid);
    if (!plan) return record;
    await removeAbandonedDrafts(snapshotFolderOf(record.settingsFile));
    if (plan.kind === 'take') {
      if (await this.hasBranched(uuid, plan)) {
        await this.makeMissing(plan.branches);
        await this.commitTake(record, plan);
      } else await this.undo(uuid, plan);
    } else if (plan.kind === 'restore') await this.undo(uuid, plan);
    else if (plan.kind === 'delete') await this.delete(record, plan);
    else await this.clean(record, plan);
    return this.machines.find(uuid);
  }

  /** @throws ApiError; the machine is as it was then */
  async take(record: MachineRecord, plan: Plan<'take'>): Promise<void> {
    const { uuid } = record.settings;
    const running = this.supervisor.running(uuid);
    await this.store.begin(uuid, plan);
    try {
      await mkdir(snapshotFolderOf(record.settingsFile), { recursive: true, mode: 0o700 });
      if (running) await running.request('takeSnapshot', { stateFile: plan.stateFile!, branches: plan.branches.map(({ controller, port, device, child, parent, path }) => ({ controller, port, device, uuid: child, parent, path })) }, workLimit);
      else {
        await this.makeMissing(plan.branches);
        if (plan.stateFile) await linkFile(stateFileOf(record.settingsFile, uuid), plan.stateFile);
      }
    } catch (error) {
      // A machine that has done it and could not say so is after, not before.
      if (!running || !(await this.hasBranched(uuid, plan))) {
        await this.undo(uuid, plan);
        throw asApiError(error);
      }
    }
    await this.commitTake(record, plan);
  }

  /** The machine is off. @throws ApiError; the machine is as it was then */
  async restore(record: MachineRecord, plan: Plan<'restore'>, snapshot: SnapshotRow): Promise<void> {
    const { settings: current, settingsFile } = record;
    const { uuid } = current;
    await this.store.begin(uuid, plan);
    try {
      await mkdir(snapshotFolderOf(settingsFile), { recursive: true, mode: 0o700 });
      await this.makeMissing(plan.branches);
      const media = await this.store.media(snapshot.settings.storageControllers.flatMap(({ attachments }) => attachments.flatMap(({ medium }) => medium ?? [])));
      const then = settingsOf(snapshot.settings, current, media);
      const children = new Map(plan.branches.map((branch) => [branch.parent, childRecord(branch, media.get(branch.parent)!)]));
      const files: string[] = [];
      const clean: Plan<'clean'> = { kind: 'clean', files, restored: { stateFile: snapshot.online ? snapshotStateFile(settingsFile, snapshot.uuid) : null } };
      await this.machines.write(record, withDisks(then, children), settingsFile, async (manager) => {
        for (const child of children.values()) await addMedium(manager, child);
        await manager.delete(AttachmentRow, { machine: uuid });
        for (const { medium } of disksOf(current)) {
          if (!medium.parent || (await manager.countBy(MediumRow, { parent: medium.uuid })) || (await snapshotUsersOf(manager, medium.uuid)).length) continue;
          await manager.delete(MediumRow, { uuid: medium.uuid });
          files.push(medium.path);
        }
        await manager.update(SnapshotRow, { machine: uuid }, { current: false });
        await manager.update(SnapshotRow, { uuid: snapshot.uuid }, { current: true });
        await nowClean(manager, uuid, clean);
      });
      await this.clean(record, clean);
    } catch (error) {
      if ((await this.store.plan(uuid))?.kind === 'restore') await this.undo(uuid, plan);
      throw asApiError(error);
    }
  }

  /** Merges, forgets and removes; what fails in between is done again by the same plan. @throws ApiError */
  async delete(record: MachineRecord, plan: Plan<'delete'>): Promise<void> {
    const { settings, settingsFile } = record;
    const { uuid } = settings;
    if (!(await this.store.plan(uuid))) await this.store.begin(uuid, plan);
    const running = this.supervisor.running(uuid);
    try {
      for (const merge of plan.merges) await this.merge(merge, settings, running);
    } catch (error) {
      throw fileError(`the snapshot could not be deleted, and its disks are as they were or partly merged, which nothing shows: delete it again`, asApiError(error));
    }
    const files: string[] = [];
    const clean: Plan<'clean'> = { kind: 'clean', files };
    let changed: MachineSettings = settings;
    for (const merge of plan.merges) {
      if (merge.how !== 'up') continue;
      const media = await this.store.media([merge.medium]);
      changed = withDisks(changed, new Map([[merge.child, media.get(merge.medium)!]]));
    }
    const apply = async (manager: Parameters<Parameters<Database['transaction']>[0]>[0]): Promise<void> => {
      const snapshot = await manager.findOneByOrFail(SnapshotRow, { uuid: plan.snapshot });
      if (snapshot.online) files.push(snapshotStateFile(settingsFile, snapshot.uuid));
      await manager.update(SnapshotRow, { parent: snapshot.uuid }, { parent: snapshot.parent });
      if (snapshot.current && snapshot.parent) await manager.update(SnapshotRow, { uuid: snapshot.parent }, { current: true });
      await manager.delete(SnapshotRow, { uuid: snapshot.uuid });
      for (const merge of plan.merges) {
        const medium = (await mediaByUuid(manager, [merge.medium])).get(merge.medium)!;
        if (merge.how === 'up') {
          const child = (await mediaByUuid(manager, [merge.child])).get(merge.child)!;
          for (const other of await snapshotsOf(manager, uuid)) {
            const settings = withMedium(other.settings, merge.child, merge.medium);
            if (JSON.stringify(settings) !== JSON.stringify(other.settings)) await updateSettings(manager, other.uuid, settings);
          }
          await manager.update(MediumRow, { parent: merge.child }, { parent: merge.medium });
          await manager.update(AttachmentRow, { medium: merge.child }, { medium: merge.medium });
          await manager.update(MediumRow, { uuid: merge.medium }, { sizeBytes: child.sizeBytes });
          await manager.delete(MediumRow, { uuid: merge.child });
          files.push(child.path);
        } else {
          await manager.update(MediumRow, { parent: merge.medium }, { parent: medium.parent?.uuid ?? null });
          await manager.delete(MediumRow, { uuid: merge.medium });
          files.push(medium.path);
        }
      }
      await nowClean(manager, uuid, clean);
    };
    await this.machines.write(record, changed, settingsFile, apply);
    await this.clean(record, clean);
  }

  private async merge(merge: Merge, settings: MachineSettings, running: RunningMachine | undefined): Promise<void> {
    if (merge.how === 'drop') return;
    const media = await this.store.media([merge.medium, ...(merge.how === 'down' ? merge.children : [merge.child])]);
    const medium = media.get(merge.medium)!;
    const known = new Map<string, MediumRecord>([...media.values()].flatMap((record) => [record, ...parentsOf(record)]).map((record) => [record.uuid, record]));
    const resolveParent = (uuid: string): { path: string; format: ReturnType<typeof imageFormat> } | undefined => {
      const found = known.get(uuid);
      return found && { path: found.path, format: imageFormat(found) };
    };
    if (merge.how === 'up') {
      const child = media.get(merge.child)!;
      const children = await this.database.read((manager) => manager.findBy(MediumRow, { parent: merge.child }));
      if (!(await exists(child.path))) return;
      await mergeImages(child.path, medium.path, { resolveParent, children: children.map(({ path }) => path), formats: { source: imageFormat(child), target: imageFormat(medium) } });
      return;
    }
    for (const uuid of merge.children) {
      const child = media.get(uuid)!;
      // One that hangs elsewhere already was merged before an interruption.
      if ((await readImageInfo(child.path)).parentUuid !== medium.uuid) continue;
      const disk = running && disksOf(settings).find((attached) => attached.medium.uuid === uuid);
      if (disk) await running.request('absorbParent', { controller: disk.controller, port: disk.port, device: disk.device }, workLimit);
      else await mergeImages(medium.path, child.path, { resolveParent, formats: { source: imageFormat(medium), target: imageFormat(child) } });
    }
  }

  private async commitTake(record: MachineRecord, plan: Plan<'take'>): Promise<void> {
    const { settings, settingsFile } = record;
    const children = new Map(plan.branches.map((branch) => [branch.parent, childRecord(branch, disksOf(settings).find(({ medium }) => medium.uuid === branch.parent)!.medium)]));
    await this.machines.write(record, withDisks(settings, children), settingsFile, async (manager) => {
      for (const child of children.values()) await addMedium(manager, child);
      await insertSnapshot(manager, { ...plan.snapshot });
      await manager.delete(SnapshotWorkRow, { machine: settings.uuid });
    });
    await this.machines.rewrite(settings.uuid);
  }

  /** The files go that the registry knows no longer; then the plan. */
  private async clean(record: MachineRecord, { files, restored }: Plan<'clean'>): Promise<void> {
    const { settings: { uuid }, settingsFile } = record;
    for (const file of files) await (file.endsWith('.sav') ? rm(file, { force: true }) : deleteFile(file).catch((error: unknown) => this.log.warn(`'${file}' is no longer needed, but could not be removed: ${textOf(error)}`)));
    if (restored) {
      const saved = stateFileOf(settingsFile, uuid);
      await rm(saved, { force: true });
      if (restored.stateFile) await linkFile(restored.stateFile, saved);
      await this.states.set(uuid, restored.stateFile ? 'saved' : 'poweroff');
    }
    await this.store.end(uuid);
    await this.machines.rewrite(uuid);
  }

  /** Nothing was committed: what was made goes. */
  private async undo(uuid: string, plan: Plan<'take'> | Plan<'restore'>): Promise<void> {
    for (const { path } of plan.branches) await deleteFile(path);
    if (plan.kind === 'take' && plan.stateFile) await rm(plan.stateFile, { force: true });
    if (plan.kind === 'take' && plan.stateFile) await rm(`${plan.stateFile}.new`, { force: true });
    await this.store.end(uuid);
  }

  /** A guest may have written to the new images: there is no way back then. */
  private async hasBranched(uuid: string, { branches, stateFile }: Plan<'take'>): Promise<boolean> {
    const running = this.supervisor.running(uuid);
    if (running) {
      const { disks = [] } = await running.request('status', {});
      return branches.length ? disks.some(({ path }) => branches.some((branch) => branch.path === path)) : stateFile !== null && (await exists(stateFile));
    }
    if (isOnline((await this.states.get(uuid)).state)) throw new ApiError('VBOX_E_INVALID_VM_STATE', 'a snapshot was being taken when the API ended, and the process of the machine does not answer yet: try again in a moment');
    for (const { path } of branches) if (await exists(path)) return true;
    return false;
  }

  private async makeMissing(branches: readonly Branch[]): Promise<void> {
    const media = await this.store.media(branches.map(({ parent }) => parent));
    for (const { path, child, parent } of branches) {
      const medium = media.get(parent)!;
      if (!(await exists(path))) await createVdi(path, { uuid: child, parent: { path: medium.path, uuid: medium.uuid, format: imageFormat(medium) } });
    }
  }
}

const childRecord = ({ child, path }: Branch, parent: MediumRecord): MediumRecord => ({ uuid: child, type: 'hdd', path, format: 'VDI', variant: 'Standard', sizeBytes: parent.sizeBytes, description: '', parent });

/** The same file under a second name, or its copy where the file system has no such thing. */
async function linkFile(from: string, to: string): Promise<void> {
  const aside = `${to}.new`;
  await mkdir(dirname(to), { recursive: true, mode: 0o700 });
  await rm(aside, { force: true });
  await link(from, aside).catch(() => copyFile(from, aside));
  await rename(aside, to);
}

const asApiError = (error: unknown): Error => (error instanceof ApiError ? error : fileError(textOf(error), error));
