/**
 * One client's socket: bytes to packets to steps, TLS when a step asks for it, deadlines, and the end.
 *
 * Not pure: sockets and timers are here, decisions are in `step.ts`. Nothing that a client sends gets an exception past this file.
 */
import type { Socket } from 'node:net';
import { type SecureContext, TLSSocket } from 'node:tls';
import { WireError } from '@belvedere/wire';
import { ProtocolError } from '../errors.js';
import { ErrorInfo, errorInfoName } from '../pdu/errorInfo.js';
import { subjectPublicKey } from '../nla/index.js';
import type { Log } from './options.js';
import { PacketReader } from '../pdu/packetReader.js';
import { TsRequestReader } from './nla.js';
import type { ConnectionEvent, Effect, State } from './state.js';
import { INITIAL, step, type StepContext } from './step.js';

/** Bytes of the longest packet that is taken of a client that has not logged in. None that it may send is longer. */
const MAX_PACKET_BEFORE_LOGIN = 0x4000;
/** Bytes of the longest packet there is: TPKT's length has 16 bits. */
const MAX_PACKET = 0xffff;
/** Milliseconds a client has to close its end once we have closed ours. */
const LINGER = 2000;

/** Effects that the socket does not handle by itself. */
export type SessionEffect = Exclude<Effect, { type: 'startTls' | 'close' }>;

export interface ConnectionOptions {
  readonly id: number;
  readonly context: StepContext;
  /** For this connection: a renewed certificate counts from here on. */
  readonly secureContext: () => Promise<SecureContext>;
  readonly log: Log;
  /** Awaited before the client's first byte is read. */
  readonly ready?: () => Promise<void>;
  /** Milliseconds until a login must have come, and again from its grant to the first picture. */
  readonly loginTimeout: number;
  readonly onEffect: (effect: SessionEffect) => void;
  /** The socket takes more. */
  readonly onDrain: () => void;
  /** The connection is over; its last packets may still be on their way. Called once. */
  readonly onClosed: (reason: string) => void;
}

export class Connection {
  readonly address: string;
  state: State = INITIAL;
  bytesIn = 0;
  bytesOut = 0;
  private readonly reader = new PacketReader(MAX_PACKET_BEFORE_LOGIN);
  /** TLS's, once it has begun. */
  private socket: Socket;
  /** Takes what comes while CredSSP runs. */
  private tsRequests: TsRequestReader | undefined;
  private deadline: NodeJS.Timeout | undefined;
  /** Why the connection is over, once it is. */
  private ending: string | undefined;

  constructor(
    private readonly plain: Socket,
    private readonly options: ConnectionOptions,
  ) {
    this.address = plainAddress(plain.remoteAddress ?? 'unknown');
    this.socket = plain;
    plain.setNoDelay(true);
    plain.setKeepAlive(true, 30_000);
    this.expectWithin(options.loginTimeout, 'did not log in');
    this.watch(plain);
    const read = (): void => void plain.on('data', this.onData);
    if (options.ready) options.ready().then(read, (error: unknown) => this.fail(error));
    else read();
  }

  /** The TLS version in force, or `undefined` without TLS. */
  get tlsVersion(): string | undefined {
    return this.socket instanceof TLSSocket ? (this.socket.getProtocol() ?? undefined) : undefined;
  }

  /** Whether the socket takes more without queueing it. */
  get writable(): boolean {
    return this.ending === undefined && !this.socket.writableNeedDrain;
  }

  /** The bits of the public key that TLS has shown to the client. */
  get publicKey(): Uint8Array {
    const certificate = this.socket instanceof TLSSocket ? this.socket.getX509Certificate() : undefined;
    if (!certificate) throw new Error('the connection has no certificate');
    return subjectPublicKey(certificate.raw);
  }

  /** CredSSP's requests, in the step that has them. */
  get credSsp(): TsRequestReader {
    if (!this.tsRequests) throw new Error(`no CredSSP in ${this.state.step}`);
    return this.tsRequests;
  }

  /** CredSSP is done: what the client has sent since belongs to the sequence. */
  proved(): void {
    const rest = this.credSsp.drain();
    this.tsRequests = undefined;
    this.dispatch({ type: 'proved' });
    if (rest.length) this.take(rest);
  }

  /** Lets an event happen to the connection. A client's mistake ends it; nothing is thrown. */
  dispatch(event: ConnectionEvent): void {
    if (this.ending !== undefined) return;
    try {
      const { state, send, effects } = step(this.state, event, this.options.context);
      if (state.step !== this.state.step) this.options.log('debug', `client ${this.options.id}: ${this.state.step} -> ${state.step}`);
      this.state = state;
      this.write(send);
      for (const effect of effects) if (this.ending === undefined) this.apply(effect);
    } catch (error) {
      this.fail(error);
    }
  }

