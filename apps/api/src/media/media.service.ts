/** Decides about images: which are known, what a file is, when one may go. */
import { Injectable } from '@nestjs/common';
import { createVdi, readImageInfo } from '@belvedere/disk';
import { randomUUID } from 'node:crypto';
import { access, constants, rm } from 'node:fs/promises';
import { isAbsolute, normalize } from 'node:path';
import { ApiError, fileError, invalid, inUse, notFound, textOf, unsupported } from '../http/api-error.js';
import type { MediumRecord } from '../machines/settings.js';
import { parseUuid } from '../machines/uuid.js';
import type { MediumType } from '../machines/words.js';
import type { CreateMedium, Medium } from './medium.dto.js';
import { deleteFile } from './delete-file.js';
import { MediumStore, type MediumUse } from './medium.store.js';

@Injectable()
export class MediaService {
  constructor(private readonly store: MediumStore) {}

  async list(type?: MediumType): Promise<Medium[]> {
    const uses = await this.store.uses();
    return Promise.all((await this.store.list(type)).map((medium) => describe(medium, uses)));
  }

  async get(ref: string): Promise<Medium> {
    const medium = await this.find(ref);
    return describe(medium, await this.store.uses(medium.uuid));
  }

  /** Makes a disk image and registers it. @throws ApiError; no file is left then */
  async create({ path: asked, sizeBytes, format = 'VDI', variant = 'Standard' }: CreateMedium): Promise<Medium> {
    const path = requirePath(asked);
    if (format.toUpperCase() !== 'VDI') throw unsupported(`disk image format '${format}' is not supported: use VDI`);
    const kind = (['Standard', 'Fixed'] as const).find((known) => known.toLowerCase() === variant.toLowerCase());
    if (!kind) throw unsupported(`disk image variant '${variant}' is not supported: use Standard or Fixed`);
    if (sizeBytes % 512 !== 0) throw invalid(`a disk of ${sizeBytes} bytes is not a whole number of 512-byte sectors`);
    const known = await this.store.byPath(path);
    if (known) throw inUse(`'${path}' is registered already, as the image {${known.uuid}}: choose another name`);

    const uuid = await createVdi(path, { size: sizeBytes, variant: kind }).catch((cause: unknown) => Promise.reject(fileError(`could not create '${path}'`, cause)));
    const medium: MediumRecord = { uuid, type: 'hdd', path, format: 'VDI', variant: kind, sizeBytes };
    try {
      await this.store.add(medium);
    } catch (error) {
      await rm(path, { force: true });
      throw error;
    }
    return describe(medium, []);
  }

  /** Forgets an image. @param file true: removes its file too. @throws ApiError while a machine has it attached */
  async close(ref: string, file: boolean): Promise<void> {
    const medium = await this.find(ref);
    const [user] = await this.store.uses(medium.uuid);
    if (user) throw inUse(`image '${medium.path}' is attached to machine '${user.name}': detach it first`);
    await this.store.remove(medium.uuid);
    if (file) await deleteFile(medium.path).catch((cause: unknown) => Promise.reject(fileError(`'${medium.path}' is no longer registered, but could not be removed`, cause)));
  }

  /**
   * The image to be attached: a known one by UUID or path, or the file at a path, which becomes known.
   * @throws ApiError when it is none that `type` takes, or cannot be read
   */
  async resolve(ref: string, type: MediumType): Promise<MediumRecord> {
    const uuid = parseUuid(ref);
    const known = uuid ? await this.store.byUuid(uuid) : await this.store.byPath(requirePath(ref));
    if (uuid && !known) throw notFound(`Could not find a registered medium with UUID {${uuid}}: give the path of its file`);
    if (known && known.type !== type) throw invalid(`'${known.path}' is a ${known.type} image, and cannot be attached as ${type}`);
    if (known) {
      await requireAccess(known);
      return known;
    }
    const medium = await inspect(requirePath(ref), type);
    await this.requireUnknown(medium);
    await this.store.add(medium);
    return medium;
  }

