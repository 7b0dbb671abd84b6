/** The shell that the small Linux guest has at its second serial line: commands typed there, and what they print. */
import { once } from 'node:events';
import { connect } from 'node:net';
import type { Duplex } from 'node:stream';

/** Milliseconds: until the guest has booted, on a busy host, and between two attempts to be heard. */
const BOOT = 300_000;
const AGAIN = 2_000;

export class LinuxShell {
  private said = '';
  private number = 0;
  private wake: () => void = () => undefined;

  private constructor(private readonly socket: Duplex) {
    socket.on('data', (bytes: Buffer) => {
      this.said += bytes.toString();
      this.wake();
    });
    socket.on('error', () => undefined);
    socket.on('close', () => this.wake());
  }

  /** @param path of the serial line, as `--uartmode2 server` was told. Resolves when the guest answers */
  static async open(path: string): Promise<LinuxShell> {
    const socket = connect(path);
    await once(socket, 'connect');
    return LinuxShell.over(socket);
  }

  /** As `open`, at the other end of a line that is there already. */
  static async over(socket: Duplex): Promise<LinuxShell> {
    const shell = new LinuxShell(socket);
    // What is typed before the shell is there is lost.
    for (const until = Date.now() + BOOT; ; ) {
      try {
        await shell.run('stty -echo 2>/dev/null; PS1=; PS2=', AGAIN);
        await shell.run('true');
        return shell;
      } catch (error) {
        if (Date.now() > until) throw error;
      }
    }
  }

  /** Runs a command that must succeed and returns what it printed. @param patience milliseconds */
  async run(command: string, patience = 180_000): Promise<string> {
    const { code, output } = await this.attempt(command, patience);
    if (code !== 0) throw new Error(`the guest's '${command}': exit code ${code}\n${output}`);
    return output;
  }

  /** Runs a command, whatever comes of it. @param patience milliseconds */
  async attempt(command: string, patience = 180_000): Promise<{ readonly code: number; readonly output: string }> {
    const number = ++this.number;
    // As it is typed, and may be echoed, the mark's digits stand apart.
    this.socket.write(`${command}; echo "=${number}="$?"="\n`);
    const mark = new RegExp(`=${number}=(\\d+)=\\r?\\n`);
    for (const until = Date.now() + patience; ; ) {
      const found = mark.exec(this.said);
      if (found) {
        const output = this.said.slice(0, found.index).replaceAll('\r', '');
        this.said = this.said.slice(found.index + found[0].length);
        return { code: Number(found[1]), output };
      }
      if (this.socket.closed) throw new Error(`the guest's serial line closed during '${command}'`);
      if (Date.now() > until) throw new Error(`the guest did not end '${command}' in ${patience / 1000} s: ${JSON.stringify(this.said.slice(-500))}`);
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, until - Date.now() + 1);
        this.wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  }

  close(): void {
    this.socket.destroy();
  }
}
