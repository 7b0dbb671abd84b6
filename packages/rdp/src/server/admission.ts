/** Who may be in besides whom: the rule for a client that has logged in while others are there. Pure. */
import { ErrorInfo } from '../pdu/errorInfo.js';

export interface AdmissionPolicy {
  /** Several clients share the screen. */
  readonly multiConnection: boolean;
  /** Without `multiConnection`: a new client takes the place of the one that is there. */
  readonly reuseConnection: boolean;
}

export type Admission =
  /** @see displaced must go first, with ERRINFO_DISCONNECTED_BY_OTHERCONNECTION */
  | { readonly admitted: true; readonly displaced: boolean }
  | { readonly admitted: false; readonly errorInfo: number; readonly reason: string };

/**
 * @param others clients that are in
 * @param screen the one that the client asks for, from 0
 */
export function admit({ multiConnection, reuseConnection }: AdmissionPolicy, others: number, screen: number, screens: number): Admission {
  if (screen < 0 || screen >= screens) {
    return {
      admitted: false,
      errorInfo: ErrorInfo.ERRINFO_SERVER_DENIED_CONNECTION,
      reason: `screen ${screen + 1} does not exist: there are ${screens}`,
    };
  }
  if (multiConnection || others === 0) return { admitted: true, displaced: false };
  if (reuseConnection) return { admitted: true, displaced: true };
  return {
    admitted: false,
    errorInfo: ErrorInfo.ERRINFO_SERVER_DENIED_CONNECTION,
    reason: 'another client is connected, and only one may be',
  };
}
