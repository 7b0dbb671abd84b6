/** Decides about images: which are known, what a file is, when one may go. */
import { Injectable } from '@nestjs/common';
import { floppySizes } from '@belvedere/disk';
import { randomUUID } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { isAbsolute, normalize, sep } from 'node:path';
import { ApiError, fileError, invalid, inUse, notFound, textOf, unsupported } from '../http/api-error.js';
import { type MediumRecord, parentsOf } from '../machines/settings.js';
import { parseUuid } from '../machines/uuid.js';
import type { MediumType } from '../machines/words.js';
import type { NamedMedium } from '../settings-file/read.js';
import type { CreateMedium, Medium } from './medium.dto.js';
import { deleteFile } from './delete-file.js';
import { BusyMedia } from './busy-media.js';
import { createImage } from './create-image.js';
import { newFormatOf, requireWritable, variantName, variantOf } from './formats.js';
import { describeFile, describeMedium, imageError, inspect, type Inspected, requireAccess } from './images.js';
import { MediumStore } from './medium.store.js';
import { NewFiles } from './new-files.js';

@Injectable()
export class MediaService {
  constructor(
    private readonly store: MediumStore,
    private readonly busy: BusyMedia,
    private readonly newFiles: NewFiles,
  ) {}

  async list(type?: MediumType): Promise<Medium[]> {
    const [uses, media] = [await this.store.uses(), await this.store.list(type)];
    return Promise.all(media.map((medium) => describeMedium(medium, uses, media.filter(({ parent }) => parent?.uuid === medium.uuid))));
  }

  /** @param unregistered true: a file that is not registered is described too, and stays unregistered. @throws ApiError */
  async get(ref: string, unregistered = false): Promise<Medium> {
    const path = unregistered && !parseUuid(ref) ? requirePath(ref) : undefined;
    if (path !== undefined && !(await this.store.byPath(path))) return describeFile(path);
    return this.describe(await this.find(ref));
  }

  async describe(medium: MediumRecord): Promise<Medium> {
    return describeMedium(medium, await this.store.uses(medium.uuid), await this.store.children(medium.uuid));
  }

  /** Makes a disk image and registers it. @throws ApiError; no file is left then */
  async create({ type, path: asked, sizeBytes, format: formatName = type === 'floppy' ? 'RAW' : 'VDI', variant = 'Standard', parent: parentRef }: CreateMedium): Promise<Medium> {
    const path = requirePath(asked);
    const format = newFormatOf(formatName);
    const kind = variantOf(format, variant);
    if (type === 'floppy' && format !== 'RAW') throw unsupported(`a floppy image is of format RAW, not ${format}`);
    if (type === 'floppy' && !floppySizes.includes(sizeBytes ?? 0)) throw invalid(`${sizeBytes} bytes are no floppy's size: use 1474560 (1.44 MB) or another usual size`);
    if (sizeBytes !== undefined && sizeBytes % 512 !== 0) throw invalid(`a disk of ${sizeBytes} bytes is not a whole number of 512-byte sectors`);
    await this.requireNewPath(path);
    const parent = parentRef === undefined ? null : await this.parent(parentRef);
    const size = sizeBytes ?? parent?.sizeBytes;
    if (size === undefined) throw invalid('a new disk needs its size, or the parent that it hangs on');
    if (parent && (format !== 'VDI' || type === 'floppy')) throw unsupported('a differencing image is a disk of format VDI');
    if (parent && kind !== 'Standard') throw invalid(`a differencing image grows as it is written: leave out the variant '${variant}'`);
    if (parent && size < parent.sizeBytes) throw invalid(`a disk of ${size} bytes is smaller than its parent '${parent.path}' of ${parent.sizeBytes} bytes`);

    const medium: MediumRecord = { uuid: randomUUID(), type, path, format, variant: variantName(kind), sizeBytes: size, description: '', parent };
    await this.newFiles.during([{ path, image: format === 'RAW' ? null : medium.uuid }], async () => {
      await createImage(path, medium.uuid, { size, format, variant: kind, parent }).catch(imageError(`could not create '${path}'`));
      try {
        await this.store.add(medium);
      } catch (error) {
        await rm(path, { force: true });
        throw error;
      }
    });
    return describeMedium(medium, [], []);
  }

