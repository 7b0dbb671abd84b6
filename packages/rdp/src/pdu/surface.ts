/**
 * Surface commands: bitmaps in the codecs that a client names among its capabilities.
 *
 * [MS-RDPBCGR] 2.2.9.2 (commands), 2.2.7.2.9 and 2.2.7.2.10 (capability sets); [MS-RDPNSC] 2.2.1 (NSCodec's). Pure.
 */
import { array, bytes, constant, countOf, lengthOf, pdu, rest, u16le, u32le, u8, type Value } from '@belvedere/wire';

/** `cmdFlags` of the surface commands capability set. */
export const SurfaceCommands = { SET_SURFACE_BITS: 0x02, FRAME_MARKER: 0x10, STREAM_SURFACE_BITS: 0x40 } as const;

export const TS_SURFCMDS_CAPABILITYSET = pdu('TS_SURFCMDS_CAPABILITYSET', '[MS-RDPBCGR] 2.2.7.2.9', {
  cmdFlags: u32le,
  reserved: u32le,
});

export const TS_BITMAPCODEC = pdu('TS_BITMAPCODEC', '[MS-RDPBCGR] 2.2.7.2.10.1.1', {
  codecGUID: bytes(16),
  codecID: u8,
  codecPropertiesLength: lengthOf('codecProperties', u16le),
  codecProperties: rest,
});

export const TS_BITMAPCODECS_CAPABILITYSET = pdu('TS_BITMAPCODECS_CAPABILITYSET', '[MS-RDPBCGR] 2.2.7.2.10', {
  bitmapCodecCount: countOf('bitmapCodecArray', u8),
  bitmapCodecArray: array(TS_BITMAPCODEC),
});

const guid = (hex: string): Uint8Array => new Uint8Array(Buffer.from(hex, 'hex'));

/** CA8D1BB9-000F-154F-589F-AE2D1A87E2D6, as it is on the wire. */
export const CODEC_GUID_NSCODEC = guid('b91b8dca0f004f15589fae2d1a87e2d6');
/**
 * 1BAF4CE6-9EED-430C-869A-CB8B37B66237. Clients that spell it in another order of octets, as FreeRDP 2 does, name a codec that they cannot draw.
 */
export const CODEC_GUID_IMAGE = guid('e64caf1bed9e0c43869acb8b37b66237');

/** `codecProperties` of NSCodec. */
export const TS_NSCODEC_CAPABILITYSET = pdu('TS_NSCODEC_CAPABILITYSET', '[MS-RDPNSC] 2.2.1', {
  fAllowDynamicFidelity: u8,
  fAllowSubsampling: u8,
  colorLossLevel: u8,
});

/** `width` and `height` are those of the data; the destination's right and bottom are exclusive. */
export const TS_SURFCMD_SET_SURF_BITS = pdu('TS_SURFCMD_SET_SURF_BITS', '[MS-RDPBCGR] 2.2.9.2.1', {
  cmdType: constant(u16le, 1),
  destLeft: u16le,
  destTop: u16le,
  destRight: u16le,
  destBottom: u16le,
  bpp: u8,
  flags: constant(u8, 0),
  reserved: constant(u8, 0),
  codecID: u8,
  width: u16le,
  height: u16le,
  bitmapDataLength: lengthOf('bitmapData', u32le),
  bitmapData: rest,
});
export type SurfaceBits = Value<typeof TS_SURFCMD_SET_SURF_BITS>;

/** Bytes of TS_SURFCMD_SET_SURF_BITS before its data. */
export const SURFACE_BITS_HEADER = 22;
