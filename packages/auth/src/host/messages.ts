/** What a library's own process is told and answers, over the IPC channel of `child_process.fork`. Pure. */
import type { EndedSession, LogonAttempt } from '../authenticator.js';
import type { GuestJudgement, LibraryAnswer } from '../library.js';

/** The library that a process is for, given as its one argument in JSON. */
export type HostTarget =
  | { readonly kind: 'pam'; readonly service: string }
  | { readonly kind: 'windows' }
  | { readonly kind: 'macos' }
  | { readonly kind: 'module'; readonly path: string; readonly caller: string }
  | { readonly kind: 'native'; readonly path: string; readonly caller: string };

export type HostCall = { readonly call: 'authenticate'; readonly attempt: LogonAttempt; readonly guest: GuestJudgement } | { readonly call: 'sessionEnded'; readonly session: EndedSession };

export type HostReply =
  /** First message: the library is there, */
  | { readonly say: 'loaded' }
  /** or it is not; no password has been sent yet, so the text is whole. */
  | { readonly say: 'unloadable'; readonly problem: string }
  | { readonly say: 'answer'; readonly answer: LibraryAnswer }
  | { readonly say: 'ended' }
  /** `error` is the class of the error: its text might hold the password. */
  | { readonly say: 'threw'; readonly error: string };

/** A library inside its own process. */
export interface HostedLibrary {
  authenticate(attempt: LogonAttempt, guest: GuestJudgement): LibraryAnswer | Promise<LibraryAnswer>;
  sessionEnded?(session: EndedSession): void | Promise<void>;
}
