/** What each machine is doing, in the database and told to listeners. */
import { Injectable } from '@nestjs/common';
import { In } from 'typeorm';
import { Database } from '../database/database.js';
import { MachineRow, MachineStateRow } from '../database/rows.js';
import { EventHub } from '../events/event-hub.js';
import type { ProcessIdentity } from '../host/process-identity.js';
import { ApiError } from '../http/api-error.js';
import { isOnline, type MachineState, machineStates } from '../machines/words.js';
import { onlineUser } from '../media/medium.store.js';
import { stateFileOf } from '../states/state-files.js';
import type { RunOverrides } from '../vrde/settings.js';

export type MachineStateRecord = Readonly<Omit<MachineStateRow, 'machine'>>;

const online = machineStates.filter(isOnline);
const offline = { pid: null, processToken: null, startedAt: null, overrides: null };

@Injectable()
export class StateStore {
  constructor(
    private readonly database: Database,
    private readonly events: EventHub,
  ) {}

  async get(machine: string): Promise<MachineStateRecord> {
    return this.database.read((manager) => manager.findOneByOrFail(MachineStateRow, { machine }));
  }

  /** UUIDs of the machines that have, or had when this was written, a process. */
  async online(): Promise<string[]> {
    return (await this.database.read((manager) => manager.findBy(MachineStateRow, { state: In(online) }))).map(({ machine }) => machine);
  }

  async counts(): Promise<{ registered: number; running: number }> {
    return this.database.read(async (manager) => ({ registered: await manager.count(MachineRow), running: await manager.countBy(MachineStateRow, { state: In(online) }) }));
  }

  /**
   * Marks a machine as starting, from its saved state or without, in one step with the check that no machine which is on writes one of its disks.
   * @throws ApiError naming the other machine
   */
  async starting(machine: string, name: string, written: readonly string[], overrides: RunOverrides, state: 'starting' | 'restoring'): Promise<void> {
    await this.database.transaction(async (manager) => {
      const other = await onlineUser(manager, machine, written);
      if (other) throw new ApiError('VBOX_E_OBJECT_IN_USE', `machine '${name}' cannot start: its image {${other.medium}} is in use by machine '${other.name}', which is ${other.state}: power that off, or detach the image from one of the two`);
      await manager.update(MachineStateRow, { machine }, { state, changedAt: now(), reason: null, ...offline, overrides: Object.keys(overrides).length ? overrides : null });
    });
    this.events.emit({ type: 'machine', uuid: machine, name, state });
  }

  /** Where a machine's saved state is, while it has one. */
  async stateFile(machine: string): Promise<string> {
    return this.database.read(async (manager) => stateFileOf((await manager.findOneByOrFail(MachineRow, { uuid: machine })).settingsFile, machine));
  }

  async setProcess(machine: string, { pid, token }: ProcessIdentity, startedAt: string): Promise<void> {
    await this.database.transaction((manager) => manager.update(MachineStateRow, { machine }, { pid, processToken: token, startedAt }));
  }

  async setOverrides(machine: string, overrides: RunOverrides): Promise<void> {
    await this.database.transaction((manager) => manager.update(MachineStateRow, { machine }, { overrides }));
  }

  /** Records a state; one that it is in already is not told again. */
  async set(machine: string, state: MachineState, reason: string | null = null, at = now()): Promise<void> {
    const name = await this.database.transaction(async (manager) => {
      const current = await manager.findOneBy(MachineStateRow, { machine });
      if (!current || (current.state === state && current.reason === reason)) return undefined;
      await manager.update(MachineStateRow, { machine }, { state, reason, changedAt: at, ...(isOnline(state) ? {} : offline) });
      return (await manager.findOneByOrFail(MachineRow, { uuid: machine })).name;
    });
    if (name !== undefined) this.events.emit({ type: 'machine', uuid: machine, name, state, ...(reason === null ? {} : { reason }) });
  }
}

const now = (): string => new Date().toISOString();
