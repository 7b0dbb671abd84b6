/** Video redirection: the standard's own examples, byte for byte. */
import { expect, test } from '@jest/globals';
import { decode, encode, type Codec } from '@belvedere/wire';
import { hex, testCodec } from '@belvedere/wire/testing';
import * as ev from './videoRedirection.js';

/** A request of the examples: header, both ways; and its body. */
function testRequest<T>(name: string, functionId: number, codec: Codec<T>, value: T, digits: string, interfaceId: number = ev.InterfaceId.SERVER_DATA): void {
  const message = hex(digits);
  testCodec(name, codec, value, message.subarray(12));
  test(`${name} behind its header`, () => {
    expect(Buffer.from(ev.request(functionId, codec, value, 0, interfaceId)).toString('hex')).toBe(Buffer.from(message).toString('hex'));
    expect(ev.readMessage(message)).toEqual({ mask: ev.StreamIdMask.PROXY, interfaceId, messageId: 0, functionId, body: Buffer.from(message.subarray(12)) });
  });
}

const { FunctionId: id } = ev;

// [MS-RDPEV] 4.1.1
testRequest('SET_CHANNEL_PARAMS', id.SET_CHANNEL_PARAMS, ev.SET_CHANNEL_PARAMS, { PresentationId: hex('4a2afd28 c7efa044 bbcaf317 89969fd2'), StreamId: 0 },
  '00 00 00 40 00 00 00 00 01 01 00 00 4a 2a fd 28 c7 ef a0 44 bb ca f3 17 89 96 9f d2 00 00 00 00');
// The annotation below this dump calls the first capability version 2; the bytes of the dump say 1.
testRequest('EXCHANGE_CAPABILITIES_REQ', id.EXCHANGE_CAPABILITIES_REQ, ev.EXCHANGE_CAPABILITIES_REQ,
  { pHostCapabilities: [{ CapabilityType: ev.TsmmCapability.VERSION, pCapabilityData: hex('01 00 00 00') }, { CapabilityType: ev.TsmmCapability.PLATFORM, pCapabilityData: hex('01 00 00 00') }] },
  '00 00 00 40 00 00 00 00 00 01 00 00 02 00 00 00 01 00 00 00 04 00 00 00 01 00 00 00 02 00 00 00 04 00 00 00 01 00 00 00');
// 4.1.2
testRequest('ON_NEW_PRESENTATION', id.ON_NEW_PRESENTATION, ev.ON_NEW_PRESENTATION, { PresentationId: hex('9f0486e0 26d9ae45 8c0f3e05 6af3f7d4'), PlatformCookie: ev.Platform.DSHOW },
  '00 00 00 40 00 00 00 00 05 01 00 00 9f 04 86 e0 26 d9 ae 45 8c 0f 3e 05 6a f3 f7 d4 02 00 00 00');
// 4.1.3
testRequest('ON_PLAYBACK_STARTED', id.ON_PLAYBACK_STARTED, ev.ON_PLAYBACK_STARTED, { PresentationId: hex('2df9a3f1 9bc34a46 83332ca9 6a566359'), PlaybackStartOffset: 0x21e25d8320n, IsSeek: 0 },
  '00 00 00 40 00 00 00 00 09 01 00 00 2d f9 a3 f1 9b c3 4a 46 83 33 2c a9 6a 56 63 59 20 83 5d e2 21 00 00 00 00 00 00 00');
// 4.1.5
testRequest('SET_VIDEO_WINDOW', id.SET_VIDEO_WINDOW, ev.SET_VIDEO_WINDOW, { PresentationId: hex('9ef9484e 467b8e4a b77ae40f b59ecc63'), VideoWindowId: 0x20100n, HwndParent: 0x103aen },
  '00 00 00 40 00 00 00 00 04 01 00 00 9e f9 48 4e 46 7b 8e 4a b7 7a e4 0f b5 9e cc 63 00 01 02 00 00 00 00 00 ae 03 01 00 00 00 00 00');
test('UPDATE_GEOMETRY_INFO', () => {
  // The example's MessageId is 0, as in its annotation.
  const message = hex(`00 00 00 40 00 00 00 00 14 01 00 00 9f 04 86 e0 26 d9 ae 45 8c 0f 3e 05 6a f3 f7 d4 2c 00 00 00
    fe 00 03 00 00 00 00 00 00 10 00 00 40 01 00 00 f0 00 00 00 5f 01 00 00 20 01 00 00 00 00 00 00 00 00 00 00 5f 01 00 00 20 01 00 00 20 00 00 00
    00 00 00 00 00 00 00 00 84 00 00 00 40 01 00 00 84 00 00 00 00 00 00 00 f0 00 00 00 a7 00 00 00`);
  const value = {
    PresentationId: Buffer.from(hex('9f0486e0 26d9ae45 8c0f3e05 6af3f7d4')),
    pGeoInfo: { VideoWindowId: 0x300fen, VideoWindowState: ev.WindowState.VISRGN, Width: 320, Height: 240, Left: 351, Top: 288, Reserved: 0n, ClientLeft: 351, ClientTop: 288 },
    pVisibleRect: [{ Top: 0, Left: 0, Bottom: 132, Right: 320 }, { Top: 132, Left: 0, Bottom: 240, Right: 167 }],
  };
  expect(message.length).toBe(112);
  expect(decode(ev.UPDATE_GEOMETRY_INFO, message.subarray(12))).toEqual(value);
  expect(Buffer.from(ev.request(id.UPDATE_GEOMETRY_INFO, ev.UPDATE_GEOMETRY_INFO, value))).toEqual(Buffer.from(message));
});
// 4.2
testRequest('PLAYBACK_ACK', ev.NotificationId.PLAYBACK_ACK, ev.PLAYBACK_ACK, { StreamId: 1, DataDuration: 0x51615n, cbData: 0x7e2n },
  '01 00 00 40 00 00 00 00 00 01 00 00 01 00 00 00 15 16 05 00 00 00 00 00 e2 07 00 00 00 00 00 00', ev.InterfaceId.CLIENT_NOTIFICATIONS);
