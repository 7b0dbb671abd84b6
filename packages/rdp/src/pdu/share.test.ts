import { describe, expect, test } from '@jest/globals';
import { decode, encode, WireError } from '@belvedere/wire';
import { hex, testCodec } from '@belvedere/wire/testing';
import * as caps from './capabilities.js';
import * as pdus from './share.js';

const header = { shareId: 0x000103ea, compressedType: 0, compressedLength: 0 };

describe('the dumps of [MS-RDPBCGR] 4.1.14 to 4.1.22, decrypted', () => {
  const dumps = [
    [
      'Client Synchronize',
      '16 00 17 00 ef 03 ea 03 01 00 00 01 08 00 1f 00 00 00 01 00 ea 03',
      1,
      0x1f,
      pdus.TS_SYNCHRONIZE_PDU,
      { targetUser: 1002 },
    ],
    [
      'Client Control (Cooperate)',
      '1a 00 17 00 ef 03 ea 03 01 00 00 01 0c 00 14 00 00 00 04 00 00 00 00 00 00 00',
      1,
      0x14,
      pdus.TS_CONTROL_PDU,
      { action: 4, grantId: 0, controlId: 0 },
    ],
    [
      'Client Control (Request)',
      '1a 00 17 00 ef 03 ea 03 01 00 00 01 0c 00 14 00 00 00 01 00 00 00 00 00 00 00',
      1,
      0x14,
      pdus.TS_CONTROL_PDU,
      { action: 1, grantId: 0, controlId: 0 },
    ],
    [
      'Client Font List',
      '1a 00 17 00 ef 03 ea 03 01 00 00 01 0c 00 27 00 00 00 00 00 00 00 03 00 32 00',
      1,
      0x27,
      pdus.TS_FONT_LIST_PDU,
      { numberFonts: 0, totalNumFonts: 0, listFlags: 3, entrySize: 50 },
    ],
    [
      'Server Control (Granted)',
      '1a 00 17 00 ea 03 ea 03 01 00 00 02 0c 00 14 00 00 00 02 00 ef 03 ea 03 00 00',
      2,
      0x14,
      pdus.TS_CONTROL_PDU,
      { action: 2, grantId: 1007, controlId: 1002 },
    ],
    [
      'Server Font Map',
      '1a 00 17 00 ea 03 ea 03 01 00 00 02 0c 00 28 00 00 00 00 00 00 00 03 00 04 00',
      2,
      0x28,
      pdus.TS_FONT_MAP_PDU,
      { numberEntries: 0, totalNumEntries: 0, mapFlags: 3, entrySize: 4 },
    ],
  ] as const;
  test.each(dumps)('%s', (_name, dump, streamId, pduType2, codec, value) => {
    const bytes = hex(dump);
    const [{ type, body }] = pdus.decodeShareControls(bytes);
    expect(type).toBe(pdus.PduType.DATAPDU);
    const shareData = decode(pdus.TS_SHAREDATAHEADER, body);
    expect(shareData).toMatchObject({ ...header, streamId, pduType2, uncompressedLength: shareData.body.length + 4 });
    expect(decode<unknown>(codec, shareData.body)).toEqual(value);
    expect(Buffer.from(encode(pdus.TS_SHAREDATAHEADER, shareData)).equals(body)).toBe(true);
  });
  test('are what this side writes', () => {
    expect(
      pdus.encodeShareData(0x000103ea, 1007, pdus.PduType2.SYNCHRONIZE, encode(pdus.TS_SYNCHRONIZE_PDU, { targetUser: 1002 })),
    ).toEqual(hex(dumps[0][1]));
  });
});

