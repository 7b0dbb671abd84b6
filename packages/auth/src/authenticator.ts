/**
 * Who may connect: the question an authenticator is asked and the answer it gives.
 *
 * Modelled on VirtualBox's authentication SDK. Nothing is permitted until an authenticator permits it: one that is missing, throws or
 * does not answer in time refuses. Pure types.
 */

/** One login, as the remote display or the HTTP API received it. */
export interface LogonAttempt {
  readonly user: string;
  readonly password: string;
  readonly domain: string;
  /** Number of the connection, unique within the server's life. INVARIANT: 0 <= clientId <= 0xffffffff */
  readonly clientId: number;
  /** UUID of the machine; empty for a login to the HTTP API, which is to no machine. */
  readonly machineId: string;
  /** The client's network address. */
  readonly address: string;
  readonly clientName: string;
}

/** What is told of a session when it ends: who it was, without the password. */
export type EndedSession = Omit<LogonAttempt, 'password'>;

/** Where a login comes from. */
export type LogonClient = Omit<LogonAttempt, 'user' | 'password' | 'domain'>;

export type Judgement = { readonly granted: true } | { readonly granted: false; readonly reason: string };

export interface Authenticator {
  /** Aborting `signal` means that the client has gone: the answer is no longer wanted. */
  judge(attempt: LogonAttempt, signal: AbortSignal): Promise<Judgement>;
}
