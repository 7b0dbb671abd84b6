// Progress for a person and for a log: one line when a step begins, one when it ends with the seconds it took. Writes to standard output.
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

/** A failure whose text says what the reader should do; it is shown without a stack. */
export class SetupError extends Error {
  name = 'SetupError';
}

/** @param {string} text */
export function say(text) {
  process.stdout.write(`${text}\n`);
}

/**
 * Runs one named step and tells how long it took.
 * @template T
 * @param {string} what
 * @param {() => Promise<T>} work
 * @returns {Promise<T>}
 */
export async function step(what, work) {
  const began = performance.now();
  say(`- ${what} ...`);
  const result = await work();
  say(`  ${what}: done in ${seconds(performance.now() - began)}`);
  return result;
}

/** @param {number} milliseconds */
export const seconds = (milliseconds) => `${(milliseconds / 1000).toFixed(1)} s`;

/** Lines of a quiet program's output that a failure's text repeats. */
const TAIL = 30;
/** Milliseconds between the request to end and the end by force. */
const GRACE = 10_000;

/**
 * Runs a program and waits for it.
 *
 * @param {string} program
 * @param {readonly string[]} args
 * @param {{ cwd?: string, env?: NodeJS.ProcessEnv, show?: boolean }} [options] show: pass its output on; otherwise it is kept and shown only if the program fails
 * @returns {Promise<string>} what it wrote to standard output (empty with `show`)
 * @throws {SetupError} when it cannot be started or ends with another code than 0
 */
export async function run(program, args, options = {}) {
  const outcome = await attempt(program, args, options);
  if (outcome.code === 0) return outcome.stdout;
  const tail = outcome.output.trimEnd().split('\n').slice(-TAIL).join('\n');
  throw new SetupError(`${[program, ...args].join(' ')} ended with ${outcome.code}${tail ? `:\n${tail}` : ''}`);
}

/**
 * Runs a program and tells how it ended; never throws for a program that fails.
 * @param {string} program
 * @param {readonly string[]} args
 * @param {{ cwd?: string, env?: NodeJS.ProcessEnv, show?: boolean, detached?: boolean, onLine?: (line: string) => void, limit?: number }} [options] detached: the terminal's Ctrl-C does not reach it; onLine: each line of standard output as it comes; limit: the most milliseconds it may take before it is ended
 * @returns {Promise<{ code: number | string, stdout: string, output: string }>} code: the exit code, the signal's name, or why it did not start
 */
export function attempt(program, args, { cwd, env, show = false, detached = false, onLine, limit } = {}) {
  return new Promise((resolve) => {
    // npm's and npx's own doors on Windows are .cmd files, which need a shell
    const shell = process.platform === 'win32' && /\.cmd$|^npx$/.test(program);
    const child = spawn(program, args, { cwd, env, shell, detached, stdio: show ? ['ignore', 'inherit', 'inherit'] : ['ignore', 'pipe', 'pipe'] });
    let stdout = '';
    let output = '';
    child.stdout?.setEncoding('utf8').on('data', (text) => {
      stdout += text;
      output += text;
    });
    child.stderr?.setEncoding('utf8').on('data', (text) => {
      output += text;
    });
    if (onLine && child.stdout) createInterface({ input: child.stdout }).on('line', onLine);
    let late = false;
    const timer = limit === undefined ? undefined : setTimeout(() => {
      late = true;
      child.kill('SIGTERM');
      setTimeout(() => child.kill('SIGKILL'), GRACE).unref();
    }, limit);
    child.once('error', (error) => resolve({ code: error.message, stdout, output }));
    child.once('close', (code, signal) => {
      clearTimeout(timer);
      resolve({ code: late ? `no end within ${seconds(limit ?? 0)}` : (code ?? signal ?? 'no code'), stdout, output });
    });
  });
}

/**
 * Runs a main program: a SetupError becomes its text and exit code 1, anything else is a bug and keeps its stack.
 * @param {() => Promise<number | void>} main returns the exit code
 */
export async function runMain(main) {
  try {
    process.exitCode = (await main()) || 0;
  } catch (error) {
    process.stderr.write(error instanceof SetupError ? `error: ${error.message}\n` : `${error instanceof Error ? error.stack : error}\n`);
    process.exitCode = 1;
  }
}
