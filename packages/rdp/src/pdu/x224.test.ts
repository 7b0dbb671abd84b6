import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { WireError } from '@belvedere/wire';
import { hex, testCodec } from '@belvedere/wire/testing';
import { PacketReader } from './packetReader.js';
import {
  packetLength,
  parseConnectionRequest,
  RDP_NEG_FAILURE,
  RDP_NEG_REQ,
  RDP_NEG_RSP,
  TPKT,
  X224_CONNECTION_CONFIRM,
  X224_CONNECTION_REQUEST,
  X224_DATA,
} from './x224.js';

const ascii = (text: string): Uint8Array => Buffer.from(text, 'latin1');

describe('the dumps of [MS-RDPBCGR] 4.1.1 and 4.1.2', () => {
  const request = hex(
    '03 00 00 2c 27 e0 00 00 00 00 00 43 6f 6f 6b 69 65 3a 20 6d 73 74 73 68 61 73 68 3d 65 6c 74 6f 6e 73 0d 0a 01 00 08 00 00 00 00 00',
  );
  const variablePart = Buffer.concat([ascii('Cookie: mstshash=eltons\r\n'), hex('01 00 08 00 00 00 00 00')]);
  testCodec('TPKT', TPKT, { tpdu: request.subarray(4) }, request);
  testCodec(
    'X.224 Connection Request',
    X224_CONNECTION_REQUEST,
    { dstRef: 0, srcRef: 0, classOptions: 0, variablePart: request.subarray(11) },
    request.subarray(4),
  );
  test('its cookie and negotiation request', () => {
    expect(Buffer.from(request.subarray(11)).equals(variablePart)).toBe(true);
    expect(parseConnectionRequest(variablePart)).toEqual({
      cookie: 'Cookie: mstshash=eltons',
      rdpNegReq: { flags: 0, requestedProtocols: 0 },
    });
  });
  const confirm = hex('03 00 00 13 0e d0 00 00 12 34 00 02 00 08 00 00 00 00 00');
  testCodec(
    'X.224 Connection Confirm',
    X224_CONNECTION_CONFIRM,
    { dstRef: 0, srcRef: 0x1234, classOptions: 0, variablePart: confirm.subarray(11) },
    confirm.subarray(4),
  );
  testCodec('RDP_NEG_RSP', RDP_NEG_RSP, { flags: 0, selectedProtocol: 0 }, confirm.subarray(11));
});

testCodec('RDP_NEG_REQ', RDP_NEG_REQ, { flags: 0x08, requestedProtocols: 3 }, hex('01 08 0800 03000000'));
testCodec('RDP_NEG_FAILURE', RDP_NEG_FAILURE, { failureCode: 2 }, hex('03 00 0800 02000000'));
testCodec('X.224 Data', X224_DATA, { userData: new Uint8Array(0) }, hex('02 f0 80'));

test('a request of a client that knows no negotiation', () => {
  expect(parseConnectionRequest(new Uint8Array(0))).toEqual({ cookie: undefined });
  expect(parseConnectionRequest(ascii('Cookie: mstshash=x\r\n'))).toEqual({ cookie: 'Cookie: mstshash=x' });
});

describe('packets', () => {
  test('their length, once the header is there', () => {
    expect(packetLength(hex('03 00 00'))).toBeUndefined();
    expect(packetLength(hex('03 00 01 00'))).toEqual({ kind: 'tpkt', length: 256 });
    expect(packetLength(hex('04'))).toBeUndefined();
    expect(packetLength(hex('04 05'))).toEqual({ kind: 'fastPath', length: 5 });
    expect(packetLength(hex('c4 81'))).toBeUndefined();
    expect(packetLength(hex('c4 81 23'))).toEqual({ kind: 'fastPath', length: 0x123 });
  });
  test('bytes that start none', () => {
    expect(() => packetLength(hex('03 00 00 03'))).toThrow(WireError);
    expect(() => packetLength(hex('16 03 01 00'))).toThrow(WireError);
    expect(() => packetLength(hex('04 02'))).toThrow(WireError);
    expect(() => packetLength(hex('04 80 03'))).toThrow(WireError);
  });
  test('come out whole, however they are cut', () => {
    const packet = fc.oneof(
      fc
        .uint8Array({ minLength: 3, maxLength: 300 })
        .map((tpdu) => Buffer.concat([Uint8Array.of(3, 0, (tpdu.length + 4) >> 8, (tpdu.length + 4) & 0xff), tpdu])),
      fc.uint8Array({ minLength: 1, maxLength: 100 }).map((body) => Buffer.concat([Uint8Array.of(4, body.length + 2), body])),
    );
    fc.assert(
      fc.property(fc.array(packet, { maxLength: 8 }), fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1 }), (packets, cuts) => {
        const stream = Buffer.concat(packets);
        const reader = new PacketReader(0xffff);
        const found: Uint8Array[] = [];
        for (let at = 0, i = 0; at < stream.length; i++) {
          const size = cuts[i % cuts.length];
          reader.push(stream.subarray(at, at + size));
          at += size;
          for (let next = reader.next(); next; next = reader.next()) found.push(next.bytes);
        }
        expect(found.map((bytes) => Buffer.from(bytes).toString('hex'))).toEqual(packets.map((bytes) => bytes.toString('hex')));
        expect(reader.drain().length).toBe(0);
      }),
    );
  });
  test('single bytes are joined, and too long a packet is refused by its header', () => {
    const reader = new PacketReader(1000);
    const packet = Buffer.concat([hex('03 00 03 e8'), new Uint8Array(996)]);
    for (let i = 0; i < 999; i++) {
      reader.push(packet.subarray(i, i + 1));
      expect(reader.next()).toBeUndefined();
    }
    reader.push(packet.subarray(999));
    expect(reader.next()?.bytes.length).toBe(1000);
    reader.push(hex('03 00 03 e9'));
    expect(() => reader.next()).toThrow('a packet of 1001 bytes, at most 1000 are taken');
  });
});
