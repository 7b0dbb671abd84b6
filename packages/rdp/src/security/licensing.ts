/**
 * Licensing: the server's "valid client" answer, and the PDUs that clients may send.
 *
 * [MS-RDPBCGR] 2.2.1.12 (preamble, LICENSE_ERROR_MESSAGE), [MS-RDPELE] 2.2.2 (client PDUs). Pure. A server that sends "valid client" at
 * once asks for no license, so a client has nothing to send but an error.
 */
import { bytes, decode, decodePrefix, encode, lengthOf, pdu, rest, u16le, u32le, u8, type Value, WireError } from '@belvedere/wire';
import { ProtocolError } from '../errors.js';
import { SEC } from './constants.js';
import { TS_SECURITY_HEADER } from './headers.js';

/** `bMsgType` of the preamble. [MS-RDPBCGR] 2.2.1.12.1.1 */
export const LICENSE_MESSAGE = {
  LICENSE_REQUEST: 0x01,
  PLATFORM_CHALLENGE: 0x02,
  NEW_LICENSE: 0x03,
  UPGRADE_LICENSE: 0x04,
  LICENSE_INFO: 0x12,
  NEW_LICENSE_REQUEST: 0x13,
  PLATFORM_CHALLENGE_RESPONSE: 0x15,
  ERROR_ALERT: 0xff,
} as const;

/** Low half of the preamble's `flags`: RDP 4 clients speak 2.0. */
export const PREAMBLE_VERSION = { '2_0': 0x02, '3_0': 0x03 } as const;
const PREAMBLE_VERSION_MASK = 0x0f;

/** `dwErrorCode`. [MS-RDPBCGR] 2.2.1.12.1.3 */
export const LICENSE_ERROR = {
  ERR_INVALID_SERVER_CERTIFICATE: 0x1,
  ERR_NO_LICENSE: 0x2,
  ERR_INVALID_MAC: 0x3,
  ERR_INVALID_SCOPE: 0x4,
  ERR_NO_LICENSE_SERVER: 0x6,
  STATUS_VALID_CLIENT: 0x7,
  ERR_INVALID_CLIENT: 0x8,
  ERR_INVALID_PRODUCTID: 0xb,
  ERR_INVALID_MESSAGE_LEN: 0xc,
} as const;

/** `dwStateTransition`. [MS-RDPBCGR] 2.2.1.12.1.3 */
export const LICENSE_TRANSITION = {
  ST_TOTAL_ABORT: 1,
  ST_NO_TRANSITION: 2,
  ST_RESET_PHASE_TO_START: 3,
  ST_RESEND_LAST_MESSAGE: 4,
} as const;

const BB_ERROR_BLOB = 0x0004;

/** What it holds is `wBlobType`'s business; the type of an empty one means nothing. */
export const LICENSE_BINARY_BLOB = pdu('LICENSE_BINARY_BLOB', '[MS-RDPBCGR] 2.2.1.12.1.2', {
  wBlobType: u16le,
  wBlobLen: lengthOf('blobData', u16le),
  blobData: rest,
});

const PREAMBLE_LENGTH = 4;

/** A licensing PDU: LICENSE_PREAMBLE, whose `wMsgSize` counts itself, and what `bMsgType` says. */
export const LICENSE_PREAMBLE = pdu('LICENSE_PREAMBLE', '[MS-RDPBCGR] 2.2.1.12.1.1', {
  bMsgType: u8,
  flags: u8,
  wMsgSize: lengthOf('message', u16le, PREAMBLE_LENGTH),
  message: rest,
});

export const LICENSE_ERROR_MESSAGE = pdu('LICENSE_ERROR_MESSAGE', '[MS-RDPBCGR] 2.2.1.12.1.3', {
  dwErrorCode: u32le,
  dwStateTransition: u32le,
  bbErrorInfo: LICENSE_BINARY_BLOB,
});

export const CLIENT_NEW_LICENSE_REQUEST = pdu('CLIENT_NEW_LICENSE_REQUEST', '[MS-RDPELE] 2.2.2.2', {
  PreferredKeyExchangeAlg: u32le,
  PlatformId: u32le,
  ClientRandom: bytes(32),
  EncryptedPreMasterSecret: LICENSE_BINARY_BLOB,
  ClientUserName: LICENSE_BINARY_BLOB,
  ClientMachineName: LICENSE_BINARY_BLOB,
});

export const CLIENT_LICENSE_INFO = pdu('CLIENT_LICENSE_INFO', '[MS-RDPELE] 2.2.2.3', {
  PreferredKeyExchangeAlg: u32le,
  PlatformId: u32le,
  ClientRandom: bytes(32),
  EncryptedPreMasterSecret: LICENSE_BINARY_BLOB,
  LicenseInfo: LICENSE_BINARY_BLOB,
  EncryptedHWID: LICENSE_BINARY_BLOB,
  MACData: bytes(16),
});

