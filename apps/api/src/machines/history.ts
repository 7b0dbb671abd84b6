/** What a settings file tells of a machine beside its settings: whether it is saved. */
import type { EntityManager } from 'typeorm';
import { MachineStateRow } from '../database/rows.js';
import { stateFileOf } from '../states/state-files.js';

export interface MachineHistory {
  /** Where the saved state is; null for a machine that is not saved. */
  readonly stateFile: string | null;
}

export const noHistory: MachineHistory = { stateFile: null };

export async function historyOf(manager: EntityManager, uuid: string, settingsFile: string): Promise<MachineHistory> {
  const row = await manager.findOneBy(MachineStateRow, { machine: uuid });
  return { stateFile: row?.state === 'saved' ? stateFileOf(settingsFile, uuid) : null };
}
