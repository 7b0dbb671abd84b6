/** A VMDK written from its beginning to its end: monolithic sparse, whose header is written last, or stream-optimized. */
import { basename } from 'node:path';
import { promisify } from 'node:util';
import { deflate } from 'node:zlib';
import { encode } from '@belvedere/wire';
import { ImageError } from '../errors.js';
import type { HostFile } from '../ports.js';
import { newUuid } from '../uuid.js';
import type { ImageWriter, NewDisk } from '../writer.js';
import { isZero } from '../zero.js';
import { descriptorText } from './descriptor.js';
import { Compression, Flag, GD_AT_END, grainMarkerSize, grainsPerTable, headerSector, Marker, MarkerType, sectorSize } from './header.js';

const pack = promisify(deflate);

const grainSectors = 128;
const grainSize = grainSectors * sectorSize;
const tableSize = 4 * grainsPerTable;
const tableSectors = tableSize / sectorSize;
const descriptorSectors = 20;
const maxSize = 2 ** 41;

const sectorsOf = (bytes: number): number => Math.ceil(bytes / sectorSize);
const tablesOf = (size: number): number => Math.ceil(size / (grainSize * grainsPerTable));

/** @throws ImageError for a disk that is larger than the format's 2 TiB */
function requireSize({ path, size }: NewDisk): void {
  if (size > maxSize) throw new ImageError(path, 'size', `${size} bytes are more than the ${maxSize} that a VMDK may have`);
}

function descriptorOf(disk: NewDisk, createType: 'monolithicSparse' | 'streamOptimized'): Uint8Array {
  return descriptorText({ ...disk, name: basename(disk.path), createType, modificationUuid: newUuid() }, descriptorSectors * sectorSize);
}

/** The tables of a disk, one at a time, as grains come in rising order. */
class TableInProgress {
  readonly entries = new DataView(new ArrayBuffer(tableSize));
  index = 0;
  used = false;

  /** Notes a grain of the present table. */
  set(grain: number, sector: number): void {
    this.entries.setUint32(4 * (grain % grainsPerTable), sector, true);
    this.used = true;
  }
  bytes(): Uint8Array {
    return new Uint8Array(this.entries.buffer);
  }
  next(index: number): void {
    this.bytes().fill(0);
    this.index = index;
    this.used = false;
  }
}

/** The grains of a piece that are not zero. */
function* grainsOf(offset: number, data: Uint8Array): Generator<{ grain: number; bytes: Uint8Array }> {
  for (let at = 0; at < data.length; at += grainSize) {
    const bytes = data.subarray(at, at + grainSize);
    if (!isZero(bytes)) yield { grain: (offset + at) / grainSize, bytes };
  }
}

/** Header, descriptor, then twice a directory and its tables, then the grains as they come. */
export class SparseWriter implements ImageWriter {
  readonly wantsZeroes = false;
  private readonly table = new TableInProgress();
  private readonly directories: readonly [redundant: number, used: number];
  private readonly overhead: number;
  private end: number;

  constructor(
    private readonly file: HostFile,
    private readonly disk: NewDisk,
  ) {
    requireSize(disk);
    const sectors = sectorsOf(4 * tablesOf(disk.size)) + tablesOf(disk.size) * tableSectors;
    const first = 1 + descriptorSectors;
    this.directories = [first, first + sectors];
    this.overhead = Math.ceil((first + 2 * sectors) / grainSectors) * grainSectors;
    this.end = this.overhead;
  }

  async write(offset: number, data: Uint8Array): Promise<void> {
    for (const { grain, bytes } of grainsOf(offset, data)) {
      const index = Math.floor(grain / grainsPerTable);
      if (index !== this.table.index) await this.writeTable(index);
      await this.file.write(bytes, this.end * sectorSize);
      this.table.set(grain, this.end);
      this.end += grainSectors;
    }
  }

  async finish(): Promise<void> {
    const { file, disk, overhead } = this;
    await this.writeTable(-1);
    for (const directory of this.directories) {
      const entries = new DataView(new ArrayBuffer(4 * tablesOf(disk.size)));
      for (let index = 0; index < tablesOf(disk.size); index++) entries.setUint32(4 * index, this.sectorOfTable(directory, index), true);
      await file.write(new Uint8Array(entries.buffer), directory * sectorSize);
    }
    await file.write(descriptorOf(disk, 'monolithicSparse'), sectorSize);
    await file.truncate(this.end * sectorSize);
    await file.sync();
    const [rgdOffset, gdOffset] = this.directories;
    const header = headerSector({
      version: 1,
      flags: Flag.NEWLINES | Flag.REDUNDANT_TABLE,
      capacity: BigInt(disk.size / sectorSize),
      grainSize: BigInt(grainSectors),
      descriptorOffset: 1n,
      descriptorSize: BigInt(descriptorSectors),
      rgdOffset: BigInt(rgdOffset),
      gdOffset: BigInt(gdOffset),
      overHead: BigInt(overhead),
      compressAlgorithm: Compression.NONE,
    });
    await file.write(header, 0);
    await file.sync();
  }

