/** A VDI image, open: the guest's bytes through the block map. Knows its file as a `HostFile` only. */
import { endianness } from 'node:os';
import { BlockMap } from './block-map.js';
import { OpenImage } from './image.js';
import type { HostFile, Variant } from './ports.js';
import { ImageType, judgeMap, mapSize, parseHeader, sectorSize, type VdiHeader } from './vdi-header.js';
import { ImageError } from './errors.js';

/** Reads and judges the header alone. @throws ImageError */
export async function readVdiHeader(file: HostFile): Promise<VdiHeader> {
  const sector = new Uint8Array(sectorSize);
  await file.read(sector, 0);
  return parseHeader(file.path, sector, await file.size());
}

export const variantOf = (header: VdiHeader): Variant => (header.u32Type === ImageType.FIXED ? 'Fixed' : 'Standard');

/** @throws ImageError when the header or the map cannot be believed */
export async function openVdi(file: HostFile, released: () => Promise<void>): Promise<VdiImage> {
  // Entries are the map's bytes as they stand.
  if (endianness() !== 'LE') throw new ImageError(file.path, 'open', 'VDI images need a little-endian host');
  const sector = new Uint8Array(sectorSize);
  await file.read(sector, 0);
  const size = await file.size();
  const header = parseHeader(file.path, sector, size);
  const entries = new Uint32Array(mapSize(header.cBlocks) / 4);
  await file.read(new Uint8Array(entries.buffer), header.offBlocks);
  const { used, end } = judgeMap(file.path, header, entries, size);
  return new VdiImage(file, header, new BlockMap(file, header, sector, entries, used, end), released);
}

/** A part of a request inside one block; `at` is its place in the file. */
interface Run {
  readonly at: number;
  readonly start: number;
  length: number;
}

export class VdiImage extends OpenImage {
  private readonly blockShift: number;

  constructor(
    file: HostFile,
    header: VdiHeader,
    private readonly map: BlockMap,
    released: () => Promise<void>,
  ) {
    super(file, { format: 'VDI', variant: variantOf(header), uuid: header.uuidCreate, size: Number(header.cbDisk), readOnly: file.readOnly }, released);
    this.blockShift = Math.log2(header.cbBlock);
  }

  protected async readRange(offset: number, length: number): Promise<Uint8Array> {
    const bytes = new Uint8Array(length);
    for (const { at, start, length: count } of this.runs(offset, length, (block) => this.map.position(block))) {
      await this.file.read(bytes.subarray(start, start + count), at);
    }
    return bytes;
  }

  protected async writeRange(offset: number, data: Uint8Array): Promise<void> {
    const places = new Map<number, number>();
    for (const { block, start, length } of this.parts(offset, data.length)) {
      const at = this.map.position(block);
      if (at !== undefined) places.set(block, at);
      else if (!isZero(data.subarray(start, start + length))) places.set(block, await this.map.allocate(block));
    }
    if (places.size === 0) return;
    this.map.touch();
    for (const { at, start, length } of this.runs(offset, data.length, (block) => places.get(block))) {
      await this.file.write(data.subarray(start, start + length), at);
    }
  }

  protected commit(): Promise<void> {
    return this.map.commit();
  }

  /** The request cut at the borders of blocks. */
  private *parts(offset: number, length: number): Generator<{ block: number; within: number; start: number; length: number }> {
    const blockSize = 2 ** this.blockShift;
    for (let start = 0; start < length; ) {
      const block = Math.floor((offset + start) / blockSize);
      const within = (offset + start) % blockSize;
      const count = Math.min(blockSize - within, length - start);
      yield { block, within, start, length: count };
      start += count;
    }
  }

  /** The parts of the request that have a place in the file, neighbours joined. */
  private runs(offset: number, length: number, place: (block: number) => number | undefined): Run[] {
    const runs: Run[] = [];
    for (const part of this.parts(offset, length)) {
      const block = place(part.block);
      if (block === undefined) continue;
      const at = block + part.within;
      const last = runs.at(-1);
      if (last && last.at + last.length === at && last.start + last.length === part.start) last.length += part.length;
      else runs.push({ at, start: part.start, length: part.length });
    }
    return runs;
  }
}

const zeroes = new Uint8Array(1 << 16);
function isZero(data: Uint8Array): boolean {
  for (let at = 0; at < data.length; at += zeroes.length) {
    const piece = data.subarray(at, at + zeroes.length);
    if (Buffer.compare(piece, zeroes.subarray(0, piece.length)) !== 0) return false;
  }
  return true;
}
