import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { Cursor, decode, encode } from '@belvedere/wire';
import { hex, testCodec } from '@belvedere/wire/testing';
import * as ber from './ber.js';
import { decodeBlocks, encodeBlocks, GCC_CONFERENCE_CREATE_REQUEST, GCC_CONFERENCE_CREATE_RESPONSE } from './gcc.js';
import * as mcs from './mcs.js';
import * as per from './per.js';
import {
  TS_UD_CS_CLUSTER,
  TS_UD_CS_CORE,
  TS_UD_CS_MONITOR,
  TS_UD_CS_NET,
  TS_UD_CS_SEC,
  TS_UD_SC_CORE,
  TS_UD_SC_NET,
  TS_UD_SC_SEC1,
  UserDataType,
} from './settings.js';
import { decodeData, encodeData } from './x224.js';

/** [MS-RDPBCGR] 4.1.3 */
const CONNECT_INITIAL = hex(`
  03 00 01 a0 02 f0 80 7f 65 82 01 94 04 01 01 04 01 01 01 01 ff 30 19 02 01 22 02 01 02 02 01 00
  02 01 01 02 01 00 02 01 01 02 02 ff ff 02 01 02 30 19 02 01 01 02 01 01 02 01 01 02 01 01 02 01
  00 02 01 01 02 02 04 20 02 01 02 30 1c 02 02 ff ff 02 02 fc 17 02 02 ff ff 02 01 01 02 01 00 02
  01 01 02 02 ff ff 02 01 02 04 82 01 33 00 05 00 14 7c 00 01 81 2a 00 08 00 10 00 01 c0 00 44 75
  63 61 81 1c 01 c0 d8 00 04 00 08 00 00 05 00 04 01 ca 03 aa 09 04 00 00 ce 0e 00 00 45 00 4c 00
  54 00 4f 00 4e 00 53 00 2d 00 44 00 45 00 56 00 32 00 00 00 00 00 00 00 00 00 00 00 04 00 00 00
  00 00 00 00 0c 00 00 00 ${'00 '.repeat(64)} 01 ca 01 00 00 00 00 00
  18 00 07 00 01 00 36 00 39 00 37 00 31 00 32 00 2d 00 37 00 38 00 33 00 2d 00 30 00 33 00 35 00
  37 00 39 00 37 00 34 00 2d 00 34 00 32 00 37 00 31 00 34 00 00 00 00 00 00 00 00 00 00 00 00 00
  00 00 00 00 00 00 00 00 00 00 00 00 04 c0 0c 00 0d 00 00 00 00 00 00 00 02 c0 0c 00 1b 00 00 00
  00 00 00 00 03 c0 2c 00 03 00 00 00 72 64 70 64 72 00 00 00 00 00 80 80 63 6c 69 70 72 64 72 00
  00 00 a0 c0 72 64 70 73 6e 64 00 00 00 00 00 c0`);

