/** Machines come into the registry and leave it. */
import { Injectable } from '@nestjs/common';
import { randomUUID } from 'node:crypto';
import { copyFile, mkdir, readdir, rm, rmdir } from 'node:fs/promises';
import { dirname, isAbsolute, join, normalize } from 'node:path';
import { removeAbandonedDrafts } from '@belvedere/disk';
import { verifyState } from '@belvedere/state';
import { constants } from 'node:fs';
import { ApiError, fileError, invalid, textOf } from '../http/api-error.js';
import { removeUnfinished, snapshotFolderOf, stateFileOf } from '../states/state-files.js';
import { deleteFile } from '../media/delete-file.js';
import { MediaService } from '../media/media.service.js';
import { addMedium } from '../media/medium.store.js';
import { osTypeOf } from '../ostypes/table.js';
import { exists, readSettingsFile, writeAside } from '../settings-file/file.js';
import { readSettings, type ReadSettings } from '../settings-file/read.js';
import { settingsText } from '../settings-file/write.js';
import { mediaOf } from '../supervisor/machine-spec.js';
import { insertSnapshot, SnapshotStore } from '../snapshots/snapshot.store.js';
import { mediaOfStored, type SnapshotRecord } from '../snapshots/stored.js';
import { MachineView } from '../supervisor/machine-view.js';
import { StateStore } from '../supervisor/state.store.js';
import { SystemPropertiesService } from '../system/system-properties.service.js';
import type { Machine, MachineSummary } from './machine.dto.js';
import type { MachineRecord } from './machine-rows.js';
import { MachineStore } from './machine.store.js';
import { requireName, settingsFileIn } from './names.js';
import type { CreateMachine } from './requests.dto.js';
import { requireNoProcess } from './settings.service.js';
import { type MachineSettings, type MediumRecord, newMachine } from './settings.js';
import { parseUuid } from './uuid.js';
import { isOnline } from './words.js';

@Injectable()
export class MachinesService {
  constructor(
    private readonly machines: MachineStore,
    private readonly media: MediaService,
    private readonly snapshots: SnapshotStore,
    private readonly states: StateStore,
    private readonly properties: SystemPropertiesService,
    private readonly view: MachineView,
  ) {}

  async list(state?: string): Promise<MachineSummary[]> {
    if (state !== undefined && state !== 'running') throw invalid(`state '${state}' cannot be asked for: use 'running', or leave it out for all machines`);
    const all = await this.machines.list();
    return state === 'running' ? all.filter((machine) => isOnline(machine.state)) : all;
  }

  async get(ref: string): Promise<Machine> {
    return this.view.of(await this.machines.find(ref));
  }

  async create({ name: asked, osType = 'Other', uuid: given, baseFolder, register }: CreateMachine): Promise<Machine> {
    const name = requireName(asked);
    const uuid = given === undefined ? randomUUID() : parseUuid(given);
    if (!uuid) throw invalid(`'${given}' is no UUID`);
    if (baseFolder !== undefined && !isAbsolute(baseFolder)) throw invalid(`base folder '${baseFolder}' is not absolute`);
    const settings = newMachine(uuid, name, osTypeOf(osType));
    const settingsFile = settingsFileIn(normalize(baseFolder ?? (await this.properties.read()).machineFolder), name);
    if (await exists(settingsFile)) throw new ApiError('VBOX_E_FILE_ERROR', `there is a settings file '${settingsFile}' already: register that machine, or choose another name`);

    const file = await writeAside(settingsFile, settingsText(settings, settingsFile));
    let added: MachineRecord | undefined;
    try {
      if (register) added = await this.machines.add(settings, settingsFile);
      await file.commit();
      return added ? await this.view.of(added) : this.view.unregistered({ settings, settingsFile, version: 0 });
    } catch (error) {
      if (added) await this.machines.remove(added);
      await file.discard();
      await removeEmpty(dirname(settingsFile));
      throw error;
    }
  }

  async register(settingsFile: string): Promise<Machine> {
    if (!isAbsolute(settingsFile)) throw invalid(`settings file '${settingsFile}' is not an absolute path`);
    const file = normalize(settingsFile);
    const read = await readSettings(await readSettingsFile(file), dirname(file));
    const named: Awaited<ReturnType<MediaService['named']>>[] = [];
    for (const medium of read.media) named.push(await this.media.named(medium, named.find((other) => other.medium.uuid === medium.parent)?.medium ?? null));
    const settings = joinMedia(read, new Map(named.map(({ medium }) => [medium.uuid, medium])));
    const { snapshots, notes: snapshotNotes } = await snapshotsRead(read, settings, file);
    const record = await this.machines.add(settings, file, async (manager) => {
      for (const { medium, known } of named) if (!known) await addMedium(manager, medium);
    }, async (manager) => {
      for (const snapshot of snapshots) await insertSnapshot(manager, snapshot);
    });
    const stateNotes = read.stateFile === null ? [] : await this.adoptState(record, read.stateFile);
    const machine = await this.view.of(record);
    const problems = named.flatMap(({ problem }) => (problem === undefined ? [] : [problem]));
    return { ...machine, notices: [...machine.notices, ...read.notes, ...stateNotes, ...snapshotNotes, ...problems] };
  }

