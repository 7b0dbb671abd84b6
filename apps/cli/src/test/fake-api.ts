/** A stand-in for the API on a unix socket: it remembers each request and answers as told. */
import { Client } from '@belvedere/client';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server, type ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Output } from '../edge/output.js';

export type Answers = Readonly<Record<string, unknown>>;

/** An answer that is no success. */
export class Refusal {
  constructor(
    readonly status: number,
    readonly body: unknown,
  ) {}
}

export class FakeApi {
  /** `METHOD /path body` of each request, in order. */
  readonly seen: string[] = [];
  /** By `METHOD /path`: JSON, bytes, a refusal, or a function that gives one of these. Anything else is answered with 204. */
  answers: Answers = {};
  private onSubscribed = (): void => {};
  private readonly streams = new Set<ServerResponse>();
  private server: Server;

  private constructor(readonly home: string) {
    this.server = this.makeServer();
  }

  get socketPath(): string {
    return join(this.home, 'run', 'api.sock');
  }

  static async open(): Promise<FakeApi> {
    const api = new FakeApi(await mkdtemp(join(tmpdir(), 'cli-')));
    await mkdir(join(api.home, 'run'));
    await api.listen();
    return api;
  }

  client(start?: () => Promise<void>): Client {
    return new Client({ door: { socketPath: this.socketPath }, ...(start && { start }) });
  }

  /** Resolves when the next one listens to the events. */
  subscribed(): Promise<void> {
    return new Promise((resolve) => (this.onSubscribed = resolve));
  }

  emit(event: object): void {
    for (const stream of this.streams) stream.write(`data: ${JSON.stringify(event)}\n\n`);
  }

  /** Resolves when nobody listens to the events any more. */
  async unheard(): Promise<void> {
    while (this.streams.size > 0) await new Promise((resolve) => setImmediate(resolve));
  }

  /** Ends the event streams, as an API that stops does. */
  endStreams(): void {
    for (const stream of this.streams) stream.end();
  }

  /** Ends as an API that was killed does; `listen` is the next one. */
  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
    this.server = this.makeServer();
  }

  async listen(): Promise<void> {
    await new Promise<void>((resolve) => this.server.listen(this.socketPath, resolve));
  }

  async close(): Promise<void> {
    await this.stop();
    await rm(this.home, { recursive: true });
  }

  private makeServer(): Server {
    return createServer((request, response) => {
      let body = '';
      request.on('data', (part) => (body += String(part)));
      request.on('end', () => void this.answer(`${request.method} ${decodeURIComponent(request.url ?? '')}`, body, response));
    });
  }

  private async answer(name: string, body: string, response: ServerResponse): Promise<void> {
    this.seen.push(body ? `${name} ${body}` : name);
    if (name === 'GET /events') {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.flushHeaders();
      this.streams.add(response);
      response.on('close', () => this.streams.delete(response));
      this.onSubscribed();
      return;
    }
    const told = this.answers[name];
    const answer: unknown = typeof told === 'function' ? await (told as () => unknown)() : told;
    if (answer === undefined) response.writeHead(204).end();
    else if (answer instanceof Refusal) response.writeHead(answer.status, { 'content-type': 'application/json' }).end(JSON.stringify(answer.body));
    else if (Buffer.isBuffer(answer)) response.writeHead(200, { 'content-type': 'image/png' }).end(answer);
    else response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(answer));
  }
}

/** Keeps what a command prints. */
export class Printed implements Output {
  stdout = '';
  stderr = '';
  private readonly gone = new AbortController();
  readonly closed: AbortSignal = this.gone.signal;
  private readonly waiting = new Set<() => void>();

  write(text: string): void {
    this.stdout += text;
    for (const look of [...this.waiting]) look();
  }
  line(text: string): void {
    this.write(`${text}\n`);
  }
  writeNote(text: string): void {
    this.stderr += text;
  }
  note(text: string): void {
    this.writeNote(`${text}\n`);
  }
  /** The reader goes away. */
  close(): void {
    this.gone.abort();
  }
  /** Resolves when standard output holds `text`. */
  async until(text: string): Promise<void> {
    if (this.stdout.includes(text)) return;
    await new Promise<void>((resolve) => {
      const look = (): void => {
        if (!this.stdout.includes(text)) return;
        this.waiting.delete(look);
        resolve();
      };
      this.waiting.add(look);
    });
  }
}
