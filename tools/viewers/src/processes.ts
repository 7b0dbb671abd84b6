/** Child processes that are ended as whole groups, by id, and never outlive this process. */
import { type ChildProcess, spawn, type SpawnOptions } from 'node:child_process';
import { once } from 'node:events';

const running = new Set<ChildProcess>();
process.once('exit', () => running.forEach((child) => signal(child, 'SIGKILL')));

/** Starts a program as the head of a process group of its own. @throws when it cannot be started */
export async function start(command: string, args: readonly string[], options: SpawnOptions): Promise<ChildProcess> {
  const child = spawn(command, args, { ...options, detached: true });
  await Promise.race([once(child, 'spawn'), once(child, 'error').then(([cause]) => Promise.reject(cannotStart(command, cause)))]);
  running.add(child);
  child.once('exit', () => running.delete(child));
  return child;
}

const cannotStart = (command: string, cause: unknown): Error => new Error(`cannot start ${command}: is it installed`, { cause });

/** Ends a process and all that it started: asks first, insists after `patience` milliseconds. Resolves when it is gone. */
export async function end(child: ChildProcess, patience = 2000): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) {
    const gone = once(child, 'exit');
    signal(child, 'SIGTERM');
    const timer = setTimeout(() => signal(child, 'SIGKILL'), patience);
    await gone;
    clearTimeout(timer);
  }
  signal(child, 'SIGKILL'); // what is left of its group
}

function signal(child: ChildProcess, name: NodeJS.Signals): void {
  try {
    process.kill(-child.pid!, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
