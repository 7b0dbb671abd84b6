/**
 * The client's connection sequence: from the first packet to licensing.
 *
 * [MS-RDPBCGR] 3.2.5.3.1 to 3.2.5.3.12. Each function is one step. Pure, but for random numbers and the layer's cipher state.
 */
import { Cursor, decode, encode, type Value } from '@belvedere/wire';
import { ProtocolError } from '../errors.js';
import { InfoFlags, TS_EXTENDED_INFO_PACKET, TS_INFO_PACKET } from '../pdu/clientInfo.js';
import { decodeBlocks, encodeBlocks, GCC_CONFERENCE_CREATE_REQUEST, GCC_CONFERENCE_CREATE_RESPONSE } from '../pdu/gcc.js';
import * as mcs from '../pdu/mcs.js';
import * as settings from '../pdu/settings.js';
import {
  decodeData,
  encodeData,
  Protocol,
  RDP_NEG_FAILURE,
  RDP_NEG_REQ,
  RDP_NEG_RSP,
  TPKT,
  X224_CONNECTION_CONFIRM,
  X224_CONNECTION_REQUEST,
} from '../pdu/x224.js';
import { answerStandardSecurity, type EncryptionLevel, type EncryptionMethod, plainLayer, SEC } from '../security/index.js';
import { request } from './envelope.js';
import type { ClientOutcome, ClientSettings, ClientState, Pending } from './state.js';

const to = (state: ClientState, send: readonly Uint8Array[] = [], effects: ClientOutcome['effects'] = []): ClientOutcome => ({
  state,
  send,
  effects,
});

export const closed = (reason: string, send: readonly Uint8Array[] = []): ClientOutcome =>
  to({ step: 'closed' }, send, [{ type: 'close', reason }]);

const illegal = (problem: string, state: string, pdu: string, section: string): never => {
  throw new ProtocolError(problem, { state, pdu, section });
};

const REQUESTED = {
  nlaEx: Protocol.SSL | Protocol.HYBRID | Protocol.HYBRID_EX,
  nla: Protocol.SSL | Protocol.HYBRID,
  tls: Protocol.SSL,
  rdp: Protocol.RDP,
  none: Protocol.RDP,
} as const;

/** The first packet. [MS-RDPBCGR] 3.2.5.3.1 */
export function connectionRequest({ security, user }: Pick<ClientSettings, 'security' | 'user'>): Uint8Array {
  const cookie = Buffer.from(`Cookie: mstshash=${user.slice(0, 9)}\r\n`, 'latin1');
  const negotiation =
    security === 'none'
      ? new Uint8Array(0)
      : encode(RDP_NEG_REQ, { flags: 0, requestedProtocols: REQUESTED[security] });
  return encode(TPKT, {
    tpdu: encode(X224_CONNECTION_REQUEST, { dstRef: 0, srcRef: 0, classOptions: 0, variablePart: Buffer.concat([cookie, negotiation]) }),
  });
}

/** [MS-RDPBCGR] 3.2.5.3.2 */
export function connectionConfirm(packet: Uint8Array, asked: ClientSettings): ClientOutcome {
  const { variablePart } = decode(X224_CONNECTION_CONFIRM, decode(TPKT, packet).tpdu);
  if (variablePart[0] === 3) return closed(`the server refused: failureCode ${decode(RDP_NEG_FAILURE, variablePart).failureCode}`);
  const selected = variablePart.length ? decode(RDP_NEG_RSP, variablePart).selectedProtocol : Protocol.RDP;
  if (selected !== Protocol.RDP && (selected & REQUESTED[asked.security]) === selected)
    return to({ step: 'tlsHandshake', selectedProtocol: selected }, [], [{ type: 'startTls' }]);
  if (selected !== Protocol.RDP)
    return illegal(`protocol ${selected} was not asked for`, 'connectionConfirm', 'RDP_NEG_RSP', '[MS-RDPBCGR] 3.2.5.3.2');
  return to({ step: 'connectResponse' }, [connectInitial(asked, selected)]);
}

/** [MS-RDPBCGR] 3.2.5.3.3. @param selectedProtocol as the server chose */
export function connectInitial(asked: ClientSettings, selectedProtocol: number): Uint8Array {
  const domain = { numPriorities: 1, minThroughput: 0, maxHeight: 1, protocolVersion: 2 };
  return encodeData(
    encode(mcs.CONNECT_INITIAL, {
      callingDomainSelector: Uint8Array.of(1),
      calledDomainSelector: Uint8Array.of(1),
      upwardFlag: true,
      targetParameters: { ...domain, maxChannelIds: 34, maxUserIds: 2, maxTokenIds: 0, maxMCSPDUsize: 0xffff },
      minimumParameters: { ...domain, maxChannelIds: 1, maxUserIds: 1, maxTokenIds: 1, maxMCSPDUsize: 0x420 },
      maximumParameters: { ...domain, maxChannelIds: 0xffff, maxUserIds: 0xfc17, maxTokenIds: 0xffff, maxMCSPDUsize: 0xffff },
      userData: encode(GCC_CONFERENCE_CREATE_REQUEST, { connectPDU: { userData: encodeBlocks(clientBlocks(asked, selectedProtocol)) } }),
    }),
  );
}

