/**
 * Video redirection (TSMF): a presentation, its streams, samples with times, where they are shown, and what the client says of them.
 *
 * [MS-RDPEV] 2.2. Pure. Samples pass through as one byte range.
 */
import { array, bytes, type Codec, countOf, Cursor, decode, encode, lengthOf, pdu, rest, s32le, u32le, u64le, type Value, WireError } from '@belvedere/wire';

/** The listener's name. [MS-RDPEV] 2.1 */
export const TSMF = 'TSMF';

/** `Mask`: the two highest bits of `InterfaceId`. */
export const StreamIdMask = { NONE: 0x00000000, PROXY: 0x40000000, STUB: 0x80000000 } as const;
const MASK = 0xc0000000;

/** `InterfaceId` without its mask. */
export const InterfaceId = { SERVER_DATA: 0, CLIENT_NOTIFICATIONS: 1, CAPABILITIES: 2 } as const;

/** `FunctionId` of interface 0. [MS-RDPEV] 2.2.1 */
export const FunctionId = {
  EXCHANGE_CAPABILITIES_REQ: 0x100,
  SET_CHANNEL_PARAMS: 0x101,
  ADD_STREAM: 0x102,
  ON_SAMPLE: 0x103,
  SET_VIDEO_WINDOW: 0x104,
  ON_NEW_PRESENTATION: 0x105,
  SHUTDOWN_PRESENTATION_REQ: 0x106,
  SET_TOPOLOGY_REQ: 0x107,
  CHECK_FORMAT_SUPPORT_REQ: 0x108,
  ON_PLAYBACK_STARTED: 0x109,
  ON_PLAYBACK_STOPPED: 0x10b,
  ON_END_OF_STREAM: 0x111,
  UPDATE_GEOMETRY_INFO: 0x114,
  REMOVE_STREAM: 0x115,
} as const;

/** `FunctionId` of interface 1. */
export const NotificationId = { PLAYBACK_ACK: 0x100, CLIENT_EVENT_NOTIFICATION: 0x101 } as const;

/** `FunctionId` of interface 2. */
export const RIM_EXCHANGE_CAPABILITY_REQUEST = 0x100;
export const RIM_CAPABILITY_VERSION_01 = 0x00000001;

/** SHARED_MSG_HEADER of anything but an answer, and what is behind it. [MS-RDPEV] 2.2.1 */
export const REQUEST = pdu('SHARED_MSG_HEADER', '[MS-RDPEV] 2.2.1', { InterfaceId: u32le, MessageId: u32le, FunctionId: u32le, body: rest });
/** SHARED_MSG_HEADER of an answer, which has no `FunctionId`. */
export const RESPONSE = pdu('SHARED_MSG_HEADER', '[MS-RDPEV] 2.2.1', { InterfaceId: u32le, MessageId: u32le, body: rest });

export interface Message {
  /** Of `StreamIdMask`. */
  readonly mask: number;
  readonly interfaceId: number;
  readonly messageId: number;
  /** 0 in an answer. */
  readonly functionId: number;
  readonly body: Uint8Array;
}

/** A message and its header. The requests of interface 2 have no mask, and its answers neither: whoever reads them knows which he waits for. */
export function readMessage(message: Uint8Array): Message {
  const { InterfaceId: id, MessageId: messageId, body } = RESPONSE.decode(new Cursor(message));
  const mask = (id & MASK) >>> 0;
  const head = { mask, interfaceId: (id & ~MASK) >>> 0, messageId };
  if (mask !== StreamIdMask.PROXY) return { ...head, functionId: 0, body };
  const { FunctionId: functionId, body: behind } = REQUEST.decode(new Cursor(message));
  return { ...head, functionId, body: behind };
}

/** A request of interface 0, or of another. */
export const request = <T>(FunctionIdOf: number, codec: Codec<T>, value: T, MessageId = 0, interfaceId: number = InterfaceId.SERVER_DATA): Uint8Array =>
  encode(REQUEST, { InterfaceId: (interfaceId | StreamIdMask.PROXY) >>> 0, MessageId, FunctionId: FunctionIdOf, body: encode(codec, value) });

