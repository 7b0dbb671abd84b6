/** Asking an authenticator: whatever goes wrong is a refusal. [MS-RDPBCGR] has nothing to say about this. */
import type { Authenticator, Judgement, LogonAttempt, LogonClient } from '../ports.js';

/**
 * @param signal aborted when the client goes
 * @param timeout milliseconds
 */
export async function judge(
  authenticator: Authenticator | undefined,
  attempt: LogonAttempt,
  signal: AbortSignal,
  timeout: number,
): Promise<Judgement> {
  if (!authenticator) return refuse('there is no authenticator');
  try {
    const judgement = await answer((both) => authenticator.judge(attempt, both), signal, timeout, 'judgement');
    // Only what says so plainly is a grant.
    return judgement?.granted === true
      ? { granted: true }
      : refuse(judgement?.granted === false ? judgement.reason : 'the authenticator gave no judgement');
  } catch (error) {
    return refuse(failure(error));
  }
}

/**
 * An account's NT hash; without one, `failure` says why if it is not that there is no such account.
 *
 * @param signal aborted when the client goes
 * @param timeout milliseconds
 */
export async function lookUp(
  authenticator: Authenticator | undefined,
  { user, domain }: Pick<LogonAttempt, 'user' | 'domain'>,
  client: LogonClient,
  signal: AbortSignal,
  timeout: number,
): Promise<{ readonly ntHash?: Uint8Array; readonly failure?: string }> {
  try {
    const ntHash = await answer((both) => authenticator?.ntHash?.(user, domain, client, both), signal, timeout, 'NT hash');
    if (ntHash === undefined || ntHash.length === NT_HASH_LENGTH) return { ntHash };
    return { failure: `the authenticator gave an NT hash of ${ntHash.length} bytes instead of ${NT_HASH_LENGTH}` };
  } catch (error) {
    return { failure: failure(error) };
  }
}

const NT_HASH_LENGTH = 16;

class Unanswered extends Error {}

/** What `ask` resolves to, unless the client goes or time runs out. */
async function answer<T>(
  ask: (signal: AbortSignal) => Promise<T> | undefined,
  signal: AbortSignal,
  timeout: number,
  what: string,
): Promise<T | undefined> {
  const hurry = new AbortController();
  const both = AbortSignal.any([signal, hurry.signal]);
  const timer = setTimeout(() => hurry.abort(), timeout);
  const aborted = new Promise<never>((_resolve, reject) => {
    const abort = (): void =>
      reject(new Unanswered(hurry.signal.aborted ? `no ${what} within ${timeout / 1000} s` : 'the client went away'));
    if (both.aborted) abort();
    else both.addEventListener('abort', abort, { once: true });
  });
  aborted.catch(() => undefined);
  try {
    return await Promise.race([ask(both), aborted]);
  } finally {
    clearTimeout(timer);
  }
}

function failure(error: unknown): string {
  if (error instanceof Unanswered) return error.message;
  return `the authenticator failed: ${error instanceof Error ? error.message : String(error)}`;
}

const refuse = (reason: string): Judgement => ({ granted: false, reason });