const DEPTH_SUPPORT = { 8: 0, 15: 4, 16: 2, 24: 1, 32: 8 } as const;

/** REDIRECTION_SUPPORTED, in its fourth version. [MS-RDPBCGR] 2.2.1.3.5 */
const REDIRECTION = 0x1 | (3 << 2);

function clientBlocks(asked: ClientSettings, serverSelectedProtocol: number): { type: number; data: Uint8Array }[] {
  const { bitsPerPixel, rdp4 } = asked;
  const early = settings.EarlyCapability;
  const later = {
    postBeta2ColorDepth: settings.ColorDepth.RNS_UD_COLOR_8BPP,
    clientProductId: 1,
    serialNumber: 0,
    highColorDepth: bitsPerPixel === 32 ? 24 : bitsPerPixel,
    supportedColorDepths: DEPTH_SUPPORT[24] | DEPTH_SUPPORT[16] | DEPTH_SUPPORT[15] | DEPTH_SUPPORT[32],
    earlyCapabilityFlags:
      (asked.errorInfo ? early.RNS_UD_CS_SUPPORT_ERRINFO_PDU : 0) |
      (bitsPerPixel === 32 ? early.RNS_UD_CS_WANT_32BPP_SESSION : 0) |
      (asked.monitors.length ? early.RNS_UD_CS_SUPPORT_MONITOR_LAYOUT_PDU : 0) |
      early.RNS_UD_CS_STRONG_ASYMMETRIC_KEYS,
    clientDigProductId: '',
    connectionType: 0,
    pad1octet: 0,
    serverSelectedProtocol,
  };
  const core = encode(settings.TS_UD_CS_CORE, {
    version: rdp4 ? settings.RdpVersion.RDP_4_0 : settings.RdpVersion.RDP_5_0,
    desktopWidth: asked.width,
    desktopHeight: asked.height,
    colorDepth: settings.ColorDepth.RNS_UD_COLOR_8BPP,
    SASSequence: 0xaa03,
    keyboardLayout: 0x409,
    clientBuild: 2600,
    clientName: asked.clientName.slice(0, 15),
    keyboardType: 4,
    keyboardSubType: 0,
    keyboardFunctionKey: 12,
    imeFileName: new Uint8Array(64),
    ...(rdp4 ? {} : later),
  });
  const channels = asked.channels.map((name) => ({ name, options: settings.ChannelOption.CHANNEL_OPTION_INITIALIZED }));
  return [
    { type: settings.UserDataType.CS_CORE, data: core },
    {
      type: settings.UserDataType.CS_SECURITY,
      data: encode(settings.TS_UD_CS_SEC, { encryptionMethods: asked.encryptionMethods, extEncryptionMethods: 0 }),
    },
    ...(asked.redirects ? [{ type: settings.UserDataType.CS_CLUSTER, data: encode(settings.TS_UD_CS_CLUSTER, { Flags: REDIRECTION, RedirectedSessionID: 0 }) }] : []),
    ...(asked.monitors.length ? [{ type: settings.UserDataType.CS_MONITOR, data: encode(settings.TS_UD_CS_MONITOR, { flags: 0, monitorDefArray: sideBySide(asked.monitors) }) }] : []),
    ...(channels.length
      ? [{ type: settings.UserDataType.CS_NET, data: encode(settings.TS_UD_CS_NET, { channelDefArray: channels }) }]
      : []),
  ];
}

function sideBySide(monitors: ClientSettings['monitors']): Value<typeof settings.TS_MONITOR_DEF>[] {
  let left = 0;
  return monitors.map(({ width, height }) => {
    const monitor = { left, top: 0, right: left + width - 1, bottom: height - 1, flags: left === 0 ? settings.MonitorFlags.TS_MONITOR_PRIMARY : 0 };
    left += width;
    return monitor;
  });
}

