/**
 * The block map of an open VDI: where each block stands, new blocks, and the order in which the file learns of them.
 *
 * A checker compares `cBlocksAllocated` in the header with the entries in the map, so the two must change as one, although no
 * two sectors of a disk do. Therefore the map has two places in the file. `offBlocks`, which stands in the same sector as
 * `cBlocksAllocated`, says which one counts:
 *
 * 1. extend the file by the new block and some more, which are zero, and write the guest's data into it (`allocate`, then the caller)
 * 2. bring the idle map up to date
 * 3. fdatasync
 * 4. write the header's sector: `offBlocks` of that map, the new `cBlocksAllocated`
 * 5. fdatasync; the maps have changed places
 *
 * **At every moment the file is the consistent image before step 4 or the one after it.** Blocks that no commit has seen yet are lost by a
 * crash, which is what a disk's write cache may do; `flush` commits. An image made elsewhere with no room for a second map gets it when it is
 * opened for writing (room.ts). Where that cannot be, it is updated in place: in one write where header and entry share a page of memory (no kill of the
 * process can tear that), else the count first. A crash in between then leaves a count that is too high, which this package and VirtualBox read well.
 */
import { NoSpaceError } from '../errors.js';
import { Serial } from '../ordering.js';
import type { HostFile } from '../ports.js';
import { newUuid } from '../uuid.js';
import { type Entries, entriesPerPage, pageSize } from './entries.js';
import { Block, headerEnd, headerSector, mapSize, type VdiHeader } from './header.js';

/** Blocks that may wait for a commit before one is begun: each makes the host write all that it holds, which the guest's next writes wait for. */
const commitBlocks = 1024;
/** Milliseconds that they may wait. */
const commitDelay = 1000;
/** Blocks that the file is extended by at a time. */
const roomBlocks = 16;

/** Where a second map of the same size fits between the header and the data; undefined where it does not. */
export function secondMapOffset(header: VdiHeader): number | undefined {
  const { offBlocks, offData, cBlocks } = header;
  const size = mapSize(cBlocks);
  const pageAfter = (offset: number): number => Math.ceil(offset / pageSize) * pageSize;
  if (pageAfter(headerEnd(header)) + size <= offBlocks) return pageAfter(headerEnd(header));
  const behind = Math.max(pageAfter(offBlocks + size), offBlocks + size);
  return behind + size <= offData ? behind : undefined;
}

export class BlockMap {
  private readonly allocating = new Map<number, Promise<number>>();
  private readonly allocations = new Serial();
  private readonly commits = new Serial();
  /** Entries changed since the last commit began. */
  private pending = new Map<number, number>();
  /** Pages in which a place of the map in the file differs from `entries`. */
  private idleStale: Set<number> | 'all' = 'all';
  private currentStale = new Set<number>();
  private readonly idle: { offset: number } | undefined;
  private headerStale = false;
  private headerSynced = true;
  /** Whether all of the file behind `end` is zero. */
  private tailCut = false;
  /** The first position that the file has no room for. */
  private room = 0;
  private touched = false;
  /** What is written is what the image's children read already, so that they need not be told. */
  keepsModification = false;
  private timer: NodeJS.Timeout | undefined;
  private background: Promise<void> | undefined;
  /** Positions below `end` that no block has: another program's crash leaves such. */
  private holes: Holes | undefined;

  /**
   * @param entries the map as the file has it
   * @param used how many of them are positions
   * @param end the first position behind all of them
   */
  constructor(
    private readonly file: HostFile,
    private header: VdiHeader,
    private sector: Uint8Array,
    private readonly entries: Entries,
    private used: number,
    private end: number,
  ) {
    const offset = secondMapOffset(header);
    this.idle = offset === undefined ? undefined : { offset };
    this.holes = used < end ? new Holes(entries, end) : undefined;
  }

  /** Bytes of memory. */
  get size(): number {
    return this.entries.size;
  }

  /** Offset in the file of a block's data; undefined where it has none. */
  position(block: number): number | undefined {
    const at = this.entry(block);
    return at >= Block.ZERO ? undefined : this.offsetOf(at);
  }

  /** Has no data here: reads as its parent, or as zero where the image has none. */
  isFree(block: number): boolean {
    return this.entry(block) === Block.FREE;
  }

  /**
   * Gives a block its place in the file and returns that place's offset.
   * @param fill what the whole block is to hold from the first moment that the map has it; it is full of zeroes without
   * @throws NoSpaceError, and nothing has changed
   */
  allocate(block: number, fill?: () => Promise<Uint8Array | undefined>): Promise<number> {
    const present = this.position(block);
    if (present !== undefined) return Promise.resolve(present);
    const underway = this.allocating.get(block);
    if (underway) return underway;
    const allocation = this.allocations.run(() => this.extend(block, fill)).finally(() => this.allocating.delete(block));
    this.allocating.set(block, allocation);
    return allocation;
  }

