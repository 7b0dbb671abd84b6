/** The one place where this package waits by looking again: neither a picture nor a foreign program tells when it changes. */
const shortly = 25;

/**
 * Looks until something is there.
 * @param look returns undefined as long as it is not
 * @param timeout milliseconds
 * @param interval milliseconds between two looks, for looks that cost what they wait for its time
 * @param failed says why waiting is in vain, asked after each look
 * @throws when the time is over, with what was waited for
 */
export async function until<T>(what: string, look: () => T | undefined | Promise<T | undefined>, { timeout = 30_000, interval = shortly, failed = () => undefined as string | undefined } = {}): Promise<T> {
  const deadline = performance.now() + timeout;
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    const reason = failed();
    if (reason !== undefined) throw new Error(`waited in vain for ${what}: ${reason}`);
    if (performance.now() >= deadline) throw new Error(`waited ${timeout} ms in vain for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, interval));
  }
}
