/** New VDI images. */
import { hostError, ImageError } from '../errors.js';
import { createWhole } from '../draft.js';
import { writeZeroes } from '../fill.js';
import type { HostFile, VdiVariant } from '../ports.js';
import { isUuid, newUuid, nilUuid } from '../uuid.js';
import { blockSize, headerSector, ImageType, mapSize, maxBlocks, newHeader, sectorSize } from './header.js';

/** What a differencing image remembers of its parent. */
export interface Linkage {
  readonly uuid: string;
  /** Nil where the parent's format keeps none. */
  readonly modificationUuid: string;
}

export interface NewVdi {
  /** Bytes: a multiple of 512. */
  readonly size: number;
  readonly variant: VdiVariant;
  readonly uuid?: string;
  /** Makes a differencing image. */
  readonly linkage?: Linkage;
  /** From 0 to 1, rising. */
  readonly onProgress?: (done: number) => void;
  /** Aborting removes what was made. */
  readonly signal?: AbortSignal;
}

const pageSize = 4096;

/**
 * Makes a new image; an existing file is refused.
 * @returns its UUID
 * @throws ImageError, NoSpaceError, or the signal's reason; no file is left then
 */
export async function createVdiFile(path: string, options: NewVdi): Promise<string> {
  const { size, variant, linkage, uuid = newUuid() } = options;
  const limit = maxBlocks * blockSize;
  if (!Number.isSafeInteger(size) || size <= 0 || size % sectorSize !== 0) throw new ImageError(path, 'size', `${size} bytes are not a positive multiple of ${sectorSize}`);
  if (size > limit) throw new ImageError(path, 'size', `${size} bytes are more than the ${limit} that an image may have`);
  if (!isUuid(uuid) || uuid === nilUuid) throw new ImageError(path, 'uuid', `${uuid} is no UUID for an image`);
  if (linkage && variant !== 'Standard') throw new ImageError(path, 'variant', `${variant}: a differencing image is always Standard`);
  options.signal?.throwIfAborted();

  await createWhole(path, (file) => fillVdi(file, { ...options, uuid: uuid.toLowerCase() })).catch((cause: unknown) => {
    throw options.signal?.aborted ? cause : hostError(path, 'create', cause);
  });
  options.onProgress?.(1);
  return uuid.toLowerCase();
}

/** Writes the bytes of a new image: both places of the map, a fixed image's blocks, and the header last, so that one cut short is no image. */
export async function fillVdi(file: HostFile, options: NewVdi & { readonly uuid: string }): Promise<void> {
  const { size, variant, uuid, linkage, onProgress, signal } = options;
  const blocks = Math.ceil(size / blockSize);
  const fixed = variant === 'Fixed';
  const map = new Uint32Array(mapSize(blocks) / 4).fill(0xffffffff);
  if (fixed) for (let block = 0; block < blocks; block++) map[block] = block;

  const { offBlocks, second, offData } = layoutOf(blocks);
  const bytes = new Uint8Array(map.buffer);
  await file.write(bytes, offBlocks);
  await file.write(bytes, second);

  const end = fixed ? offData + blocks * blockSize : offData;
  await writeZeroes(file, offData, end - offData, { onProgress, signal });
  await file.truncate(end);
  await file.sync();

  const u32Type = linkage ? ImageType.DIFF : fixed ? ImageType.FIXED : ImageType.NORMAL;
  const header = newHeader({
    u32Type,
    offBlocks,
    offData,
    cbDisk: BigInt(size),
    cBlocks: blocks,
    cBlocksAllocated: fixed ? blocks : 0,
    uuidCreate: uuid,
    uuidModify: newUuid(),
    ...linkageFields(linkage),
  });
  await file.write(headerSector(header), 0);
  await file.sync();
}

/** Where a new image has its map, the map's second place, and its data. */
export function layoutOf(blocks: number): { readonly offBlocks: number; readonly second: number; readonly offData: number } {
  const offBlocks = pageSize;
  const second = offBlocks + Math.ceil(mapSize(blocks) / pageSize) * pageSize;
  return { offBlocks, second, offData: Math.ceil((second + mapSize(blocks)) / blockSize) * blockSize };
}

/** What a differencing image's header says of its parent; nothing for any other. */
export const linkageFields = (linkage: Linkage | undefined): { uuidLinkage?: string; uuidParentModify?: string } =>
  linkage ? { uuidLinkage: linkage.uuid, uuidParentModify: linkage.modificationUuid } : {};
