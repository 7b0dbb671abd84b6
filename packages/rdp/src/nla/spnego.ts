/**
 * SPNEGO: the wrapper in which a client offers mechanisms and carries the tokens of one.
 *
 * [RFC4178] 4.2, [MS-SPNG] 2.2, 3.2.5. Pure. NTLM is the one mechanism here; tokens without the wrapper are taken as they are, because
 * CredSSP allows that and some clients do it ([MS-CSSP] 2.2.1, negoTokens).
 */
import { array, decode, encode, pdu, type Value } from '@belvedere/wire';
import { bitString, content, enumerated, explicit, extensions, maybe, objectIdentifier, octetString, sequence, tlv } from './der.js';

const oid = (digits: string): Uint8Array => new Uint8Array(Buffer.from(digits, 'hex'));
/** 1.3.6.1.5.5.2 */
const SPNEGO = oid('2b0601050502');
/** 1.3.6.1.4.1.311.2.2.10 */
export const NTLMSSP = oid('2b06010401823702020a');

export const NEG_STATE = { ACCEPT_COMPLETED: 0, ACCEPT_INCOMPLETE: 1, REJECT: 2, REQUEST_MIC: 3 } as const;

export const same = (a: Uint8Array, b: Uint8Array): boolean => Buffer.compare(a, b) === 0;

/** The list as bytes: the MIC is over exactly these. */
export const mechTypeList = sequence(array(objectIdentifier));

/** A SEQUENCE that is kept as its content. */
const opaqueSequence = sequence(content);

const NegTokenInit = sequence(
  pdu('NegTokenInit', '[RFC4178] 4.2.1', {
    mechTypes: explicit(0, opaqueSequence),
    reqFlags: maybe(explicit(1, bitString)),
    mechToken: maybe(explicit(2, octetString)),
    later: extensions,
  }),
);

const InitialContextToken = tlv(
  0x60,
  pdu('InitialContextToken', '[RFC2743] 3.1', { thisMech: objectIdentifier, innerContextToken: explicit(0, NegTokenInit) }),
);

export const NegTokenResp = explicit(
  1,
  sequence(
    pdu('NegTokenResp', '[RFC4178] 4.2.2', {
      negState: maybe(explicit(0, enumerated)),
      supportedMech: maybe(explicit(1, objectIdentifier)),
      responseToken: maybe(explicit(2, octetString)),
      mechListMIC: maybe(explicit(3, octetString)),
    }),
  ),
);
export type NegTokenResp = Value<typeof NegTokenResp>;

/** A client's first token. */
export interface NegotiationOffer {
  /** The mechanisms in the client's order of preference, as OIDs. */
  readonly mechanisms: readonly Uint8Array[];
  /** The encoded list, for `mechListMIC`. */
  readonly encodedList: Uint8Array;
  /** The token of the first mechanism, sent in the hope that it is chosen. */
  readonly mechToken?: Uint8Array;
}

/** Whether a token comes without SPNEGO around it. */
export const isBareNtlm = (token: Uint8Array): boolean => Buffer.from(token.subarray(0, 8)).toString('latin1') === 'NTLMSSP\0';

/** Reads a client's first token. Throws `WireError`. */
export function readOffer(token: Uint8Array): NegotiationOffer {
  const { innerContextToken } = decode(InitialContextToken, token);
  const encodedList = encode(opaqueSequence, innerContextToken.mechTypes);
  return { mechanisms: decode(mechTypeList, encodedList), encodedList, mechToken: innerContextToken.mechToken };
}

/** A client's first token. @param mechanisms OIDs by preference; `mechToken` belongs to the first */
export function writeOffer(mechanisms: readonly Uint8Array[], mechToken?: Uint8Array): Uint8Array {
  const list = encode(array(objectIdentifier), mechanisms);
  return encode(InitialContextToken, { thisMech: SPNEGO, innerContextToken: { mechTypes: list, mechToken } });
}
