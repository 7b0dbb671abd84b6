/**
 * What a client said about itself in its settings blocks, checked and in the terms that the server decides by.
 *
 * [MS-RDPBCGR] 2.2.1.3.2 to 2.2.1.3.6, 3.3.5.3.3. Pure.
 */
import { Cursor, type Codec, type Value } from '@belvedere/wire';
import { ProtocolError } from '../errors.js';
import { decodeBlocks } from '../pdu/gcc.js';
import { IO_CHANNEL_ID } from '../pdu/mcs.js';
import {
  type ClientCoreData,
  ColorDepth,
  EarlyCapability,
  MAX_CHANNELS,
  RdpVersion,
  SupportedColorDepths,
  TS_UD_CS_CLUSTER,
  TS_UD_CS_CORE,
  TS_UD_CS_MONITOR,
  TS_UD_CS_NET,
  TS_UD_CS_SEC,
  UserDataType,
} from '../pdu/settings.js';

/** Bits a pixel of a session. */
export type BitsPerPixel = 8 | 15 | 16 | 24 | 32;

/** A static virtual channel that a client asked for. */
export interface StaticChannel {
  readonly id: number;
  readonly name: string;
  readonly options: number;
  /** It is there for the client. What comes in one that is not, since the client has joined it all the same, is for nobody. */
  readonly offered: boolean;
}

export interface ClientSettings {
  readonly core: ClientCoreData;
  readonly security: Value<typeof TS_UD_CS_SEC>;
  readonly channels: readonly StaticChannel[];
  readonly bitsPerPixel: BitsPerPixel;
  /** The client shows its user why the server ended the session. */
  readonly showsErrorInfo: boolean;
  /** The client can be sent to another server while its session is active. */
  readonly redirects: boolean;
  /** How many monitors its user has; 1 where it does not say. */
  readonly monitors: number;
  /** It is told how the session's screens stand. */
  readonly takesMonitorLayout: boolean;
}

/**
 * Reads a client's settings blocks.
 * @param offers whether a channel of this name is to be there
 * @throws ProtocolError if a block is missing that must be there; WireError if one is malformed
 */
export function readClientSettings(userData: Uint8Array, offers: (channel: string) => boolean): ClientSettings {
  const blocks = decodeBlocks(userData);
  const required = <T>(type: number, codec: Codec<T>, name: string): T => {
    const data = blocks.get(type);
    if (data) return codec.decode(new Cursor(data));
    throw new ProtocolError('missing', { state: 'basicSettingsExchange', pdu: name, section: '[MS-RDPBCGR] 3.3.5.3.3' });
  };
  const core = required(UserDataType.CS_CORE, TS_UD_CS_CORE, TS_UD_CS_CORE.name);
  const security = required(UserDataType.CS_SECURITY, TS_UD_CS_SEC, TS_UD_CS_SEC.name);
  const net = blocks.get(UserDataType.CS_NET);
  const asked = net ? TS_UD_CS_NET.decode(new Cursor(net)).channelDefArray : [];
  if (asked.length > MAX_CHANNELS) {
    const problem = `${asked.length} channels, at most ${MAX_CHANNELS} are allowed`;
    throw new ProtocolError(problem, { state: 'basicSettingsExchange', pdu: TS_UD_CS_NET.name, section: '[MS-RDPBCGR] 2.2.1.3.4' });
  }
  return {
    core,
    security,
    channels: asked.map(({ name, options }, i) => ({ id: IO_CHANNEL_ID + 1 + i, name, options, offered: offers(name) })),
    bitsPerPixel: sessionDepth(core),
    // rdesktop says so of itself as an RDP 4.0 client, too, which is none that knows this PDU.
    redirects: core.version >= RdpVersion.RDP_5_0 && redirects(blocks.get(UserDataType.CS_CLUSTER)),
    monitors: monitorCount(blocks.get(UserDataType.CS_MONITOR)),
    takesMonitorLayout: ((core.earlyCapabilityFlags ?? 0) & EarlyCapability.RNS_UD_CS_SUPPORT_MONITOR_LAYOUT_PDU) !== 0,
    showsErrorInfo: ((core.earlyCapabilityFlags ?? 0) & EarlyCapability.RNS_UD_CS_SUPPORT_ERRINFO_PDU) !== 0,
  };
}

/** [MS-RDPBCGR] 2.2.1.3.6 */
const MAX_MONITORS = 16;

function monitorCount(data: Uint8Array | undefined): number {
  if (!data) return 1;
  const { length } = TS_UD_CS_MONITOR.decode(new Cursor(data)).monitorDefArray;
  if (length <= MAX_MONITORS) return Math.max(1, length);
  throw new ProtocolError(`${length} monitors, at most ${MAX_MONITORS} are allowed`, { state: 'basicSettingsExchange', pdu: TS_UD_CS_MONITOR.name, section: '[MS-RDPBCGR] 2.2.1.3.6' });
}

/** `Flags` of the cluster data: REDIRECTION_SUPPORTED, and where the version of what is supported stands. [MS-RDPBCGR] 2.2.1.3.5 */
const REDIRECTION_SUPPORTED = 0x1;
const VERSION_MASK = 0x3c;
const VERSION_SHIFT = 2;
/** Before it a redirection had another form. */
const REDIRECTION_VERSION3 = 2;

function redirects(cluster: Uint8Array | undefined): boolean {
  if (!cluster) return false;
  const { Flags: flags } = TS_UD_CS_CLUSTER.decode(new Cursor(cluster));
  return (flags & REDIRECTION_SUPPORTED) !== 0 && (flags & VERSION_MASK) >> VERSION_SHIFT >= REDIRECTION_VERSION3;
}

/** The depth a client wants, by the newest of the fields that it filled in. [MS-RDPBCGR] 2.2.1.3.2 */
export function sessionDepth(core: ClientCoreData): BitsPerPixel {
  const wants32 = ((core.earlyCapabilityFlags ?? 0) & EarlyCapability.RNS_UD_CS_WANT_32BPP_SESSION) !== 0;
  if (wants32 && (core.supportedColorDepths ?? 0) & SupportedColorDepths.RNS_UD_32BPP_SUPPORT) return 32;
  const { highColorDepth } = core;
  if (highColorDepth === 15 || highColorDepth === 16 || highColorDepth === 24 || highColorDepth === 8) return highColorDepth;
  switch (core.postBeta2ColorDepth ?? core.colorDepth) {
    case ColorDepth.RNS_UD_COLOR_16BPP_555:
      return 15;
    case ColorDepth.RNS_UD_COLOR_16BPP_565:
      return 16;
    case ColorDepth.RNS_UD_COLOR_24BPP:
      return 24;
    default: // 4 bits a pixel are drawn as 8: every client that knows the one knows the other
      return 8;
  }
}
