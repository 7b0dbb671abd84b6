/** Long work on images, each as a job, and their other places. */
import { breakLock, cloneImage, compactImage, type LockInfo, moveImage, readLocks, resizeImage } from '@belvedere/disk';
import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { realpath, rm, stat, unlink } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { ApiError, fileError, invalid, unsupported } from '../http/api-error.js';
import type { Job, JobKind } from '../jobs/job.dto.js';
import { JobsService, type Work } from '../jobs/jobs.service.js';
import { MachineStore } from '../machines/machine.store.js';
import { type MediumRecord } from '../machines/settings.js';
import { parseUuid } from '../machines/uuid.js';
import { isOnline } from '../machines/words.js';
import { exists } from '../settings-file/file.js';
import { BusyMedia } from './busy-media.js';
import { copyContent } from './copy-content.js';
import { formatOf, imageFormat, variantName, variantOf } from './formats.js';
import { imageError, infoOf, resolver } from './images.js';
import { MediaService, requirePath } from './media.service.js';
import type { CloneMedium, Medium, MediumChanges, MediumLock } from './medium.dto.js';
import { MediumStore, type MediumUse } from './medium.store.js';
import { FilePlans } from './file-plans.js';
import { NewFiles, uuidOf } from './new-files.js';
import type { MovePlan } from './plan.js';

const owner = 'the API, which works on it';

type Claimed = Parameters<BusyMedia['claim']>;

@Injectable()
export class MediaWorkService {
  constructor(
    private readonly media: MediaService,
    private readonly store: MediumStore,
    private readonly machines: MachineStore,
    private readonly jobs: JobsService,
    private readonly busy: BusyMedia,
    private readonly newFiles: NewFiles,
    private readonly plans: FilePlans,
  ) {}

  /** Ends what an earlier API was moving: the image is at one of the two places, and the registry knows where. */
  async settleAll(): Promise<void> {
    await this.plans.settle('move', (plan) => this.settleMove(plan));
  }

  /** Copies a disk, with all that it hangs on, into an image of any format under a UUID of its own, or into a disk that is there. */
  async clone(ref: string, { path: asked, format: formatName, variant: variantAsked = 'Standard', existing = false }: CloneMedium): Promise<Job> {
    if (existing) return this.overwrite(ref, asked);
    const path = requirePath(asked);
    await this.media.requireNewPath(path);
    if (formatName !== undefined) variantOf(formatOf(formatName), variantAsked);
    const source = await this.media.resolve(ref, 'hdd', 'read');
    const format = formatOf(formatName ?? source.format);
    const variant = variantOf(format, variantAsked);
    await this.requireUnwritten(source);
    return this.work('clone', [[source, 'read', 'cloned']], async (work) => {
      const uuid = randomUUID();
      const options = { format, variant, uuid, sourceFormat: imageFormat(source), owner, resolveParent: resolver(source), ...work };
      await this.newFiles.during([{ path, image: format === 'RAW' ? null : uuid }], async () => {
        await cloneImage(source.path, path, options).catch(imageError(`could not clone '${source.path}' to '${path}'`));
        try {
          const { size } = await infoOf(path);
          await this.store.add({ uuid, type: 'hdd', path, format, variant: variantName(variant), sizeBytes: size, description: '', parent: null });
        } catch (error) {
          await rm(path, { force: true });
          throw error;
        }
      });
      return uuid;
    });
  }

  private async overwrite(ref: string, targetRef: string): Promise<Job> {
    const source = await this.media.resolve(ref, 'hdd', 'read');
    const target = await this.media.resolve(targetRef, 'hdd');
    if (source.uuid === target.uuid) throw invalid(`'${target.path}' cannot be cloned onto itself`);
    await this.media.requireChildless(target);
    await this.requireUnwritten(source);
    await this.requireUnsaved(target);
    return this.work('clone', [[source, 'read', 'cloned'], [target, 'change', 'written over']], async (work) => {
      const open = (medium: MediumRecord) => ({ format: imageFormat(medium), owner, resolveParent: resolver(medium) });
      await copyContent({ path: source.path, ...open(source) }, { path: target.path, ...open(target) }, work).catch(imageError(`could not clone '${source.path}' into '${target.path}'`));
      return target.uuid;
    });
  }

