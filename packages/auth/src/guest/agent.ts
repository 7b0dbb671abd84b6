/**
 * The QEMU guest agent's protocol (qemu-ga): synchronise, then one command at a time, each with its answer.
 *
 * QEMU's "Guest Agent Protocol Reference": guest-sync-delimited, guest-exec, guest-exec-status. Nothing but the synchronisation is written
 * before the agent has answered it: a password does not go to whatever else may listen on the port.
 */
import { randomInt } from 'node:crypto';
import { type Clock, pause } from '../clock.js';
import { Turns } from '../turns.js';
import type { GuestChannel } from './channel.js';
import { FrameReader, type Frame } from './frames.js';

/** The agent answers, and its answer is no. */
export class GuestAgentError extends Error {
  override readonly name = 'GuestAgentError';
  constructor(
    readonly errorClass: string,
    message: string,
  ) {
    super(message);
  }
}

/** What became of a program in the guest. */
export interface Exit {
  readonly exitcode: number | undefined;
  readonly signal: number | undefined;
}

export type Execute = (command: string, args?: object) => Promise<unknown>;

const FIRST_POLL = 25;
const LONGEST_POLL = 500;

const record = (value: unknown): Record<string, unknown> => (typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {});

export class GuestAgent {
  /** A serial port is one line: one conversation at a time. */
  private readonly turns = new Turns(1, 16);

  constructor(
    private readonly channel: GuestChannel,
    private readonly clock: Clock,
  ) {}

  /**
   * Has a conversation with the agent; others wait. `talk` must end when `signal` aborts: every wait in here does.
   * @throws AbandonedError when `signal` aborts; GuestAgentError; whatever the channel throws
   */
  async converse<T>(talk: (execute: Execute, exec: (path: string, args: readonly string[], input?: Uint8Array) => Promise<Exit>) => Promise<T>, signal: AbortSignal): Promise<T> {
    const release = await this.turns.take(signal);
    const reader = new FrameReader();
    let heard: ((frame: Frame) => void) | undefined;
    const stop = this.channel.onData((bytes) => {
      for (const frame of reader.read(bytes)) heard?.(frame);
    });

    /** Sends `request`; resolves with the first frame that `wanted` makes something of. */
    const ask = <A>(request: Uint8Array, wanted: (frame: Frame) => A | undefined): Promise<A> =>
      new Promise((resolve, reject) => {
        const leave = (): void => reject(signal.reason as Error);
        const done = <V>(settle: (value: V) => void) => (value: V): void => {
          heard = undefined;
          signal.removeEventListener('abort', leave);
          settle(value);
        };
        heard = (frame) => {
          try {
            const answer = wanted(frame);
            if (answer !== undefined) done(resolve)(answer);
          } catch (error) {
            done(reject)(error);
          }
        };
        if (signal.aborted) return leave();
        signal.addEventListener('abort', leave, { once: true });
        try {
          this.channel.write(request);
        } catch (error) {
          done(reject)(error);
        }
      });

    const execute: Execute = async (command, args) => (await ask(line({ execute: command, ...(args ? { arguments: args } : {}) }), answerOf)).value;

    try {
      await synchronise(ask);
      return await talk(execute, (path, args, input) => this.exec(execute, path, args, input, signal));
    } finally {
      stop();
      release();
    }
  }

  private async exec(execute: Execute, path: string, arg: readonly string[], input: Uint8Array | undefined, signal: AbortSignal): Promise<Exit> {
    const { pid } = record(await execute('guest-exec', { path, arg, ...(input ? { 'input-data': Buffer.from(input).toString('base64') } : {}), 'capture-output': false }));
    if (!Number.isSafeInteger(pid)) throw new GuestAgentError('GenericError', 'guest-exec gave no process');
    for (let wait = FIRST_POLL; ; wait = Math.min(2 * wait, LONGEST_POLL)) {
      const { exited, exitcode, signal: killedBy } = record(await execute('guest-exec-status', { pid }));
      if (exited === true) return { exitcode: typeof exitcode === 'number' ? exitcode : undefined, signal: typeof killedBy === 'number' ? killedBy : undefined };
      await pause(this.clock, wait, signal);
    }
  }
}

/** The agent's parser is reset by the sentinel; what it still had to say to others comes before the number that only we know. */
async function synchronise(ask: <A>(request: Uint8Array, wanted: (frame: Frame) => A | undefined) => Promise<A>): Promise<void> {
  const id = randomInt(1, 2 ** 31);
  const request = Buffer.concat([Buffer.of(0xff), line({ execute: 'guest-sync-delimited', arguments: { id } })]);
  await ask(request, ({ value, delimited }) => (delimited && record(value).return === id ? true : undefined));
}

/** A frame that answers a command. The echo of our own request, and anything else, answers nothing. */
function answerOf({ value }: Frame): { value: unknown } | undefined {
  const { return: returned, error } = record(value);
  if (error !== undefined) {
    const { class: errorClass, desc } = record(error);
    throw new GuestAgentError(typeof errorClass === 'string' ? errorClass : 'GenericError', typeof desc === 'string' ? desc : 'the agent refuses');
  }
  return returned === undefined ? undefined : { value: returned };
}

const line = (value: object): Uint8Array => Buffer.from(`${JSON.stringify(value)}\n`, 'utf8');