describe('the dump of [MS-RDPBCGR] 4.1.3', () => {
  const domain = { numPriorities: 1, minThroughput: 0, maxHeight: 1, protocolVersion: 2 };
  const mcsCi = decodeData(CONNECT_INITIAL);
  const { userData } = decode(mcs.CONNECT_INITIAL, mcsCi);
  const gcc = decode(GCC_CONFERENCE_CREATE_REQUEST, userData);
  const blocks = decodeBlocks(gcc.connectPDU.userData);
  testCodec(
    'Connect-Initial',
    mcs.CONNECT_INITIAL,
    {
      callingDomainSelector: hex('01'),
      calledDomainSelector: hex('01'),
      upwardFlag: true,
      targetParameters: { ...domain, maxChannelIds: 34, maxUserIds: 2, maxTokenIds: 0, maxMCSPDUsize: 65535 },
      minimumParameters: { ...domain, maxChannelIds: 1, maxUserIds: 1, maxTokenIds: 1, maxMCSPDUsize: 1056 },
      maximumParameters: { ...domain, maxChannelIds: 65535, maxUserIds: 64535, maxTokenIds: 65535, maxMCSPDUsize: 65535 },
      userData: mcsCi.subarray(-307),
    },
    mcsCi,
  );
  testCodec('Conference Create Request', GCC_CONFERENCE_CREATE_REQUEST, { connectPDU: { userData: mcsCi.subarray(-284) } }, userData);
  testCodec(
    'TS_UD_CS_CORE',
    TS_UD_CS_CORE,
    {
      version: 0x00080004,
      desktopWidth: 1280,
      desktopHeight: 1024,
      colorDepth: 0xca01,
      SASSequence: 0xaa03,
      keyboardLayout: 0x409,
      clientBuild: 3790,
      clientName: 'ELTONS-DEV2',
      keyboardType: 4,
      keyboardSubType: 0,
      keyboardFunctionKey: 12,
      imeFileName: new Uint8Array(64),
      postBeta2ColorDepth: 0xca01,
      clientProductId: 1,
      serialNumber: 0,
      highColorDepth: 24,
      supportedColorDepths: 7,
      earlyCapabilityFlags: 1,
      clientDigProductId: '69712-783-0357974-42714',
      connectionType: 0,
      pad1octet: 0,
      serverSelectedProtocol: 0,
    },
    blocks.get(UserDataType.CS_CORE)!,
    [128, 130, 132, 136, 138, 140, 142, 206, 207, 208],
  );
  testCodec('TS_UD_CS_CLUSTER', TS_UD_CS_CLUSTER, { Flags: 0x0d, RedirectedSessionID: 0 }, blocks.get(UserDataType.CS_CLUSTER)!);
  testCodec('TS_UD_CS_SEC', TS_UD_CS_SEC, { encryptionMethods: 0x1b, extEncryptionMethods: 0 }, blocks.get(UserDataType.CS_SECURITY)!, [4]);
  testCodec(
    'TS_UD_CS_NET',
    TS_UD_CS_NET,
    {
      channelDefArray: [
        { name: 'rdpdr', options: 0x80800000 },
        { name: 'cliprdr', options: 0xc0a00000 },
        { name: 'rdpsnd', options: 0xc0000000 },
      ],
    },
    blocks.get(UserDataType.CS_NET)!,
  );
  test('its settings in their order make the same bytes again', () => {
    const order = [UserDataType.CS_CORE, UserDataType.CS_CLUSTER, UserDataType.CS_SECURITY, UserDataType.CS_NET];
    const list = order.map((type) => ({ type, data: blocks.get(type)! }));
    expect(
      Buffer.from(
        encodeData(
          encode(mcs.CONNECT_INITIAL, {
            ...decode(mcs.CONNECT_INITIAL, mcsCi),
            userData: encode(GCC_CONFERENCE_CREATE_REQUEST, { connectPDU: { userData: encodeBlocks(list) } }),
          }),
        ),
      ).toString('hex'),
    ).toBe(Buffer.from(CONNECT_INITIAL).toString('hex'));
  });
});

describe('the dump of [MS-RDPBCGR] 4.1.4, with another random and certificate', () => {
  const random = new Uint8Array(32).fill(7);
  const certificate = new Uint8Array(184).fill(9);
  const packet = Buffer.concat([
    hex(`03 00 01 51 02 f0 80 7f 66 82 01 45 0a 01 00 02 01 00 30 1a 02 01 22 02 01 03 02 01 00 02 01 01 02 01 00 02 01 01 02 03 00 ff f8 02 01
      02 04 82 01 1f
      00 05 00 14 7c 00 01 2a 14 76 0a 01 01 00 01 c0 00 4d 63 44 6e 81 08
      01 0c 0c 00 04 00 08 00 00 00 00 00 03 0c 10 00 eb 03 03 00 ec 03 ed 03 ee 03 00 00 02 0c ec 00 02 00 00 00 02 00 00 00 20 00 00 00 b8 00 00 00`),
    random,
    certificate,
  ]);
  const response = decodeData(packet);
  const { userData } = decode(mcs.CONNECT_RESPONSE, response);
  const blocks = decodeBlocks(decode(GCC_CONFERENCE_CREATE_RESPONSE, userData).userData);
  testCodec(
    'Connect-Response',
    mcs.CONNECT_RESPONSE,
    {
      result: 0,
      calledConnectId: 0,
      domainParameters: {
        maxChannelIds: 34,
        maxUserIds: 3,
        maxTokenIds: 0,
        numPriorities: 1,
        minThroughput: 0,
        maxHeight: 1,
        maxMCSPDUsize: 65528,
        protocolVersion: 2,
      },
      userData: Uint8Array.from(packet.subarray(-287)),
    },
    response,
  );
  testCodec(
    'Conference Create Response',
    GCC_CONFERENCE_CREATE_RESPONSE,
    { nodeID: 0x79f3, userData: Uint8Array.from(packet.subarray(-264)) },
    userData,
  );
  testCodec('TS_UD_SC_CORE', TS_UD_SC_CORE, { version: 0x00080004, clientRequestedProtocols: 0 }, blocks.get(UserDataType.SC_CORE)!, [4]);
  test('TS_UD_SC_NET, with its padding', () => {
    expect(TS_UD_SC_NET.decode(new Cursor(blocks.get(UserDataType.SC_NET)!))).toEqual({
      MCSChannelId: 1003,
      channelIdArray: [1004, 1005, 1006],
    });
  });
  const exchange = { serverRandom: random, serverCertificate: certificate };
  testCodec(
    'TS_UD_SC_SEC1',
    TS_UD_SC_SEC1,
    { encryptionMethod: 2, encryptionLevel: 2, exchange },
    Uint8Array.from(blocks.get(UserDataType.SC_SECURITY)!),
    [8],
  );
  testCodec('TS_UD_SC_SEC1 without encryption', TS_UD_SC_SEC1, { encryptionMethod: 0, encryptionLevel: 0 }, hex('00000000 00000000'));
});

