/** The PDUs of dynamic channels: the standard's examples, both ways, and messages of any length in static chunks and back. */
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { Cursor, decode, encode, WireError } from '@belvedere/wire';
import { hex, testCodec } from '@belvedere/wire/testing';
import { Assembly, CHANNEL_PDU, ChannelFlag, ChunkReader, chunks } from './channel.js';
import * as dvc from './dynamicChannel.js';

// [MS-RDPEDYC] 4
const q = (count: number): Uint8Array => new Uint8Array(count).fill(0x71);
const charges = { PriorityCharge0: 0x3333, PriorityCharge1: 0x1111, PriorityCharge2: 0x0a3d, PriorityCharge3: 0x04a7 };
testCodec('DYNVC_CAPS_VERSION1', dvc.DYNVC_CAPS_VERSION1, {}, hex('50 00 01 00'));
testCodec('DYNVC_CAPS_VERSION2', dvc.DYNVC_CAPS_VERSION2, charges, hex('50 00 02 00 33 33 11 11 3d 0a a7 04'));
testCodec('DYNVC_CAPS_VERSION3', dvc.DYNVC_CAPS_VERSION3, charges, hex('50 00 03 00 33 33 11 11 3d 0a a7 04'));
testCodec('DYNVC_CAPS_RSP', dvc.DYNVC_CAPS_RSP, { Version: 2 }, hex('50 00 02 00'));
testCodec('DYNVC_CREATE_REQ', dvc.DYNVC_CREATE_REQ, { ChannelId: 3, Pri: 0, ChannelName: 'testdvc' }, hex('10 03 74 65 73 74 64 76 63 00'), [2, 3, 4, 5, 6, 7, 8, 9]);
testCodec('DYNVC_CREATE_RSP', dvc.DYNVC_CREATE_RSP, { ChannelId: 3, CreationStatus: 0 }, hex('10 03 00 00 00 00'));
testCodec('DYNVC_CLOSE', dvc.DYNVC_CLOSE, { ChannelId: 3 }, hex('40 03'));
// Its data are shorter here, and have no length of their own.
const first = { ChannelId: 3, Length: 0x0c7b, Data: q(60) };
testCodec('DYNVC_DATA_FIRST', dvc.DYNVC_DATA_FIRST, first, Buffer.concat([hex('24 03 7b 0c'), q(60)]), Array.from({ length: 60 }, (_, i) => 4 + i));
testCodec('DYNVC_DATA', dvc.DYNVC_DATA, { ChannelId: 3, Data: q(8) }, Buffer.concat([hex('30 03'), q(8)]), Array.from({ length: 8 }, (_, i) => 2 + i));
testCodec('DYNVC_CREATE_REQ, four octets and a priority', dvc.DYNVC_CREATE_REQ, { ChannelId: 0x12345678, Pri: 2, ChannelName: 'x' }, hex('1a 78 56 34 12 78 00'), [5, 6]);

test("bits that a PDU has no use for are not looked at, as in the standard's own example", () => {
  expect(decode(dvc.DYNVC_DATA, Buffer.concat([hex('34 03'), q(4)]))).toEqual({ ChannelId: 3, Data: Buffer.from(q(4)) });
});

test('a length that no code stands for, a wrong Cmd and a priority beyond three are refused', () => {
  expect(() => decode(dvc.DYNVC_DATA, hex('33 03'))).toThrow('coded as 3');
  expect(() => decode(dvc.DYNVC_DATA_FIRST, hex('2c 03 00'))).toThrow('coded as 3');
  expect(() => decode(dvc.DYNVC_DATA, hex('20 03'))).toThrow('Cmd is 2, expected 3');
  expect(() => encode(dvc.DYNVC_CREATE_REQ, { ChannelId: 1, Pri: 4, ChannelName: '' })).toThrow(WireError);
  expect(() => dvc.cmdOf(new Uint8Array(0))).toThrow(WireError);
});

const id = fc.oneof(fc.integer({ min: 0, max: 0xff }), fc.integer({ min: 0x100, max: 0xffff }), fc.integer({ min: 0x10000, max: 0xffffffff }));

