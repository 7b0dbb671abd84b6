/** A VDI image, open: the guest's bytes through the block map, and through the parent where a block has none here. Knows its file as a `HostFile` only. */
import { endianness } from 'node:os';
import { ImageError, NoSpaceError } from '../errors.js';
import { OpenImage } from '../image.js';
import type { HostFile, Variant, Work } from '../ports.js';
import { nilUuid } from '../uuid.js';
import { isZero } from '../zero.js';
import { BlockMap, secondMapOffset } from './block-map.js';
import { Entries } from './entries.js';
import { ImageType, parseHeader, sectorSize, type VdiHeader } from './header.js';
import { makeRoom } from './room.js';

/** Reads and judges the header alone. @throws ImageError */
export async function readVdiHeader(file: HostFile): Promise<VdiHeader> {
  const sector = new Uint8Array(sectorSize);
  await file.read(sector, 0);
  return parseHeader(file.path, sector, await file.size());
}

export const variantOf = (header: VdiHeader): Variant => (header.u32Type === ImageType.FIXED ? 'Fixed' : 'Standard');

/** The header's UUIDs, as they are told; undefined for those that it does not have. */
export function uuidsOf({ uuidCreate, uuidModify, uuidLinkage, uuidParentModify }: VdiHeader): { uuid: string; modificationUuid: string | undefined; parentUuid: string | undefined; parentModificationUuid: string | undefined } {
  const given = (uuid: string): string | undefined => (uuid === nilUuid ? undefined : uuid);
  return { uuid: uuidCreate, modificationUuid: given(uuidModify), parentUuid: given(uuidLinkage), parentModificationUuid: given(uuidParentModify) };
}

/** @throws ImageError when the header or the map cannot be believed */
export async function openVdi(file: HostFile, released: () => Promise<void>): Promise<VdiImage> {
  // Entries are the map's bytes as they stand.
  if (endianness() !== 'LE') throw new ImageError(file.path, 'open', 'VDI images need a little-endian host');
  const sector = new Uint8Array(sectorSize);
  await file.read(sector, 0);
  let header = parseHeader(file.path, sector, await file.size());
  if (!file.readOnly && secondMapOffset(header) === undefined) {
    await makeRoom(file).catch((error: unknown) => {
      if (!(error instanceof NoSpaceError)) throw error; // then it is done without
    });
    await file.read(sector, 0);
    header = parseHeader(file.path, sector, await file.size());
  }
  const { entries, used, end } = await Entries.read(file, header);
  return new VdiImage(file, header, new BlockMap(file, header, sector, entries, used, end), released);
}

/** A part of a request inside one block. */
interface Part {
  readonly block: number;
  readonly within: number;
  readonly start: number;
  readonly length: number;
}

/** Neighbouring parts of a request that stand together; `at` is their place in the file, or on the parent's disk. */
interface Run {
  readonly at: number;
  readonly start: number;
  length: number;
}

export class VdiImage extends OpenImage {
  readonly blockSize: number;
  override readonly tableBytes: number;

  constructor(
    file: HostFile,
    header: VdiHeader,
    readonly map: BlockMap,
    released: () => Promise<void>,
  ) {
    super(file, { format: 'VDI', variant: variantOf(header), size: Number(header.cbDisk), readOnly: file.readOnly, ...uuidsOf(header) }, released);
    this.blockSize = header.cbBlock;
    this.tableBytes = map.size;
  }

  override async isKnownZero(offset: number, length: number): Promise<boolean> {
    for (const { block, within, length: count } of this.parts(offset, length)) {
      if (this.map.position(block) !== undefined) return false;
      if (this.map.isFree(block) && !(await this.parentIsZero(block * this.blockSize + within, count))) return false;
    }
    return true;
  }

  override inherits(offset: number, length: number): boolean {
    for (const { block } of this.parts(offset, length)) if (!this.map.isFree(block)) return false;
    return true;
  }

  /** Blocks of the disk, the last of which may be cut by its end. */
  get blocks(): number {
    return Math.ceil(this.size / this.blockSize);
  }

