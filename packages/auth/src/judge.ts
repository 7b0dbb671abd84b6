/**
 * From a login to its judgement: the shape is checked, guessers wait, the method is asked, the guest is asked where the method says so, and
 * the judgement is recorded. Whatever goes wrong on the way refuses.
 */
import { problemOf } from './attempt.js';
import { auditRecord, type AuditRecord } from './audit.js';
import type { Authenticator, EndedSession, Judgement, LogonAttempt, LogonClient } from './authenticator.js';
import { type Clock, pause, unlessAborted, within } from './clock.js';
import { errorClass, failure } from './errors.js';
import { type AuthLibrary, denied, type Denial, type GuestAccounts, type GuestJudgement, unjudged } from './library.js';
import type { GuessLimiter } from './limiter/limiter.js';
import { Proofs } from './proofs.js';

/** What a machine's authenticator does beyond judging. */
export interface MachineAuthenticator extends Authenticator {
  /**
   * The NT hash against which the user's proof is checked, 16 bytes; undefined for a user without one, and for a guesser who would wait too long.
   * It grants nothing. Whoever asks then calls `refused` if the proof failed or `judge` if it did not, and both are one login with this: one
   * guess, one record. Aborting `signal`, which is to live as long as the connection, closes a proof of which nothing came. Never rejects.
   * Absent where the method keeps no NT hashes.
   */
  readonly ntHash?: (user: string, domain: string, client: LogonClient, signal: AbortSignal) => Promise<Uint8Array | undefined>;
  /** The proof failed: that is a wrong password, and on record. `reason` is recorded where the lookup has no better one. */
  readonly refused?: (attempt: Omit<LogonAttempt, 'password'>, reason: string) => void;
  /** Tells the method that a session it granted has ended. Rejects when it could not be told. */
  ended(session: EndedSession): Promise<void>;
  /** Ends the processes the method holds. Logins after that are still judged: processes are started again. */
  close(): void;
}

export interface JudgeOptions {
  /** Absent for type `guest`: then the guest alone decides. */
  readonly library?: AuthLibrary;
  /** Absent where the machine has no way to its guest. */
  readonly guest?: GuestAccounts;
  /** Absent where there is nothing to guess. */
  readonly limiter?: GuessLimiter;
  readonly onJudgement?: (record: AuditRecord) => void;
  readonly clock: Clock;
  /** Milliseconds within which a method must have judged, whatever limits of its own it has. */
  readonly limit: number;
}

type Verdict = { readonly result: 'granted'; readonly by: string } | Denial;

export class Judge implements MachineAuthenticator {
  readonly ntHash?: NonNullable<MachineAuthenticator['ntHash']>;
  readonly refused?: NonNullable<MachineAuthenticator['refused']>;
  private readonly method: string;
  private readonly proofs?: Proofs;

  constructor(private readonly options: JudgeOptions) {
    const { library, limiter, clock, limit } = options;
    this.method = library?.name ?? 'guest';
    if (!library?.ntHash) return;
    const proofs = new Proofs({ find: library.ntHash, limiter, clock, limit });
    this.proofs = proofs;
    this.ntHash = (user, domain, client, signal) => proofs.begin({ ...client, user, domain, password: '' }, signal);
    this.refused = (attempt, reason) => this.proofFailed(attempt, proofs.failed(attempt) ?? reason);
  }

  async judge(attempt: LogonAttempt, signal: AbortSignal): Promise<Judgement> {
    const verdict = await this.admit(attempt, signal).catch((error: unknown) => unjudged(failure(error)));
    const judgement: Judgement = verdict.result === 'granted' ? { granted: true } : { granted: false, reason: verdict.reason };
    try {
      this.record(attempt, judgement, verdict.result === 'granted' ? verdict.by : '');
    } catch (error) {
      // A login that leaves no record is none.
      if (judgement.granted) return { granted: false, reason: `the judgement cannot be recorded (${errorClass(error)})` };
    }
    return judgement;
  }

  async ended(session: EndedSession): Promise<void> {
    await this.options.library?.sessionEnded?.(session);
  }

  close(): void {
    this.options.library?.close?.();
  }

  private record(attempt: Omit<LogonAttempt, 'password'>, judgement: Judgement, grantedBy = ''): void {
    this.options.onJudgement?.(auditRecord(this.options.clock.now(), attempt, this.method, judgement, grantedBy));
  }

  private proofFailed(attempt: Omit<LogonAttempt, 'password'>, reason: string): void {
    try {
      this.record(attempt, { granted: false, reason });
    } catch {
      // It is refused already: as in `judge`, a refusal that cannot be recorded stays one.
    }
  }

  private async admit(attempt: LogonAttempt, signal: AbortSignal): Promise<Verdict> {
    const { limiter, clock } = this.options;
    const proved = this.proofs?.take(attempt);
    const problem = problemOf(attempt) ?? (proved && attempt.password === '' ? 'the client proved its password and did not hand it on, so that it cannot be judged' : undefined);
    if (problem !== undefined) {
      proved?.settle('unjudged');
      return unjudged(problem);
    }
    const admission = proved ?? limiter?.begin(attempt.address, attempt.user);
    if (admission?.admitted === false) return unjudged(admission.reason);
    try {
      await pause(clock, admission?.wait ?? 0, signal);
    } catch (error) {
      admission?.settle('unjudged');
      throw error;
    }
    // What comes of it counts, also when the client did not wait to hear it.
    const asked = this.ask(attempt, signal).then(
      (verdict) => {
        admission?.settle(verdict.result === 'granted' ? 'granted' : verdict.unjudged ? 'unjudged' : 'wrong');
        return verdict;
      },
      (error: unknown) => {
        admission?.settle('unjudged');
        throw error;
      },
    );
    return unlessAborted(signal, asked);
  }

  private ask(attempt: LogonAttempt, gone: AbortSignal): Promise<Verdict> {
    return within(this.options.clock, this.options.limit, 'the authentication method', (late) => this.flow(attempt, AbortSignal.any([gone, late])));
  }

  private async flow(attempt: LogonAttempt, signal: AbortSignal): Promise<Verdict> {
    const { library } = this.options;
    if (!library) {
      const { judgement, reason } = await this.guest(attempt, signal);
      if (judgement === 'granted') return { result: 'granted', by: 'the guest grants' };
      return judgement === 'denied' ? denied(reason) : unjudged(reason);
    }
    const first = await library.authenticate(attempt, 'notAsked', signal);
    if (first.result === 'denied') return first;
    if (first.result === 'granted') return { result: 'granted', by: `${library.name} grants` };
    const { judgement, reason } = await this.guest(attempt, signal);
    const second = await library.authenticate(attempt, judgement, signal);
    if (second.result === 'granted') return { result: 'granted', by: `${library.name} grants (guest: ${reason})` };
    if (second.result === 'delegate') return unjudged(`${library.name} delegates to the guest again after hearing it (guest: ${reason})`);
    const said = { ...second, reason: `${second.reason} (guest: ${reason})` };
    // A guest that compared the password and found it wrong has been guessed at, whatever the library says of itself.
    return judgement === 'denied' ? denied(said.reason) : said;
  }

  private async guest(attempt: LogonAttempt, signal: AbortSignal): Promise<{ judgement: GuestJudgement; reason: string }> {
    if (!this.options.guest) return { judgement: 'notReacted', reason: 'this machine has no channel to its guest' };
    return this.options.guest.judge(attempt, signal);
  }
}
