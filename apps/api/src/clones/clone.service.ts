/**
 * Copies machines: whole, with their snapshots or without, or linked, with disks that hang on a snapshot's.
 *
 * The copy comes into the registry when all its files are there; what fails or is cancelled before leaves none of them.
 */
import { cloneImage, createVdi } from '@belvedere/disk';
import { Injectable } from '@nestjs/common';
import { randomUUID } from 'node:crypto';
import { constants } from 'node:fs';
import { copyFile, mkdir, rm, rmdir } from 'node:fs/promises';
import { basename, dirname, extname, isAbsolute, join, normalize } from 'node:path';
import { ApiError, fileError, invalid, inUse } from '../http/api-error.js';
import type { Job } from '../jobs/job.dto.js';
import { JobsService, type Work } from '../jobs/jobs.service.js';
import type { HistoricSnapshot, MachineHistory } from '../machines/history.js';
import type { MachineRecord } from '../machines/machine-rows.js';
import { MachineStore } from '../machines/machine.store.js';
import { requireName, settingsFileIn } from '../machines/names.js';
import { type MachineSettings, type MediumRecord, newMac } from '../machines/settings.js';
import { parseUuid } from '../machines/uuid.js';
import { isOnline } from '../machines/words.js';
import { imageFormat } from '../media/formats.js';
import { imageError, infoOf, resolver } from '../media/images.js';
import { addMedium } from '../media/medium.store.js';
import { FilePlans } from '../media/file-plans.js';
import { NewFiles } from '../media/new-files.js';
import type { ClonePlan, NewFile } from '../media/plan.js';
import { exists, readSettingsFile, removeAsides, writeAside } from '../settings-file/file.js';
import { settingsText } from '../settings-file/write.js';
import { findSnapshot } from '../snapshots/find.js';
import { insertSnapshot, SnapshotStore } from '../snapshots/snapshot.store.js';
import { disksOf, mediaOfStored, settingsOf, type SnapshotRecord, storedOf, withDisks } from '../snapshots/stored.js';
import { snapshotFolderOf, stateFileOf } from '../states/state-files.js';
import { StateStore } from '../supervisor/state.store.js';
import { SystemPropertiesService } from '../system/system-properties.service.js';
import type { CloneMachine } from './clone.dto.js';
import { imagesOf, type ImageToCopy, subtreeOf } from './tree.js';

@Injectable()
export class CloneService {
  constructor(
    private readonly machines: MachineStore,
    private readonly snapshots: SnapshotStore,
    private readonly states: StateStore,
    private readonly properties: SystemPropertiesService,
    private readonly jobs: JobsService,
    private readonly plans: FilePlans,
    private readonly newFiles: NewFiles,
  ) {}

