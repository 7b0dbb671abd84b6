/**
 * The connection sequence up to the login: negotiation, settings, channels, security, Client Info, licensing.
 *
 * [MS-RDPBCGR] 1.3.1.1 (the sequence), 3.3.5.3.1 to 3.3.5.3.12 (server rules). Each function is one step: a packet and the state's data in,
 * packets, effects and the next state out. Pure, but for the random number of a security offer and the cipher state of the layer it yields.
 */
import { Cursor, decode, encode } from '@belvedere/wire';
import { ProtocolError } from '../errors.js';
import { TS_INFO_PACKET } from '../pdu/clientInfo.js';
import { encodeBlocks, GCC_CONFERENCE_CREATE_REQUEST, GCC_CONFERENCE_CREATE_RESPONSE, type UserDataBlock } from '../pdu/gcc.js';
import * as mcs from '../pdu/mcs.js';
import { channelIdPadding, RdpVersion, TS_UD_SC_CORE, TS_UD_SC_NET, TS_UD_SC_SEC1, UserDataType } from '../pdu/settings.js';
import {
  decodeData,
  encodeData,
  parseConnectionRequest,
  Protocol,
  TPKT,
  X224_CONNECTION_CONFIRM,
  X224_CONNECTION_REQUEST,
} from '../pdu/x224.js';
import {
  chooseEncryption,
  type EncryptionDemand,
  ENCRYPTION_METHOD,
  offerStandardSecurity,
  plainLayer,
  SEC,
  type StandardIdentity,
  type StandardOffer,
  validClientPdu,
} from '../security/index.js';
import { type ClientSettings, readClientSettings } from './clientSettings.js';
import { indication } from './envelope.js';
import { negotiate, type SecurityMethod } from './negotiation.js';
import type { Joining, Link, Negotiation, Outcome, State } from './state.js';

/** What the steps need to know of their server. */
export interface ConnectContext {
  readonly securityMethod: SecurityMethod;
  /** There is Network Level Authentication. */
  readonly hybrid: boolean;
  /** What Standard RDP Security demands of clients. */
  readonly encryptionDemand: EncryptionDemand;
  /** Keys and certificates of Standard RDP Security. */
  readonly standard: StandardIdentity;
  /** Whether a static virtual channel of this name is offered. */
  readonly offersChannel: (name: string) => boolean;
}

/** The node that a Conference Create Response names; clients ignore it. The value of the standard's example. */
const NODE_ID = 0x79f3;

/** In the place of the identifier of a channel that is not there. [MS-RDPBCGR] 2.2.1.4.4 */
const NO_CHANNEL = 0;

/** The first identifier behind those of the static channels: this client's user channel. */
const firstFreeChannel = (client: ClientSettings): number => mcs.IO_CHANNEL_ID + 1 + client.channels.length;

const to = (state: State, send: readonly Uint8Array[] = [], effects: Outcome['effects'] = []): Outcome => ({ state, send, effects });

export const closed = (reason: string, send: readonly Uint8Array[] = []): Outcome =>
  to({ step: 'closed' }, send, [{ type: 'close', reason }]);

/** [MS-RDPBCGR] 3.3.5.3.1, 3.3.5.3.2 */
export function connectionInitiation(packet: Uint8Array, { securityMethod, hybrid }: ConnectContext): Outcome {
  const { srcRef, variablePart } = decode(X224_CONNECTION_REQUEST, decode(TPKT, packet).tpdu);
  const { rdpNegReq } = parseConnectionRequest(variablePart);
  const { selectedProtocol, reply, ...refusal } = negotiate(securityMethod, rdpNegReq, hybrid);
  const confirm = encode(TPKT, {
    tpdu: encode(X224_CONNECTION_CONFIRM, { dstRef: srcRef, srcRef: 0x1234, classOptions: 0, variablePart: reply }),
  });
  if (selectedProtocol === undefined) {
    return closed('reason' in refusal ? refusal.reason : 'refused', reply.length ? [confirm] : []);
  }
  const negotiation = { requestedProtocols: rdpNegReq?.requestedProtocols, selectedProtocol };
  return selectedProtocol === Protocol.RDP
    ? to({ step: 'basicSettingsExchange', negotiation }, [confirm])
    : to({ step: 'tlsHandshake', negotiation }, [confirm], [{ type: 'startTls' }]);
}

/** [MS-RDPBCGR] 5.4.5.1, 5.4.5.2: TLS stands, and with the hybrid protocols the client proves who it is before anything else. */
export const tlsEstablished = (negotiation: Negotiation): Outcome =>
  negotiation.selectedProtocol === Protocol.SSL
    ? to({ step: 'basicSettingsExchange', negotiation })
    : to({ step: 'credssp', negotiation }, [], [{ type: 'startCredSsp', early: negotiation.selectedProtocol === Protocol.HYBRID_EX }]);