testRequest('CLIENT_EVENT_NOTIFICATION', ev.NotificationId.CLIENT_EVENT_NOTIFICATION, ev.CLIENT_EVENT_NOTIFICATION, { StreamId: 0, EventId: 0xc9, pBlob: new Uint8Array(0) },
  '01 00 00 40 00 00 00 00 01 01 00 00 00 00 00 00 c9 00 00 00 00 00 00 00', ev.InterfaceId.CLIENT_NOTIFICATIONS);

// 4.3
testCodec('RIM_EXCHANGE_CAPABILITY_REQUEST', ev.RIM_EXCHANGE_CAPABILITY_REQ, { FunctionId: ev.RIM_EXCHANGE_CAPABILITY_REQUEST, CapabilityValue: ev.RIM_CAPABILITY_VERSION_01 }, hex('00 01 00 00 01 00 00 00'));
testCodec('RIM_EXCHANGE_CAPABILITY_RESPONSE', ev.RIM_EXCHANGE_CAPABILITY_RSP, { CapabilityValue: ev.RIM_CAPABILITY_VERSION_01, Result: 0 }, hex('01 00 00 00 00 00 00 00'));

test("the standard's example of a media type, of sound, and ours of motion JPEG", () => {
  // From CHECK_FORMAT_SUPPORT_REQ of 4.1.2, up to its format block.
  const request = hex('01 00 00 00 01 00 00 00 64 00 00 00 61 75 64 73 00 00 10 00 80 00 00 aa 00 38 9b 71 62 01 00 00 00 00 10 00 80 00 00 aa 00 38 9b 71 00 00 00 00 01 00 00 00 00 00 00 00 81 9f 58 05 56 c3 ce 11 bf 01 00 aa 00 55 59 5a 24 00 00 00');
  const value = decode(ev.CHECK_FORMAT_SUPPORT_REQ, Buffer.concat([request, new Uint8Array(36)]));
  expect(value).toMatchObject({ PlatformCookie: ev.Platform.MF, NoRolloverFlags: 1, pMediaType: { bFixedSizeSamples: 0, bTemporalCompression: 1, SampleSize: 0 } });
  expect(Buffer.from(value.pMediaType.MajorType).toString('latin1', 0, 4)).toBe('auds');
  const video = ev.motionJpeg(320, 240, 333_333n);
  expect(Buffer.from(encode(ev.TS_AM_MEDIA_TYPE, video)).toString('hex')).toMatch(/^7669647300001000800000aa00389b714d4a504700001000800000aa00389b71/);
  expect(decode(ev.VIDEOINFOHEADER, video.pbFormat)).toMatchObject({ AvgTimePerFrame: 333_333n, biWidth: 320, biHeight: 240 });
  expect(video.pbFormat.length).toBe(88);
});

test('a sample, and answers, which have no function', () => {
  const pSample = { SampleStartTime: 5n, SampleEndTime: 10n, ThrottleDuration: 5n, SampleFlags: 0, SampleExtensions: ev.TSMM_SAMPLE_EXT_CLEANPOINT, pData: Buffer.from('jpeg') };
  const bytes = encode(ev.ON_SAMPLE, { PresentationId: Buffer.alloc(16, 7), StreamId: 1, pSample });
  expect(Buffer.from(bytes.subarray(16)).toString('hex')).toBe('01000000' + '28000000' + '0500000000000000' + '0a00000000000000' + '0500000000000000' + '00000000' + '01000000' + '04000000' + '6a706567');
  expect(decode(ev.ON_SAMPLE, bytes)).toEqual({ PresentationId: Buffer.alloc(16, 7), StreamId: 1, pSample });
  const answer = ev.response(ev.SET_TOPOLOGY_RSP, { TopologyReady: 1, Result: 0 }, 9);
  expect(Buffer.from(answer).toString('hex')).toBe('00000080' + '09000000' + '01000000' + '00000000');
  expect(ev.readMessage(answer)).toMatchObject({ mask: ev.StreamIdMask.STUB, interfaceId: 0, messageId: 9, functionId: 0 });
});
