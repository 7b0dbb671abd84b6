/**
 * What the server draws: bitmap and palette updates, pointers, and the fast-path frame around them.
 *
 * [MS-RDPBCGR] 2.2.9.1.1 (slow path), 2.2.9.1.2 (fast path). Pure. Pixel data passes through as one byte range.
 */
import { array, type Codec, constant, countOf, Cursor, lengthOf, pdu, rest, u16le, u32le, u8, type Value, zeroes } from '@belvedere/wire';

/** `updateType` of a slow-path update, and the first field of bitmap and palette data on both paths. */
export const UpdateType = { ORDERS: 0, BITMAP: 1, PALETTE: 2, SYNCHRONIZE: 3 } as const;

/** `flags` of TS_BITMAP_DATA. */
export const BitmapFlags = { BITMAP_COMPRESSION: 0x0001, NO_BITMAP_COMPRESSION_HDR: 0x0400 } as const;

/**
 * Inclusive destination bounds; `width` and `height` of the data may be larger. `bitmapDataStream` has TS_CD_HEADER in front where `flags`
 * say so.
 */
export const TS_BITMAP_DATA = pdu('TS_BITMAP_DATA', '[MS-RDPBCGR] 2.2.9.1.1.3.1.2.2', {
  destLeft: u16le,
  destTop: u16le,
  destRight: u16le,
  destBottom: u16le,
  width: u16le,
  height: u16le,
  bitsPerPixel: u16le,
  flags: u16le,
  bitmapLength: lengthOf('bitmapDataStream', u16le),
  bitmapDataStream: rest,
});
export type BitmapData = Value<typeof TS_BITMAP_DATA>;

/** Bytes of TS_BITMAP_DATA before its data. */
export const BITMAP_DATA_HEADER = 18;

export const TS_CD_HEADER = pdu('TS_CD_HEADER', '[MS-RDPBCGR] 2.2.9.1.1.3.1.2.3', {
  cbCompFirstRowSize: zeroes(2),
  cbCompMainBodySize: u16le,
  cbScanWidth: u16le,
  cbUncompressedSize: u16le,
});

export const TS_UPDATE_BITMAP_DATA = pdu('TS_UPDATE_BITMAP_DATA', '[MS-RDPBCGR] 2.2.9.1.1.3.1.2', {
  updateType: constant(u16le, UpdateType.BITMAP),
  numberRectangles: countOf('rectangles', u16le),
  rectangles: array(TS_BITMAP_DATA),
});

/** Bytes of TS_UPDATE_BITMAP_DATA before its rectangles. */
export const BITMAP_UPDATE_HEADER = 4;

export const TS_PALETTE_ENTRY = pdu('TS_PALETTE_ENTRY', '[MS-RDPBCGR] 2.2.9.1.1.3.1.1.2', { red: u8, green: u8, blue: u8 });

export const TS_UPDATE_PALETTE_DATA = pdu('TS_UPDATE_PALETTE_DATA', '[MS-RDPBCGR] 2.2.9.1.1.3.1.1.1', {
  updateType: constant(u16le, UpdateType.PALETTE),
  pad2Octets: zeroes(2),
  numberColors: countOf('paletteEntries', u32le),
  paletteEntries: array(TS_PALETTE_ENTRY),
});

/** `messageType` of a slow-path pointer update. */
export const PointerMessage = { SYSTEM: 0x0001, POSITION: 0x0003, COLOR: 0x0006, CACHED: 0x0007, POINTER: 0x0008 } as const;

/** `systemPointerType`. */
export const SystemPointer = { NULL: 0x00000000, DEFAULT: 0x00007f00 } as const;

export const TS_POINTER_PDU = pdu('TS_POINTER_PDU', '[MS-RDPBCGR] 2.2.9.1.1.4', {
  messageType: u16le,
  pad2Octets: zeroes(2),
  pointerAttributeData: rest,
});

export const TS_SYSTEMPOINTERATTRIBUTE = pdu('TS_SYSTEMPOINTERATTRIBUTE', '[MS-RDPBCGR] 2.2.9.1.1.4.3', { systemPointerType: u32le });

export const TS_POINT16 = pdu('TS_POINT16', '[MS-RDPBCGR] 2.2.9.1.1.4.1', { xPos: u16le, yPos: u16le });

/**
 * `xorMaskData`: 24 bits a pixel, BGR, bottom-up, rows padded to 2 bytes; `andMaskData`: 1 bit a pixel, bottom-up, rows padded to 2 bytes.
 */
export const TS_COLORPOINTERATTRIBUTE = pdu('TS_COLORPOINTERATTRIBUTE', '[MS-RDPBCGR] 2.2.9.1.1.4.4', {
  cacheIndex: u16le,
  hotSpot: TS_POINT16,
  width: u16le,
  height: u16le,
  lengthAndMask: lengthOf('andMaskData', u16le),
  lengthXorMask: lengthOf('xorMaskData', u16le),
  xorMaskData: rest,
  andMaskData: rest,
  pad: zeroes(1),
});

/** A pointer of any depth: `xorBpp` bits a pixel in the XOR mask. */
export const TS_POINTERATTRIBUTE = pdu('TS_POINTERATTRIBUTE', '[MS-RDPBCGR] 2.2.9.1.1.4.5', {
  xorBpp: u16le,
  colorPtrAttr: TS_COLORPOINTERATTRIBUTE,
});

/** `updateCode` of a fast-path update. */
export const UpdateCode = {
  ORDERS: 0x0,
  BITMAP: 0x1,
  PALETTE: 0x2,
  SYNCHRONIZE: 0x3,
  SURFCMDS: 0x4,
  PTR_NULL: 0x5,
  PTR_DEFAULT: 0x6,
  PTR_POSITION: 0x8,
  COLOR: 0x9,
  CACHED: 0xa,
  POINTER: 0xb,
  LARGE_POINTER: 0xc,
} as const;

/** `fragmentation` of a fast-path update. */
export const Fragment = { SINGLE: 0, LAST: 1, FIRST: 2, NEXT: 3 } as const;

export interface FastPathUpdate {
  readonly updateCode: number;
  readonly fragmentation: number;
  readonly updateData: Uint8Array;
}

/** Bytes of TS_FP_UPDATE before its data. */
const FP_UPDATE_HEADER = 3;

/** A fast-path update; `compression` is never used here and refused when read. [MS-RDPBCGR] 2.2.9.1.2.1 */
export const TS_FP_UPDATE: Codec<FastPathUpdate> = {
  size: ({ updateData }) => FP_UPDATE_HEADER + updateData.length,
  encode({ updateCode, fragmentation, updateData }, out) {
    u8.encode(updateCode | (fragmentation << 4), out);
    u16le.encode(updateData.length, out);
    rest.encode(updateData, out);
  },
  decode(input) {
    input.where = 'TS_FP_UPDATE.updateHeader';
    const header = u8.decode(input);
    if (header >> 6) input.fail('compressed updates are not supported');
    input.where = 'TS_FP_UPDATE.updateData';
    return { updateCode: header & 0xf, fragmentation: (header >> 4) & 3, updateData: input.takeBytes(u16le.decode(input)) };
  },
};

/** The updates of a decrypted fast-path output PDU. */
export function decodeFastPathUpdates(body: Uint8Array): FastPathUpdate[] {
  const input = new Cursor(body);
  const updates: FastPathUpdate[] = [];
  while (input.remaining) updates.push(TS_FP_UPDATE.decode(input));
  return updates;
}
