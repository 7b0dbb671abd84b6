/** The typed client of the HTTP API: requests by `METHOD /path`, as the OpenAPI document names them, and the event stream. */
import { NoAnswer, readBody, send, type Door, type Message } from './door.js';
import { readError } from './error.js';
import { readEvents } from './events.js';
import type { Answer, ApiEvent, Input, Operation } from './contract.js';

type Values = Readonly<Record<string, unknown>>;
interface Parts {
  readonly path?: Values;
  readonly query?: Values;
  readonly body?: unknown;
}

export interface ClientOptions {
  readonly door: Door;
  /** Starts the API when nothing answers at the door. */
  readonly start?: () => Promise<void>;
}

export class Client {
  /** The API runs on this host. */
  readonly local: boolean;

  constructor(private readonly options: ClientOptions) {
    this.local = 'socketPath' in options.door;
  }

  /**
   * Sends one request and reads its answer.
   * @throws ApiError as the API refused it, NoAnswer when no API runs and none may be started
   */
  async request<O extends Operation>(operation: O, ...[input]: Input<O>): Promise<Answer<O>> {
    const message = messageOf(operation, (input ?? {}) as Parts);
    const answer = await this.send(message);
    const body = await readBody(answer);
    const status = answer.statusCode ?? 0;
    if (status < 200 || status > 299) throw readError(status, body.toString('utf8'), `${message.method} ${message.path}`);
    if (body.length === 0) return undefined as Answer<O>;
    const json = answer.headers['content-type']?.startsWith('application/json');
    return (json ? JSON.parse(body.toString('utf8')) : body) as Answer<O>;
  }

  /**
   * Opens the event stream. Resolves once the API has taken the subscription, so that nothing which happens afterwards is missed.
   * The stream ends when the API does or `signal` aborts.
   */
  async events(signal?: AbortSignal): Promise<AsyncGenerator<ApiEvent, void, undefined>> {
    const message: Message = { method: 'GET', path: '/events', accept: 'text/event-stream', ...(signal && { signal }) };
    const answer = await this.send(message);
    if (answer.statusCode !== 200) throw readError(answer.statusCode ?? 0, (await readBody(answer)).toString('utf8'), 'GET /events');
    return readEvents(untilBroken(answer)) as AsyncGenerator<ApiEvent, void, undefined>;
  }

  private async send(message: Message): ReturnType<typeof send> {
    const { door, start } = this.options;
    try {
      return await send(door, message);
    } catch (absent) {
      if (!(absent instanceof NoAnswer) || !start) throw absent;
      // Another command may start one at the same time: whichever API opened the door first is the one to ask.
      const failed = await start().then(() => absent, (reason: unknown) => reason);
      return send(door, message).catch((again: unknown) => Promise.reject(again instanceof NoAnswer ? failed : again));
    }
  }
}

/** The parts of a stream until its connection ends, whichever way: an API that was killed resets it. */
async function* untilBroken(stream: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void, undefined> {
  try {
    yield* stream;
  } catch (error) {
    const { code, name } = error as NodeJS.ErrnoException;
    if (code !== 'ECONNRESET' && name !== 'AbortError') throw error;
  }
}

/** Fills `{name}` in the path and appends the query; values are encoded, so that none reaches beyond its place. */
function messageOf(operation: string, { path = {}, query = {}, body }: Parts): Message {
  const [method = '', template = ''] = operation.split(' ');
  const filled = template.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(String(path[name])));
  const pairs = Object.entries(query).filter(([, value]) => value !== undefined);
  const search = new URLSearchParams(pairs.map(([name, value]): [string, string] => [name, String(value)])).toString();
  return { method, path: search ? `${filled}?${search}` : filled, body };
}
