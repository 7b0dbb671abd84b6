/** A process that holds one authentication library: started, called once at a time, and ended. */
import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { HostCall, HostReply, HostTarget } from './messages.js';

const PROGRAM = fileURLToPath(new URL('./main.js', import.meta.url));

/** The library or its process failed, which refuses a login. The text never holds a password. */
export class HostError extends Error {
  override readonly name = 'HostError';
}

export class HostProcess {
  private readonly child: ChildProcess;
  private ended: string | undefined;
  private awaited: { resolve(reply: HostReply): void; reject(error: HostError): void } | undefined;
  private readonly loaded: Promise<HostReply>;

  constructor(target: HostTarget) {
    // The library's output goes nowhere: it might print what it was told.
    this.child = fork(PROGRAM, [JSON.stringify(target)], { execArgv: [], stdio: ['ignore', 'ignore', 'ignore', 'ipc'] });
    this.child.on('message', (reply: HostReply) => this.heard(reply));
    this.child.on('error', (cause) => this.over(`its process failed: ${cause.message}`));
    this.child.on('exit', (code, signal) => this.over(signal ? `its process ended by ${signal}` : `its process ended with code ${code}`));
    this.loaded = this.reply();
    this.loaded.catch(() => undefined);
  }

  get alive(): boolean {
    return this.ended === undefined;
  }

  /** The process's number, while it is known. */
  get pid(): number | undefined {
    return this.child.pid;
  }

  /** Waits for the library to be loaded, then for its answer. @throws HostError */
  async call(call: HostCall): Promise<Exclude<HostReply, { say: 'loaded' | 'unloadable' }>> {
    const first = await this.loaded;
    if (first.say === 'unloadable') throw new HostError(`it cannot be loaded: ${first.problem}`);
    if (this.ended !== undefined) throw new HostError(this.ended);
    const answer = this.reply();
    this.child.send(call, (error) => error && this.over(`its process cannot be reached: ${error.message}`));
    const reply = await answer;
    if (reply.say === 'loaded' || reply.say === 'unloadable') throw new HostError('it answered out of turn');
    return reply;
  }

  kill(): void {
    this.over('its process was ended');
    this.child.kill('SIGKILL');
  }

  private reply(): Promise<HostReply> {
    this.child.ref();
    this.child.channel?.ref();
    return new Promise((resolve, reject) => (this.awaited = { resolve, reject }));
  }

  private heard(reply: HostReply): void {
    this.rest();
    this.awaited?.resolve(reply);
    this.awaited = undefined;
  }

  private over(why: string): void {
    this.ended ??= why;
    this.rest();
    this.awaited?.reject(new HostError(this.ended));
    this.awaited = undefined;
  }

  /** Between calls, the process keeps nobody from ending. */
  private rest(): void {
    this.child.unref();
    this.child.channel?.unref();
  }
}