  /** Forgets an image. @param file true: removes its file too. @throws ApiError while a machine has it attached */
  async close(ref: string, file: boolean): Promise<void> {
    const medium = await this.find(ref);
    const [user] = await this.store.uses(medium.uuid);
    if (user) throw inUse(`image '${medium.path}' is attached to machine '${user.name}': detach it first`);
    await this.requireChildless(medium);
    this.busy.requireIdle(medium);
    await this.store.remove(medium.uuid);
    if (file) await deleteFile(medium.path).catch((cause: unknown) => Promise.reject(fileError(`'${medium.path}' is no longer registered, but could not be removed`, cause)));
  }

  /**
   * The image to be attached: a known one by UUID or path, or the file at a path, which becomes known.
   * @param use to write a disk, or only to read it
   * @throws ApiError when it is none that `type` takes, or cannot be used so
   */
  async resolve(ref: string, type: MediumType, use: 'write' | 'read' = 'write'): Promise<MediumRecord> {
    const uuid = parseUuid(ref);
    const known = uuid ? await this.store.byUuid(uuid) : await this.store.byPath(requirePath(ref));
    if (uuid && !known) throw notFound(`Could not find a registered medium with UUID {${uuid}}: give the path of its file`);
    if (known && known.type !== type) throw invalid(`'${known.path}' is a ${known.type} image, and cannot be attached as ${type}`);
    if (known) {
      if (use === 'write') requireWritable(known);
      await requireAccess(known, use);
      return known;
    }
    const medium = await this.withParent(await inspect(requirePath(ref), type));
    if (use === 'write') requireWritable(medium);
    await requireAccess(medium, use);
    await this.requireUnknown(medium);
    await this.store.add(medium);
    return medium;
  }

  /** @throws ApiError for an image that others hang on: what is written to it would show through them */
  async requireChildless({ uuid, path }: MediumRecord): Promise<void> {
    const [snapshot] = await this.store.snapshots(uuid);
    if (snapshot) throw inUse(`'${path}' belongs to snapshot '${snapshot.name}' of machine '${snapshot.machine}', and must not change: delete that snapshot first`);
    const children = await this.store.children(uuid);
    if (children.length) throw inUse(`${children.length === 1 ? `the image '${children[0]!.path}' hangs` : `${children.length} images hang`} on '${path}', which must not change: use ${children.length === 1 ? 'that one' : 'one of those'}, or close ${children.length === 1 ? 'it' : 'them'} first`);
  }

  /** @param but the UUID of an image that may have it. @throws ApiError when a path is taken in the registry */
  async requireNewPath(path: string, but?: string): Promise<void> {
    const known = await this.store.byPath(path);
    if (known && known.uuid !== but) throw inUse(`'${path}' is registered already, as the image {${known.uuid}}: choose another name`);
  }

