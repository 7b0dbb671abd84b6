/**
 * Which process a number meant: process numbers are used again, so a number alone is never signalled.
 *
 * Linux: the start time in /proc. Elsewhere: what `ps` says of it; Windows tells neither, so there a process is never taken for another's.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** A process and what tells it from a later one of the same number. */
export interface ProcessIdentity {
  readonly pid: number;
  readonly token: string;
}

/** @returns undefined when there is no such process, or it has ended and waits to be collected */
export function identify(pid: number): ProcessIdentity | undefined {
  const token = process.platform === 'linux' ? fromProc(pid) : process.platform === 'win32' ? '' : fromPs(pid);
  return token ? { pid, token } : undefined;
}

export const isAlive = (process: ProcessIdentity): boolean => identify(process.pid)?.token === process.token;

/** Ends exactly this process at once. @returns false when it is gone already */
export function killProcess(identity: ProcessIdentity): boolean {
  if (!isAlive(identity)) return false;
  try {
    process.kill(identity.pid, 'SIGKILL');
    return true;
  } catch {
    return false;
  }
}

/** Fields 3 (state) and 22 (start time in ticks since boot) of /proc/PID/stat; the name before them may hold anything. */
function fromProc(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const [state, ...rest] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return state === 'Z' || state === 'X' ? undefined : `${bootId()}:${rest[18]}`;
  } catch {
    return undefined;
  }
}

const bootId = (): string => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();

function fromPs(pid: number): string | undefined {
  try {
    const [state, ...start] = execFileSync('ps', ['-o', 'state=,lstart=', '-p', String(pid)], { encoding: 'utf8' }).trim().split(/\s+/);
    return state?.startsWith('Z') ? undefined : start.join(' ');
  } catch {
    return undefined;
  }
}
