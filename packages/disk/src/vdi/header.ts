/**
 * The header of a VDI image, version 1.1, and what is believed of it. Pure.
 *
 * The file: this header, the block map (one 32-bit number a block: where its data stands, counted in blocks from `offData`),
 * the blocks. Every number is bounded here, against the format, the file's length and what this package supports.
 */
import { bytes, constant, decodePrefix, encode, pdu, u32le, u64le, type Value, WireError } from '@belvedere/wire';
import { ImageError } from '../errors.js';
import { nilUuid, uuid } from '../uuid.js';

export const sectorSize = 512;
export const blockSize = 1 << 20;
/** 8 TiB in blocks of 1 MiB: a map of 32 MiB. */
export const maxBlocks = 1 << 23;
export const signature = 0xbeda107f;
export const signatureOffset = 64;

/** `u32Type` */
export const ImageType = { NORMAL: 1, FIXED: 2, UNDO: 3, DIFF: 4 } as const;

/** Map entries that are no position: a block never written, and one known to be zero. */
export const Block = { FREE: 0xffffffff, ZERO: 0xfffffffe } as const;

const preHeaderSize = 72;
const headerSize = 400;
/** `cbHeader` without `LCHSGeometry`, as the first 1.1 images had it. */
const shortHeaderSize = 384;

const VDIDISKGEOMETRY = pdu('VDIDISKGEOMETRY', 'VDI 1.1', { cCylinders: u32le, cHeads: u32le, cSectors: u32le, cbSector: u32le });

export const VDIHEADER = pdu('VDIHEADER', 'VDI 1.1', {
  szFileInfo: bytes(64),
  u32Signature: constant(u32le, signature),
  u32Version: constant(u32le, 0x00010001),
  cbHeader: u32le,
  u32Type: u32le,
  fFlags: u32le,
  szComment: bytes(256),
  offBlocks: u32le,
  offData: u32le,
  LegacyGeometry: VDIDISKGEOMETRY,
  u32Dummy: u32le,
  cbDisk: u64le,
  cbBlock: u32le,
  cbBlockExtra: u32le,
  cBlocks: u32le,
  cBlocksAllocated: u32le,
  uuidCreate: uuid,
  uuidModify: uuid,
  uuidLinkage: uuid,
  uuidParentModify: uuid,
  LCHSGeometry: VDIDISKGEOMETRY,
});
export type VdiHeader = Value<typeof VDIHEADER>;

/** Bytes that a map of this many blocks takes, in whole sectors. */
export const mapSize = (blocks: number): number => Math.ceil((4 * blocks) / sectorSize) * sectorSize;

/** End of the header: nothing else may stand before it. */
export const headerEnd = (header: VdiHeader): number => preHeaderSize + header.cbHeader;

/**
 * Reads and judges the first sector of a VDI.
 * @param fileSize length of the file in bytes
 * @throws ImageError with the field and the reason
 */
export function parseHeader(path: string, sector: Uint8Array, fileSize: number): VdiHeader {
  let header: VdiHeader;
  try {
    header = decodePrefix(VDIHEADER, sector).value;
  } catch (cause) {
    if (!(cause instanceof WireError)) throw cause;
    throw new ImageError(path, cause.where, cause.message.slice(cause.message.indexOf(': ') + 2), { cause });
  }
  const refuse = (field: keyof VdiHeader, reason: string): never => {
    throw new ImageError(path, `VDIHEADER.${field}`, reason);
  };
  const { cbHeader, u32Type, offBlocks, offData, cbDisk, cbBlock, cbBlockExtra, cBlocks, LegacyGeometry, uuidLinkage } = header;

  if (u32Type === ImageType.UNDO) refuse('u32Type', `${u32Type} is an undo image, which nothing makes any more: not supported`);
  if (u32Type !== ImageType.NORMAL && u32Type !== ImageType.FIXED && u32Type !== ImageType.DIFF) refuse('u32Type', `${u32Type} is no known type`);
  if (u32Type === ImageType.DIFF && uuidLinkage === nilUuid) refuse('uuidLinkage', 'a differencing image names no parent');
  if (u32Type !== ImageType.DIFF && uuidLinkage !== nilUuid) refuse('uuidLinkage', `names the parent {${uuidLinkage}}, but the type ${u32Type} is not that of a differencing image`);
  if (cbHeader < shortHeaderSize || cbHeader > 0x10000) refuse('cbHeader', `${cbHeader} is outside ${shortHeaderSize} to 65536`);
  if (LegacyGeometry.cbSector !== sectorSize) refuse('LegacyGeometry', `sectors of ${LegacyGeometry.cbSector} bytes, need ${sectorSize}`);
  if (cbBlock < 1 << 16 || cbBlock > 1 << 26 || (cbBlock & (cbBlock - 1)) !== 0) refuse('cbBlock', `${cbBlock} is not a power of two from 64 KiB to 64 MiB`);
  if (cbBlockExtra !== 0) refuse('cbBlockExtra', `${cbBlockExtra} extra bytes a block are not supported`);
  if (cBlocks === 0 || cBlocks > maxBlocks) refuse('cBlocks', `${cBlocks} blocks are outside 1 to ${maxBlocks}`);
  if (cbDisk === 0n || cbDisk % BigInt(sectorSize) !== 0n) refuse('cbDisk', `${cbDisk} bytes are not a positive multiple of ${sectorSize}`);
  if (cbDisk > BigInt(cBlocks) * BigInt(cbBlock)) refuse('cbDisk', `${cbDisk} bytes do not fit ${cBlocks} blocks of ${cbBlock}`);
  if (offBlocks % sectorSize !== 0 || offBlocks < headerEnd(header)) refuse('offBlocks', `${offBlocks} is not a multiple of ${sectorSize} behind the header`);
  if (offBlocks + 4 * cBlocks > fileSize) refuse('offBlocks', `the map ends at ${offBlocks + 4 * cBlocks}, the file at ${fileSize}: the file is truncated`);
  if (offData % sectorSize !== 0) refuse('offData', `${offData} is not a multiple of ${sectorSize}`);
  if (offData < offBlocks + 4 * cBlocks) refuse('offData', `${offData} is inside the map, which ends at ${offBlocks + 4 * cBlocks}`);
  return header;
}