describe('the dumps of [MS-RDPBCGR] 4.1.5 to 4.1.8 and 4.2.3', () => {
  testCodec('ErectDomainRequest', mcs.ERECT_DOMAIN_REQUEST, { subHeight: 0, subInterval: 0 }, hex('04 01 00 01 00'));
  testCodec('AttachUserRequest', mcs.ATTACH_USER_REQUEST, {}, hex('28'));
  testCodec('AttachUserConfirm', mcs.ATTACH_USER_CONFIRM, { result: 0, initiator: 1007 }, hex('2e 00 00 06'));
  testCodec('ChannelJoinRequest', mcs.CHANNEL_JOIN_REQUEST, { initiator: 1007, channelId: 1003 }, hex('38 00 06 03 eb'));
  testCodec(
    'ChannelJoinConfirm',
    mcs.CHANNEL_JOIN_CONFIRM,
    { result: 0, initiator: 1007, requested: 1007, channelId: 1007 },
    hex('3e 00 00 06 03 ef 03 ef'),
  );
  testCodec(
    'SendDataRequest',
    mcs.SEND_DATA_REQUEST,
    { initiator: 1007, channelId: 1003, userData: hex('aa bb') },
    hex('64 00 06 03 eb 70 02 aa bb'),
  );
  testCodec(
    'SendDataIndication',
    mcs.SEND_DATA_INDICATION,
    { initiator: 1002, channelId: 1003, userData: new Uint8Array(300) },
    Buffer.concat([hex('68 00 01 03 eb 70 81 2c'), new Uint8Array(300)]),
  );
  testCodec('DisconnectProviderUltimatum', mcs.DISCONNECT_PROVIDER_ULTIMATUM, { reason: mcs.Reason.USER_REQUESTED }, hex('21 80'));
});

testCodec(
  'TS_UD_CS_MONITOR',
  TS_UD_CS_MONITOR,
  { flags: 0, monitorDefArray: [{ left: -1280, top: 0, right: -1, bottom: 1023, flags: 1 }] },
  hex('00000000 01000000 00fbffff 00000000 ffffffff ff030000 01000000'),
);

describe('ASN.1', () => {
  test('numbers, padded and bare, round trip', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 0xffffffff }), (value) => {
        for (const codec of [ber.integer, ber.bareInteger, per.integer]) expect(decode(codec, encode(codec, value))).toBe(value);
      }),
    );
    expect(encode(ber.integer, 255)).toEqual(hex('02 02 00 ff'));
    expect(encode(ber.bareInteger, 255)).toEqual(hex('02 01 ff'));
  });
  test('octet strings of every length round trip', () => {
    for (const length of [0, 1, 127, 128, 255, 256, 0x3fff]) {
      const value = new Uint8Array(length).fill(1);
      expect(decode(ber.octetString, encode(ber.octetString, value)).length).toBe(length);
      expect(decode(per.octetString, encode(per.octetString, value)).length).toBe(length);
    }
  });
  test('what does not fit is refused', () => {
    expect(() => encode(per.octetString, new Uint8Array(0x4000))).toThrow('length 16384 is above 16383');
    expect(() => decode(ber.integer, hex('02 05 01 00 00 00 00'))).toThrow('does not fit 32 bits');
    expect(() => decode(ber.octetString, hex('04 83 00 00 01 00'))).toThrow('length form 131 is not supported');
    expect(() => decode(per.integer, hex('00'))).toThrow('integer of 0 octets');
    expect(() => mcs.choiceOf(new Uint8Array(0))).toThrow('need 1 byte');
  });
});
