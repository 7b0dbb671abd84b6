/**
 * The three messages of NTLM, and the target information inside them.
 *
 * [MS-NLMP] 2.2.1, 2.2.2. Pure. Variable fields are anywhere behind the fixed part; each is given by length and offset.
 */
import {
  bytes, type Codec, constant, decodePrefix, encode, pdu, u16le, u32le, u64le, u8, type Value, WireError, zeroes,
} from '@belvedere/wire';

/** NegotiateFlags. [MS-NLMP] 2.2.2.5 */
export const NTLM_FLAG = {
  UNICODE: 0x00000001,
  OEM: 0x00000002,
  REQUEST_TARGET: 0x00000004,
  SIGN: 0x00000010,
  SEAL: 0x00000020,
  NTLM: 0x00000200,
  ALWAYS_SIGN: 0x00008000,
  TARGET_TYPE_SERVER: 0x00020000,
  EXTENDED_SESSIONSECURITY: 0x00080000,
  TARGET_INFO: 0x00800000,
  VERSION: 0x02000000,
  '128': 0x20000000,
  KEY_EXCH: 0x40000000,
  '56': 0x80000000,
} as const;

/** Ids of AV_PAIRs. [MS-NLMP] 2.2.2.1 */
export const AV = { EOL: 0, NB_COMPUTER: 1, NB_DOMAIN: 2, DNS_COMPUTER: 3, DNS_DOMAIN: 4, FLAGS: 6, TIMESTAMP: 7 } as const;

/** In the value of AV.FLAGS: the AUTHENTICATE_MESSAGE has a MIC. */
export const AV_FLAG_MIC = 0x2;

export interface AvPair {
  readonly id: number;
  readonly value: Uint8Array;
}

const avHeader = pdu('AV_PAIR', '[MS-NLMP] 2.2.2.1', { AvId: u16le, AvLen: u16le });

/** Writes pairs and the end mark. */
export function writeAvPairs(pairs: readonly AvPair[]): Uint8Array {
  const ended = [...pairs, { id: AV.EOL, value: new Uint8Array(0) }];
  return Buffer.concat(ended.flatMap(({ id, value }) => [encode(avHeader, { AvId: id, AvLen: value.length }), value]));
}

/** Reads pairs up to the end mark; what follows it is no one's. Throws `WireError` if there is none. */
export function readAvPairs(list: Uint8Array): AvPair[] {
  const pairs: AvPair[] = [];
  for (let left = list; ; ) {
    const { value: header, rest } = decodePrefix(avHeader, left);
    if (header.AvId === AV.EOL) return pairs;
    if (header.AvLen > rest.length) {
      throw new WireError('AV_PAIR.Value', list.length - rest.length, `need ${header.AvLen} bytes, have ${rest.length}`);
    }
    pairs.push({ id: header.AvId, value: rest.subarray(0, header.AvLen) });
    left = rest.subarray(header.AvLen);
  }
}

/** Where a variable field is. */
const fields = pdu('Fields', '[MS-NLMP] 2.2.1', { Len: u16le, MaxLen: u16le, BufferOffset: u32le });
type FieldsValue = Value<typeof fields>;

const signature: Codec<number> & { readonly constant: true } = {
  constant: true,
  size: () => 8,
  encode: (_value, out) => out.bytes.set(Buffer.from('NTLMSSP\0', 'latin1'), out.take(8)),
  decode(input) {
    if (Buffer.from(input.takeBytes(8)).toString('latin1') !== 'NTLMSSP\0') input.fail('not an NTLM message');
    return 0;
  },
};

export const VERSION = pdu('VERSION', '[MS-NLMP] 2.2.2.10', {
  ProductMajorVersion: u8,
  ProductMinorVersion: u8,
  ProductBuild: u16le,
  Reserved: zeroes(3),
  NTLMRevisionCurrent: u8,
});

/** The oldest product whose NTLM has all that is used here: Windows 7. No decision rests on it, on either side. */
const OUR_VERSION = { ProductMajorVersion: 6, ProductMinorVersion: 1, ProductBuild: 7601, NTLMRevisionCurrent: 15 };

const MIC_LENGTH = 16;

const NEGOTIATE = pdu('NEGOTIATE_MESSAGE', '[MS-NLMP] 2.2.1.1', {
  Signature: signature,
  MessageType: constant(u32le, 1),
  NegotiateFlags: u32le,
});

const CHALLENGE = pdu('CHALLENGE_MESSAGE', '[MS-NLMP] 2.2.1.2', {
  Signature: signature,
  MessageType: constant(u32le, 2),
  TargetNameFields: fields,
  NegotiateFlags: u32le,
  ServerChallenge: bytes(8),
  Reserved: zeroes(8),
  TargetInfoFields: fields,
  Version: VERSION,
});

const AUTHENTICATE = pdu('AUTHENTICATE_MESSAGE', '[MS-NLMP] 2.2.1.3', {
  Signature: signature,
  MessageType: constant(u32le, 3),
  LmChallengeResponseFields: fields,
  NtChallengeResponseFields: fields,
  DomainNameFields: fields,
  UserNameFields: fields,
  WorkstationFields: fields,
  EncryptedRandomSessionKeyFields: fields,
  NegotiateFlags: u32le,
});

/** What follows AUTHENTICATE in messages of clients that know it. */
const AUTHENTICATE_TAIL = pdu('AUTHENTICATE_MESSAGE', '[MS-NLMP] 2.2.1.3', { Version: VERSION, MIC: bytes(MIC_LENGTH) });

/** Offset in bytes of the MIC in an AUTHENTICATE_MESSAGE that has one. */
export const MIC_OFFSET = 72;
const AUTHENTICATE_LENGTH = MIC_OFFSET + MIC_LENGTH;

