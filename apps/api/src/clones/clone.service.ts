/**
 * Copies machines: whole, or linked, with disks that hang on a snapshot's.
 *
 * The copy comes into the registry when all its files are there; what fails or is cancelled before leaves none of them.
 */
import { cloneImage, createVdi } from '@belvedere/disk';
import { Injectable } from '@nestjs/common';
import { randomUUID } from 'node:crypto';
import { mkdir, rm, rmdir } from 'node:fs/promises';
import { basename, dirname, extname, isAbsolute, join, normalize } from 'node:path';
import { ApiError, invalid, inUse, unsupported } from '../http/api-error.js';
import type { Job } from '../jobs/job.dto.js';
import { JobsService, type Work } from '../jobs/jobs.service.js';
import type { MachineRecord } from '../machines/machine-rows.js';
import { MachineStore } from '../machines/machine.store.js';
import { requireName, settingsFileIn } from '../machines/names.js';
import { type MachineSettings, type MediumRecord, newMac } from '../machines/settings.js';
import { parseUuid } from '../machines/uuid.js';
import { isOnline } from '../machines/words.js';
import { imageFormat } from '../media/formats.js';
import { imageError, infoOf, resolver } from '../media/images.js';
import { addMedium } from '../media/medium.store.js';
import { exists, writeAside } from '../settings-file/file.js';
import { settingsText } from '../settings-file/write.js';
import { findSnapshot } from '../snapshots/find.js';
import { SnapshotStore } from '../snapshots/snapshot.store.js';
import { disksOf, mediaOfStored, settingsOf, withDisks } from '../snapshots/stored.js';
import { StateStore } from '../supervisor/state.store.js';
import { SystemPropertiesService } from '../system/system-properties.service.js';
import type { CloneMachine } from './clone.dto.js';

@Injectable()
export class CloneService {
  constructor(
    private readonly machines: MachineStore,
    private readonly snapshots: SnapshotStore,
    private readonly states: StateStore,
    private readonly properties: SystemPropertiesService,
    private readonly jobs: JobsService,
  ) {}

  async clone(ref: string, asked: CloneMachine): Promise<Job> {
    const record = await this.machines.find(ref);
    const source = await this.source(record, asked);
    const name = requireName(asked.name);
    const uuid = asked.uuid === undefined ? randomUUID() : parseUuid(asked.uuid);
    if (!uuid) throw invalid(`'${asked.uuid}' is no UUID`);
    if (asked.baseFolder !== undefined && !isAbsolute(asked.baseFolder)) throw invalid(`base folder '${asked.baseFolder}' is not absolute`);
    const settingsFile = settingsFileIn(normalize(asked.baseFolder ?? (await this.properties.read()).machineFolder), name);
    if (await exists(settingsFile)) throw new ApiError('VBOX_E_FILE_ERROR', `there is a settings file '${settingsFile}' already: choose another name`);
    if ((await this.machines.list()).some((machine) => machine.name === name || machine.uuid === uuid)) throw inUse(`a machine named '${name}', or with UUID {${uuid}}, is registered already: choose another name`);
    const copy: MachineSettings = {
      ...source,
      uuid,
      name,
      hardware: { ...source.hardware, adapters: source.hardware.adapters.map((adapter) => (asked.keepMacs ? adapter : { ...adapter, mac: newMac() })) },
    };
    return this.jobs.start('clone', record.settings.name, async (work) => {
      await this.make(copy, settingsFile, asked, work);
      return uuid;
    });
  }

  /** The settings that are copied. @throws ApiError for what cannot be copied */
  private async source({ settings }: MachineRecord, { snapshot: ref, mode = 'machine', link, register }: CloneMachine): Promise<MachineSettings> {
    const { uuid, name } = settings;
    const all = await this.snapshots.list(uuid);
    if (mode !== 'machine' && all.length > 0) throw unsupported(`snapshots are not copied: machine '${name}' has ${all.length}; copy one of them, or the machine as it is, with mode 'machine'`);
    if (link && ref === undefined) throw invalid(`a linked clone hangs on a snapshot, which stays as it is: take one of machine '${name}' and name it with --snapshot`);
    if (link && !register) throw invalid("a linked clone is registered, so that its parent's disks are kept for it: add --register");
    if (ref !== undefined) {
      const snapshot = findSnapshot(all, name, ref);
      return settingsOf(snapshot.settings, settings, await this.snapshots.media(mediaOfStored(snapshot.settings)));
    }
    const { state } = await this.states.get(uuid);
    if (isOnline(state)) throw new ApiError('VBOX_E_INVALID_VM_STATE', `machine '${name}' is ${state}, and writes its disks: power it off, or take a snapshot and copy that`, { interface: 'IMachine' });
    return settings;
  }

  private async make(settings: MachineSettings, settingsFile: string, { link, keepDiskNames, register }: CloneMachine, work: Work): Promise<void> {
    const folder = dirname(settingsFile);
    const made: string[] = [];
    try {
      await mkdir(folder, { recursive: true, mode: 0o700 });
      const disks = [...new Map(disksOf(settings).map(({ medium }) => [medium.uuid, medium])).values()];
      const copies = new Map<string, MediumRecord>();
      const names = new Set<string>();
      for (const [index, medium] of disks.entries()) {
        const path = join(folder, nameOf(medium, settings.name, index, keepDiskNames ?? false, names));
        const part: Work = { signal: work.signal, onProgress: (done) => work.onProgress((index + done) / disks.length) };
        copies.set(medium.uuid, link ? await linked(medium, path) : await copied(medium, path, part));
        made.push(path);
      }
      const copy = withDisks(settings, copies);
      const file = await writeAside(settingsFile, settingsText(copy, settingsFile));
      try {
        work.signal.throwIfAborted();
        if (register) {
          await this.machines.add(copy, settingsFile, async (manager) => {
            for (const medium of copies.values()) await addMedium(manager, medium);
          });
        }
      } catch (error) {
        await file.discard();
        throw error;
      }
      await file.commit();
    } catch (error) {
      for (const path of made) await rm(path, { force: true });
      await rmdir(folder).catch(() => undefined);
      throw error;
    }
  }
}

function nameOf({ path }: MediumRecord, machine: string, index: number, keep: boolean, taken: Set<string>): string {
  const kept = `${basename(path, extname(path))}.vdi`;
  const name = keep && !taken.has(kept) ? kept : `${machine}-disk${index + 1}.vdi`;
  taken.add(name);
  return name;
}

async function linked(parent: MediumRecord, path: string): Promise<MediumRecord> {
  const uuid = await createVdi(path, { parent: { path: parent.path, uuid: parent.uuid, format: imageFormat(parent) } }).catch(imageError(`could not create '${path}'`));
  return { uuid, type: 'hdd', path, format: 'VDI', variant: 'Standard', sizeBytes: parent.sizeBytes, description: '', parent };
}

async function copied(source: MediumRecord, path: string, work: Work): Promise<MediumRecord> {
  const uuid = randomUUID();
  await cloneImage(source.path, path, { uuid, sourceFormat: imageFormat(source), resolveParent: resolver(source), owner: 'the API, which copies its machine', ...work }).catch(imageError(`could not clone '${source.path}' to '${path}'`));
  const { size } = await infoOf(path);
  return { uuid, type: 'hdd', path, format: 'VDI', variant: 'Standard', sizeBytes: size, description: '', parent: null };
}
