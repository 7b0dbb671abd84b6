/**
 * An authentication library in a process of its own, so that a crash, a hang or an exit refuses one login and harms nothing else.
 *
 * Processes are kept between logins, for the next one and for libraries that remember, and started again when they misbehaved.
 */
import type { EndedSession, LogonAttempt } from '../authenticator.js';
import { AbandonedError, type Clock, within } from '../clock.js';
import type { AuthLibrary, GuestJudgement, LibraryAnswer } from '../library.js';
import { Turns } from '../turns.js';
import type { HostCall, HostReply, HostTarget } from './messages.js';
import { HostError, HostProcess } from './process.js';

/** Logins that wait for a turn, at most. */
const WAITING = 64;

export interface IsolatedOptions {
  /** How many logins are judged at once, each in its own process. A library that remembers its sessions wants 1. */
  readonly atOnce: number;
  /** Milliseconds that loading and answering may take together. */
  readonly limit: number;
  /** Milliseconds after which a process without work is ended; absent: never. */
  readonly idle?: number;
  readonly clock: Clock;
}

export class IsolatedLibrary implements AuthLibrary {
  private readonly turns: Turns;
  private readonly running = new Set<HostProcess>();
  /** Processes without work, and how not to end them. The one that worked last is asked next, so that the others come to rest. */
  private readonly resting: { readonly host: HostProcess; readonly stay: () => void }[] = [];

  constructor(
    readonly name: string,
    private readonly target: HostTarget,
    private readonly options: IsolatedOptions,
  ) {
    this.turns = new Turns(options.atOnce, WAITING);
  }

  /** Numbers of the processes that run now. */
  get pids(): number[] {
    return [...this.running].flatMap(({ pid }) => (pid === undefined ? [] : [pid]));
  }

  async authenticate(attempt: LogonAttempt, guest: GuestJudgement, signal: AbortSignal): Promise<LibraryAnswer> {
    // Only what the interface names: an attempt may be an object with more to it.
    const { user, password, domain, clientId, machineId, address, clientName } = attempt;
    const reply = await this.ask({ call: 'authenticate', attempt: { user, password, domain, clientId, machineId, address, clientName }, guest }, signal);
    if (reply.say !== 'answer') throw new HostError(`${this.name}: ${reply.say === 'threw' ? `it threw ${reply.error}` : 'it gave no answer'}`);
    return reply.answer;
  }

  async sessionEnded({ user, domain, clientId, machineId, address, clientName }: EndedSession): Promise<void> {
    // Accounts of the host remember no sessions.
    if (this.target.kind !== 'module' && this.target.kind !== 'native') return;
    const reply = await this.ask({ call: 'sessionEnded', session: { user, domain, clientId, machineId, address, clientName } }, new AbortController().signal);
    if (reply.say === 'threw') throw new HostError(`${this.name}: it threw ${reply.error}`);
  }

  close(): void {
    for (const host of [...this.running]) this.end(host);
  }

  /** The turn lasts as long as the call, even when its client leaves: leaving makes no room for more guesses. */
  private async ask(call: HostCall, signal: AbortSignal): Promise<HostReply> {
    const release = await this.turns.take(signal);
    const host = this.host();
    try {
      const reply = await within(this.options.clock, this.options.limit, 'it', () => host.call(call));
      this.rest(host);
      return reply;
    } catch (error) {
      this.end(host);
      if (error instanceof HostError || error instanceof AbandonedError) throw new HostError(`${this.name}: ${error.message}`, { cause: error });
      throw error;
    } finally {
      release();
    }
  }

  private host(): HostProcess {
    for (let rested = this.resting.pop(); rested; rested = this.resting.pop()) {
      rested.stay();
      if (rested.host.alive) return rested.host;
      this.running.delete(rested.host);
    }
    const host = new HostProcess(this.target);
    this.running.add(host);
    return host;
  }

  private rest(host: HostProcess): void {
    const { clock, idle } = this.options;
    if (!this.running.has(host)) return host.kill(); // closed while it worked
    this.resting.push({ host, stay: idle === undefined ? () => undefined : clock.after(idle, () => this.end(host), 'idle') });
  }

  private end(host: HostProcess): void {
    host.kill();
    this.running.delete(host);
    const at = this.resting.findIndex((rested) => rested.host === host);
    if (at >= 0) this.resting.splice(at, 1)[0].stay();
  }
}
