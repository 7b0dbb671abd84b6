/** Child processes that are ended as whole groups, by id, and do not outlive this process. */
import { type ChildProcess, spawn, type SpawnOptions } from 'node:child_process';
import { once } from 'node:events';
import { accessSync, constants, existsSync, readdirSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/**
 * Starts a program as the head of a process group of its own. Where the host has setpriv (util-linux), the kernel kills it when this process
 * dies in whatever way: a test runner that gives up on a test leaves nothing behind.
 * @throws when it cannot be started
 */
export async function start(program: string, args: readonly string[], options: SpawnOptions): Promise<ChildProcess> {
  if (!onPath(program)) throw new Error(`cannot start ${program}: it is not installed`);
  const bound = onPath('setpriv');
  const command = bound ? 'setpriv' : program;
  const child = spawn(command, bound ? ['--pdeathsig', 'KILL', '--', program, ...args] : args, { ...options, detached: true });
  await Promise.race([once(child, 'spawn'), once(child, 'error').then(([cause]) => Promise.reject(cannotStart(command, cause)))]);
  return child;
}

const cannotStart = (command: string, cause: unknown): Error => new Error(`cannot start ${command}`, { cause });

/** Whether a command is on the PATH. */
export function onPath(command: string): boolean {
  return (process.env.PATH ?? '').split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, command), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

/** Whether a plug-in is in a folder for libraries; on Debian each architecture has one. */
export function hasPlugin(name: string): boolean {
  return ['/usr/lib', '/usr/lib64', '/usr/local/lib'].filter((folder) => existsSync(folder)).some((folder) =>
    [folder, ...readdirSync(folder).filter((each) => each.includes('-linux-')).map((each) => join(folder, each))].some((place) => existsSync(join(place, name))),
  );
}

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
