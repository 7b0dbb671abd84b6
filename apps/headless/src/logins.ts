/**
 * Who may log in to this machine's remote display, and the record of everyone who tried.
 *
 * Each judgement is appended to the audit file before it counts, and told to whoever listens on the control socket. The control plane reads
 * the file when it finds the machine again, so that nothing is lost while it is away.
 */
import { appendFileSync, renameSync, statSync } from 'node:fs';
import { auditRecord, chooseAuthenticator, type AuditRecord, GuessLimiter, type GuestChannel, type MachineAuthenticator, systemClock } from '@belvedere/auth';
import type { JudgementRecord, Lockout, VrdeSpec } from '@belvedere/control';
import { HashFormatError, parseHash } from '@belvedere/password';
import { v7 as uuidv7 } from 'uuid';

/** Bytes after which the audit file is put aside as `FILE.old` and begun anew. */
const FILE_LIMIT = 16 << 20;

export class Logins {
  /** One for the whole run: changing the settings forgives nobody. */
  private readonly limiter = new GuessLimiter(systemClock);

  /**
   * @param guestChannel the way to the guest's agent, if there is one
   * @param onJudgement told after a record is on file
   */
  constructor(
    private readonly auditFile: string,
    private readonly guestChannel: GuestChannel | undefined,
    private readonly onJudgement: (record: JudgementRecord) => void,
  ) {}

  /**
   * The authenticator that the settings ask for. Hashes of `VBoxAuthSimple` are looked up at each login.
   * @throws AuthUnavailableError for settings that cannot judge anyone
   */
  authenticator(vrde: VrdeSpec, current: () => VrdeSpec): MachineAuthenticator {
    return chooseAuthenticator({
      type: vrde.authType,
      library: vrde.authLibrary,
      simpleUsers: (user) => (Object.hasOwn(current().simpleUsers, user) ? current().simpleUsers[user] : undefined),
      ...(this.guestChannel ? { guestChannel: this.guestChannel } : {}),
      limiter: this.limiter,
      onJudgement: (record) => this.record(record),
    });
  }

  /** Somebody was let in because the source of a machine that came here vouched for him. */
  vouchedFor({ user, domain, address, clientName, clientId, machineId }: Omit<AuditRecord, 'at' | 'method' | 'granted' | 'reason'>): void {
    const attempt = { user, domain, address, clientName, clientId, machineId };
    this.record(auditRecord(Date.now(), attempt, 'teleport', { granted: true }, 'the source of the machine vouched for this viewer'));
  }

  lockouts(): Lockout[] {
    return this.limiter.lockouts().map(({ since, until, ...lockout }) => ({ ...lockout, since: new Date(since).toISOString(), until: new Date(until).toISOString() }));
  }

  /** @returns how many lock-outs this lifted */
  unlock(name?: string): number {
    return this.limiter.unlock(name);
  }

  private record(judged: AuditRecord): void {
    // Ids grow with time, so that judgements of one millisecond keep their order.
    const record: JudgementRecord = { id: uuidv7(), ...judged, at: judged.at.toISOString() };
    if ((statSync(this.auditFile, { throwIfNoEntry: false })?.size ?? 0) > FILE_LIMIT) renameSync(this.auditFile, `${this.auditFile}.old`);
    appendFileSync(this.auditFile, `${JSON.stringify(record)}\n`, { mode: 0o600 });
    this.onJudgement(record);
  }
}

/**
 * Whether viewers are offered Network Level Authentication: where an NT hash is stored for every user. A viewer that is offered it takes it, and
 * then a user without an NT hash could not log in.
 */
export function offersNla({ authType, authLibrary, simpleUsers }: VrdeSpec): boolean {
  const stored = Object.values(simpleUsers);
  return authType === 'external' && authLibrary === 'VBoxAuthSimple' && stored.length > 0 && stored.every(isNtHash);
}

function isNtHash(stored: string): boolean {
  try {
    return parseHash(stored).algorithm === 'nt';
  } catch (error) {
    if (error instanceof HashFormatError) return false;
    throw error;
  }
}