  /** A machine that was saved where it came from is saved here. @returns what is to be said about it */
  private async adoptState({ settings: { uuid, name }, settingsFile }: MachineRecord, from: string): Promise<string[]> {
    const file = stateFileOf(settingsFile, uuid);
    try {
      await verifyState(from);
      await mkdir(snapshotFolderOf(settingsFile), { recursive: true, mode: 0o700 });
      if (from !== file) await copyFile(from, file, constants.COPYFILE_FICLONE);
    } catch (error) {
      return [`machine '${name}' is registered without its saved state: ${textOf(error)}`];
    }
    await this.states.set(uuid, 'saved');
    await this.machines.rewrite(uuid);
    return [];
  }

  /** @param files true: also its settings, logs and folder, and the disks that no other machine uses; never a DVD or floppy image */
  unregister(ref: string, files: boolean): Promise<void> {
    return this.machines.locked(ref, async (record) => {
      await requireNoProcess(this.states, record, 'power it off first');
      const snapshots = await this.snapshots.list(record.settings.uuid);
      const media = await this.snapshots.media(snapshots.flatMap(({ settings }) => mediaOfStored(settings)));
      await this.machines.remove(record);
      if (!files) return;
      const all = new Map([...mediaOf(record.settings), ...media.values()].map((medium) => [medium.uuid, medium]));
      const disks = await this.media.release([...all.values()], dirname(record.settingsFile));
      await removeFiles(record, disks, snapshots.map(({ uuid }) => uuid)).catch((cause: unknown) => Promise.reject(fileError(`machine '${record.settings.name}' is no longer registered, but not all of its files could be removed`, cause)));
    });
  }
}

/** The snapshots of a settings file as the registry keeps them; one whose state is not there is of a machine that was off. */
async function snapshotsRead(read: ReadSettings, settings: MachineSettings, settingsFile: string): Promise<{ snapshots: SnapshotRecord[]; notes: string[] }> {
  const notes: string[] = [];
  const snapshots: SnapshotRecord[] = [];
  for (const { stateFile, hardware, vrde, storageControllers, ...rest } of read.snapshots) {
    let online = stateFile !== null;
    if (stateFile !== null) {
      try {
        await verifyState(stateFile);
        const own = stateFileOf(settingsFile, rest.uuid);
        await mkdir(snapshotFolderOf(settingsFile), { recursive: true, mode: 0o700 });
        if (own !== stateFile) await copyFile(stateFile, own, constants.COPYFILE_FICLONE);
      } catch (error) {
        online = false;
        notes.push(`snapshot '${rest.name}' is registered without its state: ${textOf(error)}`);
      }
    }
    snapshots.push({ ...rest, machine: settings.uuid, online, settings: { osType: settings.osType, description: settings.description, extraData: settings.extraData, hardware, vrde, storageControllers } });
  }
  return { snapshots, notes };
}

const joinMedia = ({ settings, storageControllers }: ReadSettings, media: ReadonlyMap<string, MediumRecord>): MachineSettings => ({
  ...settings,
  storageControllers: storageControllers.map((controller) => ({
    ...controller,
    attachments: controller.attachments.map((attachment) => ({ ...attachment, medium: attachment.medium === null ? null : media.get(attachment.medium)! })),
  })),
});

/** Removes what is the machine's own; a folder with anything else in it stays. */
async function removeFiles({ settings: { uuid }, settingsFile }: MachineRecord, disks: readonly string[], snapshots: readonly string[]): Promise<void> {
  const folder = dirname(settingsFile);
  for (const disk of disks) await deleteFile(disk);
  for (const file of [settingsFile, `${settingsFile}-prev`]) await rm(file, { force: true });
  const logs = join(folder, 'Logs');
  for (const log of await readdir(logs).catch(() => [])) if (log.includes('.log')) await rm(join(logs, log), { force: true });
  await removeEmpty(logs);
  for (const state of [uuid, ...snapshots]) {
    const stateFile = stateFileOf(settingsFile, state);
    await rm(stateFile, { force: true });
    await removeUnfinished(stateFile);
  }
  for (const place of [snapshotFolderOf(settingsFile), folder]) {
    await removeAbandonedDrafts(place);
    await removeEmpty(place);
  }
}

const removeEmpty = (folder: string): Promise<void> => rmdir(folder).catch(() => undefined);