/** An answer. */
export const response = <T>(codec: Codec<T>, value: T, MessageId: number, interfaceId: number = InterfaceId.SERVER_DATA): Uint8Array =>
  encode(RESPONSE, { InterfaceId: (interfaceId | StreamIdMask.STUB) >>> 0, MessageId, body: encode(codec, value) });

/** Behind a header of interface 2 without a mask: the request, with its FunctionId in front, and the answer. [MS-RDPEV] 2.2.3 */
export const RIM_EXCHANGE_CAPABILITY_REQ = pdu('RIM_EXCHANGE_CAPABILITY_REQUEST', '[MS-RDPEV] 2.2.3.1', { FunctionId: u32le, CapabilityValue: u32le });
export const RIM_EXCHANGE_CAPABILITY_RSP = pdu('RIM_EXCHANGE_CAPABILITY_RESPONSE', '[MS-RDPEV] 2.2.3.2', { CapabilityValue: u32le, Result: u32le });

/** A GUID in its bytes. */
const guid = bytes(16);

/** `CapabilityType`. [MS-RDPEV] 2.2.6 */
export const TsmmCapability = { VERSION: 1, PLATFORM: 2, AUDIO: 3, LATENCY: 4 } as const;
export const TSMM_CAPABILITIES = pdu('TSMM_CAPABILITIES', '[MS-RDPEV] 2.2.6', { CapabilityType: u32le, cbCapabilityLength: lengthOf('pCapabilityData', u32le), pCapabilityData: rest });

/** Platforms. [MS-RDPEV] 2.2.9, 2.2.10 */
export const Platform = { MF: 1, DSHOW: 2 } as const;

export const SET_CHANNEL_PARAMS = pdu('SET_CHANNEL_PARAMS', '[MS-RDPEV] 2.2.5.1.1', { PresentationId: guid, StreamId: u32le });
export const EXCHANGE_CAPABILITIES_REQ = pdu('EXCHANGE_CAPABILITIES_REQ', '[MS-RDPEV] 2.2.5.1.2', {
  numHostCapabilities: countOf('pHostCapabilities', u32le),
  pHostCapabilities: array(TSMM_CAPABILITIES),
});
export const EXCHANGE_CAPABILITIES_RSP = pdu('EXCHANGE_CAPABILITIES_RSP', '[MS-RDPEV] 2.2.5.1.3', {
  numClientCapabilities: countOf('pClientCapabilityArray', u32le),
  pClientCapabilityArray: array(TSMM_CAPABILITIES),
  Result: u32le,
});
export const ON_NEW_PRESENTATION = pdu('ON_NEW_PRESENTATION', '[MS-RDPEV] 2.2.5.2.1', { PresentationId: guid, PlatformCookie: u32le });

/** A media format. [MS-RDPEV] 2.2.7 */
export const TS_AM_MEDIA_TYPE = pdu('TS_AM_MEDIA_TYPE', '[MS-RDPEV] 2.2.7', {
  MajorType: guid,
  SubType: guid,
  bFixedSizeSamples: u32le,
  bTemporalCompression: u32le,
  SampleSize: u32le,
  FormatType: guid,
  cbFormat: lengthOf('pbFormat', u32le),
  pbFormat: rest,
});

