/** Snapshots in the database, and the journal of work on them. */
import { Injectable } from '@nestjs/common';
import { type EntityManager, In } from 'typeorm';
import { Database } from '../database/database.js';
import { MediumRow, SnapshotMediumRow, SnapshotRow, SnapshotWorkRow } from '../database/rows.js';
import type { MediumRecord } from '../machines/settings.js';
import { withParents } from '../media/medium.store.js';
import type { SnapshotPlan } from './plan.js';
import { snapshotUsersOf } from './users.js';
import { mediaOfStored, type SnapshotRecord, type StoredSettings } from './stored.js';

@Injectable()
export class SnapshotStore {
  constructor(private readonly database: Database) {}

  /** A machine's snapshots, parents before their children, the older first. */
  list(machine: string): Promise<SnapshotRow[]> {
    return this.database.read((manager) => snapshotsOf(manager, machine));
  }

  /** Images by their UUIDs, with what they hang on. */
  media(uuids: readonly string[]): Promise<Map<string, MediumRecord>> {
    return this.database.read((manager) => mediaByUuid(manager, uuids));
  }

  /** Snapshots that need an image. */
  users(medium: string): Promise<{ snapshot: string; name: string; machine: string }[]> {
    return this.database.read((manager) => snapshotUsersOf(manager, medium));
  }

  plan(machine: string): Promise<SnapshotPlan | undefined> {
    return this.database.read(async (manager) => (await manager.findOneBy(SnapshotWorkRow, { machine }))?.plan);
  }

  /** Machines with work that did not end. */
  unfinished(): Promise<string[]> {
    return this.database.read(async (manager) => (await manager.find(SnapshotWorkRow)).map(({ machine }) => machine));
  }

  begin(machine: string, plan: SnapshotPlan): Promise<void> {
    return this.database.transaction(async (manager) => void (await manager.insert(SnapshotWorkRow, { machine, plan })));
  }

  end(machine: string): Promise<void> {
    return this.database.transaction(async (manager) => void (await manager.delete(SnapshotWorkRow, { machine })));
  }

  async edit(uuid: string, changes: Partial<Pick<SnapshotRow, 'name' | 'description'>>): Promise<void> {
    await this.database.transaction((manager) => manager.update(SnapshotRow, { uuid }, changes));
  }
}

export async function snapshotsOf(manager: EntityManager, machine: string): Promise<SnapshotRow[]> {
  const rows = await manager.find(SnapshotRow, { where: { machine }, order: { takenAt: 'ASC', uuid: 'ASC' } });
  const below = (parent: string | null): SnapshotRow[] => rows.filter((row) => row.parent === parent).flatMap((row) => [row, ...below(row.uuid)]);
  return below(null);
}

export async function mediaByUuid(manager: EntityManager, uuids: readonly string[]): Promise<Map<string, MediumRecord>> {
  const rows = uuids.length ? await manager.findBy(MediumRow, { uuid: In([...uuids]) }) : [];
  return new Map((await withParents(manager, rows)).map((medium) => [medium.uuid, medium]));
}

export async function insertSnapshot(manager: EntityManager, row: SnapshotRecord): Promise<void> {
  if (row.current) await manager.update(SnapshotRow, { machine: row.machine }, { current: false });
  await manager.insert(SnapshotRow, { ...row });
  await writeMedia(manager, row.uuid, row.settings);
}

export async function updateSettings(manager: EntityManager, uuid: string, settings: StoredSettings): Promise<void> {
  await manager.update(SnapshotRow, { uuid }, { settings });
  await manager.delete(SnapshotMediumRow, { snapshot: uuid });
  await writeMedia(manager, uuid, settings);
}

async function writeMedia(manager: EntityManager, snapshot: string, settings: StoredSettings): Promise<void> {
  const media = mediaOfStored(settings);
  if (media.length) await manager.insert(SnapshotMediumRow, media.map((medium) => ({ snapshot, medium })));
}

/** From here on only the plan's files are to go. */
export async function nowClean(manager: EntityManager, machine: string, plan: Extract<SnapshotPlan, { kind: 'clean' }>): Promise<void> {
  await manager.update(SnapshotWorkRow, { machine }, { plan });
}
