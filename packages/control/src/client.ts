/** The control plane's side of a machine's control socket. */
import { connect, type Socket } from 'node:net';
import { isRecord, readLines, writeLine } from './lines.js';
import { ControlError, type ControlEvents, type ControlMethod, type ErrorCode, type Params, type Result } from './messages.js';

/** Longest answer, in bytes: a screenshot is the largest. */
const ANSWER_LIMIT = 64 << 20;

type EventListener = <E extends keyof ControlEvents>(event: E, data: ControlEvents[E]) => void;

interface Waiting {
  resolve(value: unknown): void;
  reject(error: Error): void;
}

export class ControlClient {
  private readonly waiting = new Map<number, Waiting>();
  private readonly listeners = new Set<EventListener>();
  private next = 1;
  /** Resolves when the connection has ended, whichever side ended it. */
  readonly closed: Promise<void>;

  private constructor(private readonly socket: Socket) {
    this.closed = new Promise((resolve) => socket.once('close', () => resolve()));
    socket.on('error', () => socket.destroy());
    socket.on('close', () => {
      for (const { reject } of this.waiting.values()) reject(new ControlError('VBOX_E_VM_ERROR', 'the machine process ended before it answered'));
      this.waiting.clear();
    });
    readLines(socket, ANSWER_LIMIT, (value) => this.take(value));
  }

  /** @throws the socket's own error, such as `ECONNREFUSED` when the process is gone */
  static async connect(path: string): Promise<ControlClient> {
    const socket = connect(path);
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve);
      socket.once('error', reject);
    });
    return new ControlClient(socket);
  }

  /** @throws ControlError as the machine process answered it, or when it ended first */
  request<M extends ControlMethod>(method: M, params: Params<M>): Promise<Result<M>> {
    if (this.socket.destroyed) return Promise.reject(new ControlError('VBOX_E_VM_ERROR', 'the machine process has ended'));
    const id = this.next++;
    return new Promise<Result<M>>((resolve, reject) => {
      this.waiting.set(id, { resolve: resolve as (value: unknown) => void, reject });
      writeLine(this.socket, { id, method, params });
    });
  }

  /** Calls `listener` for each event until the returned function is called. */
  onEvent(listener: EventListener): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  close(): void {
    this.socket.destroy();
  }

  private take(message: unknown): void {
    if (!isRecord(message)) return void this.socket.destroy();
    if (typeof message.event === 'string') {
      for (const listener of this.listeners) listener(message.event as keyof ControlEvents, message.data as never);
      return;
    }
    const waiting = this.waiting.get(message.id as number);
    if (!waiting) return;
    this.waiting.delete(message.id as number);
    if (isRecord(message.error)) waiting.reject(new ControlError(message.error.code as ErrorCode, String(message.error.message)));
    else waiting.resolve(message.result);
  }
}