export const CHECK_FORMAT_SUPPORT_REQ = pdu('CHECK_FORMAT_SUPPORT_REQ', '[MS-RDPEV] 2.2.5.2.2', {
  PlatformCookie: u32le,
  NoRolloverFlags: u32le,
  numMediaType: lengthOf('pMediaType', u32le),
  pMediaType: TS_AM_MEDIA_TYPE,
});
export const CHECK_FORMAT_SUPPORT_RSP = pdu('CHECK_FORMAT_SUPPORT_RSP', '[MS-RDPEV] 2.2.5.2.3', { FormatSupported: u32le, PlatformCookie: u32le, Result: u32le });
export const ADD_STREAM = pdu('ADD_STREAM', '[MS-RDPEV] 2.2.5.2.4', {
  PresentationId: guid,
  StreamId: u32le,
  numMediaType: lengthOf('pMediaType', u32le),
  pMediaType: TS_AM_MEDIA_TYPE,
});
export const SET_TOPOLOGY_REQ = pdu('SET_TOPOLOGY_REQ', '[MS-RDPEV] 2.2.5.2.5', { PresentationId: guid });
export const SET_TOPOLOGY_RSP = pdu('SET_TOPOLOGY_RSP', '[MS-RDPEV] 2.2.5.2.6', { TopologyReady: u32le, Result: u32le });
export const REMOVE_STREAM = pdu('REMOVE_STREAM', '[MS-RDPEV] 2.2.5.2.7', { PresentationId: guid, StreamId: u32le });
export const SHUTDOWN_PRESENTATION_REQ = pdu('SHUTDOWN_PRESENTATION_REQ', '[MS-RDPEV] 2.2.5.2.8', { PresentationId: guid });
export const SHUTDOWN_PRESENTATION_RSP = pdu('SHUTDOWN_PRESENTATION_RSP', '[MS-RDPEV] 2.2.5.2.9', { Result: u32le });

/** `PlaybackStartOffset` in units of 100 ns. */
export const ON_PLAYBACK_STARTED = pdu('ON_PLAYBACK_STARTED', '[MS-RDPEV] 2.2.5.3.1', { PresentationId: guid, PlaybackStartOffset: u64le, IsSeek: u32le });
export const ON_PLAYBACK_STOPPED = pdu('ON_PLAYBACK_STOPPED', '[MS-RDPEV] 2.2.5.3.4', { PresentationId: guid });

/** `SampleExtensions`: a picture that needs no other. */
export const TSMM_SAMPLE_EXT_CLEANPOINT = 0x00000001;
/** Times in units of 100 ns. */
export const TS_MM_DATA_SAMPLE = pdu('TS_MM_DATA_SAMPLE', '[MS-RDPEV] 2.2.8', {
  SampleStartTime: u64le,
  SampleEndTime: u64le,
  ThrottleDuration: u64le,
  SampleFlags: u32le,
  SampleExtensions: u32le,
  cbData: lengthOf('pData', u32le),
  pData: rest,
});
/** `numSample`, in spite of its name, counts bytes. */
export const ON_SAMPLE = pdu('ON_SAMPLE', '[MS-RDPEV] 2.2.5.4.1', {
  PresentationId: guid,
  StreamId: u32le,
  numSample: lengthOf('pSample', u32le),
  pSample: TS_MM_DATA_SAMPLE,
});
export const ON_END_OF_STREAM = pdu('ON_END_OF_STREAM', '[MS-RDPEV] 2.2.5.4.3', { PresentationId: guid, StreamId: u32le });

export const SET_VIDEO_WINDOW = pdu('SET_VIDEO_WINDOW', '[MS-RDPEV] 2.2.5.5.1', { PresentationId: guid, VideoWindowId: u64le, HwndParent: u64le });

/** `VideoWindowState`. */
export const WindowState = { NEW: 0x00000001, DELETED: 0x00000002, VISRGN: 0x00001000 } as const;
/** Pixels of the desktop. */
export const GEOMETRY_INFO = pdu('GEOMETRY_INFO', '[MS-RDPEV] 2.2.11', {
  VideoWindowId: u64le,
  VideoWindowState: u32le,
  Width: u32le,
  Height: u32le,
  Left: s32le,
  Top: s32le,
  Reserved: u64le,
  ClientLeft: s32le,
  ClientTop: s32le,
});
/** Pixels of the video window; bottom and right exclusive. */
export const TS_RECT = pdu('TS_RECT', '[MS-RDPEV] 2.2.12', { Top: s32le, Left: s32le, Bottom: s32le, Right: s32le });
export const UPDATE_GEOMETRY_INFO = pdu('UPDATE_GEOMETRY_INFO', '[MS-RDPEV] 2.2.5.5.2', {
  PresentationId: guid,
  numGeometryInfo: lengthOf('pGeoInfo', u32le),
  pGeoInfo: GEOMETRY_INFO,
  cbVisibleRect: lengthOf('pVisibleRect', u32le),
  pVisibleRect: array(TS_RECT),
});