describe('share control headers', () => {
  const one = pdus.encodeShareControl(pdus.PduType.DEACTIVATEALLPDU, 1002, hex('01 02'));
  testCodec(
    'TS_SHARECONTROLHEADER',
    pdus.TS_SHARECONTROLHEADER,
    { pduType: 0x16, PDUSource: 1002, body: hex('01 02') },
    hex('08 00 16 00 ea 03 01 02'),
  );
  test('several in one payload, with flow PDUs between', () => {
    const found = pdus.decodeShareControls(Buffer.concat([one, hex('00 80 41 00 00 00 ea 03'), one]));
    expect(found.map(({ type, source }) => [type, source])).toEqual([
      [6, 1002],
      [6, 1002],
    ]);
  });
  test.each(['05 00 16 00 ea', '09 00 16 00 ea 03 01 02', '08', '04 00 16 00'])('%s is refused', (bytes) => {
    expect(() => pdus.decodeShareControls(hex(bytes))).toThrow(WireError);
  });
});

testCodec('TS_DEACTIVATE_ALL_PDU', pdus.TS_DEACTIVATE_ALL_PDU, { shareId: 0x103ea, sourceDescriptor: hex('00') }, hex('ea030100 0100 00'));
testCodec('TS_SET_ERROR_INFO_PDU', pdus.TS_SET_ERROR_INFO_PDU, { errorInfo: 5 }, hex('05000000'));
testCodec(
  'TS_REFRESH_RECT_PDU',
  pdus.TS_REFRESH_RECT_PDU,
  { areasToRefresh: [{ left: 1, top: 2, right: 3, bottom: 4 }] },
  hex('01 000000 0100 0200 0300 0400'),
);
testCodec(
  'TS_SUPPRESS_OUTPUT_PDU',
  pdus.TS_SUPPRESS_OUTPUT_PDU,
  { allowDisplayUpdates: 1, desktopRect: { left: 0, top: 0, right: 1023, bottom: 767 } },
  hex('01 000000 0000 0000 ff03 ff02'),
  [4],
);

