/**
 * What CredSSP sends over TLS: TSRequest, the credentials inside it, and the early authorization result behind it.
 *
 * [MS-CSSP] 2.2.1; [MS-RDPBCGR] 2.2.10.2. Pure.
 */
import { array, encode, pdu, u32le, utf16, type Value } from '@belvedere/wire';
import { ProtocolError } from '../errors.js';
import { elementLength, explicit, extensions, integer, maybe, octetString, sequence, tlv } from './der.js';

const NegoDataItem = pdu('NegoData', '[MS-CSSP] 2.2.1.1', { negoToken: explicit(0, octetString) });

/** `errorCode`: an NTSTATUS, as signed 32 bits. */
export const TSRequest = sequence(
  pdu('TSRequest', '[MS-CSSP] 2.2.1', {
    version: explicit(0, integer),
    negoTokens: maybe(explicit(1, sequence(array(sequence(NegoDataItem))))),
    authInfo: maybe(explicit(2, octetString)),
    pubKeyAuth: maybe(explicit(3, octetString)),
    errorCode: maybe(explicit(4, integer)),
    clientNonce: maybe(explicit(5, octetString)),
    later: extensions,
  }),
);
export type TSRequest = Value<typeof TSRequest>;

/** `credType` of passwords. [MS-CSSP] 2.2.1.2 */
export const CRED_TYPE_PASSWORD = 1;

export const TSCredentials = sequence(
  pdu('TSCredentials', '[MS-CSSP] 2.2.1.2', { credType: explicit(0, integer), credentials: explicit(1, octetString) }),
);

const text = tlv(octetString.tag, utf16(false));

export const TSPasswordCreds = sequence(
  pdu('TSPasswordCreds', '[MS-CSSP] 2.2.1.2.1', {
    domainName: explicit(0, text),
    userName: explicit(1, text),
    password: explicit(2, text),
  }),
);

/** Longest TSRequest that is taken. NTLM's largest is below 4 KB; Kerberos tickets, which are declined, may come first and are larger. */
const MAX_TS_REQUEST = 0x10000;

/**
 * Cuts the first TSRequest off a stream.
 * @returns its length in bytes, or undefined if the stream does not hold all of it yet. Throws `ProtocolError` if it cannot be one
 */
export function tsRequestLength(stream: Uint8Array): number | undefined {
  const fail = (problem: string, cause?: unknown): never => {
    throw new ProtocolError(problem, { state: 'credssp', pdu: 'TSRequest', section: '[MS-CSSP] 2.2.1', cause });
  };
  if (stream.length > 0 && stream[0] !== TSRequest.tag) fail(`starts with 0x${stream[0].toString(16)} instead of a SEQUENCE`);
  try {
    const length = elementLength(stream, MAX_TS_REQUEST);
    return length !== undefined && length <= stream.length ? length : undefined;
  } catch (cause) {
    return fail(cause instanceof Error ? cause.message : String(cause), cause);
  }
}

/** `authorizationResult`. [MS-RDPBCGR] 2.2.10.2 */
export const AUTHZ = { SUCCESS: 0x00000000, ACCESS_DENIED: 0x00000005 } as const;

export const EARLY_USER_AUTHORIZATION_RESULT_PDU = pdu('EARLY_USER_AUTHORIZATION_RESULT_PDU', '[MS-RDPBCGR] 2.2.10.2', {
  authorizationResult: u32le,
});

/** The four bytes that a server sends behind CredSSP when PROTOCOL_HYBRID_EX was chosen. They have no header. */
export const earlyUserAuthorizationResult = (granted: boolean): Uint8Array =>
  encode(EARLY_USER_AUTHORIZATION_RESULT_PDU, { authorizationResult: granted ? AUTHZ.SUCCESS : AUTHZ.ACCESS_DENIED });
