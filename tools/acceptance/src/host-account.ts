/** An account of this host, made for a test by useradd and removed after it: only root can. */
import { spawnSync } from 'node:child_process';

export class HostAccount {
  readonly user: string;

  /** Why no account can be made here; undefined where one can. */
  static unavailable(): string | undefined {
    if (process.platform !== 'linux') return 'this is not Linux';
    if (process.getuid?.() !== 0) return 'only root can make accounts of the host';
    return spawnSync('useradd', ['--help']).error ? 'there is no useradd' : undefined;
  }

  /** @param kind a letter that tells this process's accounts apart */
  constructor(kind: string, password: string) {
    this.user = `bv${process.pid}${kind}`;
    run('useradd', ['--no-create-home', '--no-user-group', this.user]);
    run('chpasswd', [], `${this.user}:${password}\n`);
  }

  lock(): void {
    run('usermod', ['--lock', this.user]);
  }

  expire(): void {
    run('chage', ['--expiredate', '0', this.user]);
  }

  remove(): void {
    run('userdel', [this.user]);
  }
}

function run(command: string, args: readonly string[], input = ''): void {
  const { status, stderr, error } = spawnSync(command, args, { input, encoding: 'utf8' });
  if (status !== 0) throw new Error(`${command} ${args.join(' ')}: ${stderr}`, { cause: error });
}