export const CLIENT_PLATFORM_CHALLENGE_RESPONSE = pdu('CLIENT_PLATFORM_CHALLENGE_RESPONSE', '[MS-RDPELE] 2.2.2.5', {
  EncryptedPlatformChallengeResponse: LICENSE_BINARY_BLOB,
  EncryptedHWID: LICENSE_BINARY_BLOB,
  MACData: bytes(16),
});

/** RDP 5 and later; the `version` field of TS_UD_CS_CORE. [MS-RDPBCGR] 2.2.1.3.2 */
const RDP_VERSION_5_PLUS = 0x00080004;

/**
 * The PDU that ends licensing at once: nothing to license, go on. It goes on the wire with `SEC.LICENSE_PKT`.
 * @param clientVersion the client's `version` from TS_UD_CS_CORE
 */
export function validClientPdu(clientVersion: number): Uint8Array {
  return encode(LICENSE_PREAMBLE, {
    bMsgType: LICENSE_MESSAGE.ERROR_ALERT,
    flags: clientVersion >= RDP_VERSION_5_PLUS ? PREAMBLE_VERSION['3_0'] : PREAMBLE_VERSION['2_0'],
    message: encode(LICENSE_ERROR_MESSAGE, {
      dwErrorCode: LICENSE_ERROR.STATUS_VALID_CLIENT,
      dwStateTransition: LICENSE_TRANSITION.ST_NO_TRANSITION,
      bbErrorInfo: { wBlobType: BB_ERROR_BLOB, blobData: new Uint8Array(0) },
    }),
  });
}

/** A licensing PDU, taken apart. Of the server's PDUs only the error is: the others are never sent by this package. */
export type LicensingPdu =
  | { readonly type: 'error'; readonly message: Value<typeof LICENSE_ERROR_MESSAGE> }
  | { readonly type: 'newLicenseRequest'; readonly message: Value<typeof CLIENT_NEW_LICENSE_REQUEST> }
  | { readonly type: 'licenseInfo'; readonly message: Value<typeof CLIENT_LICENSE_INFO> }
  | { readonly type: 'platformChallengeResponse'; readonly message: Value<typeof CLIENT_PLATFORM_CHALLENGE_RESPONSE> };

/** Takes apart what follows the security header of a licensing PDU. Throws `WireError`, or `ProtocolError` for another message type. */
export function parseLicensingPdu(pduBytes: Uint8Array): LicensingPdu {
  const { bMsgType, message } = decode(LICENSE_PREAMBLE, pduBytes);
  switch (bMsgType) {
    case LICENSE_MESSAGE.ERROR_ALERT:
      return { type: 'error', message: decode(LICENSE_ERROR_MESSAGE, message) };
    case LICENSE_MESSAGE.NEW_LICENSE_REQUEST:
      return { type: 'newLicenseRequest', message: decode(CLIENT_NEW_LICENSE_REQUEST, message) };
    case LICENSE_MESSAGE.LICENSE_INFO:
      return { type: 'licenseInfo', message: decode(CLIENT_LICENSE_INFO, message) };
    case LICENSE_MESSAGE.PLATFORM_CHALLENGE_RESPONSE:
      return { type: 'platformChallengeResponse', message: decode(CLIENT_PLATFORM_CHALLENGE_RESPONSE, message) };
    default:
      throw new ProtocolError(`message type 0x${bMsgType.toString(16)} is not one that a client may send or that ends licensing`, {
        state: 'licensing',
        pdu: 'LICENSE_PREAMBLE',
        section: '[MS-RDPBCGR] 2.2.1.12.1.1',
      });
  }
}

/** Whether the other side says that no license is needed. */
export const isValidClient = (licensing: LicensingPdu): boolean =>
  licensing.type === 'error' &&
  licensing.message.dwErrorCode === LICENSE_ERROR.STATUS_VALID_CLIENT &&
  licensing.message.dwStateTransition === LICENSE_TRANSITION.ST_NO_TRANSITION;

const MESSAGE_TYPES: ReadonlySet<number> = new Set(Object.values(LICENSE_MESSAGE));

/**
 * Whether bytes are a licensing PDU behind its security header, where a PDU without any header could stand as well.
 *
 * Nothing else has this message type, this version and exactly this size: a CHANNEL_PDU_HEADER has no flag where the version stands, and a
 * share PDU has its `shareId` where the size stands.
 */
export function isLicensingPdu(wrapped: Uint8Array): boolean {
  try {
    const { value, rest: licensing } = decodePrefix(TS_SECURITY_HEADER, wrapped);
    if (!(value.flags & SEC.LICENSE_PKT) || value.flags & ~(SEC.LICENSE_PKT | SEC.LICENSE_ENCRYPT)) return false;
    const { bMsgType, flags } = decode(LICENSE_PREAMBLE, licensing);
    const version = flags & PREAMBLE_VERSION_MASK;
    return MESSAGE_TYPES.has(bMsgType) && (version === PREAMBLE_VERSION['2_0'] || version === PREAMBLE_VERSION['3_0']);
  } catch (error) {
    if (error instanceof WireError) return false;
    throw error;
  }
}