  /** Ends what an earlier API was copying: a copy that is there whole stays, and of another nothing is left. */
  async settleAll(): Promise<void> {
    await this.plans.settle('clone', async (plan) => ((await this.isMade(plan)) ? this.finish(plan) : this.undo(plan)));
  }

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
    return this.jobs.start('clone', record.settings.name, async (work) => {
      await this.make({ ...source, uuid, name }, settingsFile, asked, work);
      return uuid;
    });
  }

  /** What is copied. @throws ApiError for what cannot be copied */
  private async source(record: MachineRecord, asked: CloneMachine): Promise<Source> {
    const { settings } = record;
    const { uuid, name } = settings;
    const { snapshot: ref, link, register } = asked;
    const all = await this.snapshots.list(uuid);
    const { snapshots, asNow } = subtreeOf(all, name, asked);
    if (link && ref === undefined) throw invalid(`a linked clone hangs on a snapshot, which stays as it is: take one of machine '${name}' and name it with --snapshot`);
    if (link && !register) throw invalid("a linked clone is registered, so that its parent's disks are kept for it: add --register");
    const settingsAt = async (snapshot: SnapshotRecord): Promise<MachineSettings> => settingsOf(snapshot.settings, settings, await this.snapshots.media(mediaOfStored(snapshot.settings)));
    const stateFile = (of: string): string => stateFileOf(record.settingsFile, of);
    const tree: HistoricSnapshot[] = [];
    for (const snapshot of snapshots) tree.push({ ...snapshot, settings: await settingsAt(snapshot), stateFile: snapshot.online ? stateFile(snapshot.uuid) : null });
    if (!asNow) return { settings: await settingsAt(findSnapshot(all, name, ref!)), snapshots: tree, begins: tree[0] !== undefined, stateFile: tree[0]?.stateFile ?? null };
    const { state } = await this.states.get(uuid);
    if (isOnline(state)) throw new ApiError('VBOX_E_INVALID_VM_STATE', `machine '${name}' is ${state}, and writes its disks: power it off, or take a snapshot and copy that`, { interface: 'IMachine' });
    return { settings, snapshots: tree, begins: false, stateFile: tree.length && state === 'saved' ? stateFile(uuid) : null };
  }

  private async make({ uuid, name, settings: source, snapshots, begins, stateFile }: Source & Pick<MachineSettings, 'uuid' | 'name'>, settingsFile: string, asked: CloneMachine, work: Work): Promise<void> {
    const folder = dirname(settingsFile);
    const own = snapshotFolderOf(settingsFile);
    const images = imagesOf([...snapshots.map(({ settings }) => settings), source]);
    const names = new Set<string>();
    const places = images.map(({ medium, onto }, index): Place => {
      const image = randomUUID();
      return { medium, onto, image, path: onto === null ? join(folder, nameOf(medium, name, index, asked.keepDiskNames ?? false, names)) : join(own, `{${image}}.vdi`) };
    });
    const leaves = begins ? disksOf(source).map(({ medium }) => ({ medium, image: randomUUID() })).map((leaf) => ({ ...leaf, path: join(own, `{${leaf.image}}.vdi`) })) : [];
    const uuids = new Map(snapshots.map((snapshot) => [snapshot.uuid, randomUUID()]));
    const stateOf = (from: string | null, of: string): string | null => (from === null ? null : stateFileOf(settingsFile, of));
    const saved = stateOf(stateFile, uuid);
    const states = [...snapshots.map((snapshot) => ({ from: snapshot.stateFile, to: stateOf(snapshot.stateFile, uuids.get(snapshot.uuid)!) })), { from: stateFile, to: saved }].flatMap(({ from, to }) => (from === null || to === null ? [] : [{ from, to }]));
    const plan: ClonePlan = { kind: 'clone', machine: uuid, settingsFile, registers: asked.register, images: [...places, ...leaves].map(({ path, image }) => ({ path, image })).reverse(), states: states.map(({ to }) => to), saved };
    const made: string[] = [];
    await this.plans.during(plan, async () => {
      try {
        for (const place of snapshots.length ? [folder, own] : [folder]) await mkdir(place, { recursive: true, mode: 0o700 });
        const copies = new Map<string, MediumRecord>();
        for (const [index, place] of places.entries()) {
          const part: Work = { signal: work.signal, onProgress: (done) => work.onProgress((index + done) / places.length) };
          const onto = place.onto === null ? null : copies.get(place.onto)!;
          copies.set(place.medium.uuid, asked.link ? await branch(place.medium, place) : await copied(place, onto, part));
          made.push(place.path);
        }
        const now = new Map(copies);
        for (const leaf of leaves) {
          now.set(leaf.medium.uuid, await branch(copies.get(leaf.medium.uuid)!, leaf));
          made.push(leaf.path);
        }
        const addresses = new Map<string, string>();
        const renamed = (settings: MachineSettings, media: ReadonlyMap<string, MediumRecord>): MachineSettings => {
          const itsOwn = { ...withDisks(settings, media), uuid, name };
          return asked.keepMacs ? itsOwn : withAddresses(itsOwn, addresses);
        };
        const copy = renamed(source, now);
        const history: MachineHistory = {
          stateFile: saved,
          snapshots: snapshots.map((snapshot, index) => ({
            ...snapshot,
            uuid: uuids.get(snapshot.uuid)!,
            parent: index === 0 || snapshot.parent === null ? null : (uuids.get(snapshot.parent) ?? null),
            current: begins ? index === 0 : snapshot.current,
            settings: renamed(snapshot.settings, copies),
            stateFile: stateOf(snapshot.stateFile, uuids.get(snapshot.uuid)!),
          })),
        };
        for (const { from, to } of states) {
          work.signal.throwIfAborted();
          made.push(to);
          await copyFile(from, to, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE).catch((cause: unknown) => Promise.reject(fileError(`could not copy the saved state '${from}'`, cause)));
        }
        const file = await writeAside(settingsFile, settingsText(copy, settingsFile, history));
        try {
          work.signal.throwIfAborted();
          if (asked.register) await this.register(copy, settingsFile, [...copies.values(), ...leaves.map(({ medium }) => now.get(medium.uuid)!)], history);
        } catch (error) {
          await file.discard();
          throw error;
        }
        await file.commit();
        if (asked.register && saved !== null) await this.states.set(uuid, 'saved');
      } catch (error) {
        for (const path of made) await rm(path, { force: true });
        for (const place of [own, folder]) await rmdir(place).catch(() => undefined);
        throw error;
      }
    });
  }

  private async isMade({ machine, registers, settingsFile }: ClonePlan): Promise<boolean> {
    if (registers) return (await this.machines.list()).some(({ uuid }) => uuid === machine);
    return readSettingsFile(settingsFile).then((text) => text.includes(`{${machine}}`), () => false);
  }

  /** What follows the registry's word is done again. */
  private async finish({ machine, registers, saved, settingsFile }: ClonePlan): Promise<void> {
    await removeAsides(settingsFile);
    if (!registers) return;
    if (saved !== null && (await this.states.get(machine)).state === 'poweroff' && (await exists(saved))) await this.states.set(machine, 'saved');
    await this.machines.rewrite(machine);
  }

  private async undo({ images, states, settingsFile }: ClonePlan): Promise<void> {
    for (const image of images) await this.newFiles.remove(image);
    for (const state of states) await rm(state, { force: true });
    await removeAsides(settingsFile);
    for (const place of [snapshotFolderOf(settingsFile), dirname(settingsFile)]) await rmdir(place).catch(() => undefined);
  }

  /** @param media parents before their children */
  private async register(copy: MachineSettings, settingsFile: string, media: readonly MediumRecord[], { snapshots }: MachineHistory): Promise<void> {
    await this.machines.add(
      copy,
      settingsFile,
      async (manager) => {
        for (const medium of media) await addMedium(manager, medium);
      },
      async (manager) => {
        for (const { stateFile, settings, ...snapshot } of snapshots) await insertSnapshot(manager, { ...snapshot, machine: copy.uuid, online: stateFile !== null, settings: storedOf(settings) });
      },
    );
  }
}

