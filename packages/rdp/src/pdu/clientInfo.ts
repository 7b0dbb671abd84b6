/**
 * Who logs in: the Client Info PDU, in its long form, and in the short one of RDP 4.
 *
 * [MS-RDPBCGR] 2.2.1.11.1.1 (TS_INFO_PACKET), 2.2.1.11.1.1.1 (TS_EXTENDED_INFO_PACKET). Pure.
 */
import { bytes, type Codec, Cursor, lengthOf, optional, pdu, rest, u16le, u32le, utf16, type Value } from '@belvedere/wire';
import { ansi } from './fields.js';

/** `flags` bits. */
export const InfoFlags = {
  INFO_MOUSE: 0x00000001,
  INFO_DISABLECTRLALTDEL: 0x00000002,
  INFO_AUTOLOGON: 0x00000008,
  INFO_UNICODE: 0x00000010,
  INFO_MAXIMIZESHELL: 0x00000020,
  INFO_LOGONNOTIFY: 0x00000040,
  INFO_COMPRESSION: 0x00000080,
  INFO_ENABLEWINDOWSKEY: 0x00000100,
  INFO_FORCE_ENCRYPTED_CS_PDU: 0x00004000,
  INFO_LOGONERRORS: 0x00010000,
  INFO_MOUSE_HAS_WHEEL: 0x00020000,
  INFO_PASSWORD_IS_SC_PIN: 0x00040000,
} as const;

/** Longest Client Info that is believed, in bytes: five strings of 512 bytes, and the extended part. */
export const MAX_INFO_LENGTH = 0x2000;

export const TS_EXTENDED_INFO_PACKET = pdu('TS_EXTENDED_INFO_PACKET', '[MS-RDPBCGR] 2.2.1.11.1.1.1', {
  clientAddressFamily: u16le,
  cbClientAddress: lengthOf('clientAddress', u16le),
  clientAddress: utf16(true),
  cbClientDir: lengthOf('clientDir', u16le),
  clientDir: utf16(true),
  clientTimeZone: optional(bytes(172)),
  clientSessionId: optional(u32le),
  performanceFlags: optional(u32le),
  autoReconnect: optional(rest),
});

/** The fields of both forms. The five lengths count their strings without the terminator. */
const infoPacket = (text: Codec<string>, terminator: number) =>
  pdu('TS_INFO_PACKET', '[MS-RDPBCGR] 2.2.1.11.1.1', {
    CodePage: u32le,
    flags: u32le,
    cbDomain: lengthOf('Domain', u16le, -terminator),
    cbUserName: lengthOf('UserName', u16le, -terminator),
    cbPassword: lengthOf('Password', u16le, -terminator),
    cbAlternateShell: lengthOf('AlternateShell', u16le, -terminator),
    cbWorkingDir: lengthOf('WorkingDir', u16le, -terminator),
    Domain: text,
    UserName: text,
    Password: text,
    AlternateShell: text,
    WorkingDir: text,
    extraInfo: optional(rest),
  });

const unicodeForm = infoPacket(utf16(true), 2);
const ansiForm = infoPacket(ansi(), 1);
export type InfoPacket = Value<typeof unicodeForm>;

const form = (flags: number): Codec<InfoPacket> => (flags & InfoFlags.INFO_UNICODE ? unicodeForm : ansiForm);

/**
 * TS_INFO_PACKET, its text in UTF-16 or (without INFO_UNICODE) in the client's code page, read as Latin-1.
 *
 * `extraInfo` holds TS_EXTENDED_INFO_PACKET and is absent in RDP 4's short form. Text never holds a zero.
 */
export const TS_INFO_PACKET: Codec<InfoPacket> = {
  size: (value) => form(value.flags).size(value),
  encode: (value, out) => form(value.flags).encode(value, out),
  decode(input) {
    if (input.remaining > MAX_INFO_LENGTH) input.fail(`${input.remaining} bytes are more than a Client Info has`);
    const flags = new Cursor(input.bytes.subarray(input.offset));
    flags.take(4);
    return form(u32le.decode(flags)).decode(input);
  },
};
