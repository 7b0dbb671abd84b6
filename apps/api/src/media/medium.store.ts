/** The registry of images. */
import { Injectable } from '@nestjs/common';
import { sep } from 'node:path';
import { type EntityManager, In } from 'typeorm';
import { Database } from '../database/database.js';
import { AttachmentRow, MachineRow, MachineStateRow, MediumRow } from '../database/rows.js';
import type { MediumRecord } from '../machines/settings.js';
import { snapshotUsersOf } from '../snapshots/users.js';
import { isOnline, type MachineState, type MediumType } from '../machines/words.js';

export interface MediumUse {
  readonly medium: string;
  readonly uuid: string;
  readonly name: string;
  readonly state: MachineState;
}

@Injectable()
export class MediumStore {
  constructor(private readonly database: Database) {}

  list(type?: MediumType): Promise<MediumRecord[]> {
    return this.database.read(async (manager) => withParents(manager, await manager.find(MediumRow, { where: type ? { type } : {}, order: { path: 'ASC' } })));
  }

  byUuid(uuid: string): Promise<MediumRecord | null> {
    return this.database.read((manager) => found(manager, { uuid }));
  }

  byPath(path: string): Promise<MediumRecord | null> {
    return this.database.read((manager) => found(manager, { path }));
  }

  /** Images that hang on this one directly. */
  children(uuid: string): Promise<Pick<MediumRecord, 'uuid' | 'path'>[]> {
    return this.database.read((manager) => childrenOf(manager, uuid));
  }

  /** UUIDs of all images that hang on this one, directly or not. */
  descendants(uuid: string): Promise<string[]> {
    return this.database.read(async (manager) => {
      const found: string[] = [];
      for (let wanted = [uuid]; wanted.length > 0; ) {
        wanted = (await manager.find(MediumRow, { where: { parent: In(wanted) }, select: { uuid: true } })).map((row) => row.uuid);
        found.push(...wanted);
      }
      return found;
    });
  }

  async add(medium: MediumRecord): Promise<void> {
    await this.database.transaction((manager) => addMedium(manager, medium));
  }

  async update(uuid: string, changes: Partial<Pick<MediumRecord, 'path' | 'sizeBytes' | 'description'>>): Promise<void> {
    await this.database.transaction((manager) => manager.update(MediumRow, { uuid }, changes));
  }

  async remove(uuid: string): Promise<void> {
    await this.database.transaction((manager) => manager.delete(MediumRow, { uuid }));
  }

  /** Snapshots that need an image. */
  snapshots(uuid: string): Promise<{ name: string; machine: string }[]> {
    return this.database.read((manager) => snapshotUsersOf(manager, uuid));
  }

  /** Which machines have which media attached. */
  uses(medium?: string): Promise<MediumUse[]> {
    return this.database.read((manager) => usesOf(manager, medium));
  }
}

/** @param medium whose parent is registered already */
export const addMedium = (manager: EntityManager, { parent, ...medium }: MediumRecord): Promise<unknown> => manager.insert(MediumRow, { ...medium, parent: parent?.uuid ?? null });

export const childrenOf = (manager: EntityManager, uuid: string): Promise<Pick<MediumRecord, 'uuid' | 'path'>[]> =>
  manager.find(MediumRow, { where: { parent: uuid }, select: { uuid: true, path: true }, order: { path: 'ASC' } });

async function found(manager: EntityManager, where: { uuid: string } | { path: string }): Promise<MediumRecord | null> {
  const row = await manager.findOneBy(MediumRow, where);
  return row && (await withParents(manager, [row]))[0]!;
}

/** Rows as records, each with all that it hangs on. */
export async function withParents(manager: EntityManager, rows: readonly MediumRow[]): Promise<MediumRecord[]> {
  const known = new Map(rows.map((row) => [row.uuid, row]));
  const missing = (): string[] => [...known.values()].flatMap(({ parent }) => (parent !== null && !known.has(parent) ? [parent] : []));
  for (let wanted = missing(); wanted.length > 0; wanted = missing()) {
    for (const row of await manager.findBy(MediumRow, { uuid: In(wanted) })) known.set(row.uuid, row);
  }
  const recordOf = ({ parent, ...medium }: MediumRow): MediumRecord => ({ ...medium, parent: parent === null ? null : recordOf(known.get(parent)!) });
  return rows.map(recordOf);
}

/** The images in the folder `from` are in the folder `to` now. */
export async function moveMedia(manager: EntityManager, from: string, to: string): Promise<void> {
  for (const { uuid, path } of await manager.find(MediumRow)) {
    const moved = movedPath(path, from, to);
    if (moved !== path) await manager.update(MediumRow, { uuid }, { path: moved });
  }
}

/** @returns where `path` is once the folder `from` is called `to` */
export const movedPath = (path: string, from: string, to: string): string => (path.startsWith(from + sep) ? to + path.slice(from.length) : path);

export const usesOf = (manager: EntityManager, medium?: string): Promise<MediumUse[]> =>
  manager
    .createQueryBuilder(AttachmentRow, 'attachment')
    .innerJoin(MachineRow, 'machine', 'machine.uuid = attachment.machine')
    .innerJoin(MachineStateRow, 'state', 'state.machine = attachment.machine')
    .select(['attachment.medium AS medium', 'machine.uuid AS uuid', 'machine.name AS name', 'state.state AS state'])
    .where(medium === undefined ? 'attachment.medium IS NOT NULL' : 'attachment.medium = :medium', { medium })
    .orderBy('machine.name')
    .getRawMany<MediumUse>();

/** A machine that is on, other than `machine`, and has one of `media` attached. */
export async function onlineUser(manager: EntityManager, machine: string, media: readonly string[]): Promise<MediumUse | undefined> {
  return (await usesOf(manager)).find((use) => use.uuid !== machine && media.includes(use.medium) && isOnline(use.state) && use.state !== 'teleportingin');
}