/** The map's entries, judged as they come: each position once, inside the file. */
export class MapJudge {
  /** Entries that are positions. */
  used = 0;
  /** The first position behind all of them. */
  end = 0;
  private readonly seen: Uint8Array;
  private readonly inFile: number;

  /** @param fileSize length of the file in bytes */
  constructor(
    private readonly path: string,
    private readonly header: VdiHeader,
    fileSize: number,
  ) {
    this.inFile = Math.floor(Math.max(fileSize - header.offData, 0) / header.cbBlock);
    this.seen = new Uint8Array(Math.ceil(Math.min(header.cBlocks, this.inFile) / 8));
  }

  /** @param first the block of the first entry. @throws ImageError with the block at fault */
  take(first: number, entries: Uint32Array): void {
    const { seen, inFile } = this;
    const { cBlocks } = this.header;
    const refuse = (index: number, reason: string): never => {
      throw new ImageError(this.path, `map[${first + index}]`, reason);
    };
    for (let index = 0; index < entries.length; index++) {
      const at = entries[index]!;
      if (at >= Block.ZERO) continue;
      if (at >= cBlocks) refuse(index, `position ${at} is outside the image's ${cBlocks} blocks`);
      if (at >= inFile) refuse(index, `position ${at} is outside the file, which has ${inFile} blocks: the file is truncated`);
      if (seen[at >> 3]! & (1 << (at & 7))) refuse(index, `position ${at} belongs to another block too`);
      seen[at >> 3]! |= 1 << (at & 7);
      this.used++;
      if (at >= this.end) this.end = at + 1;
    }
  }
}

/** The first sector with `header` in it; what stands behind the header there is kept from `previous`. */
export function headerSector(header: VdiHeader, previous?: Uint8Array): Uint8Array {
  const sector = new Uint8Array(sectorSize);
  if (previous) sector.set(previous);
  const encoded = encode(VDIHEADER, header);
  sector.set(encoded.subarray(0, Math.min(encoded.length, headerEnd(header))));
  return sector;
}

const noGeometry = { cCylinders: 0, cHeads: 0, cSectors: 0, cbSector: sectorSize };

type GivenFields = 'u32Type' | 'offBlocks' | 'offData' | 'cbDisk' | 'cBlocks' | 'cBlocksAllocated' | 'uuidCreate' | 'uuidModify';

/** The header of a new image. */
export function newHeader(fields: Pick<VdiHeader, GivenFields> & Partial<Pick<VdiHeader, 'uuidLinkage' | 'uuidParentModify'>>): VdiHeader {
  const szFileInfo = new Uint8Array(64);
  new TextEncoder().encodeInto('<<< Belvedere Virtual Disk Image >>>\n', szFileInfo);
  return {
    szFileInfo,
    cbHeader: headerSize,
    fFlags: 0,
    szComment: new Uint8Array(256),
    LegacyGeometry: noGeometry,
    u32Dummy: 0,
    cbBlock: blockSize,
    cbBlockExtra: 0,
    uuidLinkage: nilUuid,
    uuidParentModify: nilUuid,
    LCHSGeometry: noGeometry,
    ...fields,
  };
}
