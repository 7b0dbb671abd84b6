/**
 * Security negotiation: the server's first decision about a client.
 *
 * [MS-RDPBCGR] 2.2.1.1, 2.2.1.2 (formats), 3.3.5.3.1 and 3.3.5.3.2 (server rules).
 * Pure: a request in, a reply and what was chosen out.
 */
import { encode, type Value } from '@belvedere/wire';
import { FailureCode, NegotiationResponseFlags, Protocol, RDP_NEG_FAILURE, type RDP_NEG_REQ, RDP_NEG_RSP } from '../pdu/x224.js';

/** What a server permits: TLS or Standard RDP Security, whichever the client can (the first rather), or one of them only. */
export type SecurityMethod = 'negotiate' | 'rdp' | 'tls';

export type Negotiated =
  | { readonly selectedProtocol: typeof Protocol.RDP | typeof Protocol.SSL; readonly reply: Uint8Array }
  | { readonly selectedProtocol: undefined; readonly reply: Uint8Array; readonly reason: string };

/**
 * Chooses the security protocol for one client.
 *
 * @param request absent from clients older than RDP 5.2, which know Standard RDP Security only
 * @returns `reply`: the bytes that end the X.224 Connection Confirm, empty if there was no request
 */
export function negotiate(method: SecurityMethod, request: Value<typeof RDP_NEG_REQ> | undefined): Negotiated {
  const offersTls = request !== undefined && (request.requestedProtocols & Protocol.SSL) !== 0;

  if (offersTls && method !== 'rdp') return accept(Protocol.SSL);
  // A client that asks for TLS or better falls back to Standard RDP Security by itself, when it is told so; RDP is what it may always be
  // given.
  if (!offersTls && method !== 'tls') return accept(Protocol.RDP);
  return offersTls
    ? refuse(FailureCode.SSL_NOT_ALLOWED_BY_SERVER, 'the client offers TLS, but only RDP security is permitted')
    : refuse(FailureCode.SSL_REQUIRED_BY_SERVER, 'the client does not offer TLS, which is required');

  function accept(selectedProtocol: typeof Protocol.RDP | typeof Protocol.SSL): Negotiated {
    const flags = NegotiationResponseFlags.EXTENDED_CLIENT_DATA_SUPPORTED;
    return { selectedProtocol, reply: request ? encode(RDP_NEG_RSP, { flags, selectedProtocol }) : new Uint8Array(0) };
  }

  function refuse(failureCode: number, reason: string): Negotiated {
    return { selectedProtocol: undefined, reply: request ? encode(RDP_NEG_FAILURE, { failureCode }) : new Uint8Array(0), reason };
  }
}
