/**
 * A target that waits: the port, the proof, one source at a time, and the questions of a source that lost its line.
 *
 * The port is open while the machine waits, and for a short time after it runs. A connection that proves nothing gets a version and a point of
 * a curve, no more; a wrong password costs time that doubles, for all together.
 */
import type { AddressInfo } from 'node:net';
import { createServer, type Server, type TLSSocket } from 'node:tls';
import { type Clock, monotonicClock } from './clock.js';
import { TeleportError, teleportError } from './errors.js';
import { type Limits, LIMITS } from './limits.js';
import { Line } from './line/line.js';
import { Answer, type AnswerName, ANSWER, ASK, get, HELLO, nameOf, put, Question, type QuestionName } from './line/messages.js';
import { type Frame, MAGIC, STREAM_VERSIONS } from './line/sections.js';
import { ephemeralIdentity } from './secure/certificate.js';
import { channelBinding, checkSource } from './secure/proof.js';
import { Move, type TargetOptions } from './target.js';

export interface WaitOptions extends TargetOptions {
  /** The address to listen on; absent: all of the host's. */
  readonly address?: string;
  /** 0: any free one. */
  readonly port: number;
  /** Empty: whoever reaches the port may bring a machine. */
  readonly password: string;
  readonly limits?: Partial<Limits>;
  readonly clock?: Clock;
}

export type ArrivalOutcome =
  /** The machine runs here. `stoodStill` in milliseconds; `authenticated` false: nobody proved where it came from. */
  | { readonly where: 'here'; readonly stoodStill: number; readonly authenticated: boolean }
  | { readonly where: 'kept'; readonly kept: string; readonly error: TeleportError }
  | { readonly where: 'cancelled' }
  /** The engine here failed where it must not, so that nothing more can be taken over. Nothing runs here. */
  | { readonly where: 'failed'; readonly error: TeleportError };

export interface Waiting {
  readonly port: number;
  /** Resolves once; never rejects. A move that fails and leaves nothing here is no end: the next source is waited for. */
  readonly outcome: Promise<ArrivalOutcome>;
  /** Resolves when the port is closed and nobody will be answered any more. */
  readonly closed: Promise<void>;
  /** Stops waiting, and ends a move that has not been committed. @returns false when it is too late */
  cancel(): boolean;
  /** Once the machine runs here: a source that lost its line is not waited for any longer. */
  close(): void;
}

/** Opens the port and waits. @throws Error when the port cannot be had */
export async function awaitMachine(options: WaitOptions): Promise<Waiting> {
  const door = new Door(options);
  await door.open();
  return door;
}

/** Outcomes of moves that are remembered, to answer who asks. */
const REMEMBERED = 64;

class Door implements Waiting {
  readonly outcome: Promise<ArrivalOutcome>;
  readonly closed: Promise<void>;
  private readonly server: Server;
  private readonly limits: Limits;
  private readonly clock: Clock;
  private settle!: (outcome: ArrivalOutcome) => void;
  private settleClosed!: () => void;
  private settled = false;
  private move: Move | undefined;
  private readonly past = new Map<string, AnswerName>();
  private readonly sockets = new Set<TLSSocket>();
  private strangers = 0;
  private wrongPasswords = 0;
  /** One proof is judged at a time, so that many connections guess no faster. */
  private turn: Promise<void> = Promise.resolve();

  constructor(private readonly options: WaitOptions) {
    this.limits = { ...LIMITS, ...options.limits };
    this.clock = options.clock ?? monotonicClock;
    this.outcome = new Promise((resolve) => (this.settle = resolve));
    this.closed = new Promise((resolve) => (this.settleClosed = resolve));
    this.server = createServer({ ...ephemeralIdentity(), minVersion: 'TLSv1.3', handshakeTimeout: this.limits.connect });
    this.server.maxConnections = 2 * this.limits.strangers;
    this.server.on('secureConnection', (socket: TLSSocket) => void this.welcome(socket));
    this.server.on('tlsClientError', (error, socket) => (this.log('debug', `no TLS from ${socket.remoteAddress ?? 'somebody'}: ${error.message}`), socket.destroy()));
  }

  private log(level: 'debug' | 'info' | 'warn' | 'error', text: string): void {
    this.options.log?.(level, `teleport: ${text}`);
  }

