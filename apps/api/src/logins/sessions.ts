/**
 * The sessions of those who logged in to the HTTP API: a random token each, of which only the hash is kept, with an end.
 *
 * All of it is in memory, bounded, and gone when the API stops.
 */
import { createHash, randomBytes } from 'node:crypto';
import { administrator, type Caller } from '../http/permission.js';

/** How long a session lasts, in milliseconds: a working day. */
export const sessionTime = 8 * 60 * 60_000;
/** Most sessions at once, of one user and of all: the oldest end for new ones. */
const most = { ofUser: 50, ofAll: 1000 };

const tokenBytes = 32;

/** Time, as packages/auth has it. */
export interface Clock {
  /** Milliseconds since 1970; never goes back. */
  now(): number;
  after(ms: number, act: () => void, idle?: 'idle'): () => void;
}

export interface OpenedSession {
  /** Told once, kept by nobody here. */
  readonly token: string;
  /** Milliseconds since 1970. */
  readonly expiresAt: number;
}

interface Session {
  readonly user: string;
  readonly expiresAt: number;
  readonly caller: Caller;
  /** Does nothing when it has ended. */
  end(): void;
}

export class Sessions {
  /** By the token's hash, the oldest first. */
  private readonly open = new Map<string, Session>();

  constructor(private readonly clock: Clock) {}

  /** @param onEnd called once, when the session ends: by its user, by time, or by an administrator */
  begin(user: string, onEnd: () => void): OpenedSession {
    this.makeRoom(user);
    const token = randomBytes(tokenBytes).toString('base64url');
    const key = keyOf(token);
    const expiresAt = this.clock.now() + sessionTime;
    const ended = new AbortController();
    const end = (): void => {
      if (!this.open.delete(key)) return;
      cancel();
      ended.abort();
      onEnd();
    };
    const cancel = this.clock.after(sessionTime, end, 'idle');
    this.open.set(key, { user, expiresAt, caller: { ...administrator(user), session: { ended: ended.signal, end } }, end });
    return { token, expiresAt };
  }

  /** Who brings this token; undefined for one that is not, or no longer, a session's. */
  callerOf(token: string): Caller | undefined {
    const session = this.open.get(keyOf(token));
    if (!session) return undefined;
    // A host that slept may have missed the hour.
    if (this.clock.now() < session.expiresAt) return session.caller;
    session.end();
    return undefined;
  }

  /** Ends those of one user, or all. */
  end(user?: string): void {
    for (const session of [...this.open.values()]) if (user === undefined || session.user === user) session.end();
  }

  private makeRoom(user: string): void {
    const own = [...this.open.values()].filter((session) => session.user === user);
    if (own.length >= most.ofUser) own[0]!.end();
    else if (this.open.size >= most.ofAll) this.open.values().next().value!.end();
  }
}

const keyOf = (token: string): string => createHash('sha256').update(token).digest('base64');