describe('the sets of [MS-RDPBCGR] 4.1.12 and 4.1.13', () => {
  const zeroes = (count: number): string => '00'.repeat(count);
  const orderSupport = hex('01 01 01 01 01 00 00 01 01 01 01 01 00 00 00 01 01 01 01 01 01 01 01 00 01 01 01 01 00 00 00 00');
  testCodec(
    'general',
    caps.TS_GENERAL_CAPABILITYSET,
    {
      osMajorType: 1,
      osMinorType: 3,
      protocolVersion: 0x0200,
      generalCompressionTypes: 0,
      extraFlags: 0x041d,
      updateCapabilityFlag: 0,
      remoteUnshareFlag: 0,
      generalCompressionLevel: 0,
      refreshRectSupport: 1,
      suppressOutputSupport: 1,
    },
    hex('0100 0300 0002 0000 0000 1d04 0000 0000 0000 01 01'),
    [18, 19],
  );
  testCodec(
    'bitmap',
    caps.TS_BITMAP_CAPABILITYSET,
    {
      preferredBitsPerPixel: 24,
      receive1BitPerPixel: 1,
      receive4BitsPerPixel: 1,
      receive8BitsPerPixel: 1,
      desktopWidth: 1280,
      desktopHeight: 1024,
      desktopResizeFlag: 1,
      bitmapCompressionFlag: 1,
      highColorFlags: 0,
      drawingFlags: 0,
      multipleRectangleSupport: 1,
    },
    hex('1800 0100 0100 0100 0005 0004 0000 0100 0100 00 00 0100 0000'),
  );
  testCodec(
    'order',
    caps.TS_ORDER_CAPABILITYSET,
    {
      terminalDescriptor: new Uint8Array(16),
      desktopSaveXGranularity: 1,
      desktopSaveYGranularity: 20,
      maximumOrderLevel: 1,
      numberFonts: 0,
      orderFlags: 0x22,
      orderSupport,
      textFlags: 0,
      orderSupportExFlags: 0,
      desktopSaveSize: 1000000,
      textANSICodePage: 0,
    },
    hex(
      `${zeroes(20)} 0100 1400 0000 0100 0000 2200 ${Buffer.from(orderSupport).toString('hex')} 0000 0000 00000000 40420f00 0000 0000 0000 0000`,
    ),
  );
  testCodec(
    'pointer',
    caps.TS_POINTER_CAPABILITYSET,
    { colorPointerFlag: 1, colorPointerCacheSize: 20, pointerCacheSize: 21 },
    hex('0100 1400 1500'),
    [4],
  );
  testCodec(
    'input',
    caps.TS_INPUT_CAPABILITYSET,
    { inputFlags: 0x15, keyboardLayout: 0x409, keyboardType: 4, keyboardSubType: 0, keyboardFunctionKey: 12, imeFileName: '' },
    hex(`1500 0000 09040000 04000000 00000000 0c000000 ${zeroes(64)}`),
    [4, 8, 12, 16, 20],
  );
  testCodec('virtual channel', caps.TS_VIRTUALCHANNEL_CAPABILITYSET, { flags: 2, VCChunkSize: 1600 }, hex('02000000 40060000'), [4]);
  testCodec('font', caps.TS_FONT_CAPABILITYSET, { fontSupportFlags: 1 }, hex('0100'), [0]);
  testCodec('sound', caps.TS_SOUND_CAPABILITYSET, { soundFlags: 1 }, hex('0100 0000'));
  testCodec('colour cache', caps.TS_COLORCACHE_CAPABILITYSET, { colorTableCacheSize: 6 }, hex('0600 0000'));
  testCodec(
    'control',
    caps.TS_CONTROL_CAPABILITYSET,
    { controlFlags: 0, remoteDetachFlag: 0, controlInterest: 2, detachInterest: 2 },
    hex('0000 0000 0200 0200'),
  );
  testCodec(
    'window activation',
    caps.TS_WINDOWACTIVATION_CAPABILITYSET,
    { helpKeyFlag: 0, helpKeyIndexFlag: 0, helpExtendedKeyFlag: 0, windowManagerKeyFlag: 1 },
    hex('0000 0000 0000 0100'),
  );
  testCodec(
    'bitmap cache',
    caps.TS_BITMAPCACHE_CAPABILITYSET,
    {
      Cache0Entries: 120,
      Cache0MaximumCellSize: 1024,
      Cache1Entries: 120,
      Cache1MaximumCellSize: 4096,
      Cache2Entries: 337,
      Cache2MaximumCellSize: 16384,
    },
    hex(`${zeroes(24)} 7800 0004 7800 0010 5101 0040`),
  );
  testCodec('multifragment update', caps.TS_MULTIFRAGMENTUPDATE_CAPABILITYSET, { MaxRequestSize: 65536 }, hex('00000100'));
  testCodec('large pointer', caps.TS_LARGE_POINTER_CAPABILITYSET, { largePointerSupportFlags: 1 }, hex('0100'));
  test('a share has nothing of what it does not need: padding of other values is read', () => {
    const set = { capabilitySetType: caps.CapabilityType.SHARE, capabilityData: hex('ea03 dce2') };
    expect(caps.findCapability([set], caps.CapabilityType.SHARE, caps.TS_SHARE_CAPABILITYSET)).toEqual({ nodeId: 1002 });
    expect(caps.findCapability([set], caps.CapabilityType.SOUND, caps.TS_SHARE_CAPABILITYSET)).toBeUndefined();
  });
  const sets = [
    { capabilitySetType: 9, capabilityData: hex('ea03 0000') },
    { capabilitySetType: 0x1234, capabilityData: hex('ff') },
  ];
  const combined = hex('0200 0000 0900 0800 ea03 0000 3412 0500 ff');
  testCodec(
    'TS_DEMAND_ACTIVE_PDU',
    pdus.TS_DEMAND_ACTIVE_PDU,
    { shareId: 0x103ea, sourceDescriptor: hex('52445000'), combined: { capabilitySets: sets }, sessionId: 0 },
    Uint8Array.from(Buffer.concat([hex('ea030100 0400 1100 52445000'), combined, hex('00000000')])),
    [29],
  );
  testCodec(
    'TS_CONFIRM_ACTIVE_PDU',
    pdus.TS_CONFIRM_ACTIVE_PDU,
    { shareId: 0x103ea, originatorId: 1002, sourceDescriptor: hex('4d5354534300'), combined: { capabilitySets: sets } },
    Uint8Array.from(Buffer.concat([hex('ea030100 ea03 0600 1100 4d5354534300'), combined])),
  );
});
