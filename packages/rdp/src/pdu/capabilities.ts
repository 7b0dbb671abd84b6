/**
 * Capability sets: what client and server tell each other about themselves when a share starts.
 *
 * [MS-RDPBCGR] 1.7 and 2.2.7; [MS-RDPEGDI] 2.2.1 (sets for drawing orders). Bodies only: TS_CAPS_SET heads them. Pure.
 */
import { bytes, type Codec, Cursor, encode, lengthOf, optional, pdu, rest, u16le, u32le, u8, type Value, zeroes } from '@belvedere/wire';
import { fixedUtf16, newerFields } from './fields.js';

export const CapabilityType = {
  GENERAL: 1,
  BITMAP: 2,
  ORDER: 3,
  BITMAPCACHE: 4,
  CONTROL: 5,
  ACTIVATION: 7,
  POINTER: 8,
  SHARE: 9,
  COLORCACHE: 10,
  SOUND: 12,
  INPUT: 13,
  FONT: 14,
  BRUSH: 15,
  GLYPHCACHE: 16,
  OFFSCREENCACHE: 17,
  BITMAPCACHE_HOSTSUPPORT: 18,
  BITMAPCACHE_REV2: 19,
  VIRTUALCHANNEL: 20,
  DRAWNINEGRIDCACHE: 21,
  DRAWGDIPLUS: 22,
  RAIL: 23,
  WINDOW: 24,
  COMPDESK: 25,
  MULTIFRAGMENTUPDATE: 26,
  LARGE_POINTER: 27,
  SURFACE_COMMANDS: 28,
  BITMAP_CODECS: 29,
  FRAME_ACKNOWLEDGE: 30,
} as const;

/** The header of every set; `lengthCapability` counts it too. */
export const TS_CAPS_SET = pdu('TS_CAPS_SET', '[MS-RDPBCGR] 2.2.1.13.1.1.1', {
  capabilitySetType: u16le,
  lengthCapability: lengthOf('capabilityData', u16le, 4),
  capabilityData: rest,
});
export type CapabilitySet = Value<typeof TS_CAPS_SET>;

/** `extraFlags` of the general set. */
export const ExtraFlags = {
  FASTPATH_OUTPUT_SUPPORTED: 0x0001,
  LONG_CREDENTIALS_SUPPORTED: 0x0004,
  AUTORECONNECT_SUPPORTED: 0x0008,
  ENC_SALTED_CHECKSUM: 0x0010,
  NO_BITMAP_COMPRESSION_HDR: 0x0400,
} as const;

export const TS_GENERAL_CAPABILITYSET = pdu('TS_GENERAL_CAPABILITYSET', '[MS-RDPBCGR] 2.2.7.1.1', {
  osMajorType: u16le,
  osMinorType: u16le,
  protocolVersion: u16le,
  pad2octetsA: zeroes(2),
  generalCompressionTypes: u16le,
  extraFlags: u16le,
  updateCapabilityFlag: u16le,
  remoteUnshareFlag: u16le,
  generalCompressionLevel: u16le,
  refreshRectSupport: optional(u8),
  suppressOutputSupport: optional(u8),
});

/** `protocolVersion` of the general set. */
export const TS_CAPS_PROTOCOLVERSION = 0x0200;

export const TS_BITMAP_CAPABILITYSET = pdu('TS_BITMAP_CAPABILITYSET', '[MS-RDPBCGR] 2.2.7.1.2', {
  preferredBitsPerPixel: u16le,
  receive1BitPerPixel: u16le,
  receive4BitsPerPixel: u16le,
  receive8BitsPerPixel: u16le,
  desktopWidth: u16le,
  desktopHeight: u16le,
  pad2octets: zeroes(2),
  desktopResizeFlag: u16le,
  bitmapCompressionFlag: u16le,
  highColorFlags: u8,
  drawingFlags: u8,
  multipleRectangleSupport: u16le,
  pad2octetsB: zeroes(2),
});

/** `orderFlags`. */
export const OrderFlags = {
  NEGOTIATEORDERSUPPORT: 0x02,
  ZEROBOUNDSDELTASSUPPORT: 0x08,
  COLORINDEXSUPPORT: 0x20,
  SOLIDPATTERNBRUSHONLY: 0x40,
} as const;

export const TS_ORDER_CAPABILITYSET = pdu('TS_ORDER_CAPABILITYSET', '[MS-RDPBCGR] 2.2.7.1.3', {
  terminalDescriptor: bytes(16),
  pad4octetsA: zeroes(4),
  desktopSaveXGranularity: u16le,
  desktopSaveYGranularity: u16le,
  pad2octetsA: zeroes(2),
  maximumOrderLevel: u16le,
  numberFonts: u16le,
  orderFlags: u16le,
  orderSupport: bytes(32),
  textFlags: u16le,
  orderSupportExFlags: u16le,
  pad4octetsB: zeroes(4),
  desktopSaveSize: u32le,
  pad2octetsC: zeroes(2),
  pad2octetsD: zeroes(2),
  textANSICodePage: u16le,
  pad2octetsE: zeroes(2),
});

