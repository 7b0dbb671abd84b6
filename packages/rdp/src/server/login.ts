/** Asking for a judgement: whatever goes wrong is a refusal. [MS-RDPBCGR] has nothing to say about this. */
import type { Authenticator, Judgement, LogonAttempt } from '../ports.js';

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
  const hurry = new AbortController();
  const both = AbortSignal.any([signal, hurry.signal]);
  const timer = setTimeout(() => hurry.abort(), timeout);
  const aborted = new Promise<Judgement>((resolve) => {
    const abort = (): void => resolve(refuse(hurry.signal.aborted ? `no judgement within ${timeout / 1000} s` : 'the client went away'));
    if (both.aborted) abort();
    else both.addEventListener('abort', abort, { once: true });
  });
  try {
    const judgement = await Promise.race([authenticator.judge(attempt, both), aborted]);
    // Only what says so plainly is a grant.
    return judgement?.granted === true
      ? { granted: true }
      : refuse(judgement?.granted === false ? judgement.reason : 'the authenticator gave no judgement');
  } catch (error) {
    return refuse(`the authenticator failed: ${error instanceof Error ? error.message : String(error)}`);
  } finally {
    clearTimeout(timer);
  }
}

const refuse = (reason: string): Judgement => ({ granted: false, reason });
