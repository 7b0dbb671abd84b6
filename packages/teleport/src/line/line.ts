/**
 * A line to the peer: frames over any duplex stream, with bounds on lengths and on silence.
 *
 * Nothing is buffered beyond the frame in progress and what the stream itself holds back.
 */
import type { Duplex } from 'node:stream';
import { TeleportError } from '../errors.js';
import { type Frame, frameHeader, frameRoom, headerLength, parseHeader, type SectionName, STREAM_VERSIONS } from './sections.js';

const NOTHING = new Uint8Array(0);

export class Line {
  /** Bytes sent and received since the start. */
  sent = 0;
  received = 0;
  /** Of the stream, as both sides have agreed. */
  version: number = STREAM_VERSIONS.max;
  private readonly chunks: Buffer[] = [];
  private buffered = 0;
  /** Nothing can be sent or received. */
  private failure: Error | undefined;
  /** Nothing more comes. */
  private ended: Error | undefined;
  private wake: (() => void) | undefined;
  private readonly drains = new Set<() => void>();
  private receiving = false;
  private deaf = false;

  /** @param patience milliseconds without a byte from the peer, while one is awaited, after which it counts as gone */
  constructor(
    private readonly stream: Duplex,
    private patience: number,
  ) {
    stream.on('data', (chunk: Buffer) => {
      if (this.deaf) return;
      this.chunks.push(chunk);
      this.buffered += chunk.length;
      this.received += chunk.length;
      if (this.buffered > HIGH_WATER) stream.pause();
      this.wake?.();
    });
    stream.on('error', (error) => this.fail(error));
    stream.on('end', () => {
      this.ended = new Error('the peer closed the connection');
      this.wake?.();
    });
    stream.on('close', () => this.fail(new Error('the connection was closed')));
    stream.on('drain', () => this.releaseDrains());
  }

  /** Milliseconds of silence that are borne from now on. */
  set silence(milliseconds: number) {
    this.patience = milliseconds;
  }

  /** The line is of no use any more; what came before may still be read. */
  get broken(): boolean {
    return this.failure !== undefined || this.ended !== undefined || this.deaf;
  }

  /** Resolves when the stream takes more. @throws TeleportError when the line is broken, or the peer takes nothing for too long */
  async send(name: SectionName, contents: Uint8Array = NOTHING): Promise<void> {
    if (this.failure) throw this.brokenError();
    if (this.deaf) throw new TeleportError('line', 'the connection is being closed');
    const header = frameHeader(name, contents.length);
    this.sent += header.length + contents.length;
    this.stream.cork();
    this.stream.write(header);
    const room = contents.length === 0 ? !this.stream.writableNeedDrain : this.stream.write(contents);
    this.stream.uncork();
    if (!room) await this.drained();
  }

  /** As `send`, without a copy: `frame` has `frameRoom(name)` bytes of room before its contents. */
  async sendInPlace(name: SectionName, frame: Uint8Array): Promise<void> {
    if (this.failure) throw this.brokenError();
    if (this.deaf) throw new TeleportError('line', 'the connection is being closed');
    frame.set(frameHeader(name, frame.length - frameRoom(name)));
    this.sent += frame.length;
    if (!this.stream.write(frame)) await this.drained();
  }

  private async drained(): Promise<void> {
    let wake!: () => void;
    const drain = new Promise<void>((resolve) => (wake = resolve));
    this.drains.add(wake);
    const timer = setTimeout(() => this.fail(new Error(`the peer took nothing for ${Math.round(this.patience / 1000)} s`)), this.patience);
    try {
      if (this.stream.writableNeedDrain && !this.failure) await drain;
    } finally {
      clearTimeout(timer);
      this.drains.delete(wake);
    }
    if (this.failure) throw this.brokenError();
  }

  /**
   * The next frame. One caller at a time.
   * @throws WireError for what is no frame; TeleportError when the line is broken or silent for too long
   */
  async receive(): Promise<Frame> {
    if (this.receiving) throw new Error('two receivers on one line');
    this.receiving = true;
    try {
      const [first] = await this.take(1);
      const header = Buffer.concat([Buffer.from([first]), await this.take(headerLength(first) - 1)]);
      const { name, length } = parseHeader(header);
      return { name, contents: length === 0 ? NOTHING : await this.take(length) };
    } finally {
      this.receiving = false;
    }
  }

  /** A frame of one of these names. @throws TeleportError `refused` with what the peer says, when it says that instead */
  async expect<Name extends SectionName>(...names: readonly Name[]): Promise<Frame & { readonly name: Name }> {
    const frame = await this.receive();
    if ((names as readonly string[]).includes(frame.name)) return frame as Frame & { readonly name: Name };
    if (frame.name === 'refuse' || frame.name === 'abort') throw new TeleportError('refused', Buffer.from(frame.contents).toString('utf8'));
    throw new TeleportError('line', `the peer sent "${frame.name}" where ${names.map((name) => `"${name}"`).join(' or ')} is due`);
  }

  private async take(length: number): Promise<Buffer> {
    while (this.buffered < length) {
      if (this.failure ?? this.ended) throw this.brokenError();
      await this.moreBytes();
    }
    const parts: Buffer[] = [];
    let missing = length;
    while (missing > 0) {
      const [chunk] = this.chunks;
      if (chunk.length <= missing) {
        parts.push(this.chunks.shift()!);
        missing -= chunk.length;
      } else {
        parts.push(chunk.subarray(0, missing));
        this.chunks[0] = chunk.subarray(missing);
        missing = 0;
      }
    }
    this.buffered -= length;
    if (this.buffered <= HIGH_WATER && this.stream.isPaused()) this.stream.resume();
    return parts.length === 1 ? parts[0] : Buffer.concat(parts, length);
  }

  private async moreBytes(): Promise<void> {
    const timer = setTimeout(() => this.fail(new Error(`the peer said nothing for ${Math.round(this.patience / 1000)} s`)), this.patience);
    if (this.stream.isPaused()) this.stream.resume();
    await new Promise<void>((resolve) => (this.wake = resolve));
    this.wake = undefined;
    clearTimeout(timer);
  }

  private releaseDrains(): void {
    for (const wake of this.drains) wake();
  }

  private fail(error: Error): void {
    this.failure ??= error;
    this.releaseDrains();
    this.wake?.();
  }

  private brokenError(): TeleportError {
    return new TeleportError('line', `the connection to the peer is lost: ${(this.ended ?? this.failure)!.message}`, { cause: this.ended ?? this.failure });
  }

  /** Ends the line at once, whatever is under way on it. */
  destroy(reason = 'closed on this side'): void {
    this.fail(new Error(reason));
    this.stream.destroy();
  }

  /** Why the peer ended the line, if it said so before it broke. */
  async lastWords(): Promise<string | undefined> {
    try {
      for (;;) {
        const { name, contents } = await this.receive();
        if (name === 'refuse' || name === 'abort') return Buffer.from(contents).toString('utf8');
      }
    } catch {
      return undefined;
    }
  }

  /** Sends what is still to be sent, and closes when the peer has; what it sends meanwhile is dropped. Never rejects. */
  async end(): Promise<void> {
    if (!this.stream.destroyed) {
      this.deaf = true;
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, FAREWELL);
        this.stream.once('close', () => (clearTimeout(timer), resolve()));
        if (!this.stream.writableEnded) this.stream.end();
        this.stream.resume();
      });
    }
    this.destroy();
  }
}

/** Received bytes that wait for their reader; more stay in the kernel. */
const HIGH_WATER = 4 << 20;
/** Milliseconds for the peer to close too. */
const FAREWELL = 2000;
