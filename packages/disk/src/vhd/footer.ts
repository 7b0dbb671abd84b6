/**
 * The footer and the dynamic header of a VHD, and what is believed of them. Pure.
 *
 * Virtual Hard Disk Image Format Specification 1.0. All numbers are big-endian. A fixed image is the disk's bytes and the footer. A dynamic one is a copy of the
 * footer, the dynamic header, a table of one 32-bit sector number a block (BAT), the blocks (each a bitmap of its sectors and their data), and the footer.
 */
import { bytes, constant, type Codec, decodePrefix, encode, pdu, u16be, u32be, u8, type Value, WireError } from '@belvedere/wire';
import { ImageError } from '../errors.js';
import { uuid } from '../uuid.js';

export const sectorSize = 512;
export const footerSize = 512;
export const dynamicHeaderSize = 1024;
export const DiskType = { FIXED: 2, DYNAMIC: 3, DIFFERENCING: 4 } as const;
/** A table entry of a block that was never written. */
export const NO_BLOCK = 0xffffffff;

const u64be: Codec<bigint> = {
  size: () => 8,
  encode: (value, out) => out.view.setBigUint64(out.take(8), value),
  decode: (input) => input.view.getBigUint64(input.take(8)),
};

/** "conectix" and "cxsparse", in halves. */
const cookie = { con: 0x636f6e65, ectix: 0x63746978, cxs: 0x63787370, parse: 0x61727365 } as const;

export const HardDiskFooter = pdu('HardDiskFooter', 'VHD 1.0', {
  cookieHigh: constant(u32be, cookie.con),
  cookieLow: constant(u32be, cookie.ectix),
  features: u32be,
  fileFormatVersion: constant(u32be, 0x00010000),
  dataOffset: u64be,
  timeStamp: u32be,
  creatorApplication: bytes(4),
  creatorVersion: u32be,
  creatorHostOS: u32be,
  originalSize: u64be,
  currentSize: u64be,
  cylinder: u16be,
  heads: u8,
  sectorsPerTrack: u8,
  diskType: u32be,
  checksum: u32be,
  uniqueId: uuid,
  savedState: u8,
  reserved: bytes(427),
});
export type VhdFooter = Value<typeof HardDiskFooter>;

export const DynamicDiskHeader = pdu('DynamicDiskHeader', 'VHD 1.0', {
  cookieHigh: constant(u32be, cookie.cxs),
  cookieLow: constant(u32be, cookie.parse),
  dataOffset: u64be,
  tableOffset: u64be,
  headerVersion: constant(u32be, 0x00010000),
  maxTableEntries: u32be,
  blockSize: u32be,
  checksum: u32be,
  parent: bytes(984),
});
export type VhdDynamicHeader = Value<typeof DynamicDiskHeader>;

/** 2040 GiB, the format's own limit. */
export const maxSize = 2040 * 2 ** 30;
const maxEntries = 1 << 22;

/** The complement of the sum of all bytes, those of the checksum aside. */
function checksumOf(structure: Uint8Array, at: number): number {
  let sum = 0;
  for (let i = 0; i < structure.length; i++) if (i < at || i >= at + 4) sum += structure[i]!;
  return ~sum >>> 0;
}
const footerChecksumAt = 64;
const dynamicChecksumAt = 36;

/** Whether bytes are a footer, damaged or not. */
export const isFooter = (sector: Uint8Array): boolean => String.fromCharCode(...sector.subarray(0, 8)) === 'conectix';

/** @param fileSize length of the file in bytes. @throws ImageError with the field and the reason */
export function parseFooter(path: string, sector: Uint8Array, fileSize: number): VhdFooter {
  const footer = parse(path, HardDiskFooter, sector);
  const refuse = (field: keyof VhdFooter, reason: string): never => {
    throw new ImageError(path, `HardDiskFooter.${field}`, reason);
  };
  const { checksum, diskType, currentSize } = footer;
  const sum = checksumOf(sector.subarray(0, footerSize), footerChecksumAt);
  if (checksum !== sum) refuse('checksum', `${checksum} instead of ${sum}: the footer is damaged`);
  if (diskType === DiskType.DIFFERENCING) refuse('diskType', `${diskType} is a differencing image: not supported; merge it into its parent where it was made`);
  if (diskType !== DiskType.FIXED && diskType !== DiskType.DYNAMIC) refuse('diskType', `${diskType} is neither fixed nor dynamic`);
  if (currentSize === 0n || currentSize % BigInt(sectorSize) !== 0n) refuse('currentSize', `${currentSize} bytes are not a positive multiple of ${sectorSize}`);
  if (currentSize > BigInt(maxSize)) refuse('currentSize', `${currentSize} bytes are more than ${maxSize}`);
  if (diskType === DiskType.FIXED && currentSize > BigInt(fileSize - footerSize)) refuse('currentSize', `${currentSize} bytes do not fit the file of ${fileSize}: the file is truncated`);
  return footer;
}

