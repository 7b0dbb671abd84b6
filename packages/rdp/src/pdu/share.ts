/**
 * The headers of everything in the I/O channel behind security, and the small PDUs that start, finish and end a share.
 *
 * [MS-RDPBCGR] 2.2.8.1.1.1 (headers), 2.2.1.13 to 2.2.1.22 (activation and finalization), 2.2.2.2, 2.2.3, 2.2.5, 2.2.11. Pure.
 */
import {
  array,
  type Codec,
  constant,
  countOf,
  encode,
  lengthOf,
  optional,
  pdu,
  rest,
  u16le,
  u32le,
  u8,
  type Value,
  WireError,
  zeroes,
} from '@belvedere/wire';
import { newerFields } from './fields.js';
import { type CapabilitySet, TS_CAPS_SET } from './capabilities.js';

/** `pduType` of a share control header, without its version. */
export const PduType = { DEMANDACTIVEPDU: 1, CONFIRMACTIVEPDU: 3, DEACTIVATEALLPDU: 6, DATAPDU: 7, SERVER_REDIR_PKT: 10 } as const;

/** `pduType2` of a share data header. */
export const PduType2 = {
  UPDATE: 0x02,
  CONTROL: 0x14,
  POINTER: 0x1b,
  INPUT: 0x1c,
  SYNCHRONIZE: 0x1f,
  REFRESH_RECT: 0x21,
  PLAY_SOUND: 0x22,
  SUPPRESS_OUTPUT: 0x23,
  SHUTDOWN_REQUEST: 0x24,
  SHUTDOWN_DENIED: 0x25,
  SAVE_SESSION_INFO: 0x26,
  FONTLIST: 0x27,
  FONTMAP: 0x28,
  SET_KEYBOARD_INDICATORS: 0x29,
  BITMAPCACHE_PERSISTENT_LIST: 0x2b,
  BITMAPCACHE_ERROR: 0x2c,
  SET_ERROR_INFO: 0x2f,
  ARC_STATUS: 0x32,
  STATUS_INFO: 0x36,
  MONITOR_LAYOUT: 0x37,
} as const;

/** The flow marker of T.128, in place of a length: such a PDU carries nothing for us. */
const FLOW_MARKER = 0x8000;
const PROTOCOL_VERSION = 0x10;

/** TS_SHARECONTROLHEADER and its body; `totalLength` counts the header too. */
export const TS_SHARECONTROLHEADER = pdu('TS_SHARECONTROLHEADER', '[MS-RDPBCGR] 2.2.8.1.1.1.1', {
  totalLength: lengthOf('body', u16le, 6),
  pduType: u16le,
  PDUSource: u16le,
  body: rest,
});

export interface ShareControl {
  readonly type: number;
  readonly source: number;
  readonly body: Uint8Array;
}

export const encodeShareControl = (type: number, source: number, body: Uint8Array): Uint8Array =>
  encode(TS_SHARECONTROLHEADER, { pduType: type | PROTOCOL_VERSION, PDUSource: source, body });

/** The share control PDUs in one MCS payload: usually one, but nothing forbids several. Flow PDUs are left out. */
export function decodeShareControls(payload: Uint8Array): ShareControl[] {
  const found: ShareControl[] = [];
  for (let left = payload; left.length > 0;) {
    if (left.length < 2)
      throw new WireError('TS_SHARECONTROLHEADER.totalLength', payload.length - left.length, `need 2 bytes, have ${left.length}`);
    const length = left[0] | (left[1] << 8);
    if (length === FLOW_MARKER) {
      left = left.subarray(Math.min(8, left.length)); // [T128] FlowTestPDU and its kin are eight bytes
      continue;
    }
    // RDP 4 and 5.0 leave PDUSource out of an empty Deactivate All. [MS-RDPBCGR] 2.2.3.1
    if (length < 6 || length > left.length) {
      throw new WireError(
        'TS_SHARECONTROLHEADER.totalLength',
        payload.length - left.length,
        `length ${length} does not fit ${left.length} bytes`,
      );
    }
    const type = (left[2] | (left[3] << 8)) & 0xf;
    found.push({ type, source: left[4] | (left[5] << 8), body: left.subarray(6, length) });
    left = left.subarray(length);
  }
  return found;
}

/** `streamId`. */
export const Stream = { UNDEFINED: 0, LOW: 1, MED: 2, HI: 4 } as const;

/** TS_SHAREDATAHEADER without its share control header, and its body. `uncompressedLength` counts from `pduType2` on. */
export const TS_SHAREDATAHEADER = pdu('TS_SHAREDATAHEADER', '[MS-RDPBCGR] 2.2.8.1.1.1.2', {
  shareId: u32le,
  pad1: zeroes(1),
  streamId: u8,
  uncompressedLength: u16le,
  pduType2: u8,
  compressedType: u8,
  compressedLength: u16le,
  body: rest,
});
export type ShareData = Value<typeof TS_SHAREDATAHEADER>;

