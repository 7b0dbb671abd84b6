/**
 * A VDI's header and map, changed together while nobody has the image open: what changes their size or their place.
 *
 * Each change is one write of the header's sector, after a map that does not overlap the one that counts was made durable: at every moment the file
 * is the image before or after it.
 */
import { ImageError } from '../errors.js';
import type { HostFile } from '../ports.js';
import { secondMapOffset } from './block-map.js';
import { Block, headerEnd, headerSector, MapJudge, mapSize, parseHeader, sectorSize, type VdiHeader } from './header.js';

const pageSize = 4096;
const pageAfter = (offset: number): number => Math.ceil(offset / pageSize) * pageSize;

/** Bytes between header and data that two maps of so many blocks take. */
const roomFor = (header: VdiHeader, blocks: number): number => pageAfter(headerEnd(header)) + 2 * pageAfter(mapSize(blocks));

export class VdiTable {
  private constructor(
    private readonly file: HostFile,
    private sector: Uint8Array,
    /** As the file has it. */
    public header: VdiHeader,
    public entries: Uint32Array,
    /** The first position behind all that are used. */
    public end: number,
  ) {}

  /** @throws ImageError when the header or the map cannot be believed */
  static async read(file: HostFile): Promise<VdiTable> {
    const sector = new Uint8Array(sectorSize);
    await file.read(sector, 0);
    const size = await file.size();
    const header = parseHeader(file.path, sector, size);
    const entries = new Uint32Array(header.cBlocks);
    await file.read(new Uint8Array(entries.buffer), header.offBlocks);
    const judge = new MapJudge(file.path, header, size);
    judge.take(0, entries);
    return new VdiTable(file, sector, header, entries, judge.end);
  }

  offsetOf(position: number): number {
    return this.header.offData + position * this.header.cbBlock;
  }

  /** Positions to be given up at the front of the data, so that two maps of so many blocks fit before it. */
  positionsInTheWay(blocks: number): number {
    return Math.max(0, Math.ceil((roomFor(this.header, blocks) - this.header.offData) / this.header.cbBlock));
  }

  /** Whether a map of so many blocks has a place that the present one leaves free, if the data begins at `offData`. */
  hasPlace(blocks: number, offData = this.header.offData): boolean {
    return this.placeFor({ ...this.header, cBlocks: blocks, offData }) !== undefined;
  }

  /**
   * Makes header and map what is given; `offBlocks` and `cBlocksAllocated` follow from it.
   * @param entries one a block of `fields.cBlocks`, or of the present number
   */
  async change(fields: Partial<Pick<VdiHeader, 'cbDisk' | 'cBlocks' | 'offData'>>, entries: Uint32Array): Promise<void> {
    const next = { ...this.header, ...fields, cBlocksAllocated: entries.reduce((count, at) => count + (at < Block.ZERO ? 1 : 0), 0) };
    const offBlocks = this.placeFor(next);
    if (offBlocks === undefined) throw new ImageError(this.file.path, 'resize', `there is no room for a map of ${next.cBlocks} blocks before the data`);
    const map = new Uint32Array(mapSize(next.cBlocks) / 4).fill(Block.FREE);
    map.set(entries);
    await this.file.write(new Uint8Array(map.buffer), offBlocks);
    await this.file.sync();
    await this.writeHeader({ ...next, offBlocks });
    this.keep(entries);
  }

  /**
   * Changes positions where the map stands. Safe where each block has the same data at both: whatever part of the map is written, it tells the truth.
   */
  async changePositions(entries: Uint32Array): Promise<void> {
    await this.file.sync();
    await this.file.write(new Uint8Array(entries.buffer, entries.byteOffset, entries.byteLength), this.header.offBlocks);
    await this.file.sync();
    this.keep(entries);
  }

  private keep(entries: Uint32Array): void {
    this.entries = entries;
    this.end = entries.reduce((end, at) => (at < Block.ZERO && at >= end ? at + 1 : end), 0);
  }

  private async writeHeader(header: VdiHeader): Promise<void> {
    this.sector = headerSector(header, this.sector);
    await this.file.write(this.sector, 0);
    await this.file.sync();
    this.header = header;
  }

  /** A place for the map of `next` beside the present one; one that leaves room for a second map of that size, if there is such. */
  private placeFor(next: VdiHeader): number | undefined {
    const size = mapSize(next.cBlocks);
    const { offBlocks } = this.header;
    const end = offBlocks + mapSize(this.header.cBlocks);
    const first = pageAfter(headerEnd(next));
    const last = Math.floor((next.offData - size) / pageSize) * pageSize;
    const places = [first, pageAfter(end), last].filter((at) => at >= first && at + size <= next.offData && (at + size <= offBlocks || at >= end));
    return places.find((at) => secondMapOffset({ ...next, offBlocks: at }) !== undefined) ?? places[0];
  }
}