  /** @throws ApiError while a machine that writes the image is on */
  private async requireUnwritten(medium: MediumRecord): Promise<void> {
    requireNobody(medium, await this.store.uses(medium.uuid));
  }

  /** Makes a disk larger. @throws ApiError for a smaller size */
  async resize(ref: string, sizeBytes: number): Promise<Job> {
    const medium = await this.disk(ref);
    if (sizeBytes % 512 !== 0) throw invalid(`a disk of ${sizeBytes} bytes is not a whole number of 512-byte sectors`);
    const { size } = await infoOf(medium.path);
    if (sizeBytes < size) throw unsupported(`'${medium.path}' has ${size} bytes and cannot be made smaller, to ${sizeBytes}: clone what it holds in the guest onto a smaller disk`);
    return this.work('resize', [[medium, 'change', 'resized']], async (work) => {
      await resizeImage(medium.path, sizeBytes, { format: imageFormat(medium), owner, ...work }).catch(imageError(`could not resize '${medium.path}'`));
      await this.store.update(medium.uuid, { sizeBytes });
      return medium.uuid;
    });
  }

  /** Gives back the room of what is zero in a disk. */
  async compact(ref: string): Promise<Job> {
    const medium = await this.disk(ref);
    return this.work('compact', [[medium, 'change', 'compacted']], async (work) => {
      await compactImage(medium.path, { format: imageFormat(medium), owner, resolveParent: resolver(medium), ...work }).catch(imageError(`could not compact '${medium.path}'`));
      return medium.uuid;
    });
  }

  /** Moves an image's file. @param asked the new path, or a folder that is there */
  async move(ref: string, asked: string): Promise<Job> {
    const medium = await this.media.find(ref);
    const path = await this.newPlace(medium, asked);
    await this.requireOff(medium);
    return this.work('move', [[medium, 'change', 'moved']], async (work) => {
      // Not noted: what stands there is somebody else's.
      if (await exists(path)) throw fileError(`could not move '${medium.path}' to '${path}': there is a file of that name, which already exists`);
      await this.plans.during({ kind: 'move', medium: medium.uuid, from: medium.path, to: path }, async () => {
        await moveImage(medium.path, path, { owner, ...work }).catch(imageError(`could not move '${medium.path}' to '${path}'`));
        await this.relocate(medium, path).catch(async (error: unknown) => {
          await moveImage(path, medium.path);
          throw error;
        });
      });
      return medium.uuid;
    });
  }

  private async settleMove({ medium: uuid, from, to }: MovePlan): Promise<void> {
    const medium = await this.store.byUuid(uuid);
    await this.newFiles.remove({ path: to, image: null });
    if (!medium || !(await exists(to))) return;
    // The old file goes when the new one is whole: until then the registry is right, and what else there is was not needed yet.
    if (medium.path === from && (await exists(from))) {
      if (await isSameImage(from, to)) await unlink(to);
      return;
    }
    if (medium.path === from) await this.relocate(medium, to);
    else await this.rewrite(medium);
  }

  /** Takes note of what changed outside: where the file is now; or of a text for people. */
  async change(ref: string, { location, description, type }: MediumChanges): Promise<Medium> {
    const medium = await this.media.find(ref);
    if (type !== undefined && type.toLowerCase() !== 'normal') throw unsupported(`image type '${type}' is not supported: every disk here is 'normal', written by one machine; to keep a disk as it is, make a differencing image on it (createmedium --diffparent)`);
    this.busy.requireIdle(medium);
    if (location !== undefined) {
      const path = requirePath(location);
      await this.media.requireNewPath(path, medium.uuid);
      const info = await infoOf(path);
      if (info.uuid !== undefined && info.uuid !== medium.uuid) throw invalid(`'${path}' is the image {${info.uuid}}, not {${medium.uuid}}`);
      await this.requireOff(medium);
      await this.relocate(medium, path);
    }
    if (description !== undefined) {
      await this.store.update(medium.uuid, { description });
      await this.rewrite(medium);
    }
    return this.media.get(medium.uuid);
  }

