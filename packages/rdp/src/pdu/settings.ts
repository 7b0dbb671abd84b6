/**
 * The settings blocks of the connection's first exchange. Their TS_UD_HEADER is GCC's (`gcc.ts`): these are the fields behind it.
 *
 * [MS-RDPBCGR] 2.2.1.3.2 to 2.2.1.3.9 (client), 2.2.1.4.2 to 2.2.1.4.4 (server). Pure.
 */
import { array, bytes, countOf, lengthOf, optional, pdu, rest, s32le, u16le, u32le, u8, type Value } from '@belvedere/wire';
import { ansi, fixedUtf16, newerFields } from './fields.js';

/** `type` of TS_UD_HEADER. */
export const UserDataType = {
  CS_CORE: 0xc001,
  CS_SECURITY: 0xc002,
  CS_NET: 0xc003,
  CS_CLUSTER: 0xc004,
  CS_MONITOR: 0xc005,
  CS_MCS_MSGCHANNEL: 0xc006,
  CS_MONITOR_EX: 0xc008,
  CS_MULTITRANSPORT: 0xc00a,
  SC_CORE: 0x0c01,
  SC_SECURITY: 0x0c02,
  SC_NET: 0x0c03,
} as const;

/** `version` of the core data. */
export const RdpVersion = { RDP_4_0: 0x00080001, RDP_5_0: 0x00080004 } as const;

/** `colorDepth` and `postBeta2ColorDepth`. */
export const ColorDepth = {
  RNS_UD_COLOR_4BPP: 0xca00,
  RNS_UD_COLOR_8BPP: 0xca01,
  RNS_UD_COLOR_16BPP_555: 0xca02,
  RNS_UD_COLOR_16BPP_565: 0xca03,
  RNS_UD_COLOR_24BPP: 0xca04,
} as const;

/** `supportedColorDepths` bits. */
export const SupportedColorDepths = {
  RNS_UD_24BPP_SUPPORT: 0x1,
  RNS_UD_16BPP_SUPPORT: 0x2,
  RNS_UD_15BPP_SUPPORT: 0x4,
  RNS_UD_32BPP_SUPPORT: 0x8,
} as const;

/** `earlyCapabilityFlags` bits. */
export const EarlyCapability = {
  RNS_UD_CS_SUPPORT_ERRINFO_PDU: 0x0001,
  RNS_UD_CS_WANT_32BPP_SESSION: 0x0002,
  RNS_UD_CS_SUPPORT_STATUSINFO_PDU: 0x0004,
  RNS_UD_CS_STRONG_ASYMMETRIC_KEYS: 0x0008,
  RNS_UD_CS_VALID_CONNECTION_TYPE: 0x0020,
  RNS_UD_CS_SUPPORT_MONITOR_LAYOUT_PDU: 0x0040,
  RNS_UD_CS_SUPPORT_NETCHAR_AUTODETECT: 0x0080,
  RNS_UD_CS_SUPPORT_DYNVC_GFX_PROTOCOL: 0x0100,
} as const;

/** All from `postBeta2ColorDepth` on is missing in older clients, in whole fields. */
export const TS_UD_CS_CORE = pdu('TS_UD_CS_CORE', '[MS-RDPBCGR] 2.2.1.3.2', {
  version: u32le,
  desktopWidth: u16le,
  desktopHeight: u16le,
  colorDepth: u16le,
  SASSequence: u16le,
  keyboardLayout: u32le,
  clientBuild: u32le,
  clientName: fixedUtf16(16),
  keyboardType: u32le,
  keyboardSubType: u32le,
  keyboardFunctionKey: u32le,
  imeFileName: bytes(64),
  postBeta2ColorDepth: optional(u16le),
  clientProductId: optional(u16le),
  serialNumber: optional(u32le),
  highColorDepth: optional(u16le),
  supportedColorDepths: optional(u16le),
  earlyCapabilityFlags: optional(u16le),
  clientDigProductId: optional(fixedUtf16(32)),
  connectionType: optional(u8),
  pad1octet: optional(u8),
  serverSelectedProtocol: optional(u32le),
  desktopPhysicalWidth: optional(u32le),
  desktopPhysicalHeight: optional(u32le),
  desktopOrientation: optional(u16le),
  desktopScaleFactor: optional(u32le),
  deviceScaleFactor: optional(u32le),
  newerFields,
});
export type ClientCoreData = Value<typeof TS_UD_CS_CORE>;

