/**
 * The header of a VMDK sparse extent, and what is believed of it. Pure.
 *
 * VMware Virtual Disk Format 1.1. A sparse extent is a directory of tables of grains: `gdOffset` → one 32-bit sector number a table →
 * one 32-bit sector number a grain. In a stream-optimized extent a grain stands compressed behind a marker, and the header that
 * counts is the footer at the end of the file. Offsets and sizes in the header are in sectors of 512 bytes.
 */
import { bytes, constant, decodePrefix, encode, pdu, u16le, u32le, u64le, u8, type Value, WireError } from '@belvedere/wire';
import { ImageError } from '../errors.js';

export const sectorSize = 512;
/** "KDMV" */
export const magic = 0x564d444b;
export const grainsPerTable = 512;
/** `gdOffset` of a header whose footer has the real one. */
export const GD_AT_END = 0xffffffffffffffffn;

export const Flag = { NEWLINES: 1, REDUNDANT_TABLE: 2, ZERO_GRAINS: 4, COMPRESSED: 1 << 16, MARKERS: 1 << 17 } as const;
export const Compression = { NONE: 0, DEFLATE: 1 } as const;
/** Table entries that are no sector: a grain never written, and (with `ZERO_GRAINS`) one known to be zero. */
export const Grain = { ABSENT: 0, ZERO: 1 } as const;

export const SparseExtentHeader = pdu('SparseExtentHeader', 'VMware Virtual Disk Format 1.1', {
  magicNumber: constant(u32le, magic),
  version: u32le,
  flags: u32le,
  capacity: u64le,
  grainSize: u64le,
  descriptorOffset: u64le,
  descriptorSize: u64le,
  numGTEsPerGT: u32le,
  rgdOffset: u64le,
  gdOffset: u64le,
  overHead: u64le,
  uncleanShutdown: u8,
  singleEndLineChar: constant(u8, 0x0a),
  nonEndLineChar: constant(u8, 0x20),
  doubleEndLineChar1: constant(u8, 0x0d),
  doubleEndLineChar2: constant(u8, 0x0a),
  compressAlgorithm: u16le,
  pad: bytes(433),
});
export type VmdkHeader = Value<typeof SparseExtentHeader>;

/** What stands before the parts of a stream-optimized extent: of a grain `value` is its first sector and `size` its bytes, else `value` counts sectors and `size` is zero. */
export const Marker = pdu('Marker', 'VMware Virtual Disk Format 1.1', { value: u64le, size: u32le, type: u32le });
export const MarkerType = { EOS: 0, GT: 1, GD: 2, FOOTER: 3 } as const;
/** A grain's data begins where another marker has its type. */
export const grainMarkerSize = 12;

/** 8 TiB, as of every format here. */
const maxSectors = 2n ** 34n;
const maxTables = 1 << 20;
const maxDescriptor = 128n;

/** The same numbers, judged, in bytes. */
export interface SparseExtent {
  readonly header: VmdkHeader;
  readonly size: number;
  readonly grainSize: number;
  readonly grainsPerTable: number;
  readonly tables: number;
  readonly gdOffset: number;
  readonly compressed: boolean;
  readonly zeroGrains: boolean;
  /** Undefined where the extent has none. */
  readonly descriptor: { readonly offset: number; readonly size: number } | undefined;
}

/** @throws ImageError when the bytes are no such header */
export function parseHeader(path: string, sector: Uint8Array): VmdkHeader {
  try {
    return decodePrefix(SparseExtentHeader, sector).value;
  } catch (cause) {
    if (!(cause instanceof WireError)) throw cause;
    throw new ImageError(path, cause.where, cause.message.slice(cause.message.indexOf(': ') + 2), { cause });
  }
}

/** @param fileSize length of the file in bytes. @throws ImageError with the field and the reason */
export function judgeHeader(path: string, header: VmdkHeader, fileSize: number): SparseExtent {
  const refuse = (field: keyof VmdkHeader, reason: string): never => {
    throw new ImageError(path, `SparseExtentHeader.${field}`, reason);
  };
  const { version, flags, capacity, grainSize, numGTEsPerGT, gdOffset, compressAlgorithm, descriptorOffset, descriptorSize } = header;
  const inFile = BigInt(Math.floor(fileSize / sectorSize));
  const compressed = (flags & Flag.COMPRESSED) !== 0;

  if (version < 1 || version > 3) refuse('version', `${version} is not 1, 2 or 3`);
  if (capacity === 0n || capacity > maxSectors) refuse('capacity', `${capacity} sectors are outside 1 to ${maxSectors}`);
  if (grainSize < 8n || grainSize > 2n ** 15n || (grainSize & (grainSize - 1n)) !== 0n) refuse('grainSize', `${grainSize} sectors are not a power of two from 8 to 32768`);
  if (numGTEsPerGT < 1 || numGTEsPerGT > grainsPerTable || (numGTEsPerGT & (numGTEsPerGT - 1)) !== 0) refuse('numGTEsPerGT', `${numGTEsPerGT} is not a power of two from 1 to ${grainsPerTable}`);
  if (compressAlgorithm !== (compressed ? Compression.DEFLATE : Compression.NONE)) refuse('compressAlgorithm', `${compressAlgorithm} is not ${compressed ? Compression.DEFLATE : Compression.NONE}`);
  if (compressed && (flags & Flag.MARKERS) === 0) refuse('flags', `${flags}: compressed grains without markers are not supported`);
  const perTable = grainSize * BigInt(numGTEsPerGT);
  const tables = Number((capacity + perTable - 1n) / perTable);
  if (tables > maxTables) refuse('capacity', `${capacity} sectors need ${tables} grain tables, more than ${maxTables}`);
  const gdSectors = BigInt(Math.ceil((4 * tables) / sectorSize));
  if (gdOffset < 1n || gdOffset + gdSectors > inFile) refuse('gdOffset', `a directory of ${gdSectors} sectors at sector ${gdOffset} is outside the file of ${inFile}: the file is truncated`);
  if (descriptorOffset !== 0n) {
    if (descriptorSize > maxDescriptor) refuse('descriptorSize', `${descriptorSize} sectors are more than ${maxDescriptor}`);
    if (descriptorOffset + descriptorSize > inFile) refuse('descriptorOffset', `${descriptorSize} sectors at sector ${descriptorOffset} are outside the file of ${inFile}`);
  }
  const bytesOf = (sectors: bigint): number => Number(sectors) * sectorSize;
  return {
    header,
    size: bytesOf(capacity),
    grainSize: bytesOf(grainSize),
    grainsPerTable: numGTEsPerGT,
    tables,
    gdOffset: bytesOf(gdOffset),
    compressed,
    zeroGrains: (flags & Flag.ZERO_GRAINS) !== 0,
    descriptor: descriptorOffset === 0n ? undefined : { offset: bytesOf(descriptorOffset), size: bytesOf(descriptorSize) },
  };
}

/** The header of a new extent, and of its footer. */
export function headerSector(fields: Pick<VmdkHeader, 'version' | 'flags' | 'capacity' | 'grainSize' | 'descriptorOffset' | 'descriptorSize' | 'rgdOffset' | 'gdOffset' | 'overHead' | 'compressAlgorithm'>): Uint8Array {
  return encode(SparseExtentHeader, { ...fields, numGTEsPerGT: grainsPerTable, uncleanShutdown: 0, pad: new Uint8Array(433) });
}