function field(message: Uint8Array, { Len, BufferOffset }: FieldsValue, where: string): Uint8Array {
  if (BufferOffset + Len > message.length) {
    throw new WireError(where, BufferOffset, `need ${Len} bytes, have ${Math.max(message.length - BufferOffset, 0)}`);
  }
  return message.subarray(BufferOffset, BufferOffset + Len);
}

/** Lays variable fields out behind `offset`. */
function layOut(offset: number, values: readonly Uint8Array[]): { readonly places: FieldsValue[]; readonly payload: Uint8Array } {
  let at = offset;
  const places = values.map(({ length }) => {
    const place = { Len: length, MaxLen: length, BufferOffset: at };
    at += length;
    return place;
  });
  return { places, payload: Buffer.concat(values) };
}

/** @returns the client's flags. Throws `WireError` */
export const readNegotiate = (message: Uint8Array): number => decodePrefix(NEGOTIATE, message).value.NegotiateFlags;

export const writeNegotiate = (NegotiateFlags: number): Uint8Array => {
  const { places } = layOut(40, [new Uint8Array(0), new Uint8Array(0)]);
  const empty = places.map((place) => encode(fields, place));
  return Buffer.concat([encode(NEGOTIATE, { NegotiateFlags }), ...empty, encode(VERSION, OUR_VERSION)]);
};

export interface ChallengeMessage {
  readonly flags: number;
  /** UTF-16LE. */
  readonly targetName: Uint8Array;
  /** 8 bytes. */
  readonly serverChallenge: Uint8Array;
  readonly targetInfo: Uint8Array;
}

export function writeChallenge({ flags, targetName, serverChallenge, targetInfo }: ChallengeMessage): Uint8Array {
  const { places, payload } = layOut(56, [targetName, targetInfo]);
  const [TargetNameFields, TargetInfoFields] = places;
  const header = encode(CHALLENGE, {
    TargetNameFields,
    NegotiateFlags: flags,
    ServerChallenge: serverChallenge,
    TargetInfoFields,
    Version: OUR_VERSION,
  });
  return Buffer.concat([header, payload]);
}

/** Throws `WireError`. */
export function readChallenge(message: Uint8Array): ChallengeMessage {
  const { value } = decodePrefix(CHALLENGE, message);
  return {
    flags: value.NegotiateFlags,
    targetName: field(message, value.TargetNameFields, 'CHALLENGE_MESSAGE.TargetName'),
    serverChallenge: value.ServerChallenge,
    targetInfo: field(message, value.TargetInfoFields, 'CHALLENGE_MESSAGE.TargetInfo'),
  };
}

export interface AuthenticateMessage {
  readonly flags: number;
  readonly lmResponse: Uint8Array;
  readonly ntResponse: Uint8Array;
  /** These three are UTF-16LE. */
  readonly domain: Uint8Array;
  readonly user: Uint8Array;
  readonly workstation: Uint8Array;
  readonly encryptedSessionKey: Uint8Array;
  /** 16 bytes at MIC_OFFSET, which a client that has none uses for its payload: believe it only when AV.FLAGS says so. */
  readonly mic?: Uint8Array;
}

/** Throws `WireError`. */
export function readAuthenticate(message: Uint8Array): AuthenticateMessage {
  const { value, rest } = decodePrefix(AUTHENTICATE, message);
  const of = (place: FieldsValue, name: string): Uint8Array => field(message, place, `AUTHENTICATE_MESSAGE.${name}`);
  return {
    flags: value.NegotiateFlags,
    lmResponse: of(value.LmChallengeResponseFields, 'LmChallengeResponse'),
    ntResponse: of(value.NtChallengeResponseFields, 'NtChallengeResponse'),
    domain: of(value.DomainNameFields, 'DomainName'),
    user: of(value.UserNameFields, 'UserName'),
    workstation: of(value.WorkstationFields, 'Workstation'),
    encryptedSessionKey: of(value.EncryptedRandomSessionKeyFields, 'EncryptedRandomSessionKey'),
    mic: message.length < AUTHENTICATE_LENGTH ? undefined : decodePrefix(AUTHENTICATE_TAIL, rest).value.MIC,
  };
}

/** With a MIC of zeroes if it is left out: the MIC is over the message with just that. */
export function writeAuthenticate(value: AuthenticateMessage): Uint8Array {
  const { places, payload } = layOut(AUTHENTICATE_LENGTH, [
    value.lmResponse, value.ntResponse, value.domain, value.user, value.workstation, value.encryptedSessionKey,
  ]);
  const header = encode(AUTHENTICATE, {
    LmChallengeResponseFields: places[0],
    NtChallengeResponseFields: places[1],
    DomainNameFields: places[2],
    UserNameFields: places[3],
    WorkstationFields: places[4],
    EncryptedRandomSessionKeyFields: places[5],
    NegotiateFlags: value.flags,
  });
  const tail = encode(AUTHENTICATE_TAIL, { Version: OUR_VERSION, MIC: value.mic ?? new Uint8Array(MIC_LENGTH) });
  return Buffer.concat([header, tail, payload]);
}

/** What an NTLMv2 client proves its knowledge over: the response without its first 16 bytes. */
export const NTLMv2_CLIENT_CHALLENGE = pdu('NTLMv2_CLIENT_CHALLENGE', '[MS-NLMP] 2.2.2.7', {
  RespType: constant(u8, 1),
  HiRespType: constant(u8, 1),
  Reserved1: zeroes(6),
  TimeStamp: u64le,
  ChallengeFromClient: bytes(8),
  Reserved2: zeroes(4),
});