/** What encryption a client offers for Standard RDP Security. `extEncryptionMethods` counts for French locale clients only. */
export const TS_UD_CS_SEC = pdu('TS_UD_CS_SEC', '[MS-RDPBCGR] 2.2.1.3.3', {
  encryptionMethods: u32le,
  extEncryptionMethods: optional(u32le),
  newerFields,
});

/** `options` bits. */
export const ChannelOption = {
  CHANNEL_OPTION_INITIALIZED: 0x80000000,
  CHANNEL_OPTION_COMPRESS_RDP: 0x00800000,
  CHANNEL_OPTION_SHOW_PROTOCOL: 0x00200000,
} as const;

export const CHANNEL_DEF = pdu('CHANNEL_DEF', '[MS-RDPBCGR] 2.2.1.3.4.1', { name: ansi(8), options: u32le });

/** Most static virtual channels a client may ask for. */
export const MAX_CHANNELS = 31;

export const TS_UD_CS_NET = pdu('TS_UD_CS_NET', '[MS-RDPBCGR] 2.2.1.3.4', {
  channelCount: countOf('channelDefArray', u32le),
  channelDefArray: array(CHANNEL_DEF),
  newerFields,
});

export const TS_UD_CS_CLUSTER = pdu('TS_UD_CS_CLUSTER', '[MS-RDPBCGR] 2.2.1.3.5', {
  Flags: u32le,
  RedirectedSessionID: u32le,
  newerFields,
});

export const TS_MONITOR_DEF = pdu('TS_MONITOR_DEF', '[MS-RDPBCGR] 2.2.1.3.6.1', {
  left: s32le,
  top: s32le,
  right: s32le,
  bottom: s32le,
  flags: u32le,
});

/** `flags` of TS_MONITOR_DEF. */
export const MonitorFlags = { TS_MONITOR_PRIMARY: 1 } as const;

export const TS_UD_CS_MONITOR = pdu('TS_UD_CS_MONITOR', '[MS-RDPBCGR] 2.2.1.3.6', {
  flags: u32le,
  monitorCount: countOf('monitorDefArray', u32le),
  monitorDefArray: array(TS_MONITOR_DEF),
  newerFields,
});

export const TS_UD_SC_CORE = pdu('TS_UD_SC_CORE', '[MS-RDPBCGR] 2.2.1.4.2', {
  version: u32le,
  clientRequestedProtocols: optional(u32le),
  earlyCapabilityFlags: optional(u32le),
  newerFields,
});

/** The keys' half that the server gives, where Standard RDP Security encrypts. */
const exchange = pdu('TS_UD_SC_SEC1', '[MS-RDPBCGR] 2.2.1.4.3', {
  serverRandomLen: lengthOf('serverRandom', u32le),
  serverCertLen: lengthOf('serverCertificate', u32le),
  serverRandom: rest,
  serverCertificate: rest,
});

/** `exchange`: serverRandomLen to serverCertificate, all or nothing. */
export const TS_UD_SC_SEC1 = pdu('TS_UD_SC_SEC1', '[MS-RDPBCGR] 2.2.1.4.3', {
  encryptionMethod: u32le,
  encryptionLevel: u32le,
  exchange: optional(exchange),
});

/** `channelIdArray` holds an identifier for each channel the client asked for, in its order, padded to a multiple of 4 bytes. */
export const TS_UD_SC_NET = pdu('TS_UD_SC_NET', '[MS-RDPBCGR] 2.2.1.4.4', {
  MCSChannelId: u16le,
  channelCount: countOf('channelIdArray', u16le),
  channelIdArray: array(u16le),
  newerFields,
});

/** The two bytes that follow an odd number of channel identifiers. */
export const channelIdPadding = (channels: number): Uint8Array => new Uint8Array(channels % 2 ? 2 : 0);

/** How a session's screens stand, told by the server; bounds are inclusive, from the primary one's corner. */
export const TS_MONITOR_LAYOUT_PDU = pdu('TS_MONITOR_LAYOUT_PDU', '[MS-RDPBCGR] 2.2.12.1', {
  monitorCount: countOf('monitorDefArray', u32le),
  monitorDefArray: array(TS_MONITOR_DEF),
});