/** `pointerCacheSize` is the size of the cache for New Pointers; without it the client knows colour pointers only. */
export const TS_POINTER_CAPABILITYSET = pdu('TS_POINTER_CAPABILITYSET', '[MS-RDPBCGR] 2.2.7.1.5', {
  colorPointerFlag: u16le,
  colorPointerCacheSize: u16le,
  pointerCacheSize: optional(u16le),
});

/** `inputFlags`. */
export const InputFlags = {
  INPUT_FLAG_SCANCODES: 0x0001,
  INPUT_FLAG_MOUSEX: 0x0004,
  INPUT_FLAG_FASTPATH_INPUT: 0x0008,
  INPUT_FLAG_UNICODE: 0x0010,
  INPUT_FLAG_FASTPATH_INPUT2: 0x0020,
  TS_INPUT_FLAG_MOUSE_HWHEEL: 0x0100,
} as const;

export const TS_INPUT_CAPABILITYSET = pdu('TS_INPUT_CAPABILITYSET', '[MS-RDPBCGR] 2.2.7.1.6', {
  inputFlags: u16le,
  pad2octetsA: zeroes(2),
  keyboardLayout: optional(u32le),
  keyboardType: optional(u32le),
  keyboardSubType: optional(u32le),
  keyboardFunctionKey: optional(u32le),
  imeFileName: optional(fixedUtf16(32)),
});

export const TS_BITMAPCACHE_CAPABILITYSET = pdu('TS_BITMAPCACHE_CAPABILITYSET', '[MS-RDPBCGR] 2.2.7.1.4.1', {
  pads: zeroes(24),
  Cache0Entries: u16le,
  Cache0MaximumCellSize: u16le,
  Cache1Entries: u16le,
  Cache1MaximumCellSize: u16le,
  Cache2Entries: u16le,
  Cache2MaximumCellSize: u16le,
});

export const TS_SOUND_CAPABILITYSET = pdu('TS_SOUND_CAPABILITYSET', '[MS-RDPBCGR] 2.2.7.1.11', {
  soundFlags: u16le,
  pad2octetsA: zeroes(2),
});

/** `VCChunkSize` is what the server tells its clients, in bytes. */
export const TS_VIRTUALCHANNEL_CAPABILITYSET = pdu('TS_VIRTUALCHANNEL_CAPABILITYSET', '[MS-RDPBCGR] 2.2.7.1.10', {
  flags: u32le,
  VCChunkSize: optional(u32le),
});

export const TS_SHARE_CAPABILITYSET = pdu('TS_SHARE_CAPABILITYSET', '[MS-RDPBCGR] 2.2.7.2.4', { nodeId: u16le, pad2octets: zeroes(2) });

export const TS_FONT_CAPABILITYSET = pdu('TS_FONT_CAPABILITYSET', '[MS-RDPBCGR] 2.2.7.2.5', {
  fontSupportFlags: optional(u16le),
  pad2octets: newerFields,
});

export const TS_COLORCACHE_CAPABILITYSET = pdu('TS_COLORCACHE_CAPABILITYSET', '[MS-RDPEGDI] 2.2.1.1', {
  colorTableCacheSize: u16le,
  pad2octets: zeroes(2),
});

export const TS_CONTROL_CAPABILITYSET = pdu('TS_CONTROL_CAPABILITYSET', '[MS-RDPBCGR] 2.2.7.2.2', {
  controlFlags: u16le,
  remoteDetachFlag: u16le,
  controlInterest: u16le,
  detachInterest: u16le,
});

export const TS_WINDOWACTIVATION_CAPABILITYSET = pdu('TS_WINDOWACTIVATION_CAPABILITYSET', '[MS-RDPBCGR] 2.2.7.2.3', {
  helpKeyFlag: u16le,
  helpKeyIndexFlag: u16le,
  helpExtendedKeyFlag: u16le,
  windowManagerKeyFlag: u16le,
});

/** `MaxRequestSize`: bytes of the largest fast-path update that its receiver reassembles. */
export const TS_MULTIFRAGMENTUPDATE_CAPABILITYSET = pdu('TS_MULTIFRAGMENTUPDATE_CAPABILITYSET', '[MS-RDPBCGR] 2.2.7.2.6', {
  MaxRequestSize: u32le,
});

/** `largePointerSupportFlags`: pointers of up to 96×96 (1) and 384×384 (2) pixels. */
export const TS_LARGE_POINTER_CAPABILITYSET = pdu('TS_LARGE_POINTER_CAPABILITYSET', '[MS-RDPBCGR] 2.2.7.2.7', {
  largePointerSupportFlags: u16le,
});

/** A set with its header. */
export const capabilitySet = <T>(capabilitySetType: number, codec: Codec<T>, value: T): CapabilitySet => ({
  capabilitySetType,
  capabilityData: encode(codec, value),
});

/** The set of one type among those a peer sent, or `undefined`. Of two the last counts. What a newer peer adds at its end is ignored. */
export function findCapability<T>(sets: readonly CapabilitySet[], type: number, codec: Codec<T>): T | undefined {
  const found = sets.filter(({ capabilitySetType }) => capabilitySetType === type).at(-1);
  return found && codec.decode(new Cursor(found.capabilityData));
}
