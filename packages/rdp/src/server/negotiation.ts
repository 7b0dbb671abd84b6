/**
 * Security negotiation: the server's first decision about a client.
 *
 * [MS-RDPBCGR] 2.2.1.1, 2.2.1.2 (formats), 3.3.5.3.1 and 3.3.5.3.2 (server rules).
 * Pure: a request in, a reply and what was chosen out.
 */
import { encode, type Value } from '@belvedere/wire';
import { FailureCode, NegotiationResponseFlags, Protocol, RDP_NEG_FAILURE, type RDP_NEG_REQ, RDP_NEG_RSP } from '../pdu/x224.js';

/**
 * What a server permits: whatever the client can, the best first; Standard RDP Security only; TLS, with or without Network Level
 * Authentication; or Network Level Authentication only.
 */
export type SecurityMethod = 'negotiate' | 'rdp' | 'tls' | 'hybrid';

/** A protocol that is chosen; RDSTLS is none of them. */
export type SelectedProtocol = Exclude<(typeof Protocol)[keyof typeof Protocol], typeof Protocol.RDSTLS>;

export type Negotiated =
  | { readonly selectedProtocol: SelectedProtocol; readonly reply: Uint8Array }
  | { readonly selectedProtocol: undefined; readonly reply: Uint8Array; readonly reason: string };

/** Protocols over TLS that each method permits, the best first. */
const OVER_TLS: Readonly<Record<SecurityMethod, readonly Exclude<SelectedProtocol, typeof Protocol.RDP>[]>> = {
  negotiate: [Protocol.HYBRID_EX, Protocol.HYBRID, Protocol.SSL],
  tls: [Protocol.HYBRID_EX, Protocol.HYBRID, Protocol.SSL],
  hybrid: [Protocol.HYBRID_EX, Protocol.HYBRID],
  rdp: [],
};

/** What a client hears that offers nothing the method permits. */
const FAILURES = {
  negotiate: [FailureCode.SSL_REQUIRED_BY_SERVER, 'it may be TLS or Standard RDP Security'],
  tls: [FailureCode.SSL_REQUIRED_BY_SERVER, 'TLS is required'],
  hybrid: [FailureCode.HYBRID_REQUIRED_BY_SERVER, 'Network Level Authentication is required'],
  rdp: [FailureCode.SSL_NOT_ALLOWED_BY_SERVER, 'only Standard RDP Security is permitted'],
} as const;

/**
 * Chooses the security protocol for one client.
 *
 * @param request absent from clients older than RDP 5.2, which know Standard RDP Security only
 * @param hybrid whether there is Network Level Authentication
 * @returns `reply`: the bytes that end the X.224 Connection Confirm, empty if there was no request
 */
export function negotiate(method: SecurityMethod, request: Value<typeof RDP_NEG_REQ> | undefined, hybrid = false): Negotiated {
  const requested = request?.requestedProtocols ?? Protocol.RDP;
  const selected = OVER_TLS[method].find((protocol) => (requested & protocol) !== 0 && (hybrid || protocol === Protocol.SSL));
  if (selected !== undefined) return accept(selected);
  // [MS-RDPBCGR] 2.2.1.1.1: PROTOCOL_RDP is no bit. Who names others does not offer it, and asks again by itself when refused.
  if (requested === Protocol.RDP && (method === 'negotiate' || method === 'rdp')) return accept(Protocol.RDP);
  const [failureCode, reason] = FAILURES[method];
  return {
    selectedProtocol: undefined,
    reply: request ? encode(RDP_NEG_FAILURE, { failureCode }) : new Uint8Array(0),
    reason: `the client offers protocols 0x${requested.toString(16)}: ${reason}`,
  };

  function accept(selectedProtocol: SelectedProtocol): Negotiated {
    const flags = NegotiationResponseFlags.EXTENDED_CLIENT_DATA_SUPPORTED;
    return { selectedProtocol, reply: request ? encode(RDP_NEG_RSP, { flags, selectedProtocol }) : new Uint8Array(0) };
  }
}
