/**
 * Logins that begin with a proof: the client shows that it knows a password, against the user's NT hash, before it hands the password on
 * (Network Level Authentication). The proof is checked elsewhere; here guessers wait for the hash, and a proof and what follows it count once.
 *
 * State: the proofs that are open, by connection.
 */
import { problemOf } from './attempt.js';
import type { LogonAttempt } from './authenticator.js';
import { type Clock, pause, unlessAborted, within } from './clock.js';
import { failure } from './errors.js';
import { type AuthLibrary, type NtHashAnswer, unjudged } from './library.js';
import type { Admission, GuessLimiter, Outcome } from './limiter/limiter.js';

export interface ProofOptions {
  readonly find: NonNullable<AuthLibrary['ntHash']>;
  readonly limiter: GuessLimiter | undefined;
  readonly clock: Clock;
  /** Milliseconds within which the hash must be found. */
  readonly limit: number;
}

type Admitted = Extract<Admission, { readonly admitted: true }>;

interface Proof {
  readonly user: string;
  readonly address: string;
  admission?: Admitted;
  /** What it counts as if it fails. */
  outcome: Outcome;
  /** Why there was no hash. */
  refusal?: string;
}

export class Proofs {
  private readonly open = new Map<number, Proof>();

  constructor(private readonly options: ProofOptions) {}

  /** The hash to prove against, if there is one for this user and this guesser may try. Never rejects. */
  async begin(attempt: LogonAttempt, signal: AbortSignal): Promise<Uint8Array | undefined> {
    const { clientId, user, address } = attempt;
    if (signal.aborted || this.open.has(clientId)) return undefined;
    const proof: Proof = { user, address, outcome: 'unjudged' };
    this.open.set(clientId, proof);
    // Who goes before hearing how the proof came out has learnt nothing.
    signal.addEventListener('abort', () => this.open.get(clientId) === proof && this.close(clientId, 'unjudged'), { once: true });
    const answer = await this.find(attempt, proof, signal).catch((error: unknown) => unjudged(failure(error)));
    if (answer.result === 'denied') proof.refusal = answer.reason;
    if (answer.result === 'found' || !answer.unjudged) proof.outcome = 'wrong';
    return answer.result === 'found' ? answer.hash : undefined;
  }

  /** The proof failed, which counts. @returns why there was no hash for it, if that is known */
  failed({ clientId }: Pick<LogonAttempt, 'clientId'>): string | undefined {
    const proof = this.open.get(clientId);
    if (proof) this.close(clientId, proof.outcome);
    return proof?.refusal;
  }

  /** The proof was right, and now its password is judged: as the same login, which has waited its time. Undefined if there was no such proof. */
  take({ clientId, user, address }: LogonAttempt): Admitted | undefined {
    const proof = this.open.get(clientId);
    if (!proof) return undefined;
    const { admission } = proof;
    if (!admission || proof.refusal !== undefined || proof.user !== user || proof.address !== address) {
      this.close(clientId, proof.outcome);
      return undefined;
    }
    this.open.delete(clientId);
    return { admitted: true, wait: 0, settle: (outcome) => admission.settle(outcome) };
  }

  private async find(attempt: LogonAttempt, proof: Proof, signal: AbortSignal): Promise<NtHashAnswer> {
    const problem = problemOf(attempt);
    if (problem !== undefined) return unjudged(problem);
    const { limiter, clock, limit, find } = this.options;
    const admission = limiter?.begin(attempt.address, attempt.user);
    if (admission?.admitted === false) return unjudged(admission.reason);
    proof.admission = admission;
    await pause(clock, admission?.wait ?? 0, signal);
    return unlessAborted(signal, within(clock, limit, 'the authentication method', () => find(attempt.user)));
  }

  private close(clientId: number, outcome: Outcome): void {
    this.open.get(clientId)?.admission?.settle(outcome);
    this.open.delete(clientId);
  }
}