/** [MS-RDPBCGR] 3.3.5.3.3, 3.3.5.3.4 */
export function basicSettingsExchange(packet: Uint8Array, negotiation: Negotiation, context: ConnectContext): Outcome {
  const request = decode(mcs.CONNECT_INITIAL, decodeData(packet));
  const gcc = decode(GCC_CONFERENCE_CREATE_REQUEST, request.userData);
  const client = readClientSettings(gcc.connectPDU.userData, context.offersChannel);
  checkSelected(client, negotiation);
  const offer = standardOffer(client, negotiation, context);
  const response = encode(mcs.CONNECT_RESPONSE, {
    result: mcs.Result.SUCCESSFUL,
    calledConnectId: 0,
    domainParameters: {
      maxChannelIds: 34,
      maxUserIds: 3,
      maxTokenIds: 0,
      numPriorities: 1,
      minThroughput: 0,
      maxHeight: 1,
      maxMCSPDUsize: 0xfff8,
      protocolVersion: 2,
    },
    userData: encode(GCC_CONFERENCE_CREATE_RESPONSE, { nodeID: NODE_ID, userData: encodeBlocks(serverBlocks(client, negotiation, offer)) }),
  });
  const security = offer ? undefined : plainLayer('server');
  return to({ step: 'channelConnection', joining: { negotiation, client, userId: undefined, joined: new Set(), offer, security } }, [
    encodeData(response),
  ]);
}

/** [MS-RDPBCGR] 2.2.1.3.2: newer clients repeat what they were told was chosen, so that both can tell whether somebody changed it. */
function checkSelected({ core: { serverSelectedProtocol: told } }: ClientSettings, { selectedProtocol }: Negotiation): void {
  if (told === undefined || told === selectedProtocol) return;
  const problem = `the client was told of protocol 0x${told.toString(16)}, but 0x${selectedProtocol.toString(16)} was chosen: someone is in between`;
  throw new ProtocolError(problem, { state: 'basicSettingsExchange', pdu: 'TS_UD_CS_CORE', section: '[MS-RDPBCGR] 2.2.1.3.2' });
}

/** Standard RDP Security as the client can have it; `undefined` where TLS protects the line, or where the server demands no encryption. */
function standardOffer(
  client: ClientSettings,
  { selectedProtocol }: Negotiation,
  { encryptionDemand, standard }: ConnectContext,
): StandardOffer | undefined {
  if (selectedProtocol !== Protocol.RDP) return undefined;
  const { encryptionMethods, extEncryptionMethods = 0 } = client.security;
  const choice = chooseEncryption({ encryptionMethods, extEncryptionMethods }, encryptionDemand);
  return choice.method === ENCRYPTION_METHOD.NONE
    ? undefined
    : offerStandardSecurity(choice, standard.key, serverCertificate(client, standard));
}

/** [MS-RDPBCGR] 5.3.3.2: an RDP 4.0 client gets the proprietary certificate always, others the chain where there is one for them. */
const serverCertificate = ({ core }: ClientSettings, { offersChain, x509CertificateChain, proprietaryCertificate }: StandardIdentity): Uint8Array =>
  offersChain && core.version >= RdpVersion.RDP_5_0 ? x509CertificateChain : proprietaryCertificate;

function serverBlocks(client: ClientSettings, { requestedProtocols }: Negotiation, offer: StandardOffer | undefined): UserDataBlock[] {
  const ids = client.channels.map(({ id, offered }) => (offered ? id : NO_CHANNEL));
  const net = encode(TS_UD_SC_NET, { MCSChannelId: mcs.IO_CHANNEL_ID, channelIdArray: ids });
  return [
    // [MS-RDPBCGR] 2.2.1.4.2: the server repeats what the client asked for, so that both can tell whether somebody changed it.
    {
      type: UserDataType.SC_CORE,
      data: encode(TS_UD_SC_CORE, { version: RdpVersion.RDP_5_0, clientRequestedProtocols: requestedProtocols }),
    },
    { type: UserDataType.SC_NET, data: Buffer.concat([net, channelIdPadding(ids.length)]) },
    {
      type: UserDataType.SC_SECURITY,
      data: encode(TS_UD_SC_SEC1, {
        encryptionMethod: offer?.method ?? 0,
        encryptionLevel: offer?.level ?? 0,
        exchange: offer && { serverRandom: offer.serverRandom, serverCertificate: offer.serverCertificate },
      }),
    },
  ];
}