/** @throws ImageError with the field and the reason */
export function parseDynamicHeader(path: string, bytes: Uint8Array, footer: VhdFooter, fileSize: number): VhdDynamicHeader {
  const header = parse(path, DynamicDiskHeader, bytes);
  const refuse = (field: keyof VhdDynamicHeader, reason: string): never => {
    throw new ImageError(path, `DynamicDiskHeader.${field}`, reason);
  };
  const { checksum, blockSize, maxTableEntries, tableOffset } = header;
  const sum = checksumOf(bytes.subarray(0, dynamicHeaderSize), dynamicChecksumAt);
  if (checksum !== sum) refuse('checksum', `${checksum} instead of ${sum}: the header is damaged`);
  if (blockSize < 1 << 12 || blockSize > 1 << 26 || (blockSize & (blockSize - 1)) !== 0) refuse('blockSize', `${blockSize} is not a power of two from 4 KiB to 64 MiB`);
  if (maxTableEntries === 0 || maxTableEntries > maxEntries) refuse('maxTableEntries', `${maxTableEntries} is outside 1 to ${maxEntries}`);
  if (footer.currentSize > BigInt(maxTableEntries) * BigInt(blockSize)) refuse('maxTableEntries', `${footer.currentSize} bytes do not fit ${maxTableEntries} blocks of ${blockSize}`);
  if (tableOffset + BigInt(4 * maxTableEntries) > BigInt(fileSize)) refuse('tableOffset', `a table of ${4 * maxTableEntries} bytes at ${tableOffset} is outside the file of ${fileSize}: the file is truncated`);
  return header;
}

function parse<T>(path: string, codec: Codec<T>, bytes: Uint8Array): T {
  try {
    return decodePrefix(codec, bytes).value;
  } catch (cause) {
    if (!(cause instanceof WireError)) throw cause;
    throw new ImageError(path, cause.where, cause.message.slice(cause.message.indexOf(': ') + 2), { cause });
  }
}

/** Cylinders, heads and sectors by the specification's appendix. @param size bytes */
export function geometryOf(size: number): Pick<VhdFooter, 'cylinder' | 'heads' | 'sectorsPerTrack'> {
  const total = Math.min(size / sectorSize, 65535 * 16 * 255);
  if (total >= 65535 * 16 * 63) return { cylinder: Math.floor(total / 255 / 16), heads: 16, sectorsPerTrack: 255 };
  let sectorsPerTrack = 17;
  let tracks = Math.floor(total / sectorsPerTrack);
  let heads = Math.max(4, Math.floor((tracks + 1023) / 1024));
  if (tracks >= heads * 1024 || heads > 16) {
    sectorsPerTrack = 31;
    heads = 16;
    tracks = Math.floor(total / sectorsPerTrack);
  }
  if (tracks >= heads * 1024) {
    sectorsPerTrack = 63;
    heads = 16;
    tracks = Math.floor(total / sectorsPerTrack);
  }
  return { cylinder: Math.floor(tracks / heads), heads, sectorsPerTrack };
}

/** The footer of a new image. @param dataOffset where the dynamic header is */
export function footerSector(size: number, uniqueId: string, dynamic: boolean): Uint8Array {
  const footer = encode(HardDiskFooter, {
    features: 2, // a bit that is always set
    dataOffset: dynamic ? BigInt(footerSize) : 0xffffffffffffffffn,
    timeStamp: 0,
    // A program that takes the size from the geometry for those it does not know takes it from currentSize for this one.
    creatorApplication: new TextEncoder().encode('win '),
    creatorVersion: 0x00060001,
    creatorHostOS: 0x5769326b, // "Wi2k"
    originalSize: BigInt(size),
    currentSize: BigInt(size),
    ...geometryOf(size),
    diskType: dynamic ? DiskType.DYNAMIC : DiskType.FIXED,
    checksum: 0,
    uniqueId,
    savedState: 0,
    reserved: new Uint8Array(427),
  });
  new DataView(footer.buffer).setUint32(footerChecksumAt, checksumOf(footer, footerChecksumAt));
  return footer;
}

/** The dynamic header of a new image. */
export function dynamicHeader(tableOffset: number, maxTableEntries: number, blockSize: number): Uint8Array {
  const header = encode(DynamicDiskHeader, { dataOffset: 0xffffffffffffffffn, tableOffset: BigInt(tableOffset), maxTableEntries, blockSize, checksum: 0, parent: new Uint8Array(984) });
  new DataView(header.buffer).setUint32(dynamicChecksumAt, checksumOf(header, dynamicChecksumAt));
  return header;
}

/** Bytes of a block's bitmap, in whole sectors. */
export const bitmapSize = (blockSize: number): number => Math.ceil(blockSize / sectorSize / 8 / sectorSize) * sectorSize;
