/** Who holds a lock, and whether that process still lives: written into lock files, read by anyone who finds one. Reads /proc. */
import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';

/** `write`: alone. `read`: with other readers, and nobody may write meanwhile. */
export type LockMode = 'write' | 'read';

/** What tells a living process from every other one. */
export interface Holder {
  readonly owner: string;
  readonly mode: LockMode;
  readonly pid: number;
  /** Since boot, in the kernel's ticks; empty where the host does not tell. */
  readonly startTime: string;
  /** Its name, a slash, and its machine-id, which may be empty. */
  readonly host: string;
  /** Changes with every start of the host; no two hosts have the same. */
  readonly boot: string;
  /** The name space that `pid` counts in. */
  readonly pidSpace: string;
}

/** `unknown`: on another host, in another container, or a file that does not say. */
export type Life = 'alive' | 'dead' | 'unknown';

export const self = (owner: string, mode: LockMode): Holder => ({
  owner,
  mode,
  pid: process.pid,
  startTime: processStat(process.pid).startTime,
  host: `${hostname()}/${tryRead('/etc/machine-id')}`,
  boot: tryRead('/proc/sys/kernel/random/boot_id'),
  pidSpace: pidSpace(),
});

/** A lock file's content; undefined where it is none. */
export function parseHolder(text: string): Holder | undefined {
  try {
    const { owner, mode = 'write', pid, startTime, host, boot, pidSpace } = JSON.parse(text) as Record<string, unknown>;
    const strings = [owner, startTime, host, boot, pidSpace];
    return strings.every((value) => typeof value === 'string') && (mode === 'write' || mode === 'read') && Number.isSafeInteger(pid) && (pid as number) > 0
      ? ({ owner, mode, pid, startTime, host, boot, pidSpace } as Holder)
      : undefined;
  } catch {
    return undefined;
  }
}

/** Only a holder that certainly ran on this host is judged: another one may live where this process cannot see it. */
export function lifeOf(holder: Holder): Life {
  const here = self('', 'write');
  if (!holder.boot || holder.boot !== here.boot) {
    // An empty machine-id names no host: two containers may have the same name.
    const restarted = holder.boot && here.boot && holder.host === here.host && !holder.host.endsWith('/');
    return restarted ? 'dead' : 'unknown';
  }
  if (holder.pidSpace !== here.pidSpace) return 'unknown';
  return runs(holder) ? 'alive' : 'dead';
}

function runs({ pid, startTime }: Holder): boolean {
  try {
    process.kill(pid, 0);
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ESRCH') return false;
  }
  const stat = processStat(pid);
  if (!startTime || !stat.startTime) return true; // there is such a process, of which this one may not know more
  return stat.startTime === startTime && stat.state !== 'Z' && stat.state !== 'X';
}

/** Of Linux's /proc/PID/stat: field 3, one letter, and field 22; empty where there is none. */
function processStat(pid: number): { state: string; startTime: string } {
  const text = tryRead(`/proc/${pid}/stat`);
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return { state: fields[0] ?? '', startTime: fields[19] ?? '' };
}

function pidSpace(): string {
  try {
    return readlinkSync('/proc/self/ns/pid');
  } catch {
    return '';
  }
}

function tryRead(file: string): string {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch {
    return '';
  }
}
