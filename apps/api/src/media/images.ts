/** Images as their files are: what one is, and whether it may be read and written. */
import { floppySizes, type ImageInfo, ImageLockedError, readImageInfo, type ResolveParent } from '@belvedere/disk';
import { randomUUID } from 'node:crypto';
import { access, constants } from 'node:fs/promises';
import { ApiError, fileError, invalid, textOf } from '../http/api-error.js';
import { type MediumRecord, parentsOf } from '../machines/settings.js';
import type { MediumType } from '../machines/words.js';
import { imageFormat, variantName } from './formats.js';
import type { Medium } from './medium.dto.js';
import type { MediumUse } from './medium.store.js';

/** What a file says of itself; a parent by its UUID. */
export type Inspected = Omit<MediumRecord, 'parent'> & { readonly parentUuid: string | null };

/** @throws ApiError when the file is no image that `type` takes, or cannot be read */
export async function inspect(path: string, type: MediumType): Promise<Inspected> {
  const info = await infoOf(path);
  if (type === 'dvd' && info.format !== 'ISO') throw invalid(`'${path}' is no ISO image (${info.format}): a DVD drive takes ISO images only`);
  if (type !== 'dvd' && info.format === 'ISO') throw invalid(`'${path}' is an ISO image: attach it to a DVD drive (--type dvddrive)`);
  if (type === 'floppy' && info.format !== 'RAW') throw invalid(`'${path}' is a ${info.format} image: a floppy drive takes raw images only`);
  const format = info.format === 'ISO' ? 'RAW' : info.format;
  return { uuid: info.uuid ?? randomUUID(), type, path, format, variant: variantName(info.variant), sizeBytes: info.size, description: '', parentUuid: info.parentUuid ?? null };
}

/** @throws ApiError */
export const infoOf = (path: string): Promise<ImageInfo> => readImageInfo(path).catch((cause: unknown) => Promise.reject(fileError(`could not open the image '${path}'`, cause)));

/** What an image's own error is to those who asked for the work: in use where another process has it. */
export const imageError =
  (message: string) =>
  (cause: unknown): never => {
    throw cause instanceof ImageLockedError ? new ApiError('VBOX_E_OBJECT_IN_USE', message, { cause, interface: 'IMedium' }) : fileError(message, cause);
  };

/** What a DVD or floppy drive or a disk would take a file for, by what it is. */
const typeOf = ({ format, size }: ImageInfo): MediumType => (format === 'ISO' ? 'dvd' : format === 'RAW' && floppySizes.includes(size) ? 'floppy' : 'hdd');

/** The UUID of an image that has none of its own and is not registered. */
const noUuid = '00000000-0000-0000-0000-000000000000';

/** An image that is not registered, as its file is. @throws ApiError when it is none */
export async function describeFile(path: string): Promise<Medium> {
  const info = await infoOf(path);
  const { uuid, parentUuid, format, variant, size, actualSize } = info;
  const common = { uuid: uuid ?? noUuid, type: typeOf(info), path, format: format === 'ISO' ? 'RAW' : format, variant: variantName(variant), description: '' };
  return { ...common, parentUuid: parentUuid ?? null, childUuids: [], usedBy: [], sizeBytes: size, sizeOnDiskBytes: actualSize, accessible: true, problem: null };
}

/** Where the images are that this one hangs on. */
export const resolver = (medium: MediumRecord): ResolveParent => {
  const parents = parentsOf(medium);
  return (uuid) => {
    const parent = parents.find((known) => known.uuid === uuid);
    return parent && { path: parent.path, format: imageFormat(parent) };
  };
};

/** @throws ApiError when the file, or one that it hangs on, cannot be read, or cannot be written where its drive writes and that is what it is for */
export async function requireAccess(medium: MediumRecord, use: 'write' | 'read' = 'write'): Promise<void> {
  const require = (path: string, mode: number): Promise<void> => access(path, mode).catch((cause: unknown) => Promise.reject(fileError(`could not open the image '${path}'`, cause)));
  await require(medium.path, medium.type === 'hdd' && use === 'write' ? constants.R_OK | constants.W_OK : constants.R_OK);
  for (const { path } of parentsOf(medium)) await require(path, constants.R_OK);
}

/** @returns whether a machine that has this image writes it: disks always, floppies where their file lets it */
export async function isWritten({ path, type }: MediumRecord): Promise<boolean> {
  if (type !== 'floppy') return type === 'hdd';
  return access(path, constants.W_OK).then(
    () => true,
    () => false,
  );
}

/** @param children images that hang on this one directly */
export async function describeMedium(medium: MediumRecord, uses: readonly MediumUse[], children: readonly { readonly uuid: string }[]): Promise<Medium> {
  const usedBy = uses.filter((use) => use.medium === medium.uuid).map(({ uuid, name }) => ({ uuid, name }));
  const { uuid, type, path, format, variant, sizeBytes, description, parent } = medium;
  const common = { uuid, type, path, format, variant, description, parentUuid: parent?.uuid ?? null, childUuids: children.map((child) => child.uuid), usedBy };
  try {
    const info = await readImageInfo(path);
    return { ...common, sizeBytes: info.size, sizeOnDiskBytes: info.actualSize, accessible: true, problem: null };
  } catch (error) {
    return { ...common, sizeBytes, sizeOnDiskBytes: null, accessible: false, problem: textOf(error) };
  }
}