  /**
   * Describes an image that a settings file names, without registering it.
   * @param parent what it hangs on, as it was described before
   * @returns the known one where that is the same; a file that cannot be read is taken as it is named
   * @throws ApiError when the UUID, the path or the parent belongs to another image
   */
  async named({ uuid, type, path, description }: NamedMedium, parent: MediumRecord | null): Promise<{ medium: MediumRecord; known: boolean; problem?: string }> {
    const known = (await this.store.byUuid(uuid)) ?? (await this.store.byPath(path));
    if (known) {
      if (known.uuid !== uuid || known.path !== path) throw inUse(`image {${uuid}} at '${path}' conflicts with the registered image {${known.uuid}} at '${known.path}'`);
      if (known.parent?.uuid !== parent?.uuid) throw inUse(`image '${path}' hangs on ${parent ? `{${parent.uuid}}` : 'no image'} in the settings file, but on ${known.parent ? `{${known.parent.uuid}}` : 'none'} in the registry`);
      return { medium: known, known: true };
    }
    try {
      const { parentUuid, ...found } = await inspect(path, type);
      if (type === 'hdd' && found.format !== 'RAW' && found.uuid !== uuid) throw invalid(`image '${path}' has the UUID {${found.uuid}}, not {${uuid}}`);
      if (parentUuid !== null && parentUuid !== parent?.uuid) throw invalid(`image '${path}' hangs on the image {${parentUuid}}, which the settings file does not say`);
      if (parent && parentUuid === null) throw invalid(`image '${path}' hangs on no image, but the settings file has it below {${parent.uuid}}`);
      const medium = { ...found, uuid, description, parent };
      await requireAccess(medium, 'read');
      return { medium, known: false };
    } catch (error) {
      if (!(error instanceof ApiError) || error.code !== 'VBOX_E_FILE_ERROR') throw error;
      return { medium: { uuid, type, path, format: type === 'hdd' ? 'VDI' : 'RAW', variant: 'Standard', sizeBytes: 0, description, parent }, known: false, problem: textOf(error) };
    }
  }

  /**
   * Forgets the images of a removed machine that no other machine has and none hangs on; then those in its folder that they hung on.
   * @param folder the machine's own
   * @returns the files of its disks
   */
  async release(media: readonly MediumRecord[], folder: string): Promise<string[]> {
    const files = new Set<string>();
    const depth = (medium: MediumRecord): number => parentsOf(medium).length;
    const queue = [...media].sort((a, b) => depth(b) - depth(a));
    for (let medium = queue.shift(); medium; medium = queue.shift()) {
      const used = (await this.store.uses(medium.uuid)).length + (await this.store.children(medium.uuid)).length + (await this.store.snapshots(medium.uuid)).length;
      if (used || !(await this.store.byUuid(medium.uuid))) continue;
      await this.store.remove(medium.uuid);
      if (medium.type === 'hdd') files.add(medium.path);
      if (medium.parent?.path.startsWith(folder + sep)) queue.push(medium.parent);
    }
    return [...files];
  }

  /** A known image by UUID or path. @throws ApiError */
  async find(ref: string): Promise<MediumRecord> {
    const uuid = parseUuid(ref);
    const medium = uuid ? await this.store.byUuid(uuid) : await this.store.byPath(requirePath(ref));
    if (!medium) throw notFound(uuid ? `Could not find a registered medium with UUID {${uuid}}` : `Could not find a registered medium at '${ref}'`);
    return medium;
  }

  /** What a new image is to hang on. @throws ApiError for one that is not there, or that a machine writes */
  private async parent(ref: string): Promise<MediumRecord> {
    const parent = await this.resolve(ref, 'hdd', 'read');
    const [user] = await this.store.uses(parent.uuid);
    if (user) throw inUse(`'${parent.path}' is attached to machine '${user.name}', which writes it: detach it first, since an image that others hang on must not change`);
    return parent;
  }

  private async withParent({ parentUuid, ...medium }: Inspected): Promise<MediumRecord> {
    if (parentUuid === null) return { ...medium, parent: null };
    const parent = await this.store.byUuid(parentUuid);
    if (!parent) throw notFound(`'${medium.path}' hangs on the image {${parentUuid}}, which is not registered: register that one first, by attaching it or by 'registervm' of a machine that has it`);
    return { ...medium, parent };
  }

  private async requireUnknown(medium: MediumRecord): Promise<void> {
    const twin = await this.store.byUuid(medium.uuid);
    if (twin) throw inUse(`'${medium.path}' has the same UUID {${medium.uuid}} as the registered image '${twin.path}': it is a copy; make one with a UUID of its own`);
  }
}

/** @throws ApiError for a path that is not absolute: what it starts from is known to the caller alone */
export function requirePath(path: string): string {
  if (!isAbsolute(path)) throw invalid(`image path '${path}' is not absolute`);
  return normalize(path);
}
