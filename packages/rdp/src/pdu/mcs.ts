/**
 * The Multipoint Communication Service: how a client joins channels and how data travels in them.
 *
 * [T125] 7 (ASN.1), 11.1, 11.2, 11.8, 11.15, 11.17, 11.18, 11.21, 11.22, 11.32, 11.33; [MS-RDPBCGR] 2.2.1.3 to 2.2.1.9, 2.2.2. Pure.
 */
import { type Codec, constant, pdu, u16be, u8, type Value, WireError } from '@belvedere/wire';
import * as ber from './ber.js';
import { ignored } from './fields.js';
import * as per from './per.js';

/** Channel of the server's own user: initiator of all that it sends. */
export const SERVER_USER_ID = 1002;
/** The I/O channel's identifier, as Windows chooses it. Static virtual channels follow it. */
export const IO_CHANNEL_ID = 1003;

/** `result` of Connect Response, Attach User Confirm and Channel Join Confirm. [T125] 7 */
export const Result = { SUCCESSFUL: 0, NO_SUCH_CHANNEL: 7, TOO_MANY_CHANNELS: 9, USER_REJECTED: 15 } as const;

/** `reason` of Disconnect Provider Ultimatum. [T125] 7 */
export const Reason = { DOMAIN_DISCONNECTED: 0, PROVIDER_INITIATED: 1, TOKEN_PURGED: 2, USER_REQUESTED: 3, CHANNEL_PURGED: 4 } as const;

const domainParameters = (integer: Codec<number>) =>
  ber.sequence(
    pdu('DomainParameters', '[T125] 7', {
      maxChannelIds: integer,
      maxUserIds: integer,
      maxTokenIds: integer,
      numPriorities: integer,
      minThroughput: integer,
      maxHeight: integer,
      maxMCSPDUsize: integer,
      protocolVersion: integer,
    }),
  );

const requested = domainParameters(ber.bareInteger);
const granted = domainParameters(ber.integer);
export type DomainParameters = Value<typeof granted>;

export const CONNECT_INITIAL = ber.application(
  101,
  pdu('Connect-Initial', '[T125] 11.1', {
    callingDomainSelector: ber.octetString,
    calledDomainSelector: ber.octetString,
    upwardFlag: ber.boolean,
    targetParameters: requested,
    minimumParameters: requested,
    maximumParameters: requested,
    userData: ber.octetString,
  }),
);

export const CONNECT_RESPONSE = ber.application(
  102,
  pdu('Connect-Response', '[T125] 11.2', {
    result: ber.enumerated,
    calledConnectId: ber.integer,
    domainParameters: granted,
    userData: ber.octetString,
  }),
);

const userId = per.above(1001);

/** The first octet of a domain PDU: the choice in its six high bits, the presence of an optional field below. */
export const Choice = {
  ERECT_DOMAIN_REQUEST: 1,
  DISCONNECT_PROVIDER_ULTIMATUM: 8,
  ATTACH_USER_REQUEST: 10,
  ATTACH_USER_CONFIRM: 11,
  CHANNEL_JOIN_REQUEST: 14,
  CHANNEL_JOIN_CONFIRM: 15,
  SEND_DATA_REQUEST: 25,
  SEND_DATA_INDICATION: 26,
} as const;

/** The choice that starts a domain PDU. */
export function choiceOf(mcsPdu: Uint8Array): number {
  if (mcsPdu.length === 0) throw new WireError('DomainMCSPDU', 0, 'need 1 byte, have 0');
  return mcsPdu[0] >> 2;
}

const choice = (number: number, optionalPresent = false) => constant(u8, (number << 2) | (optionalPresent ? 2 : 0));

export const ERECT_DOMAIN_REQUEST = pdu('ErectDomainRequest', '[T125] 11.8', {
  choice: choice(Choice.ERECT_DOMAIN_REQUEST),
  subHeight: per.integer,
  subInterval: per.integer,
});

export const ATTACH_USER_REQUEST = pdu('AttachUserRequest', '[T125] 11.17', { choice: choice(Choice.ATTACH_USER_REQUEST) });

export const ATTACH_USER_CONFIRM = pdu('AttachUserConfirm', '[T125] 11.18', {
  choice: choice(Choice.ATTACH_USER_CONFIRM, true),
  result: u8,
  initiator: userId,
});

export const CHANNEL_JOIN_REQUEST = pdu('ChannelJoinRequest', '[T125] 11.21', {
  choice: choice(Choice.CHANNEL_JOIN_REQUEST),
  initiator: userId,
  channelId: u16be,
});

export const CHANNEL_JOIN_CONFIRM = pdu('ChannelJoinConfirm', '[T125] 11.22', {
  choice: choice(Choice.CHANNEL_JOIN_CONFIRM, true),
  result: u8,
  initiator: userId,
  requested: u16be,
  channelId: u16be,
});

/** `dataPriority` high and `segmentation` begin and end: RDP's PDUs are never segmented by MCS. */
const PRIORITY_AND_SEGMENTATION = 0x70;

const sendData = (name: string, spec: string, number: number) =>
  pdu(name, spec, {
    choice: choice(number),
    initiator: userId,
    channelId: u16be,
    dataPriorityAndSegmentation: ignored(PRIORITY_AND_SEGMENTATION),
    userData: per.octetString,
  });

export const SEND_DATA_REQUEST = sendData('SendDataRequest', '[T125] 11.32', Choice.SEND_DATA_REQUEST);
export const SEND_DATA_INDICATION = sendData('SendDataIndication', '[T125] 11.33', Choice.SEND_DATA_INDICATION);

/** Three bits of reason, left-aligned behind the six of the choice. */
export const DISCONNECT_PROVIDER_ULTIMATUM: Codec<{ readonly reason: number }> = {
  size: () => 2,
  encode: ({ reason }, out) => out.bytes.set([(Choice.DISCONNECT_PROVIDER_ULTIMATUM << 2) | (reason >> 1), (reason & 1) << 7], out.take(2)),
  decode(input) {
    const at = input.take(2);
    const first = input.bytes[at];
    if (first >> 2 !== Choice.DISCONNECT_PROVIDER_ULTIMATUM) input.fail(`choice ${first >> 2} is no Disconnect Provider Ultimatum`);
    return { reason: ((first & 3) << 1) | (input.bytes[at + 1] >> 7) };
  },
};
