/**
 * VirtualBox's authentication SDK as TypeScript: what an authentication library is asked, and what it may answer. Pure types.
 *
 * The library is asked first with the guest's judgement `notAsked`. If it delegates, the guest is asked and the library once more, with
 * what the guest said.
 */
import type { EndedSession, LogonAttempt } from './authenticator.js';

/** What the guest said, with the number that the SDK gives it. */
export const GuestJudgement = { notAsked: 0, denied: 1, noJudgement: 2, granted: 3, notReacted: 4 } as const;
export type GuestJudgement = keyof typeof GuestJudgement;

/** Results of an SDK's entry point. */
export const AuthResult = { denied: 0, granted: 1, delegate: 2 } as const;

export interface Denial {
  readonly result: 'denied';
  /** For the audit record; never holds the password. */
  readonly reason: string;
  /** No password was compared: the method could not judge, so this is no guess that went wrong. */
  readonly unjudged?: true;
}

export type LibraryAnswer = { readonly result: 'granted' } | { readonly result: 'delegate' } | Denial;

export type NtHashAnswer = { readonly result: 'found'; readonly hash: Uint8Array } | Denial;

export interface AuthLibrary {
  /** What audit records call it: `VBoxAuth`, `VBoxAuthSimple`, or the path of a module. */
  readonly name: string;
  /** May reject: that refuses the login. `signal` ends the wait for a turn; a call that has begun is bounded by the library's own time limit. */
  authenticate(attempt: LogonAttempt, guest: GuestJudgement, signal: AbortSignal): Promise<LibraryAnswer>;
  /** The NT hash against which a user's proof is checked, 16 bytes. Absent where the method keeps none. May reject: that refuses the login. */
  readonly ntHash?: (user: string) => Promise<NtHashAnswer>;
  /** A session that this library granted has ended (the SDK's fLogon = 0). */
  sessionEnded?(session: EndedSession): Promise<void>;
  /** Ends whatever processes the library holds. */
  close?(): void;
}

export interface GuestVerdict {
  readonly judgement: Exclude<GuestJudgement, 'notAsked'>;
  readonly reason: string;
}

/** The accounts inside the guest. */
export interface GuestAccounts {
  /** Rejects only when `signal` aborts: a guest that does not answer has `notReacted`. */
  judge(attempt: LogonAttempt, signal: AbortSignal): Promise<GuestVerdict>;
}

export const denied = (reason: string): Denial => ({ result: 'denied', reason });
export const unjudged = (reason: string): Denial => ({ result: 'denied', reason, unjudged: true });
