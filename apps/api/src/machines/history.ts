/** What a settings file tells of a machine beside its settings: whether it is saved, and its snapshots. */
import type { EntityManager } from 'typeorm';
import { MachineRow, MachineStateRow } from '../database/rows.js';
import { mediaByUuid, snapshotsOf } from '../snapshots/snapshot.store.js';
import { mediaOfStored, settingsOf, type SnapshotRecord } from '../snapshots/stored.js';
import { stateFileOf } from '../states/state-files.js';
import type { MachineSettings } from './settings.js';

export interface MachineHistory {
  /** Where the saved state is; null for a machine that is not saved. */
  readonly stateFile: string | null;
  /** Parents before their children. */
  readonly snapshots: readonly HistoricSnapshot[];
}

export interface HistoricSnapshot extends Omit<SnapshotRecord, 'settings' | 'machine' | 'online'> {
  readonly settings: MachineSettings;
  /** Null for one of a machine that was off. */
  readonly stateFile: string | null;
}

export const noHistory: MachineHistory = { stateFile: null, snapshots: [] };

export async function historyOf(manager: EntityManager, uuid: string, settingsFile: string): Promise<MachineHistory> {
  const [machine, state, rows] = [await manager.findOneBy(MachineRow, { uuid }), await manager.findOneBy(MachineStateRow, { machine: uuid }), await snapshotsOf(manager, uuid)];
  if (!machine) return noHistory;
  const media = await mediaByUuid(manager, rows.flatMap(({ settings }) => mediaOfStored(settings)));
  return {
    stateFile: state?.state === 'saved' ? stateFileOf(settingsFile, uuid) : null,
    snapshots: rows.map(({ settings, online, machine: _machine, ...row }) => ({ ...row, settings: settingsOf(settings, machine, media), stateFile: online ? stateFileOf(settingsFile, row.uuid) : null })),
  };
}
