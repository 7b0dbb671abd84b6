import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { decode, encode, WireError } from '@belvedere/wire';
import { hex, testCodec } from '@belvedere/wire/testing';
import { InfoFlags, TS_EXTENDED_INFO_PACKET, TS_INFO_PACKET } from './clientInfo.js';

const utf16 = (text: string): Buffer => Buffer.from(`${text}\0`, 'utf16le');

describe('the dump of [MS-RDPBCGR] 4.1.10, decrypted', () => {
  const CLIENT_DIR = 'C:\\depots\\w2k3_1\\termsrv\\newclient\\lib\\win32\\obj\\i386\\mstscax.dll';
  const timeZone = Buffer.concat([
    hex('e0010000'),
    utf16('Pacific Standard Time'),
    new Uint8Array(20),
    hex('0000 0a00 0000 0500 0200 0000 0000 0000 00000000'),
    utf16('Pacific Daylight Time'),
    new Uint8Array(20),
    hex('0000 0400 0000 0100 0200 0000 0000 0000 c4ffffff'),
  ]);
  const extended = Buffer.concat([
    hex('0200 1e00'),
    utf16('157.59.242.156'),
    hex('8400'),
    utf16(CLIENT_DIR),
    timeZone,
    hex('00000000 01000000'),
  ]);
  testCodec(
    'TS_EXTENDED_INFO_PACKET',
    TS_EXTENDED_INFO_PACKET,
    {
      clientAddressFamily: 2,
      clientAddress: '157.59.242.156',
      clientDir: CLIENT_DIR,
      clientTimeZone: Uint8Array.from(timeZone),
      clientSessionId: 0,
      performanceFlags: 1,
    },
    Uint8Array.from(extended),
    [168, 340, 344],
  );
  const head = Buffer.concat([hex('09040904 b3430000 0a00 0c00 0000 0000 0000'), utf16('NTDEV'), utf16('eltons'), hex('0000 0000 0000')]);
  const value = {
    CodePage: 0x04090409,
    flags: 0x43b3,
    Domain: 'NTDEV',
    UserName: 'eltons',
    Password: '',
    AlternateShell: '',
    WorkingDir: '',
  };
  testCodec(
    'TS_INFO_PACKET',
    TS_INFO_PACKET,
    { ...value, extraInfo: Uint8Array.from(extended) },
    Uint8Array.from(Buffer.concat([head, extended])),
    range(head.length, head.length + extended.length),
  );
  testCodec('TS_INFO_PACKET in its short form', TS_INFO_PACKET, value, Uint8Array.from(head));
  const ansi = { ...value, flags: value.flags & ~InfoFlags.INFO_UNICODE };
  testCodec(
    'TS_INFO_PACKET without INFO_UNICODE',
    TS_INFO_PACKET,
    ansi,
    Buffer.concat([hex('09040904 a3430000 0500 0600 0000 0000 0000'), Buffer.from('NTDEV\0eltons\0\0\0\0', 'latin1')]),
  );
});

test('logins of every kind round trip', () => {
  const unicode = fc.string({ unit: 'binary', maxLength: 60 }).filter((text) => !text.includes('\0'));
  fc.assert(
    fc.property(unicode, unicode, unicode, (Domain, UserName, Password) => {
      const value = { CodePage: 0, flags: InfoFlags.INFO_UNICODE, Domain, UserName, Password, AlternateShell: '', WorkingDir: '' };
      expect(decode(TS_INFO_PACKET, encode(TS_INFO_PACKET, value))).toEqual(value);
    }),
  );
});

test('lengths that do not fit are refused', () => {
  expect(() => decode(TS_INFO_PACKET, hex('00000000 10000000 ffff 0000 0000 0000 0000 0000'))).toThrow(WireError);
  expect(() => decode(TS_INFO_PACKET, new Uint8Array(0x2001))).toThrow('8193 bytes are more than a Client Info has');
});

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, i) => from + i);
}
