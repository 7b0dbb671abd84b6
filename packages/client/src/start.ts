/** Starts the API of a home in the background and waits until it is ready. */
import { dirname } from 'node:path';
import type { Readable } from 'node:stream';
import type { Home } from './home.js';

/** Longest report that is read, in bytes. */
const REPORT_LIMIT = 64 << 10;

/** How long the API may take to become ready, in milliseconds. */
const READY_LIMIT = 60_000;

/**
 * Runs `main` detached, its output in the home's log, and waits for the one line that it writes to file descriptor 3:
 * `{"ready":true}` or `{"error":"..."}`.
 * @param main path of the API's program
 * @param limit milliseconds that it may take
 * @throws with the API's own reason, or with where its log is when it gave none
 */
export async function startApi(home: Home, main: string, limit = READY_LIMIT): Promise<void> {
  // Loaded here: a client seldom starts anything, and commands are to be quick.
  const [{ spawn }, { mkdir, open }] = await Promise.all([import('node:child_process'), import('node:fs/promises')]);
  await mkdir(home.folder, { recursive: true, mode: 0o700 });
  await mkdir(dirname(home.apiLog), { recursive: true, mode: 0o700 });
  const log = await open(home.apiLog, 'a', 0o600);
  try {
    const child = spawn(process.execPath, [main], {
      detached: true,
      cwd: home.folder,
      env: { ...process.env, BELVEDERE_HOME: home.folder },
      stdio: ['ignore', log.fd, log.fd, 'pipe'],
    });
    const failed = new Promise<never>((_, reject) => child.once('error', reject));
    const report = child.stdio[3] as Readable;
    const timer = setTimeout(() => report.destroy(new Error(`the API was not ready after ${limit / 1000} s; its log is ${home.apiLog}`)), limit);
    const line = await Promise.race([readLine(report), failed]).finally(() => clearTimeout(timer));
    report.destroy();
    child.unref();
    const problem = problemOf(line);
    if (problem !== undefined) throw new Error(`could not start the API: ${problem}; its log is ${home.apiLog}`);
  } finally {
    await log.close();
  }
}

/** Reads up to the first line feed or the end. */
async function readLine(stream: Readable): Promise<string> {
  let text = '';
  for await (const chunk of stream) {
    text += String(chunk);
    const end = text.indexOf('\n');
    if (end >= 0) return text.slice(0, end);
    if (text.length > REPORT_LIMIT) break;
  }
  return text;
}

function problemOf(line: string): string | undefined {
  let report: unknown;
  try {
    report = JSON.parse(line);
  } catch {
    return 'it ended before it was ready';
  }
  if (typeof report !== 'object' || report === null) return 'it does not speak this version\'s start protocol';
  if ('ready' in report && report.ready === true) return undefined;
  return 'error' in report ? String(report.error) : 'it gave no reason';
}