  /**
   * Takes over what the parent has for this image, and hangs on the parent's parent then, or on nothing. The image may be in use
   * meanwhile; it reads the same at every moment, after an interruption too, and the same call goes on. The parent is closed, and
   * unchanged.
   */
  async absorbParent(work: Work = {}): Promise<void> {
    const parent = await this.absorbBlocks(work);
    await this.queue.run(0, this.size, true, async () => {
      await this.nameParentOf(parent);
      this.setParent(parent.parent);
      parent.setParent(undefined);
    });
    await parent.close();
    work.onProgress?.(1);
  }

  /** Takes over the blocks alone, and makes them durable. @returns the parent, which is still this image's */
  async absorbBlocks({ onProgress, signal }: Work): Promise<OpenImage> {
    const { parent } = this.layers;
    if (!parent || this.readOnly) throw new ImageError(this.path, 'merge', parent ? 'the image is open for reading only' : 'the image has no parent');
    for (let block = 0; block < this.blocks; block++) {
      signal?.throwIfAborted();
      this.check('merge', 0, 0);
      onProgress?.(block / this.blocks);
      const start = block * this.blockSize;
      const length = Math.min(this.blockSize, this.size - start);
      await this.queue.run(start, length, true, () => this.absorbBlock(parent, block, start, length));
    }
    await this.flush();
    return parent;
  }

  /** Writes that the image hangs on what `parent` hangs on: the map must have, durable, all that the parent had. */
  async nameParentOf(parent: OpenImage): Promise<void> {
    const { parentUuid, parentModificationUuid } = parent;
    this.map.change({ u32Type: parentUuid === undefined ? ImageType.NORMAL : ImageType.DIFF, uuidLinkage: parentUuid ?? nilUuid, uuidParentModify: parentModificationUuid ?? nilUuid });
    await this.map.commit();
    Object.assign(this, { parentUuid, parentModificationUuid });
  }

  private async absorbBlock(parent: OpenImage, block: number, start: number, length: number): Promise<void> {
    if (!this.map.isFree(block)) return;
    const end = start + length;
    if (end <= parent.size && parent.inherits(start, length)) return;
    const bytes = (await this.parentIsZero(start, length)) ? undefined : await this.readParent(start, length);
    if (bytes && !isZero(bytes)) return void (await this.map.allocate(block, () => Promise.resolve(bytes)));
    const below = parent.parent;
    if (below && start < below.size && !(await below.isKnownZero(start, Math.min(length, below.size - start)))) this.map.setZero(block);
  }

  /**
   * Gives back the room of blocks that read the same without it: zero, or what the parent has. Nobody may write meanwhile. An
   * interruption leaves the same disk, and the next call goes on.
   * @returns bytes that the file is shorter now
   */
  async compact({ onProgress, signal }: Work = {}): Promise<number> {
    const before = await this.file.size();
    const placed = this.map.placed();
    for (const [index, { block }] of placed.entries()) {
      signal?.throwIfAborted();
      onProgress?.((index / placed.length) * 0.5);
      await this.dropBlock(block);
    }
    await this.map.commit();
    const kept = this.map.placed();
    const taken = new Set(kept.map(({ position }) => position));
    let hole = 0;
    // Every block goes from behind the end that will be to a place before it, so that no place is both left and taken.
    for (const { block } of kept.filter((each) => each.position >= kept.length)) {
      signal?.throwIfAborted();
      onProgress?.(0.5 + (hole / kept.length) * 0.5);
      while (taken.has(hole)) hole++;
      await this.map.move(block, hole++);
    }
    await this.map.commit();
    await this.map.cut(kept.length);
    onProgress?.(1);
    return Math.max(0, before - (await this.file.size()));
  }

  private async dropBlock(block: number): Promise<void> {
    const start = block * this.blockSize;
    const length = Math.min(this.blockSize, this.size - start);
    const bytes = await this.readRange(start, length);
    const below = await this.readParent(start, length);
    if (Buffer.compare(bytes, below) === 0) this.map.setFree(block);
    else if (isZero(bytes)) this.map.setZero(block);
  }

