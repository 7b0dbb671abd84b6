/**
 * A VDI made larger. Where the new map does not fit before the data, the first blocks move behind the last ones, and the data begins
 * later. Each step leaves an image that is clean and has all its content.
 */
import { ImageError } from '../errors.js';
import { writeZeroes } from '../fill.js';
import type { HostFile, Work } from '../ports.js';
import { Block, ImageType, maxBlocks, sectorSize } from './header.js';
import { spareFor, vacate } from './room.js';
import { VdiTable } from './table.js';

/** @param size bytes of the disk. @throws ImageError, NoSpaceError: the image is as it was then, or as large and a little rearranged; or the signal's reason */
export async function resizeVdi(file: HostFile, size: number, { onProgress, signal }: Work = {}): Promise<void> {
  const table = await VdiTable.read(file);
  const { cbDisk, cbBlock, cBlocks } = table.header;
  if (!Number.isSafeInteger(size) || size <= 0 || size % sectorSize !== 0) throw new ImageError(file.path, 'resize', `${size} bytes are not a positive multiple of ${sectorSize}`);
  if (BigInt(size) < cbDisk) throw new ImageError(file.path, 'resize', `an image is made larger only, and this one has ${cbDisk} bytes already: make a new one of ${size} bytes and copy what is needed`);
  if (BigInt(size) === cbDisk) return;
  const blocks = Math.max(cBlocks, Math.ceil(size / cbBlock));
  if (blocks > maxBlocks) throw new ImageError(file.path, 'resize', `${size} bytes are more than the ${maxBlocks * cbBlock} that this image may have`);
  const before = await file.size();
  try {
    const positions = table.positionsInTheWay(blocks);
    if (positions > 0) {
      if (!spareFor(table, positions)) throw new ImageError(file.path, 'resize', 'the image has no room for a larger map, and no block to spare: clone it with clonemedium, and resize the clone');
      await vacate(file, table, positions);
    }
    // What a crash left behind the last block would shine through a new one.
    await file.truncate(table.offsetOf(table.end));
    const grown = grow(table, blocks, positions);
    if (table.header.u32Type === ImageType.FIXED) await writeZeroes(file, table.offsetOf(table.end), countFree(table, blocks) * cbBlock, { onProgress, signal });
    else if ((await file.size()) < table.offsetOf(positions)) await file.truncate(table.offsetOf(positions));
    const offData = table.offsetOf(positions);
    // The present map may stand where it leaves no room on either side: it changes places first.
    if (!table.hasPlace(blocks, offData) && table.hasPlace(cBlocks)) await table.change({}, table.entries);
    await table.change({ cbDisk: BigInt(size), cBlocks: blocks, offData }, grown);
  } catch (error) {
    const end = Math.max(before, table.offsetOf(table.end));
    if ((await file.size()) > end) await file.truncate(end);
    throw error;
  }
  onProgress?.(1);
}

/** The map of the larger disk: positions count from the later beginning of the data; what a fixed image lacks stands behind all it has. */
function grow({ header, entries, end }: VdiTable, blocks: number, positions: number): Uint32Array {
  let next = end - positions;
  return Uint32Array.from({ length: blocks }, (_, block) => {
    const at = entries[block] ?? Block.FREE;
    if (at < Block.ZERO) return at - positions;
    return header.u32Type === ImageType.FIXED ? next++ : at;
  });
}

const countFree = ({ entries }: VdiTable, blocks: number): number => blocks - entries.reduce((count, at) => count + (at < Block.ZERO ? 1 : 0), 0);
