/**
 * Generic Conference Control: the envelope of the settings that client and server exchange in MCS Connect.
 *
 * [T124] 8.7 (Conference Create); [MS-RDPBCGR] 2.2.1.3, 2.2.1.4, 2.2.1.3.1 (TS_UD_HEADER). Pure.
 */
import { array, constant, decode, encode, lengthOf, pdu, rest, u16le, u8, type Value } from '@belvedere/wire';
import { ignored, octets } from './fields.js';
import * as per from './per.js';

/** ConnectData's key: the object identifier { itu-t recommendation t 124 version(0) 1 }. */
const T124 = octets(0x00, 0x05, 0x00, 0x14, 0x7c, 0x00, 0x01);

/** ConferenceCreateRequest with user data and nothing else of its optional fields; the conference's name is "1". */
const CREATE_REQUEST = pdu('ConferenceCreateRequest', '[T124] 8.7', {
  choiceAndOptions: octets(0x00, 0x08),
  conferenceName: ignored(0x00, 0x10),
  flagsAndTermination: ignored(0x00),
  userDataSet: octets(0x01, 0xc0, 0x00),
  h221Key: octets(0x44, 0x75, 0x63, 0x61), // Duca: from client to server
  userData: per.octetString,
});

export const GCC_CONFERENCE_CREATE_REQUEST = pdu('ConnectData', '[MS-RDPBCGR] 2.2.1.3', {
  key: T124,
  connectPDU: per.counted(CREATE_REQUEST),
});

/**
 * The response's `connectPDU` length is one octet that fits nothing: the value of the standard's own dump, which clients skip.
 * A true length would take two octets, and clients that skip a fixed header (rdesktop) would lose their place.
 */
export const GCC_CONFERENCE_CREATE_RESPONSE = pdu('ConnectData', '[MS-RDPBCGR] 2.2.1.4', {
  key: T124,
  connectPDULength: ignored(0x2a),
  choiceAndOptions: octets(0x14),
  nodeID: per.above(1001),
  tag: octets(0x01, 0x01),
  result: constant(u8, 0),
  userDataSet: octets(0x01, 0xc0, 0x00),
  h221Key: octets(0x4d, 0x63, 0x44, 0x6e), // McDn: from server to client
  userData: per.octetString,
});

/** TS_UD_HEADER and the data it heads; `length` counts the header too. */
export const TS_UD = pdu('TS_UD_HEADER', '[MS-RDPBCGR] 2.2.1.3.1', { type: u16le, length: lengthOf('data', u16le, 4), data: rest });
export type UserDataBlock = Value<typeof TS_UD>;

const blocks = array(TS_UD);

export const encodeBlocks = (list: readonly UserDataBlock[]): Uint8Array => encode(blocks, list);

/** The settings blocks by type. Of two with one type the first counts. */
export function decodeBlocks(userData: Uint8Array): ReadonlyMap<number, Uint8Array> {
  const byType = new Map<number, Uint8Array>();
  for (const { type, data } of decode(blocks, userData)) if (!byType.has(type)) byType.set(type, data);
  return byType;
}