  async open(): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.server.once('error', reject);
      this.server.listen({ port: this.options.port, ...(this.options.address === undefined ? {} : { host: this.options.address }) }, () => (this.server.off('error', reject), resolve()));
    });
    this.server.on('error', (error) => this.log('error', error.message));
    this.log('info', `waiting for a machine on port ${this.port}${this.options.password === '' ? ', without a password: whoever reaches it may bring one' : ''}`);
    this.options.progress?.({ phase: 'waiting' });
  }

  get port(): number {
    return (this.server.address() as AddressInfo | null)?.port ?? 0;
  }

  cancel(): boolean {
    if (this.settled) return false;
    if (this.move && !this.move.cancel()) return false;
    if (!this.move) this.end({ where: 'cancelled' });
    this.cancelled = true;
    return true;
  }

  private cancelled = false;

  private end(outcome: ArrivalOutcome): void {
    if (this.settled) return;
    this.settled = true;
    this.settle(outcome);
    if (outcome.where !== 'here') this.shut();
  }

  close(): void {
    this.closing.abort();
  }

  private readonly closing = new AbortController();

  private shut(): void {
    this.server.close(() => this.settleClosed());
    for (const socket of this.sockets) socket.destroy();
  }

  private async welcome(socket: TLSSocket): Promise<void> {
    const from = `${socket.remoteAddress ?? 'somebody'}:${socket.remotePort ?? 0}`;
    socket.on('error', () => {}); // the line tells
    if (this.strangers >= this.limits.strangers) return void socket.destroy();
    this.sockets.add(socket);
    socket.once('close', () => this.sockets.delete(socket));
    socket.setNoDelay(true);
    const line = new Line(socket, this.limits.connect);
    const deadline = setTimeout(() => line.destroy('no proof in time'), 3 * this.limits.connect + this.limits.longestWrongPassword);
    this.strangers++;
    let first: Frame;
    try {
      first = await this.proved(line, socket, from);
    } catch (cause) {
      this.log('debug', `${from}: ${(cause as Error).message}`);
      return void line.end();
    } finally {
      this.strangers--;
      clearTimeout(deadline);
    }
    await (first.name === 'ask' ? this.answer(line, first) : this.take(line, first, from));
  }

  /** The first section of a source that has proved the password. */
  private async proved(line: Line, socket: TLSSocket, from: string): Promise<Frame> {
    const { magic, min, max } = get(HELLO, (await line.expect('hello')).contents);
    if (Buffer.from(magic).toString('latin1') !== MAGIC) throw new TeleportError('line', 'no teleporting source');
    const version = Math.min(max, STREAM_VERSIONS.max);
    if (version < min || version < STREAM_VERSIONS.min) {
      await line.send('refuse', Buffer.from(`the source speaks stream versions ${min} to ${max}, this side ${STREAM_VERSIONS.min} to ${STREAM_VERSIONS.max}: use releases that are closer`));
      throw new TeleportError('line', `versions ${min} to ${max}`);
    }
    await line.send('hello', put(HELLO, { magic: Buffer.from(MAGIC), min: version, max: version }));
    line.version = version;
    const proof = await checkSource(line, { password: this.options.password, binding: channelBinding(socket) });
    await this.inTurn(async () => {
      if (proof) return void (this.wrongPasswords = 0);
      const delay = Math.min(this.limits.wrongPassword * 2 ** this.wrongPasswords++, this.limits.longestWrongPassword);
      this.log('warn', `wrong password from ${from}`);
      await this.clock.wait(delay);
    });
    if (!proof) {
      await line.send('refuse', Buffer.from('wrong password'));
      throw new TeleportError('password', 'wrong password');
    }
    await line.send('cpace-proof', proof);
    return line.expect('describe', 'ask');
  }

  private async inTurn(judge: () => Promise<void>): Promise<void> {
    const before = this.turn;
    let done!: () => void;
    this.turn = new Promise((resolve) => (done = resolve));
    await before;
    await judge().finally(done);
  }

  private async answer(line: Line, { contents }: Frame): Promise<void> {
    try {
      const { id, question } = get(ASK, contents);
      const name = nameOf(Question, question);
      if (name === undefined) throw new TeleportError('line', `unknown question ${question}`);
      const answer = this.answerTo(Buffer.from(id).toString('hex'), name);
      await line.send('answer', put(ANSWER, { answer: Answer[answer] }));
    } catch (cause) {
      this.log('debug', (cause as Error).message);
    }
    await line.end();
  }

  private answerTo(id: string, question: QuestionName): AnswerName {
    if (this.move?.id !== id) return this.past.get(id) ?? 'unknown';
    if (question === 'farewell') this.close();
    return this.move.answer(question);
  }

  private async take(line: Line, first: Frame, from: string): Promise<void> {
    if (this.move || this.settled || this.cancelled) {
      await line.send('refuse', Buffer.from(this.move ? 'another source is being served' : 'the machine does not wait any more')).catch(() => {});
      return void line.end();
    }
    this.log('info', `a machine comes from ${from}`);
    this.options.progress?.({ phase: 'connected' });
    line.silence = this.limits.silence;
    const authenticated = this.options.password !== '';
    const move = new Move(line, this.options, this.limits, this.clock, {
      runs: (stoodStill) => this.end({ where: 'here', stoodStill, authenticated }),
      sourceKnows: () => this.close(),
    });
    this.move = move;
    try {
      const outcome = await move.run(first);
      if (outcome.where === 'here') return void (await this.linger());
      this.remember(move.id, outcome.where === 'empty' ? 'source' : 'unknown');
      this.move = undefined;
      if (outcome.where === 'kept') this.end(outcome);
      else if (this.cancelled) this.end({ where: 'cancelled' });
      else this.options.progress?.({ phase: 'waiting' });
    } catch (cause) {
      this.log('error', (cause as Error).message);
      this.move = undefined;
      this.end({ where: 'failed', error: teleportError(cause, 'machine') });
    }
  }

  private remember(id: string, answer: AnswerName): void {
    if (id === '') return;
    this.past.set(id, answer);
    for (const old of this.past.keys()) if (this.past.size > REMEMBERED) this.past.delete(old);
  }

  /** Answers a source that lost its line, until it knows, or has had its time, or somebody closes. */
  private async linger(): Promise<void> {
    if (!this.closing.signal.aborted) await this.clock.wait(this.limits.linger, this.closing.signal);
    this.shut();
  }
}