/** [MS-RDPBCGR] 3.2.5.3.4 */
export function connectResponse(packet: Uint8Array, asked: ClientSettings): ClientOutcome {
  const { result, userData } = decode(mcs.CONNECT_RESPONSE, decodeData(packet));
  if (result !== mcs.Result.SUCCESSFUL) return closed(`MCS connect failed with result ${result}`);
  const blocks = decodeBlocks(decode(GCC_CONFERENCE_CREATE_RESPONSE, userData).userData);
  const block = (type: number): Cursor => {
    const data = blocks.get(type);
    return data ? new Cursor(data) : illegal(`block ${type} is missing`, 'connectResponse', 'TS_UD_HEADER', '[MS-RDPBCGR] 3.2.5.3.4');
  };
  // [MS-RDPBCGR] 2.2.1.4.2: what the server was asked for, as it heard it.
  const { clientRequestedProtocols: heard } = settings.TS_UD_SC_CORE.decode(block(settings.UserDataType.SC_CORE));
  const requested = asked.security === 'none' ? undefined : REQUESTED[asked.security];
  if (heard !== requested) {
    return closed(`the server was asked for protocols ${hexadecimal(heard)} instead of ${hexadecimal(requested)}: someone is in between`);
  }
  const { MCSChannelId, channelIdArray } = settings.TS_UD_SC_NET.decode(block(settings.UserDataType.SC_NET));
  const { encryptionMethod, encryptionLevel, exchange } = settings.TS_UD_SC_SEC1.decode(block(settings.UserDataType.SC_SECURITY));
  const answer =
    exchange &&
    answerStandardSecurity({ method: encryptionMethod as EncryptionMethod, level: encryptionLevel as EncryptionLevel, ...exchange });
  const pending: Pending = {
    channels: channelIdArray,
    ioChannel: MCSChannelId,
    securityExchange: answer?.securityExchange,
    security: answer?.layer ?? plainLayer('client'),
  };
  return to({ step: 'attachUserConfirm', pending }, [
    encodeData(encode(mcs.ERECT_DOMAIN_REQUEST, { subHeight: 0, subInterval: 0 })),
    encodeData(encode(mcs.ATTACH_USER_REQUEST, {})),
  ]);
}

const hexadecimal = (value: number | undefined): string => (value === undefined ? 'nothing' : `0x${value.toString(16)}`);

/** [MS-RDPBCGR] 3.2.5.3.7 */
export function attachUserConfirm(packet: Uint8Array, pending: Pending): ClientOutcome {
  const { result, initiator: userId } = decode(mcs.ATTACH_USER_CONFIRM, decodeData(packet));
  if (result !== mcs.Result.SUCCESSFUL) return closed(`MCS attach failed with result ${result}`);
  const left = [userId, pending.ioChannel, ...pending.channels.filter((id) => id !== 0)];
  return to({ step: 'channelJoinConfirm', pending, userId, left }, [join(userId, left[0])]);
}

const join = (initiator: number, channelId: number): Uint8Array => encodeData(encode(mcs.CHANNEL_JOIN_REQUEST, { initiator, channelId }));

/** [MS-RDPBCGR] 3.2.5.3.9 to 3.2.5.3.11: the next channel, or the keys and who the client is. */
export function channelJoinConfirm(
  packet: Uint8Array,
  { pending, userId, left }: Extract<ClientState, { step: 'channelJoinConfirm' }>,
  asked: ClientSettings,
): ClientOutcome {
  const { result, requested } = decode(mcs.CHANNEL_JOIN_CONFIRM, decodeData(packet));
  if (result !== mcs.Result.SUCCESSFUL || requested !== left[0]) return closed(`joining channel ${left[0]} failed with result ${result}`);
  const next = left.slice(1);
  if (next.length) return to({ step: 'channelJoinConfirm', pending, userId, left: next }, [join(userId, next[0])]);
  const line = { userId, ioChannel: pending.ioChannel, channels: pending.channels, security: pending.security };
  const exchange = pending.securityExchange;
  const keys = exchange
    ? [encodeData(encode(mcs.SEND_DATA_REQUEST, { initiator: userId, channelId: pending.ioChannel, userData: exchange }))]
    : [];
  return to({ step: 'licensing', line }, [...keys, request(line, SEC.INFO_PKT, clientInfo(asked))]);
}

function clientInfo({ user, password, domain, rdp4, unicode, autologon }: ClientSettings): Uint8Array {
  const extended = {
    clientAddressFamily: 2,
    clientAddress: '',
    clientDir: '',
    clientTimeZone: new Uint8Array(172),
    clientSessionId: 0,
    performanceFlags: 0,
  };
  return encode(TS_INFO_PACKET, {
    CodePage: 0,
    flags:
      InfoFlags.INFO_MOUSE |
      InfoFlags.INFO_DISABLECTRLALTDEL |
      (autologon ? InfoFlags.INFO_AUTOLOGON : 0) |
      (unicode ? InfoFlags.INFO_UNICODE : 0),
    Domain: domain,
    UserName: user,
    Password: password,
    AlternateShell: '',
    WorkingDir: '',
    ...(rdp4 ? {} : { extraInfo: encode(TS_EXTENDED_INFO_PACKET, extended) }),
  });
}