  /**
   * Describes an image that a settings file names, without registering it.
   * @returns the known one where that is the same; a file that cannot be read is taken as it is named
   * @throws ApiError when the UUID or the path belongs to another image
   */
  async named(uuid: string, type: MediumType, path: string): Promise<{ medium: MediumRecord; known: boolean; problem?: string }> {
    const known = (await this.store.byUuid(uuid)) ?? (await this.store.byPath(path));
    if (known) {
      if (known.uuid !== uuid || known.path !== path) throw inUse(`image {${uuid}} at '${path}' conflicts with the registered image {${known.uuid}} at '${known.path}'`);
      return { medium: known, known: true };
    }
    try {
      const found = await inspect(path, type);
      if (type === 'hdd' && found.format === 'VDI' && found.uuid !== uuid) throw invalid(`image '${path}' has the UUID {${found.uuid}}, not {${uuid}}`);
      return { medium: { ...found, uuid }, known: false };
    } catch (error) {
      if (!(error instanceof ApiError) || error.code !== 'VBOX_E_FILE_ERROR') throw error;
      return { medium: { uuid, type, path, format: type === 'hdd' ? 'VDI' : 'RAW', variant: 'Standard', sizeBytes: 0 }, known: false, problem: textOf(error) };
    }
  }

  /** Forgets the disks of a removed machine that no other uses. @returns their files */
  async release(media: readonly MediumRecord[]): Promise<string[]> {
    const files: string[] = [];
    for (const medium of media) {
      if ((await this.store.uses(medium.uuid)).length) continue;
      await this.store.remove(medium.uuid);
      if (medium.type === 'hdd') files.push(medium.path);
    }
    return files;
  }

  private async find(ref: string): Promise<MediumRecord> {
    const uuid = parseUuid(ref);
    const medium = uuid ? await this.store.byUuid(uuid) : await this.store.byPath(requirePath(ref));
    if (!medium) throw notFound(uuid ? `Could not find a registered medium with UUID {${uuid}}` : `Could not find a registered medium at '${ref}'`);
    return medium;
  }

  private async requireUnknown(medium: MediumRecord): Promise<void> {
    const twin = await this.store.byUuid(medium.uuid);
    if (twin) throw inUse(`'${medium.path}' has the same UUID {${medium.uuid}} as the registered image '${twin.path}': it is a copy; make one with a UUID of its own`);
  }
}

/** @throws ApiError for a path that is not absolute: what it starts from is known to the caller alone */
function requirePath(path: string): string {
  if (!isAbsolute(path)) throw invalid(`image path '${path}' is not absolute`);
  return normalize(path);
}

/** @throws ApiError when the file cannot be read, or cannot be written where its drive writes */
export async function requireAccess({ path, type }: MediumRecord): Promise<void> {
  const mode = type === 'hdd' ? constants.R_OK | constants.W_OK : constants.R_OK;
  await access(path, mode).catch((cause: unknown) => Promise.reject(fileError(`could not open the image '${path}'`, cause)));
}

/** @returns whether a machine that has this image writes it: disks always, floppies where their file lets it */
export async function isWritten({ path, type }: MediumRecord): Promise<boolean> {
  if (type !== 'floppy') return type === 'hdd';
  return access(path, constants.W_OK).then(
    () => true,
    () => false,
  );
}

async function inspect(path: string, type: MediumType): Promise<MediumRecord> {
  const info = await readImageInfo(path).catch((cause: unknown) => Promise.reject(fileError(`could not open the image '${path}'`, cause)));
  if (type === 'dvd' && info.format !== 'ISO') throw invalid(`'${path}' is no ISO image (${info.format}): a DVD drive takes ISO images only`);
  if (type !== 'dvd' && info.format === 'ISO') throw invalid(`'${path}' is an ISO image: attach it to a DVD drive (--type dvddrive)`);
  if (type === 'floppy' && info.format !== 'RAW') throw invalid(`'${path}' is a ${info.format} image: a floppy drive takes raw images only`);
  const medium: MediumRecord = { uuid: info.uuid ?? randomUUID(), type, path, format: info.format === 'ISO' ? 'RAW' : info.format, variant: info.variant, sizeBytes: info.size };
  await requireAccess(medium);
  return medium;
}

async function describe(medium: MediumRecord, uses: readonly MediumUse[]): Promise<Medium> {
  const usedBy = uses.filter((use) => use.medium === medium.uuid).map(({ uuid, name }) => ({ uuid, name }));
  const { uuid, type, path, format, variant, sizeBytes } = medium;
  const common = { uuid, type, path, format, variant, usedBy };
  try {
    const info = await readImageInfo(path);
    return { ...common, sizeBytes: info.size, sizeOnDiskBytes: info.actualSize, accessible: true, problem: null };
  } catch (error) {
    return { ...common, sizeBytes, sizeOnDiskBytes: null, accessible: false, problem: textOf(error) };
  }
}
