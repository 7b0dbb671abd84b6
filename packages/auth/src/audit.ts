/** What is recorded of every judgement. Never a password. Pure. */
import { printable } from './attempt.js';
import type { Judgement, LogonAttempt } from './authenticator.js';

export interface AuditRecord {
  readonly at: Date;
  readonly user: string;
  readonly domain: string;
  readonly address: string;
  readonly clientName: string;
  readonly clientId: number;
  readonly machineId: string;
  /** `null`, `guest`, `VBoxAuth`, `VBoxAuthSimple`, or the path of a module. */
  readonly method: string;
  readonly granted: boolean;
  readonly reason: string;
}

/** Texts that the client chose are made printable and cut. */
export function auditRecord(at: number, attempt: Omit<LogonAttempt, 'password'>, method: string, judgement: Judgement, grantedBy: string): AuditRecord {
  const { user, domain, address, clientName, clientId, machineId } = attempt;
  return {
    at: new Date(at),
    user: printable(user),
    domain: printable(domain),
    address: printable(address),
    clientName: printable(clientName),
    clientId,
    machineId: printable(machineId),
    method,
    granted: judgement.granted,
    reason: judgement.granted ? grantedBy : judgement.reason,
  };
}