  private sectorOfTable(directory: number, index: number): number {
    return directory + sectorsOf(4 * tablesOf(this.disk.size)) + index * tableSectors;
  }

  /** Writes the present table, both times, and begins another. */
  private async writeTable(next: number): Promise<void> {
    if (this.table.used) for (const directory of this.directories) await this.file.write(this.table.bytes(), this.sectorOfTable(directory, this.table.index) * sectorSize);
    this.table.next(next);
  }
}

/** Header, descriptor, packed grains each behind a marker, each table behind its grains, then directory, footer and end. */
export class StreamWriter implements ImageWriter {
  readonly wantsZeroes = false;
  private readonly table = new TableInProgress();
  private readonly directory: DataView;
  private end = grainSectors;

  constructor(
    private readonly file: HostFile,
    private readonly disk: NewDisk,
  ) {
    requireSize(disk);
    this.directory = new DataView(new ArrayBuffer(4 * tablesOf(disk.size)));
  }

  async write(offset: number, data: Uint8Array): Promise<void> {
    for (const { grain, bytes } of grainsOf(offset, data)) {
      const index = Math.floor(grain / grainsPerTable);
      if (index !== this.table.index) await this.writeTable(index);
      const packed = await pack(whole(bytes, grainSize));
      const record = new Uint8Array(grainMarkerSize + packed.length);
      record.set(encode(Marker, { value: BigInt(grain * grainSectors), size: packed.length, type: 0 }).subarray(0, grainMarkerSize));
      record.set(packed, grainMarkerSize);
      this.table.set(grain, await this.append(record));
    }
  }

  async finish(): Promise<void> {
    const { file } = this;
    await this.writeTable(-1);
    const directory = new Uint8Array(this.directory.buffer);
    await this.appendMarker(MarkerType.GD, sectorsOf(directory.length));
    const gdOffset = await this.append(directory);
    await this.appendMarker(MarkerType.FOOTER, 1);
    await this.append(this.header(BigInt(gdOffset)));
    await this.appendMarker(MarkerType.EOS, 0);
    await file.truncate(this.end * sectorSize);
    await file.write(descriptorOf(this.disk, 'streamOptimized'), sectorSize);
    await file.sync();
    await file.write(this.header(GD_AT_END), 0);
    await file.sync();
  }

  private header(gdOffset: bigint): Uint8Array {
    return headerSector({
      version: 3,
      flags: Flag.NEWLINES | Flag.COMPRESSED | Flag.MARKERS,
      capacity: BigInt(this.disk.size / sectorSize),
      grainSize: BigInt(grainSectors),
      descriptorOffset: 1n,
      descriptorSize: BigInt(descriptorSectors),
      rgdOffset: 0n,
      gdOffset,
      overHead: BigInt(grainSectors),
      compressAlgorithm: Compression.DEFLATE,
    });
  }

  /** @returns the sector at which the bytes begin */
  private async append(bytes: Uint8Array): Promise<number> {
    const at = this.end;
    await this.file.write(whole(bytes, sectorSize), at * sectorSize);
    this.end += sectorsOf(bytes.length);
    return at;
  }

  private appendMarker(type: number, sectors: number): Promise<number> {
    return this.append(encode(Marker, { value: BigInt(sectors), size: 0, type }));
  }

  private async writeTable(next: number): Promise<void> {
    if (this.table.used) {
      await this.appendMarker(MarkerType.GT, tableSectors);
      this.directory.setUint32(4 * this.table.index, await this.append(this.table.bytes()), true);
    }
    this.table.next(next);
  }
}

/** `bytes`, filled with zeroes to a multiple of `unit`. */
function whole(bytes: Uint8Array, unit: number): Uint8Array {
  if (bytes.length % unit === 0 && bytes.length > 0) return bytes;
  const padded = new Uint8Array(Math.max(1, Math.ceil(bytes.length / unit)) * unit);
  padded.set(bytes);
  return padded;
}
