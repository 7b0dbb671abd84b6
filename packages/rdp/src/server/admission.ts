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
  /** @see notice lines for its user, where a plain error would not say what to do */
  | { readonly admitted: false; readonly errorInfo: number; readonly reason: string; readonly notice?: readonly string[] };

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
      notice: [`This machine has no screen ${screen + 1}.`, screens === 1 ? 'It has one screen: connect without @ in the domain.' : `Connect with @1 to @${screens} at the end of the domain.`],
    };
  }
  if (!multiConnection && screen > 0) {
    return {
      admitted: false,
      errorInfo: ErrorInfo.ERRINFO_SERVER_DENIED_CONNECTION,
      reason: `screen ${screen + 1} was asked for, and screens other than the first are shown where several connections are permitted`,
      notice: [`Screen ${screen + 1} is not shown to you:`, 'the remote display permits one connection only.', 'Its administrator can change that:', 'VBoxManage modifyvm NAME --vrde-multi-con on', 'Or connect without @ in the domain.'],
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