  protected async readRange(offset: number, length: number): Promise<Uint8Array> {
    const bytes = new Uint8Array(length);
    const place = this.placeOfAll(offset, length);
    if (place !== undefined) {
      await this.file.read(bytes, place);
      return bytes;
    }
    const parts = [...this.parts(offset, length)];
    const inherited = this.layers.parent ? join(parts.filter(({ block }) => this.map.isFree(block)), ({ block, within }) => block * this.blockSize + within) : [];
    for (const { at, start, length: count } of join(parts, ({ block, within }) => shifted(this.map.position(block), within))) {
      await this.file.read(bytes.subarray(start, start + count), at);
    }
    for (const { at, start, length: count } of inherited) bytes.set(await this.readParent(at, count), start);
    return bytes;
  }

  protected async writeRange(offset: number, data: Uint8Array): Promise<void> {
    const place = this.placeOfAll(offset, data.length);
    if (place !== undefined) {
      this.map.touch();
      return this.file.write(data, place);
    }
    const places = new Map<number, number>();
    let changed = false;
    for (const part of this.parts(offset, data.length)) {
      const at = await this.placeFor(part, data.subarray(part.start, part.start + part.length));
      if (typeof at === 'number') places.set(part.block, at);
      if (at !== 'unchanged') changed = true;
    }
    if (changed) this.map.touch();
    for (const { at, start, length } of join([...this.parts(offset, data.length)], ({ block, within }) => shifted(places.get(block), within))) {
      await this.file.write(data.subarray(start, start + length), at);
    }
  }

  protected commit(): Promise<void> {
    return this.map.commit();
  }

  protected override async tidy(): Promise<void> {
    await this.map.trim();
  }

  /** Place in the file of a request inside one block that has a place: most are such. */
  private placeOfAll(offset: number, length: number): number | undefined {
    const within = offset % this.blockSize;
    return within + length > this.blockSize ? undefined : shifted(this.map.position(Math.floor(offset / this.blockSize)), within);
  }

  /** Where a part's data is to be written; or what has become of it already. */
  private async placeFor({ block, length }: Part, data: Uint8Array): Promise<number | 'unchanged' | 'written'> {
    const at = this.map.position(block);
    if (at !== undefined) return at;
    const start = block * this.blockSize;
    const whole = length === Math.min(this.blockSize, this.size - start);
    const zeroBelow = !this.map.isFree(block) || (await this.parentIsZero(start, this.blockSize));
    if (isZero(data)) {
      if (zeroBelow) return 'unchanged';
      if (whole) {
        this.map.setZero(block);
        return 'written';
      }
    }
    if (zeroBelow) return this.map.allocate(block);
    // The map must not show a block that lacks what the parent has there: a crash would lose it.
    const place = await this.map.allocate(block, () => (whole ? Promise.resolve(data) : this.readParent(start, this.blockSize)));
    return whole ? 'written' : place;
  }

  private async parentIsZero(offset: number, length: number): Promise<boolean> {
    const { parent } = this.layers;
    if (!parent || offset >= parent.size) return true;
    return parent.isKnownZero(offset, Math.min(length, parent.size - offset));
  }

  /** The parent's bytes, and zeroes behind its end. */
  private async readParent(offset: number, length: number): Promise<Uint8Array> {
    const { parent } = this.layers;
    const there = Math.max(0, Math.min(length, (parent?.size ?? 0) - offset));
    if (there === length) return parent!.read(offset, length);
    const bytes = new Uint8Array(length);
    if (there) bytes.set(await parent!.read(offset, there));
    return bytes;
  }

  /** The request cut at the borders of blocks. */
  private *parts(offset: number, length: number): Generator<Part> {
    for (let start = 0; start < length; ) {
      const block = Math.floor((offset + start) / this.blockSize);
      const within = (offset + start) % this.blockSize;
      const count = Math.min(this.blockSize - within, length - start);
      yield { block, within, start, length: count };
      start += count;
    }
  }
}

const shifted = (at: number | undefined, by: number): number | undefined => (at === undefined ? undefined : at + by);

/** The parts that have a place, neighbours joined. */
function join(parts: readonly Part[], place: (part: Part) => number | undefined): Run[] {
  const runs: Run[] = [];
  for (const part of parts) {
    const at = place(part);
    if (at === undefined) continue;
    const last = runs.at(-1);
    if (last && last.at + last.length === at && last.start + last.length === part.start) last.length += part.length;
    else runs.push({ at, start: part.start, length: part.length });
  }
  return runs;
}