  /** Who has an image. */
  async locks(ref: string): Promise<MediumLock[]> {
    return (await readLocks(await this.pathOf(ref)).catch(imageError(`could not read the locks of '${ref}'`))).map(describeLock);
  }

  /** Breaks the locks of holders that are out of this host's sight. @throws ApiError when a process of this host has the image */
  async unlock(ref: string): Promise<MediumLock[]> {
    return (await breakLock(await this.pathOf(ref)).catch(imageError(`could not unlock '${ref}'`))).map(describeLock);
  }

  private async pathOf(ref: string): Promise<string> {
    return parseUuid(ref) ? (await this.media.find(ref)).path : requirePath(ref);
  }

  private async disk(ref: string): Promise<MediumRecord> {
    const medium = await this.media.resolve(ref, 'hdd');
    await this.requireUnsaved(medium);
    return medium;
  }

  private async newPlace({ uuid, path }: MediumRecord, asked: string): Promise<string> {
    const given = requirePath(asked);
    const isFolder = await stat(given).then((found) => found.isDirectory(), () => false);
    const place = isFolder ? join(given, basename(path)) : given;
    await this.media.requireNewPath(place, uuid);
    return place;
  }

  /** @throws ApiError while a machine that has the image, or one that hangs on it, is on */
  private async requireOff(medium: MediumRecord): Promise<void> {
    requireNobody(medium, await this.users(medium));
  }

  /** @throws ApiError as `requireOff`, and while a saved state expects the image as it is */
  private async requireUnsaved(medium: MediumRecord): Promise<void> {
    const users = await this.users(medium);
    requireNobody(medium, users);
    const saved = users.find(({ state }) => state === 'saved');
    if (saved) throw new ApiError('VBOX_E_INVALID_OBJECT_STATE', `image '${medium.path}' must stay as the saved state of machine '${saved.name}' knows it: start that machine, or discard its state`, { interface: 'IMedium' });
  }

  private async users({ uuid }: MediumRecord): Promise<MediumUse[]> {
    const media = new Set(await this.store.descendants(uuid)).add(uuid);
    return (await this.store.uses()).filter(({ medium }) => media.has(medium));
  }

  /** @param media what is worked on, the subject first, with how and what is done to each */
  private work(kind: JobKind, media: readonly [Claimed, ...Claimed[]], work: (work: Work) => Promise<string>): Job {
    const releases: (() => void)[] = [];
    const release = (): void => releases.forEach((give) => give());
    try {
      for (const claimed of media) releases.push(this.busy.claim(...claimed));
    } catch (error) {
      release();
      throw error;
    }
    return this.jobs.start(kind, media[0][0].path, (parts) => work(parts).finally(release));
  }

  private async relocate(medium: MediumRecord, path: string): Promise<void> {
    await this.store.update(medium.uuid, { path });
    await this.rewrite(medium);
  }

  /** Writes the settings files of the machines that name an image. */
  private async rewrite(medium: MediumRecord): Promise<void> {
    for (const uuid of new Set((await this.users(medium)).map((user) => user.uuid))) await this.machines.change(uuid, ({ settings }) => settings);
  }
}

/** Whether a file is the other one under a second name, or its copy as far as their headers tell. The same name by another way is neither. */
async function isSameImage(one: string, other: string): Promise<boolean> {
  if ((await realpath(one)) === (await realpath(other))) return false;
  const [first, second] = await Promise.all([stat(one, { bigint: true }), stat(other, { bigint: true })]);
  if (first.dev === second.dev && first.ino === second.ino) return true;
  const uuid = await uuidOf(one);
  return uuid !== undefined && uuid === (await uuidOf(other));
}

function requireNobody({ path }: MediumRecord, users: readonly MediumUse[]): void {
  const user = users.find(({ state }) => isOnline(state));
  if (user) throw new ApiError('VBOX_E_INVALID_OBJECT_STATE', `image '${path}' is in use by machine '${user.name}', which is ${user.state}: power that off first`, { interface: 'IMedium' });
}

const describeLock = ({ file, owner: by, mode, pid, host, life }: LockInfo): MediumLock => ({ file, owner: by ?? null, mode, pid: pid ?? null, host: host ?? null, life });