  /** Makes a block read as zero, whatever its parent has there; a place that it had is not used again while the image is open. */
  setZero(block: number): void {
    this.set(block, Block.ZERO);
  }

  /** Makes a block read as its parent, or as zero without one; a place that it had is not used again while the image is open. */
  setFree(block: number): void {
    this.set(block, Block.FREE);
  }

  /** The blocks that have a place, by that place, the first in the file first. Positions count in blocks. */
  placed(): { block: number; position: number }[] {
    const found: { block: number; position: number }[] = [];
    for (let block = 0; block < this.header.cBlocks; block++) {
      const position = this.entry(block);
      if (position < Block.ZERO) found.push({ block, position });
    }
    return found.sort((a, b) => a.position - b.position);
  }

  /** Copies a block to a position that no block has, and lets the map follow. */
  async move(block: number, position: number): Promise<void> {
    const bytes = new Uint8Array(this.header.cbBlock);
    await this.file.read(bytes, this.offsetOf(this.entry(block)));
    await this.file.write(bytes, this.offsetOf(position));
    this.set(block, position);
  }

  /** Cuts the file behind so many positions, which are the only ones in use; all must be committed. */
  async cut(positions: number): Promise<void> {
    await this.file.truncate(this.offsetOf(positions));
    await this.file.sync();
    this.end = positions;
    this.room = positions;
    this.holes = undefined;
  }

  /** Changes fields of the header, durable with the next commit. All that was written before must be durable already. */
  change(fields: Partial<Pick<VdiHeader, 'u32Type' | 'uuidLinkage' | 'uuidParentModify'>>): void {
    this.header = { ...this.header, ...fields };
    this.headerStale = true;
  }

  /** Notes that the guest has changed something since the image was opened: an image that hangs on this one must be able to tell. */
  touch(): void {
    if (this.touched || this.keepsModification) return;
    this.touched = true;
    this.header = { ...this.header, uuidModify: newUuid() };
    this.headerStale = true;
  }

  /** Makes all that is allocated, and all data written before, durable. */
  commit(): Promise<void> {
    clearTimeout(this.timer);
    this.timer = undefined;
    return this.commits.run(async () => {
      this.settlePending();
      if (!this.headerStale) return this.syncAll();
      if (this.idle) await this.commitTo(this.idle);
      else await this.commitInPlace();
    });
  }

  private offsetOf(at: number): number {
    return this.header.offData + at * this.header.cbBlock;
  }

  private entry(block: number): number {
    return this.pending.get(block) ?? this.entries.get(block);
  }

  private set(block: number, at: number): void {
    this.pending.set(block, at);
    this.schedule();
  }

  private async extend(block: number, fill?: () => Promise<Uint8Array | undefined>): Promise<number> {
    const content = await fill?.();
    const { cbBlock } = this.header;
    const hole = this.holes?.next();
    const at = hole ?? this.end;
    if (hole !== undefined) {
      await this.file.write(content ?? new Uint8Array(cbBlock), this.offsetOf(at));
      this.holes!.take();
    } else {
      await this.makeRoom(at);
      if (content) await this.fill(at, content);
      this.end++;
    }
    this.set(block, at);
    return this.offsetOf(at);
  }

  /** Extends the file, by several blocks at a time, so that most writes to new blocks are one request to the host. */
  private async makeRoom(at: number): Promise<void> {
    if (this.tailCut && at < this.room) return;
    // What a crash left behind the last block would shine through the new one.
    if (!this.tailCut && (await this.file.size()) > this.offsetOf(at)) await this.file.truncate(this.offsetOf(at));
    this.tailCut = true;
    this.room = at;
    const extend = async (room: number): Promise<void> => {
      await this.file.truncate(this.offsetOf(room));
      this.room = room;
    };
    await extend(Math.max(at + 1, Math.min(at + roomBlocks, this.header.cBlocks))).catch((error: unknown) => {
      if (!(error instanceof NoSpaceError)) throw error;
      return extend(at + 1); // a limit on the file's length may let this one pass
    });
  }

  private async fill(at: number, content: Uint8Array): Promise<void> {
    this.tailCut = false; // until it is written whole
    await this.file.write(content, this.offsetOf(at));
    this.tailCut = true;
  }

