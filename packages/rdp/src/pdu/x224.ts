/**
 * TPKT and X.224 class 0: the outermost frames, and the security negotiation that travels in them.
 *
 * [T123] 8, [X224] 13.3, 13.4, 13.5, 13.7; [MS-RDPBCGR] 2.2.1.1 (Connection Request), 2.2.1.2 (Connection Confirm). Pure.
 */
import {
  type Codec,
  constant,
  Cursor,
  decode,
  encode,
  lengthOf,
  pdu,
  rest,
  u16be,
  u16le,
  u32le,
  u8,
  type Value,
  WireError,
  zeroes,
} from '@belvedere/wire';

/** `requestedProtocols` bits and `selectedProtocol` values. RDP is Standard RDP Security: RC4 or 3DES inside RDP, no TLS. */
export const Protocol = { RDP: 0x0, SSL: 0x1, HYBRID: 0x2, RDSTLS: 0x4, HYBRID_EX: 0x8 } as const;

export const FailureCode = {
  SSL_REQUIRED_BY_SERVER: 0x1,
  SSL_NOT_ALLOWED_BY_SERVER: 0x2,
  SSL_CERT_NOT_ON_SERVER: 0x3,
  INCONSISTENT_FLAGS: 0x4,
  HYBRID_REQUIRED_BY_SERVER: 0x5,
} as const;

export const RDP_NEG_REQ = pdu('RDP_NEG_REQ', '[MS-RDPBCGR] 2.2.1.1.1', {
  type: constant(u8, 0x01),
  flags: u8,
  length: constant(u16le, 8),
  requestedProtocols: u32le,
});

/** `flags` of RDP_NEG_RSP. */
export const NegotiationResponseFlags = { EXTENDED_CLIENT_DATA_SUPPORTED: 0x01 } as const;

export const RDP_NEG_RSP = pdu('RDP_NEG_RSP', '[MS-RDPBCGR] 2.2.1.2.1', {
  type: constant(u8, 0x02),
  flags: u8,
  length: constant(u16le, 8),
  selectedProtocol: u32le,
});

export const RDP_NEG_FAILURE = pdu('RDP_NEG_FAILURE', '[MS-RDPBCGR] 2.2.1.2.2', {
  type: constant(u8, 0x03),
  flags: zeroes(1),
  length: constant(u16le, 8),
  failureCode: u32le,
});

/** [T123] 8. `length` counts the header too. */
export const TPKT = pdu('TPKT', '[T123] 8', {
  version: constant(u8, 3),
  reserved: zeroes(1),
  length: lengthOf('tpdu', u16be, 4),
  tpdu: rest,
});

export const TpduCode = { CONNECTION_REQUEST: 0xe0, CONNECTION_CONFIRM: 0xd0, DISCONNECT_REQUEST: 0x80, DATA: 0xf0, ERROR: 0x70 } as const;

/** A header whose length indicator counts all of it but itself. */
const connectTpdu = <C extends number>(name: string, spec: string, code: C, tail: Codec<Uint8Array>) =>
  pdu(name, spec, {
    LI: lengthOf('variablePart', u8, 6),
    code: constant(u8, code),
    dstRef: u16be,
    srcRef: u16be,
    classOptions: u8,
    variablePart: tail,
  });

/** `variablePart`: an optional routing token or cookie line, then an optional RDP_NEG_REQ and RDP_NEG_CORRELATION_INFO. */
export const X224_CONNECTION_REQUEST = connectTpdu('X224_CONNECTION_REQUEST', '[X224] 13.3', TpduCode.CONNECTION_REQUEST, rest);

/** `variablePart`: RDP_NEG_RSP, RDP_NEG_FAILURE or nothing. */
export const X224_CONNECTION_CONFIRM = connectTpdu('X224_CONNECTION_CONFIRM', '[X224] 13.4', TpduCode.CONNECTION_CONFIRM, rest);

export const X224_DATA = pdu('X224_DATA', '[X224] 13.7', {
  LI: constant(u8, 2),
  code: constant(u8, TpduCode.DATA),
  EOT: constant(u8, 0x80),
  userData: rest,
});

export interface ConnectionRequest {
  /** The routing token or cookie line, without its CR LF; not interpreted ([MS-RDPBCGR] 3.3.5.3.1). */
  readonly cookie?: string;
  readonly rdpNegReq?: Value<typeof RDP_NEG_REQ>;
}

/** Splits the variable part of a Connection Request. Padding after the line and parameters we do not know are legal and ignored. */
export function parseConnectionRequest(variablePart: Uint8Array): ConnectionRequest {
  const end = lineEnd(variablePart);
  const cookie = end < 0 ? undefined : Buffer.from(variablePart.subarray(0, end)).toString('latin1');
  const tail = end < 0 ? variablePart : variablePart.subarray(end + 2);
  // [MS-RDPBCGR] 2.2.1.1: no RDP_NEG_REQ means a client that knows Standard RDP Security only.
  if (tail.length === 0 || tail[0] !== 0x01) return { cookie };
  return { cookie, rdpNegReq: RDP_NEG_REQ.decode(new Cursor(tail)) };
}

function lineEnd(bytes: Uint8Array): number {
  for (let i = 0; i + 1 < bytes.length; i++) if (bytes[i] === 0x0d && bytes[i + 1] === 0x0a) return i;
  return -1;
}

/** The bytes of one TPKT with an X.224 Data TPDU around an MCS PDU. */
export const encodeData = (userData: Uint8Array): Uint8Array => encode(TPKT, { tpdu: encode(X224_DATA, { userData }) });

/** The user data of a TPKT that must hold an X.224 Data TPDU. */
export const decodeData = (packet: Uint8Array): Uint8Array => decode(X224_DATA, decode(TPKT, packet).tpdu).userData;

/** A packet cut from the stream: a TPKT, or a fast-path PDU ([MS-RDPBCGR] 2.2.8.1.2, 2.2.9.1.2). */
export interface Packet {
  readonly kind: 'tpkt' | 'fastPath';
  /** The whole packet with its header. */
  readonly bytes: Uint8Array;
}

/**
 * Length of the packet that starts `bytes`, as far as its header says.
 *
 * @returns `undefined` when more bytes are needed to tell
 * @throws WireError if the bytes start no packet
 */
export function packetLength(bytes: Uint8Array): { kind: Packet['kind']; length: number } | undefined {
  if (bytes.length < 1) return undefined;
  if (bytes[0] === 3) {
    if (bytes.length < 4) return undefined;
    const length = (bytes[2] << 8) | bytes[3];
    if (length < 7) throw new WireError('TPKT.length', 2, `length ${length} is below the shortest TPDU`);
    return { kind: 'tpkt', length };
  }
  // [MS-RDPBCGR] 2.2.8.1.2: the two low bits of a fast-path header are zero.
  if ((bytes[0] & 3) !== 0) throw new WireError('TPKT.version', 0, `${bytes[0]} starts neither a TPKT nor a fast-path PDU`);
  if (bytes.length < 2) return undefined;
  const short = bytes[1] < 0x80;
  if (!short && bytes.length < 3) return undefined;
  const length = short ? bytes[1] : ((bytes[1] & 0x7f) << 8) | bytes[2];
  if (length < (short ? 3 : 4)) throw new WireError('TS_FP_INPUT_PDU.length1', 1, `length ${length} holds no event`);
  return { kind: 'fastPath', length };
}