  /** Sends packets of the share. */
  write(packets: readonly Uint8Array[]): void {
    if (packets.length === 0 || this.ending !== undefined) return;
    this.socket.cork();
    for (const packet of packets) {
      this.bytesOut += packet.length;
      this.socket.write(packet);
    }
    this.socket.uncork();
  }

  /** Whoever logged in need not hurry until `expectWithin` says so. */
  relax(): void {
    clearTimeout(this.deadline);
  }

  /** The client must get on to the next stage within this time. */
  expectWithin(milliseconds: number, failure: string): void {
    clearTimeout(this.deadline);
    this.deadline = setTimeout(() => {
      const reason = `the client ${failure} within ${milliseconds / 1000} s`;
      this.dispatch({ type: 'dismissed', errorInfo: ErrorInfo.ERRINFO_LOGON_TIMEOUT, reason });
    }, milliseconds);
  }

  /** Breaks the connection off: for programs that end. */
  destroy(reason: string): void {
    this.finish(reason);
    this.plain.destroy();
  }

  /** An error that belongs to this client ends its connection, with an error its user can read where that is possible. */
  fail(error: unknown): void {
    const expected = error instanceof WireError || error instanceof ProtocolError;
    this.options.log(
      expected ? 'debug' : 'error',
      `client ${this.options.id} in ${this.state.step}: ${expected ? error.message : describe(error)}`,
    );
    const reason = error instanceof Error ? error.message : String(error);
    try {
      const { send } = step(this.state, { type: 'dismissed', errorInfo: ErrorInfo.ERRINFO_DATAPDUSEQUENCE, reason }, this.options.context);
      this.write(send);
    } catch (second) {
      this.options.log(
        'debug',
        `client ${this.options.id}: no ${errorInfoName(ErrorInfo.ERRINFO_DATAPDUSEQUENCE)} sent: ${describe(second)}`,
      );
    }
    this.state = { step: 'closed' };
    this.finish(reason);
  }

  private apply(effect: Effect): void {
    if (effect.type === 'close') return this.finish(effect.reason);
    if (effect.type === 'startTls') return void this.startTls();
    if (effect.type === 'startCredSsp') this.tsRequests = new TsRequestReader();
    if (effect.type === 'activated') this.reader.limit = MAX_PACKET;
    this.options.onEffect(effect);
  }

  private listen(socket: Socket): void {
    this.watch(socket);
    socket.on('data', this.onData);
  }

  private watch(socket: Socket): void {
    socket.on('drain', this.options.onDrain);
    socket.on('error', (error) => this.finish(`the connection broke: ${error.message}`));
    socket.on('end', () => this.finish('the client closed the connection'));
    socket.on('close', () => this.finish('the connection was closed'));
  }

  private readonly onData = (bytes: Uint8Array): void => {
    if (this.ending !== undefined) return;
    this.bytesIn += bytes.length;
    this.take(bytes);
  };

  private take(bytes: Uint8Array): void {
    try {
      if (this.tsRequests) return this.tsRequests.push(bytes);
      this.reader.push(bytes);
      for (let packet = this.reader.next(); packet; packet = this.reader.next()) {
        this.dispatch({ type: 'packet', packet });
        // What follows belongs to TLS, or to nobody.
        if (this.ending !== undefined || this.state.step === 'tlsHandshake') return;
      }
    } catch (error) {
      this.fail(error);
    }
  }

  /** TLS takes the socket over, with the bytes that came too early. */
  private async startTls(): Promise<void> {
    const { plain } = this;
    plain.off('data', this.onData);
    plain.pause();
    try {
      const secureContext = await this.options.secureContext();
      if (this.ending !== undefined) return;
      const early = this.reader.drain();
      if (early.length) plain.unshift(early);
      const secured = new TLSSocket(plain, { isServer: true, secureContext });
      this.socket = secured;
      this.listen(secured);
      secured.once('secure', () => this.dispatch({ type: 'tlsEstablished' }));
    } catch (error) {
      this.fail(error);
    }
  }

  private finish(reason: string): void {
    if (this.ending !== undefined) return;
    this.ending = reason;
    clearTimeout(this.deadline);
    this.tsRequests?.close(new Error(reason));
    this.socket.end();
    this.socket.resume();
    const linger = setTimeout(() => this.plain.destroy(), LINGER);
    this.plain.once('close', () => clearTimeout(linger));
    try {
      this.options.onClosed(reason);
    } catch (error) {
      this.options.log('error', `client ${this.options.id}: leaving failed: ${describe(error)}`);
    }
  }
}

/** An IPv4 address without the prefix it has on a socket of both families. */
const plainAddress = (address: string): string => address.replace(/^::ffff:(?=[0-9.]+$)/, '');

const describe = (error: unknown): string => (error instanceof Error ? (error.stack ?? error.message) : String(error));