/** [MS-RDPBCGR] 3.3.5.3.5 to 3.3.5.3.8: any order, as long as a user is attached before it joins; then the line is secured. */
export function channelConnection(packet: Uint8Array, joining: Joining): Outcome {
  const request = decodeData(packet);
  const { client, userId, joined } = joining;
  const stay = (change: Partial<Joining>, send: readonly Uint8Array[] = []): Outcome =>
    to({ step: 'channelConnection', joining: { ...joining, ...change } }, send);
  const illegal = (problem: string, pdu: string): never => {
    throw new ProtocolError(problem, { state: 'channelConnection', pdu, section: '[MS-RDPBCGR] 3.3.5.3.8' });
  };

  switch (mcs.choiceOf(request)) {
    case mcs.Choice.ERECT_DOMAIN_REQUEST: // its two numbers mean nothing in a domain of two, and rdesktop writes them without their lengths
      return stay({});

    case mcs.Choice.ATTACH_USER_REQUEST: {
      decode(mcs.ATTACH_USER_REQUEST, request);
      if (userId !== undefined) illegal('a user is attached already', 'AttachUserRequest');
      const initiator = firstFreeChannel(client);
      return stay({ userId: initiator }, [encodeData(encode(mcs.ATTACH_USER_CONFIRM, { result: mcs.Result.SUCCESSFUL, initiator }))]);
    }

    case mcs.Choice.CHANNEL_JOIN_REQUEST: {
      const { initiator, channelId } = decode(mcs.CHANNEL_JOIN_REQUEST, request);
      if (userId === undefined || initiator !== userId) return illegal(`user ${initiator} is not attached`, 'ChannelJoinRequest');
      // The identifiers are without gaps: I/O, static channels, user. Clients join channels that are not there too, by the number in their place or
      // (rdesktop) by that which they would have had, and most give up when they may not.
      const vain = channelId === NO_CHANNEL && client.channels.some(({ offered }) => !offered);
      if (!vain && (channelId < mcs.IO_CHANNEL_ID || channelId > userId)) illegal(`channel ${channelId} does not exist`, 'ChannelJoinRequest');
      const confirm = encode(mcs.CHANNEL_JOIN_CONFIRM, { result: mcs.Result.SUCCESSFUL, initiator, requested: channelId, channelId });
      return stay({ joined: new Set([...joined, channelId]) }, [encodeData(confirm)]);
    }

    case mcs.Choice.SEND_DATA_REQUEST: {
      const { channelId, userData } = decode(mcs.SEND_DATA_REQUEST, request);
      if (userId === undefined || !joined.has(mcs.IO_CHANNEL_ID))
        return illegal('data before the I/O channel was joined', 'SendDataRequest');
      if (channelId !== mcs.IO_CHANNEL_ID) return illegal(`data in channel ${channelId} before the login`, 'SendDataRequest');
      return joining.security
        ? secureSettingsExchange(userData, { ...joining, userId, security: joining.security })
        : stay(securityCommencement(userData, joining));
    }

    case mcs.Choice.DISCONNECT_PROVIDER_ULTIMATUM:
      return closed('the client disconnected before it logged in');

    default:
      return illegal(`choice ${mcs.choiceOf(request)} is not one of this step`, 'DomainMCSPDU');
  }
}

/** [MS-RDPBCGR] 3.3.5.3.10: the client's half of the keys. */
function securityCommencement(userData: Uint8Array, { offer }: Joining): Partial<Joining> {
  if (offer) return { security: offer.accept(userData) };
  throw new ProtocolError('no security was offered', {
    state: 'channelConnection',
    pdu: 'TS_SECURITY_PACKET',
    section: '[MS-RDPBCGR] 3.3.5.3.10',
  });
}

/** [MS-RDPBCGR] 3.3.5.3.11, 3.3.5.3.12: who the client is; the license that every client has; then somebody must judge. */
function secureSettingsExchange(userData: Uint8Array, { negotiation, client, userId, security }: Link): Outcome {
  const { flags, payload } = security.unwrap(userData);
  if (!(flags & SEC.INFO_PKT)) {
    throw new ProtocolError(`flags 0x${flags.toString(16)} lack SEC_INFO_PKT`, {
      state: 'channelConnection',
      pdu: 'TS_INFO_PACKET',
      section: '[MS-RDPBCGR] 3.3.5.3.11',
    });
  }
  const info = TS_INFO_PACKET.decode(new Cursor(payload));
  const link: Link = { negotiation, client, userId, security };
  const license = indication(security, SEC.LICENSE_PKT, validClientPdu(client.core.version));
  return to({ step: 'authentication', link }, [license], [{ type: 'authenticate', info, link }]);
}