/** A data PDU, with its share control header, uncompressed. */
export const encodeShareData = (shareId: number, source: number, pduType2: number, body: Uint8Array): Uint8Array =>
  encodeShareControl(
    PduType.DATAPDU,
    source,
    encode(TS_SHAREDATAHEADER, {
      shareId,
      streamId: Stream.LOW,
      uncompressedLength: body.length + 4,
      pduType2,
      compressedType: 0,
      compressedLength: 0,
      body,
    }),
  );

const capabilitySets: Codec<readonly CapabilitySet[]> & { element: Codec<CapabilitySet> } = array(TS_CAPS_SET);

/** `numberCapabilities`, its padding and the sets: what `lengthCombinedCapabilities` measures. */
const combinedCapabilities = pdu('combinedCapabilities', '[MS-RDPBCGR] 2.2.1.13.1.1', {
  numberCapabilities: countOf('capabilitySets', u16le),
  pad2Octets: zeroes(2),
  capabilitySets,
});

const RDP_SOURCE = [0x52, 0x44, 0x50, 0x00]; // "RDP", as Windows names itself

export const TS_DEMAND_ACTIVE_PDU = pdu('TS_DEMAND_ACTIVE_PDU', '[MS-RDPBCGR] 2.2.1.13.1.1', {
  shareId: u32le,
  lengthSourceDescriptor: lengthOf('sourceDescriptor', u16le),
  lengthCombinedCapabilities: lengthOf('combined', u16le),
  sourceDescriptor: rest,
  combined: combinedCapabilities,
  sessionId: optional(u32le),
});

export const TS_CONFIRM_ACTIVE_PDU = pdu('TS_CONFIRM_ACTIVE_PDU', '[MS-RDPBCGR] 2.2.1.13.2.1', {
  shareId: u32le,
  originatorId: u16le,
  lengthSourceDescriptor: lengthOf('sourceDescriptor', u16le),
  lengthCombinedCapabilities: lengthOf('combined', u16le),
  sourceDescriptor: rest,
  combined: combinedCapabilities,
  newerFields,
});

export const SOURCE_DESCRIPTOR = Uint8Array.from(RDP_SOURCE);

export const TS_DEACTIVATE_ALL_PDU = pdu('TS_DEACTIVATE_ALL_PDU', '[MS-RDPBCGR] 2.2.3.1', {
  shareId: u32le,
  lengthSourceDescriptor: lengthOf('sourceDescriptor', u16le),
  sourceDescriptor: rest,
});

export const TS_SYNCHRONIZE_PDU = pdu('TS_SYNCHRONIZE_PDU', '[MS-RDPBCGR] 2.2.1.14.1', {
  messageType: constant(u16le, 1),
  targetUser: u16le,
});

export const ControlAction = { REQUEST_CONTROL: 1, GRANTED_CONTROL: 2, DETACH: 3, COOPERATE: 4 } as const;

export const TS_CONTROL_PDU = pdu('TS_CONTROL_PDU', '[MS-RDPBCGR] 2.2.1.15.1', { action: u16le, grantId: u16le, controlId: u32le });

/** `listFlags`. */
export const FontListFlag = { FIRST: 1, LAST: 2 } as const;

export const TS_FONT_LIST_PDU = pdu('TS_FONT_LIST_PDU', '[MS-RDPBCGR] 2.2.1.18.1', {
  numberFonts: u16le,
  totalNumFonts: u16le,
  listFlags: u16le,
  entrySize: u16le,
  newerFields, // RDP 4 clients list their fonts here
});

export const TS_FONT_MAP_PDU = pdu('TS_FONT_MAP_PDU', '[MS-RDPBCGR] 2.2.1.22.1', {
  numberEntries: u16le,
  totalNumEntries: u16le,
  mapFlags: u16le,
  entrySize: u16le,
});

export const TS_SET_ERROR_INFO_PDU = pdu('TS_SET_ERROR_INFO_PDU', '[MS-RDPBCGR] 2.2.5.1.1', { errorInfo: u32le });

/** Inclusive bounds. */
export const TS_RECTANGLE16 = pdu('TS_RECTANGLE16', '[MS-RDPBCGR] 2.2.11.1', { left: u16le, top: u16le, right: u16le, bottom: u16le });

export const TS_REFRESH_RECT_PDU = pdu('TS_REFRESH_RECT_PDU', '[MS-RDPBCGR] 2.2.11.2.1', {
  numberOfAreas: countOf('areasToRefresh', u8),
  pad3Octets: zeroes(3),
  areasToRefresh: array(TS_RECTANGLE16),
  newerFields,
});

export const TS_SUPPRESS_OUTPUT_PDU = pdu('TS_SUPPRESS_OUTPUT_PDU', '[MS-RDPBCGR] 2.2.11.3.1', {
  allowDisplayUpdates: u8,
  pad3Octets: zeroes(3),
  desktopRect: optional(TS_RECTANGLE16),
});
