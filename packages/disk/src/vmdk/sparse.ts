/** A sparse extent, read: directory in memory, tables and compressed grains a few at a time. Knows its file as a `HostFile` only. */
import { promisify } from 'node:util';
import { inflate } from 'node:zlib';
import { decode, decodePrefix } from '@belvedere/wire';
import { ImageError } from '../errors.js';
import type { HostFile } from '../ports.js';
import { Recent } from '../recent.js';
import { GD_AT_END, Grain, grainMarkerSize, judgeHeader, Marker, MarkerType, parseHeader, sectorSize, type SparseExtent, type VmdkHeader } from './header.js';

const unpack = promisify(inflate);
/** Grain tables in memory: of the usual grains, 32 MiB of disk each. */
const tablesKept = 512;
const packedGrainsKept = 16;

/** The header that counts: of a stream-optimized extent the footer's. @throws ImageError */
export async function readExtent(file: HostFile): Promise<SparseExtent> {
  const sector = new Uint8Array(sectorSize);
  await file.read(sector, 0);
  const size = await file.size();
  let header = parseHeader(file.path, sector);
  if (header.gdOffset === GD_AT_END) header = await readFooter(file, size);
  return judgeHeader(file.path, header, size);
}

async function readFooter(file: HostFile, size: number): Promise<VmdkHeader> {
  const end = new Uint8Array(3 * sectorSize);
  if (size < end.length + sectorSize) throw new ImageError(file.path, 'footer', `a file of ${size} bytes has none: it is truncated`);
  await file.read(end, size - end.length);
  const marker = decodePrefix(Marker, end).value;
  if (marker.type !== MarkerType.FOOTER || marker.value !== 1n) throw new ImageError(file.path, 'footer', 'the file does not end in one: it is truncated');
  const header = parseHeader(file.path, end.subarray(sectorSize, 2 * sectorSize));
  if (header.gdOffset === GD_AT_END) throw new ImageError(file.path, 'footer', 'gdOffset names no directory');
  return header;
}

export class SparseReader {
  private readonly tables = new Recent<Uint32Array>(tablesKept);
  private readonly unpacked = new Recent<Uint8Array>(packedGrainsKept);

  private constructor(
    private readonly file: HostFile,
    private readonly extent: SparseExtent,
    private readonly directory: Uint32Array,
    private readonly fileSize: number,
  ) {}

  /** @throws ImageError when the directory points outside the file */
  static async open(file: HostFile, extent: SparseExtent): Promise<SparseReader> {
    const directory = await readEntries(file, extent.gdOffset, extent.tables);
    const fileSize = await file.size();
    for (const [index, at] of directory.entries()) {
      if (at * sectorSize + 4 * extent.grainsPerTable > fileSize) throw new ImageError(file.path, `directory[${index}]`, `a table at sector ${at} is outside the file of ${fileSize} bytes: the file is truncated`);
    }
    return new SparseReader(file, extent, directory, fileSize);
  }

  get size(): number {
    return this.extent.size;
  }

  /** Bytes of memory. */
  get tableBytes(): number {
    return this.directory.byteLength;
  }

  /** Fills `into` from the disk's bytes at `offset`; what no grain has stays as it is. */
  async read(into: Uint8Array, offset: number): Promise<void> {
    const { grainSize, compressed } = this.extent;
    for (let done = 0; done < into.length; ) {
      const grain = Math.floor((offset + done) / grainSize);
      const within = (offset + done) % grainSize;
      const part = into.subarray(done, done + Math.min(grainSize - within, into.length - done));
      const at = await this.grainAt(grain);
      if (at !== undefined && compressed) part.set((await this.unpacked.get(grain, () => this.unpackGrain(grain, at))).subarray(within, within + part.length));
      else if (at !== undefined) await this.readPlain(part, grain, at + within);
      done += part.length;
    }
  }

  /** Whether no grain has any of a range. */
  async isAbsent(offset: number, length: number): Promise<boolean> {
    const { grainSize } = this.extent;
    for (let grain = Math.floor(offset / grainSize); grain * grainSize < offset + length; grain++) if ((await this.grainAt(grain)) !== undefined) return false;
    return true;
  }

  /** Offset of a grain, or of its marker, in the file. */
  private async grainAt(grain: number): Promise<number | undefined> {
    const { grainsPerTable, zeroGrains } = this.extent;
    const index = Math.floor(grain / grainsPerTable);
    const place = this.directory[index]!;
    if (place === 0) return undefined;
    const table = await this.tables.get(index, () => readEntries(this.file, place * sectorSize, grainsPerTable));
    const at = table[grain % grainsPerTable]!;
    return at === Grain.ABSENT || (zeroGrains && at === Grain.ZERO) ? undefined : at * sectorSize;
  }

  private async readPlain(into: Uint8Array, grain: number, at: number): Promise<void> {
    if (at + into.length > this.fileSize) throw new ImageError(this.file.path, `grain ${grain}`, `at byte ${at}, outside the file of ${this.fileSize} bytes: the file is truncated`);
    await this.file.read(into, at);
  }

  private async unpackGrain(grain: number, at: number): Promise<Uint8Array> {
    const refuse = (reason: string, cause?: unknown): never => {
      throw new ImageError(this.file.path, `grain ${grain}`, reason, { cause });
    };
    if (at + sectorSize > this.fileSize) refuse(`at byte ${at}, outside the file of ${this.fileSize} bytes: the file is truncated`);
    const { grainSize } = this.extent;
    const head = new Uint8Array(16);
    await this.file.read(head, at);
    const { value, size } = decode(Marker, head);
    const first = (grain * grainSize) / sectorSize;
    if (value !== BigInt(first)) refuse(`its marker is that of sector ${value}, not ${first}`);
    if (size === 0 || size > 2 * grainSize || at + grainMarkerSize + size > this.fileSize) refuse(`${size} packed bytes are none, too many, or outside the file`);
    const packed = new Uint8Array(size);
    await this.file.read(packed, at + grainMarkerSize);
    const bytes = await unpack(packed, { maxOutputLength: grainSize }).catch((cause: unknown) => refuse('its data cannot be unpacked', cause));
    const wanted = Math.min(grainSize, this.extent.size - grain * grainSize);
    if (bytes.length < wanted) refuse(`its data unpacks to ${bytes.length} bytes, not ${grainSize}`);
    return bytes;
  }
}

/** Entries are little-endian, whatever the host is. */
async function readEntries(file: HostFile, offset: number, count: number): Promise<Uint32Array> {
  const bytes = new Uint8Array(4 * count);
  await file.read(bytes, offset);
  const view = new DataView(bytes.buffer);
  return Uint32Array.from({ length: count }, (_, index) => view.getUint32(4 * index, true));
}
