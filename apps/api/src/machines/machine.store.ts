/**
 * The registry of machines: found, added, changed, removed, each change in a transaction and in the settings file.
 *
 * The file is written aside and synced before the transaction ends, and takes its name after it: a full disk changes nothing.
 */
import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { KeyedQueue } from '../concurrency/queue.js';
import { Database } from '../database/database.js';
import { MachineRow, MachineStateRow } from '../database/rows.js';
import { EventHub } from '../events/event-hub.js';
import { ApiError, inUse, notFound } from '../http/api-error.js';
import { writeAside } from '../settings-file/file.js';
import { settingsText } from '../settings-file/write.js';
import { historyOf } from './history.js';
import type { MachineSummary } from './machine.dto.js';
import { deleteMachine, insertMachine, type MachineRecord, readMachine, updateMachine } from './machine-rows.js';
import type { MachineSettings } from './settings.js';
import { parseUuid } from './uuid.js';

type Also = (manager: EntityManager) => Promise<void>;
const nothing: Also = () => Promise.resolve();

@Injectable()
export class MachineStore {
  private readonly locks = new KeyedQueue();
  private readonly files = new KeyedQueue();

  constructor(
    private readonly database: Database,
    private readonly events: EventHub,
  ) {}

  /** Runs `work` while nothing else is done to this machine: lifecycle and settings take turns. */
  async locked<T>(ref: string, work: (record: MachineRecord) => Promise<T>): Promise<T> {
    const { settings } = await this.find(ref);
    return this.locks.run(settings.uuid, async () => work(await this.find(settings.uuid)));
  }

  /** @param ref name or UUID. @throws ApiError */
  find(ref: string): Promise<MachineRecord> {
    return this.database.read(async (manager) => {
      const uuid = parseUuid(ref);
      const row = await manager.findOneBy(MachineRow, uuid ? { uuid } : { name: ref });
      if (!row) throw notFound(uuid ? `Could not find a registered machine with UUID {${uuid}}` : `Could not find a registered machine named '${ref}'`);
      return readMachine(manager, row);
    });
  }

  list(): Promise<MachineSummary[]> {
    return this.database.read(async (manager) => {
      const states = new Map((await manager.find(MachineStateRow)).map(({ machine, state }) => [machine, state]));
      const machines = await manager.find(MachineRow, { select: { uuid: true, name: true, osType: true }, order: { name: 'ASC' } });
      return machines.map(({ uuid, name, osType }) => ({ uuid, name, osType, state: states.get(uuid)! }));
    });
  }

  /**
   * @param also what else must be done in the same transaction, before
   * @param after the same, once the machine is there
   * @throws ApiError when the name or UUID is taken
   */
  async add(settings: MachineSettings, settingsFile: string, also: Also = nothing, after: Also = nothing): Promise<MachineRecord> {
    const record = await this.database.transaction(async (manager) => {
      const twin = await manager.findOneBy(MachineRow, { uuid: settings.uuid });
      if (twin) throw inUse(`machine '${twin.name}' with UUID {${twin.uuid}} is registered already`);
      await requireFreeName(manager, settings.name);
      await also(manager);
      const added = await insertMachine(manager, settings, settingsFile);
      await manager.insert(MachineStateRow, { machine: settings.uuid, state: 'poweroff', changedAt: new Date().toISOString(), reason: null, pid: null, processToken: null, startedAt: null, overrides: null });
      await after(manager);
      return added;
    });
    this.events.emit({ type: 'registry', change: 'registered', uuid: settings.uuid, name: settings.name });
    return record;
  }

  /**
   * Writes changed settings. Call it under `locked`.
   * @param also what else must be done in the same transaction, before
   * @throws ApiError when another writer was faster, or the file cannot be written
   */
  async write(record: MachineRecord, settings: MachineSettings, settingsFile = record.settingsFile, also: Also = nothing): Promise<MachineRecord> {
    const history = await this.database.read((manager) => historyOf(manager, settings.uuid, settingsFile));
    const file = await writeAside(settingsFile, settingsText(settings, settingsFile, history));
    try {
      await this.database.transaction(async (manager) => {
        if (settings.name !== record.settings.name) await requireFreeName(manager, settings.name);
        await also(manager);
        const written = await updateMachine(manager, { ...record, settings, settingsFile });
        if (!written) throw new ApiError('VBOX_E_INVALID_OBJECT_STATE', `machine '${record.settings.name}' was changed by another request at the same time: try again`, { interface: 'IMachine' });
      });
    } catch (error) {
      await file.discard();
      throw error;
    }
    await file.commit();
    // Images of snapshots are where they are only after the change.
    if (history.snapshots.length && settingsFile !== record.settingsFile) await this.rewrite(settings.uuid);
    this.events.emit({ type: 'registry', change: 'changed', uuid: settings.uuid, name: settings.name });
    return { settings, settingsFile, version: record.version + 1 };
  }

  /** Writes the settings file anew: what is not a setting has changed, such as whether the machine is saved. */
  rewrite(uuid: string): Promise<void> {
    return this.files.run(uuid, async () => {
      const { text, settingsFile } = await this.database.read(async (manager) => {
        const { settings, settingsFile } = await readMachine(manager, await manager.findOneByOrFail(MachineRow, { uuid }));
        return { text: settingsText(settings, settingsFile, await historyOf(manager, uuid, settingsFile)), settingsFile };
      });
      await (await writeAside(settingsFile, text)).commit();
    });
  }

  /** Finds, decides and writes as one step. @param decide the new settings, or a throw that changes nothing */
  change(ref: string, decide: (record: MachineRecord) => MachineSettings | Promise<MachineSettings>): Promise<MachineRecord> {
    return this.locked(ref, async (record) => this.write(record, await decide(record)));
  }

  async remove({ settings: { uuid, name } }: MachineRecord): Promise<void> {
    await this.database.transaction((manager) => deleteMachine(manager, uuid));
    this.events.emit({ type: 'registry', change: 'unregistered', uuid, name });
  }
}

async function requireFreeName(manager: EntityManager, name: string): Promise<void> {
  const same = await manager.findOneBy(MachineRow, { name });
  if (same) throw inUse(`a machine named '${name}' is registered already, with the settings file '${same.settingsFile}': choose another name`);
}
