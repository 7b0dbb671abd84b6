/** One HTTP exchange over one of the API's doors: the unix socket of a home, or a TCP address with a token. */
import { request, type IncomingMessage } from 'node:http';

/** Longest answer that is read, in bytes: a screenshot is the largest. */
const ANSWER_LIMIT = 64 << 20;

export type Door = { readonly socketPath: string } | { readonly url: string; readonly token: string };

export interface Message {
  readonly method: string;
  /** Path and query, encoded. */
  readonly path: string;
  /** Sent as JSON. */
  readonly body?: unknown;
  readonly accept?: string;
  readonly signal?: AbortSignal;
}

/** Nobody listens at the door, so that nothing of the request was taken. */
export class NoAnswer extends Error {
  override readonly name = 'NoAnswer';
}

/**
 * Sends a request and resolves with the head of its answer; the body is still to be read.
 * @throws NoAnswer when nothing listens; the socket's own error when the exchange breaks
 */
export function send(door: Door, { method, path, body, accept = 'application/json', signal }: Message): Promise<IncomingMessage> {
  const payload = body === undefined ? undefined : Buffer.from(JSON.stringify(body));
  const headers: Record<string, string | number> = { accept };
  if ('url' in door) headers.authorization = `Bearer ${door.token}`;
  if (payload) {
    headers['content-type'] = 'application/json';
    headers['content-length'] = payload.length;
  }
  return new Promise((resolve, reject) => {
    const done = (answer: IncomingMessage) => resolve(answer);
    // The path goes out as it is: a URL would take a machine called `..` for a way up.
    const exchange = request({ ...addressOf(door), method, path, headers, agent: false, ...(signal && { signal }) }, done);
    exchange.on('error', (error: NodeJS.ErrnoException) => {
      const absent = error.code === 'ENOENT' || error.code === 'ECONNREFUSED';
      reject(absent ? new NoAnswer(`the API does not answer at ${nameOf(door)}`, { cause: error }) : error);
    });
    exchange.end(payload);
  });
}

/** Reads an answer's body whole. @throws when it is longer than 64 MiB or breaks off */
export function readBody(answer: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = [];
  let length = 0;
  return new Promise((resolve, reject) => {
    answer.on('data', (part: Buffer) => {
      parts.push(part);
      length += part.length;
      if (length > ANSWER_LIMIT) answer.destroy(new Error(`the API's answer is longer than ${ANSWER_LIMIT} bytes`));
    });
    answer.on('end', () => resolve(Buffer.concat(parts)));
    answer.on('error', reject);
  });
}

function addressOf(door: Door): { socketPath: string; host: string } | { host: string; port: string } {
  if ('socketPath' in door) return { socketPath: door.socketPath, host: 'localhost' };
  const { protocol, hostname, port } = new URL(door.url);
  if (protocol !== 'http:') throw new Error(`the API's address must begin with http://, not ${protocol}//: ${door.url}`);
  return { host: hostname.replace(/^\[(.*)\]$/, '$1'), port: port || '80' };
}

const nameOf = (door: Door): string => ('socketPath' in door ? door.socketPath : door.url);
