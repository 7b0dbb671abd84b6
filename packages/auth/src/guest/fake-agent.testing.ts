/** A guest agent for tests: the protocol of qemu-ga over two streams of bytes, with programs that are functions. */
import type { GuestChannel } from './channel.js';

export interface Run {
  readonly path: string;
  readonly args: readonly string[];
  readonly input: string;
}

export class FakeAgent implements GuestChannel {
  /** What came over the channel, as text. */
  heard = '';
  readonly runs: Run[] = [];
  /** Commands left unanswered, from the next on. */
  deaf = false;
  os: string | undefined = 'debian';
  /** How often a process is said to run still before it has ended. */
  polls = 0;
  /** Bytes before each answer. */
  noise: Uint8Array = new Uint8Array(0);
  /** Pieces in which answers arrive, in bytes. */
  piece = 7;
  /** What a program does: its exit code, or nothing where there is no such program. */
  program: (run: Run) => number | undefined = () => undefined;

  private readonly listeners = new Set<(bytes: Uint8Array) => void>();
  private readonly exits = new Map<number, { code: number; polls: number }>();
  private pending = '';

  onData(listener: (bytes: Uint8Array) => void): () => void {
    this.listeners.add(listener);
    return () => void this.listeners.delete(listener);
  }

  write(bytes: Uint8Array): void {
    const text = Buffer.from(bytes).toString('utf8').replace(/^\ufffd/, '');
    this.heard += text;
    this.pending += text;
    const lines = this.pending.split('\n');
    this.pending = lines.pop() as string;
    if (this.deaf) return;
    for (const line of lines) this.perform(JSON.parse(line) as { execute: string; arguments?: Record<string, unknown> });
  }

  send(bytes: Uint8Array): void {
    queueMicrotask(() => {
      for (let at = 0; at < bytes.length; at += this.piece) this.listeners.forEach((listener) => listener(bytes.subarray(at, at + this.piece)));
    });
  }

  private perform({ execute, arguments: given = {} }: { execute: string; arguments?: Record<string, unknown> }): void {
    if (execute === 'guest-sync-delimited') return this.answer({ return: given.id }, true);
    if (execute === 'guest-get-osinfo') return this.os === undefined ? this.refuse('CommandNotFound', 'The command guest-get-osinfo has not been found') : this.answer({ return: { id: this.os } });
    if (execute === 'guest-exec-status') {
      const exit = this.exits.get(given.pid as number);
      if (!exit) return this.refuse('GenericError', 'PID is unknown');
      return this.answer({ return: exit.polls-- > 0 ? { exited: false } : { exited: true, exitcode: exit.code } });
    }
    const run = { path: given.path as string, args: given.arg as string[], input: Buffer.from((given['input-data'] as string) ?? '', 'base64').toString('utf8') };
    const code = this.program(run);
    if (code === undefined) return this.refuse('GenericError', `Guest agent command failed, Failed to execute child process "${run.path}" (No such file or directory)`);
    this.runs.push(run);
    const pid = 100 + this.runs.length;
    this.exits.set(pid, { code, polls: this.polls });
    return this.answer({ return: { pid } });
  }

  private refuse(errorClass: string, desc: string): void {
    this.answer({ error: { class: errorClass, desc } });
  }

  private answer(value: object, delimited = false): void {
    this.send(Buffer.concat([this.noise, ...(delimited ? [Buffer.of(0xff)] : []), Buffer.from(`${JSON.stringify(value)}\n`)]));
  }
}

/** unix_chkpwd in a guest with one account. `expiry` is what its chkexpiry says. */
export const unixChkpwd =
  (user: string, password: string, expiry = 0, at = '/usr/sbin/unix_chkpwd') =>
  ({ path, args, input }: Run): number | undefined => {
    if (path !== at) return undefined;
    if (args[1] === 'chkexpiry') return args[0] === user ? expiry : 9;
    if (args[0] !== user) return 9;
    return input === `${password}\0` ? 0 : 7;
  };
