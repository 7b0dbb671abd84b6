/** The redirection packet: its bytes, both ways, and what is refused. */
import { expect, test } from '@jest/globals';
import { decode, encode, WireError } from '@belvedere/wire';
import { RDP_SERVER_REDIRECTION_PACKET, type Redirection } from './redirection.js';

const value: Redirection = { sessionID: 0, TargetNetAddress: '::1', UserName: 'jo', Password: 'k' };
const bytes = Buffer.from(
  '0004' + '2c00' + '00000000' + '15000000' + '08000000' + '3a003a0031000000' + '06000000' + '6a006f000000' + '04000000' + '6b000000',
  'hex',
);
bytes.writeUInt16LE(bytes.length, 2);

test('a packet with some of its fields', () => {
  expect(Buffer.from(encode(RDP_SERVER_REDIRECTION_PACKET, value))).toEqual(bytes);
  expect(decode(RDP_SERVER_REDIRECTION_PACKET, bytes)).toEqual(value);
  const all = { sessionID: 3, TargetNetAddress: '192.0.2.1', UserName: 'john', Domain: 'home', Password: 'x'.repeat(200), TargetFQDN: 'a.example' };
  expect(decode(RDP_SERVER_REDIRECTION_PACKET, encode(RDP_SERVER_REDIRECTION_PACKET, all))).toEqual(all);
});

test('every truncation, a length beyond the end and unknown fields are refused', () => {
  for (let length = 0; length < bytes.length; length++) expect(() => decode(RDP_SERVER_REDIRECTION_PACKET, bytes.subarray(0, length))).toThrow(WireError);
  const long = Buffer.from(bytes);
  long.writeUInt32LE(0xffffffff, 12);
  expect(() => decode(RDP_SERVER_REDIRECTION_PACKET, long)).toThrow(WireError);
  const unknown = Buffer.from(bytes);
  unknown.writeUInt32LE(0x8015, 8);
  expect(() => decode(RDP_SERVER_REDIRECTION_PACKET, unknown)).toThrow('not known');
});