test('PDUs go both ways for all channels, with the shortest numbers', () => {
  fc.assert(
    fc.property(id, fc.integer({ min: 0, max: 3 }), fc.uint8Array({ maxLength: 40 }), id, (ChannelId, Pri, bytes, Length) => {
      const Data = Uint8Array.from(bytes);
      const name = { ChannelId, Pri, ChannelName: Buffer.from(bytes.filter((octet) => octet > 0)).toString('latin1') };
      expect(decode(dvc.DYNVC_CREATE_REQ, encode(dvc.DYNVC_CREATE_REQ, name))).toEqual(name);
      expect(decode(dvc.DYNVC_DATA_FIRST, encode(dvc.DYNVC_DATA_FIRST, { ChannelId, Length, Data }))).toEqual({ ChannelId, Length, Data });
      const width = (number: number): number => (number <= 0xff ? 1 : number <= 0xffff ? 2 : 4);
      expect(encode(dvc.DYNVC_DATA_FIRST, { ChannelId, Length, Data }).length).toBe(1 + width(ChannelId) + width(Length) + Data.length);
    }),
  );
});

test('a message of any length goes in PDUs and static chunks, and comes out', () => {
  fc.assert(
    fc.property(id, fc.integer({ min: 0, max: 9000 }), fc.boolean(), (ChannelId, length, shown) => {
      const message = Uint8Array.from({ length }, (_, i) => (i * 7 + (i >> 8)) & 0xff);
      const reader = new ChunkReader(dvc.DYNVC_PDU_LENGTH);
      let assembly: Assembly | undefined;
      for (const pdu of dvc.dataPdus(ChannelId, message)) {
        expect(pdu.length).toBeLessThanOrEqual(dvc.DYNVC_PDU_LENGTH);
        for (const chunk of chunks(pdu, shown)) {
          const { flags, ...rest } = decode(CHANNEL_PDU, encode(CHANNEL_PDU, chunk));
          expect((flags & ChannelFlag.CHANNEL_FLAG_SHOW_PROTOCOL) !== 0).toBe(shown);
          const back = reader.take(rest.length, flags, rest.virtualChannelData);
          if (!back) continue;
          if (dvc.cmdOf(back) === dvc.Cmd.DATA_FIRST) assembly = new Assembly(decode(dvc.DYNVC_DATA_FIRST, back).Length, length, 'test');
          const { Data } = dvc.cmdOf(back) === dvc.Cmd.DATA_FIRST ? decode(dvc.DYNVC_DATA_FIRST, back) : decode(dvc.DYNVC_DATA, back);
          assembly ??= new Assembly(length, length, 'test');
          assembly.add(Data);
        }
      }
      expect(assembly!.complete).toBe(true);
      expect(Buffer.from(assembly!.message)).toEqual(Buffer.from(message));
    }),
  );
});

test('chunks in several parts; what is not in order, too long or compressed is refused', () => {
  const message = q(5000);
  const parts = chunks(message);
  expect(parts.map(({ flags, virtualChannelData }) => [flags, virtualChannelData.length])).toEqual([[1, 1600], [0, 1600], [0, 1600], [2, 200]]);
  const take = (reader: ChunkReader, { length, flags, virtualChannelData }: (typeof parts)[0]) => reader.take(length, flags, virtualChannelData);
  const reader = new ChunkReader(5000);
  expect(parts.map((part) => take(reader, part)?.length)).toEqual([undefined, undefined, undefined, 5000]);
  expect(() => take(new ChunkReader(4999), parts[0])).toThrow('a message of 5000 bytes, at most 4999 are taken');
  expect(() => take(new ChunkReader(5000), parts[1])).toThrow('has not begun');
  const begun = (): ChunkReader => {
    const each = new ChunkReader(5000);
    take(each, parts[0]);
    return each;
  };
  expect(() => take(begun(), parts[0])).toThrow('before the last one');
  expect(() => take(begun(), parts[3])).toThrow('not complete');
  expect(() => take(begun(), { ...parts[1], virtualChannelData: q(3401) })).toThrow('5001 bytes of a message of 5000');
  expect(() => take(new ChunkReader(5000), { ...parts[0], flags: ChannelFlag.CHANNEL_FLAG_FIRST | ChannelFlag.CHANNEL_PACKET_COMPRESSED })).toThrow('compressed');
  expect(() => CHANNEL_PDU.decode(new Cursor(hex('00 00 00 00 03 00 00')))).toThrow(WireError);
});
