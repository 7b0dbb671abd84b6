// A mirror of Debian's packages on this host, for guests that install themselves: a folder over HTTP, read-only. It tells what it is asked for.
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { join, normalize, sep } from 'node:path';
import { pipeline } from 'node:stream/promises';

/** Where the packages are, seen from the guest. */
export const MIRROR_DIRECTORY = '/debian';

export interface Mirror {
  readonly port: number;
  /** The paths below the mirror's folder that were sent whole, in order. */
  readonly sent: readonly string[];
  /** Calls for each path that was sent whole. */
  onSent(listener: (path: string) => void): void;
  close(): Promise<void>;
}

/**
 * Serves a folder to guests.
 * @param folder of `buildMirror`
 * @param address this host's address that guests reach; other addresses are not listened at
 */
export async function serveMirror(folder: string, address: string): Promise<Mirror> {
  const sent: string[] = [];
  const listeners: ((path: string) => void)[] = [];
  const server = createServer((request, response) => {
    serve(folder, request, response).then((path) => {
      if (path === undefined) return;
      sent.push(path);
      for (const listener of listeners) listener(path);
    }, () => response.destroy());
  }).listen(0, address);
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    sent,
    onSent: (listener) => void listeners.push(listener),
    async close() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

/** Answers one request. @returns the path that was sent, if it was there */
async function serve(folder: string, request: IncomingMessage, response: ServerResponse): Promise<string | undefined> {
  const path = pathOf(request);
  const file = path === undefined ? undefined : join(folder, path);
  const found = file === undefined ? undefined : await stat(file).catch(() => undefined);
  if (file === undefined || !found?.isFile()) {
    response.writeHead(404).end();
    return undefined;
  }
  response.writeHead(200, { 'content-type': 'application/octet-stream', 'content-length': found.size, 'last-modified': found.mtime.toUTCString() });
  if (request.method === 'HEAD') response.end();
  else await pipeline(createReadStream(file), response);
  return path;
}

/** The path below the folder that is asked for; undefined for what cannot be there. */
function pathOf({ method, url = '' }: IncomingMessage): string | undefined {
  if (method !== 'GET' && method !== 'HEAD') return undefined;
  try {
    const path = normalize(decodeURIComponent(url.split('?')[0]!));
    return path.startsWith(MIRROR_DIRECTORY + sep) && !path.includes('\0') ? path.slice(MIRROR_DIRECTORY.length) : undefined;
  } catch {
    return undefined; // no percent-encoding
  }
}