/** `DataDuration` and `cbData` of a sample: what its `ThrottleDuration` was, and its length. */
export const PLAYBACK_ACK = pdu('PLAYBACK_ACK', '[MS-RDPEV] 2.2.5.6.1', { StreamId: u32le, DataDuration: u64le, cbData: u64le });
export const CLIENT_EVENT_NOTIFICATION = pdu('CLIENT_EVENT_NOTIFICATION', '[MS-RDPEV] 2.2.5.6.2', { StreamId: u32le, EventId: u32le, cbData: lengthOf('pBlob', u32le), pBlob: rest });

/** A GUID as DirectShow makes it of a four-character code. */
const fourCc = (code: string): Uint8Array => Uint8Array.from([...Buffer.from(code, 'latin1'), 0, 0, 0x10, 0, 0x80, 0, 0, 0xaa, 0, 0x38, 0x9b, 0x71]);
export const MEDIATYPE_VIDEO = fourCc('vids');
export const MEDIASUBTYPE_MJPG = fourCc('MJPG');
/** {05589F80-C356-11CE-BF01-00AA0055595A} */
export const FORMAT_VIDEOINFO = Uint8Array.from([0x80, 0x9f, 0x58, 0x05, 0x56, 0xc3, 0xce, 0x11, 0xbf, 0x01, 0x00, 0xaa, 0x00, 0x55, 0x59, 0x5a]);

const rectangle = pdu('RECT', 'VIDEOINFOHEADER', { left: s32le, top: s32le, right: s32le, bottom: s32le });
/** The format block of FORMAT_VIDEOINFO: VIDEOINFOHEADER and, from `biSize` on, its BITMAPINFOHEADER. Time in units of 100 ns. */
export const VIDEOINFOHEADER = pdu('VIDEOINFOHEADER', '[MS-RDPEV] 2.2.7', {
  rcSource: rectangle,
  rcTarget: rectangle,
  dwBitRate: u32le,
  dwBitErrorRate: u32le,
  AvgTimePerFrame: u64le,
  biSize: u32le,
  biWidth: s32le,
  biHeight: s32le,
  biPlanesAndBitCount: u32le,
  biCompression: bytes(4),
  biSizeImage: u32le,
  biXPelsPerMeter: u32le,
  biYPelsPerMeter: u32le,
  biClrUsed: u32le,
  biClrImportant: u32le,
});

/** Motion JPEG: pictures that each stand alone. @param interval between two of them, in units of 100 ns */
export function motionJpeg(width: number, height: number, interval: bigint): Value<typeof TS_AM_MEDIA_TYPE> {
  const whole = { left: 0, top: 0, right: width, bottom: height };
  const pbFormat = encode(VIDEOINFOHEADER, {
    rcSource: whole,
    rcTarget: whole,
    dwBitRate: 0,
    dwBitErrorRate: 0,
    AvgTimePerFrame: interval,
    biSize: 40,
    biWidth: width,
    biHeight: height,
    biPlanesAndBitCount: 1 | (24 << 16),
    biCompression: Buffer.from('MJPG', 'latin1'),
    biSizeImage: 3 * width * height,
    biXPelsPerMeter: 0,
    biYPelsPerMeter: 0,
    biClrUsed: 0,
    biClrImportant: 0,
  });
  return { MajorType: MEDIATYPE_VIDEO, SubType: MEDIASUBTYPE_MJPG, bFixedSizeSamples: 0, bTemporalCompression: 0, SampleSize: 0, FormatType: FORMAT_VIDEOINFO, pbFormat };
}

/** A message's body, which must be whole. */
export const bodyOf = <T>(codec: Codec<T>, { body }: Message): T => decode(codec, body);

/** What is neither of these. */
export const unknownMessage = (problem: string): WireError => new WireError('SHARED_MSG_HEADER.InterfaceId', 0, problem);
