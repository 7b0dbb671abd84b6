/* eslint-disable @typescript-eslint/no-explicit-any -- answers are looked at as tests expect them, whatever their type */
/** A fresh home with an API in this process, whose machines run nothing, and plain requests to it. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { type IncomingMessage, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Api, startApi } from '../api.js';
import { identify, killProcess } from '../host/process-identity.js';
import type { Machine } from '../machines/machine.dto.js';

export const fakeMachine = fileURLToPath(new URL('./fake-machine.js', import.meta.url));

export interface Answer<T = any> {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly body: T;
}

export interface Asked {
  readonly body?: unknown;
  readonly headers?: Record<string, string>;
  /** Instead of the socket: the TCP door. */
  readonly url?: string;
}

export class TestHome {
  api: Api | undefined;

  private constructor(readonly folder: string) {}

  static async make(): Promise<TestHome> {
    const home = new TestHome(await mkdtemp(join(tmpdir(), 'bv-')));
    await home.start();
    return home;
  }

  get socket(): string {
    return join(this.folder, 'run', 'api.sock');
  }

  async start(): Promise<void> {
    this.api = await startApi({ home: this.folder, port: 0, logger: false, machineProgram: fakeMachine });
  }

  async stop(): Promise<void> {
    await this.api?.stop();
    this.api = undefined;
  }

  /** Ends what is left and removes the folder. */
  async remove(): Promise<void> {
    if (!this.api) await this.start();
    for (const { uuid } of (await this.ask('GET', '/machines?state=running')).body) {
      const machine = (await this.ask<Machine>('GET', `/machines/${uuid}`)).body;
      const process = machine.run && identify(machine.run.pid);
      if (process) killProcess(process);
    }
    await this.stop();
    await rm(this.folder, { recursive: true, force: true });
  }

  token(): Promise<string> {
    return readFile(join(this.folder, 'run', 'api.token'), 'utf8');
  }

  ask<T = any>(method: string, path: string, { body, headers = {}, url }: Asked = {}): Promise<Answer<T>> {
    const text = body === undefined ? undefined : JSON.stringify(body);
    const to = url ? { host: '127.0.0.1', port: new URL(url).port } : { socketPath: this.socket };
    return new Promise((resolve, reject) => {
      const sent = request({ ...to, method, path, headers: { ...(text === undefined ? {} : { 'content-type': 'application/json' }), ...headers } }, (answer) => {
        const parts: Buffer[] = [];
        answer.on('data', (part: Buffer) => parts.push(part));
        answer.on('error', reject);
        answer.on('end', () => {
          const bytes = Buffer.concat(parts);
          const isJson = answer.headers['content-type']?.startsWith('application/json');
          resolve({ status: answer.statusCode!, headers: answer.headers, body: (isJson ? JSON.parse(bytes.toString('utf8')) : bytes) as T });
        });
      });
      sent.on('error', reject);
      sent.end(text);
    });
  }

  /** @throws with the API's message for any other status */
  async get<T = any>(method: string, path: string, body?: unknown): Promise<T> {
    const answer = await this.ask<T>(method, path, { body });
    if (answer.status >= 300) throw new Error(`${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
    return answer.body;
  }

  machine(name: string, osType = 'Debian'): Promise<Machine> {
    return this.get<Machine>('POST', '/machines', { name, osType, register: true });
  }

  /** Opens the event stream. @returns what waits for the next event that fits, from now on or still unread */
  async events(): Promise<EventStream> {
    const answer = await new Promise<IncomingMessage>((resolve, reject) => {
      request({ socketPath: this.socket, path: '/events' }, resolve).on('error', reject).end();
    });
    return new EventStream(answer);
  }
}

type Event = Record<string, any>;

export class EventStream {
  private readonly seen: Event[] = [];
  private waiting: (() => void)[] = [];
  private text = '';
  readonly ended: Promise<void>;

  constructor(private readonly answer: IncomingMessage) {
    this.ended = new Promise((resolve) => answer.once('close', () => resolve()));
    answer.setEncoding('utf8');
    answer.on('error', () => undefined);
    answer.on('data', (part: string) => {
      this.text += part;
      for (let end = this.text.indexOf('\n\n'); end >= 0; end = this.text.indexOf('\n\n')) {
        const data = this.text.slice(0, end).split('\n').filter((line) => line.startsWith('data: ')).map((line) => line.slice(6)).join('\n');
        this.text = this.text.slice(end + 2);
        if (data) this.seen.push(JSON.parse(data) as Event);
      }
      for (const wake of this.waiting.splice(0)) wake();
    });
  }

  /** Waits for an event with all of these values; those before it are dropped. */
  async next(wanted: Event): Promise<Event> {
    for (;;) {
      const index = this.seen.findIndex((event) => Object.entries(wanted).every(([key, value]) => event[key] === value));
      if (index >= 0) return this.seen.splice(0, index + 1).at(-1)!;
      await new Promise<void>((resolve) => this.waiting.push(resolve));
    }
  }

  close(): void {
    this.answer.destroy();
  }
}