  /** Gives back the room that no block took; all must be committed. */
  async trim(): Promise<void> {
    if (this.tailCut && this.room > this.end) await this.file.truncate(this.offsetOf(this.end));
    this.room = this.end;
  }

  /** A commit that nobody waits for. Its failure is not lost: the blocks stay pending, and the next flush meets it again. */
  private schedule(): void {
    const begin = (): void => {
      this.background ??= this.commit()
        .catch(() => undefined)
        .finally(() => (this.background = undefined));
    };
    if (this.pending.size >= commitBlocks) begin();
    else this.timer ??= setTimeout(begin, commitDelay).unref();
  }

  /** Moves what is pending into `entries`, which nothing else changes, so that a commit sees one state while new blocks are allocated. */
  private settlePending(): void {
    if (this.pending.size === 0) return;
    for (const [block, at] of this.pending) {
      this.used += places(at) - places(this.entries.get(block));
      this.entries.set(block, at);
      const page = Math.floor(block / entriesPerPage);
      this.currentStale.add(page);
      if (this.idleStale !== 'all') this.idleStale.add(page);
    }
    this.pending = new Map();
    this.headerStale = true;
  }

  private async syncAll(): Promise<void> {
    await this.file.sync();
    this.headerSynced = true;
  }

  private async commitTo(idle: { offset: number }): Promise<void> {
    if (this.currentStale.size) {
      if (!this.headerSynced) await this.syncAll(); // the idle map may still be the one that counts on the disk
      await this.writePages(idle.offset, this.idleStale);
      await this.file.sync();
      const { offBlocks } = this.header;
      await this.writeHeader({ ...this.header, offBlocks: idle.offset, cBlocksAllocated: this.used });
      idle.offset = offBlocks;
      this.idleStale = this.currentStale;
      this.currentStale = new Set();
    } else {
      await this.writeHeader({ ...this.header, cBlocksAllocated: this.used });
    }
    await this.syncAll();
  }

  private async commitInPlace(): Promise<void> {
    const { offBlocks, cBlocks } = this.header;
    const header = { ...this.header, cBlocksAllocated: this.used };
    const end = offBlocks + mapSize(cBlocks);
    if (this.currentStale.size && end <= pageSize) {
      const head = new Uint8Array(end);
      await this.file.read(head, 0);
      head.set(headerSector(header, this.sector));
      for (const { bytes } of this.entries.pieces()) head.set(bytes, offBlocks);
      await this.file.write(head, 0);
      this.header = header;
    } else {
      await this.writeHeader(header);
      this.headerStale = true; // until the map has followed
      if (this.currentStale.size) {
        await this.file.sync();
        await this.writePages(offBlocks, this.currentStale);
      }
    }
    this.headerStale = false;
    this.currentStale = new Set();
    await this.syncAll();
  }

  private async writeHeader(header: VdiHeader): Promise<void> {
    const sector = headerSector(header, this.sector);
    await this.file.write(sector, 0);
    this.sector = sector;
    this.header = header;
    this.headerStale = false;
    this.headerSynced = false;
  }

  /** Writes the given pages of the map, neighbours in one piece. */
  private async writePages(offset: number, pages: ReadonlySet<number> | 'all'): Promise<void> {
    const write = async (first?: number, count?: number): Promise<void> => {
      for (const piece of this.entries.pieces(first, count)) await this.file.write(piece.bytes, offset + piece.offset);
    };
    if (pages === 'all') return write();
    const sorted = [...pages].sort((a, b) => a - b);
    for (let i = 0; i < sorted.length; ) {
      const first = i++;
      while (i < sorted.length && sorted[i] === sorted[i - 1]! + 1) i++;
      await write(sorted[first]!, i - first);
    }
  }
}

/** 1 for a position, 0 for none. */
const places = (at: number): number => (at < Block.ZERO ? 1 : 0);

/** Positions that no block has, the first in the file first. */
class Holes {
  private taken: Uint8Array | undefined;
  private at = 0;

  constructor(
    private readonly entries: Entries,
    private readonly end: number,
  ) {}

  next(): number | undefined {
    const taken = (this.taken ??= this.findTaken());
    while (this.at < this.end && taken[this.at >> 3]! & (1 << (this.at & 7))) this.at++;
    return this.at < this.end ? this.at : undefined;
  }

  /** Takes what `next` gave. */
  take(): void {
    this.at++;
  }

  private findTaken(): Uint8Array {
    const taken = new Uint8Array(Math.ceil(this.end / 8));
    for (let block = 0; block < this.entries.length; block++) {
      const at = this.entries.get(block);
      if (at < this.end) taken[at >> 3]! |= 1 << (at & 7);
    }
    return taken;
  }
}