/** What is copied. */
interface Source {
  readonly settings: MachineSettings;
  readonly snapshots: readonly HistoricSnapshot[];
  /** The copy begins at the first of its snapshots. */
  readonly begins: boolean;
  /** The state that the copy is to be saved in. */
  readonly stateFile: string | null;
}

/** Where an image's copy is to be, and its UUID. */
interface Place extends ImageToCopy, NewFile {
  readonly image: string;
}

/** Network adapters get new addresses, in every snapshot the same ones. */
function withAddresses(settings: MachineSettings, given: Map<string, string>): MachineSettings {
  const addressFor = (mac: string): string => {
    const found = given.get(mac) ?? newMac();
    given.set(mac, found);
    return found;
  };
  return { ...settings, hardware: { ...settings.hardware, adapters: settings.hardware.adapters.map((adapter) => ({ ...adapter, mac: addressFor(adapter.mac) })) } };
}

function nameOf({ path }: MediumRecord, machine: string, index: number, keep: boolean, taken: Set<string>): string {
  const kept = `${basename(path, extname(path))}.vdi`;
  const name = keep && !taken.has(kept) ? kept : `${machine}-disk${index + 1}.vdi`;
  taken.add(name);
  return name;
}

/** An image that hangs on `parent`, and holds nothing yet. */
async function branch(parent: MediumRecord, { image, path }: Pick<Place, 'image' | 'path'>): Promise<MediumRecord> {
  await createVdi(path, { uuid: image, parent: { path: parent.path, uuid: parent.uuid, format: imageFormat(parent) } }).catch(imageError(`could not create '${path}'`));
  return { uuid: image, type: 'hdd', path, format: 'VDI', variant: 'Standard', sizeBytes: parent.sizeBytes, description: '', parent };
}

/** @param onto what the copy hangs on, as the source hangs on what that was copied from */
async function copied({ medium: source, image, path }: Place, onto: MediumRecord | null, work: Work): Promise<MediumRecord> {
  const parent = onto && { path: onto.path, uuid: onto.uuid, format: imageFormat(onto) };
  const options = { uuid: image, sourceFormat: imageFormat(source), resolveParent: resolver(source), owner: 'the API, which copies its machine', ...(parent && { parent }), ...work };
  await cloneImage(source.path, path, options).catch(imageError(`could not clone '${source.path}' to '${path}'`));
  const { size } = await infoOf(path);
  return { uuid: image, type: 'hdd', path, format: 'VDI', variant: 'Standard', sizeBytes: size, description: '', parent: onto };
}
