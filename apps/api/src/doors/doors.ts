/**
 * The two ways in: a unix socket that whoever may open it may command by, and TCP on loopback that wants a bearer token, its own or that of
 * one who has logged in.
 *
 * A caller is known by the door it came through. On TCP, `Host` and `Origin` are checked first, so that no page in the user's browser
 * reaches the API by a name of its own.
 */
import { randomBytes, timingSafeEqual } from 'node:crypto';
import { chmod, rename, rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import helmet from 'helmet';
import type { Home } from '../home/home.js';
import { administrator, type Caller, setCaller, stranger } from '../http/permission.js';
import { problemOf, sendProblem } from '../http/problem.filter.js';

/** How long a connection may take to say what it wants, in milliseconds. */
const headersLimit = 30_000;

/** Largest body of a stranger's request, in bytes: a login. */
const loginLimit = 16 << 10;

/** How long an answer in progress may take once the doors close, in milliseconds. */
const closingLimit = 5_000;

export interface Doors {
  /** Of the TCP door. */
  readonly url: string;
  /** Takes no more requests, and resolves when the last answer is sent. */
  close(): Promise<void>;
}

/**
 * @param port of the TCP door; 0: any that is free
 * @param sessionOf who brings a token that is not the door's own
 * @throws when a door cannot be opened; then none is
 */
export async function openDoors(home: Home, handler: RequestListener, port: number, sessionOf: (token: string) => Caller | undefined): Promise<Doors> {
  const token = randomBytes(32).toString('hex');
  const local = createServer((request, response) => {
    setCaller(request, administrator('socket'));
    handler(request, response);
  });
  const tcp = createServer();
  const secure = helmet({ contentSecurityPolicy: { directives: { upgradeInsecureRequests: null } }, strictTransportSecurity: false });
  tcp.on('request', (request: IncomingMessage, response: ServerResponse) => {
    secure(request, response, () => {
      const known = (given: string): Caller | undefined => (isSame(given, token) ? administrator('token') : sessionOf(given));
      if (isAdmitted(request, response, (tcp.address() as AddressInfo).port, known)) handler(request, response);
    });
  });

  for (const server of [local, tcp]) server.headersTimeout = headersLimit;
  await listenOnTcp(tcp, port);
  try {
    await writeToken(home.tokenFile, token);
    await listenOnSocket(local, home.socket);
  } catch (error) {
    await close(tcp);
    throw error;
  }
  return {
    url: `http://127.0.0.1:${(tcp.address() as AddressInfo).port}`,
    async close() {
      await Promise.all([close(local), close(tcp)]);
      await Promise.all([home.socket, home.tokenFile].map((file) => rm(file, { force: true })));
    },
  };
}

/** Answers itself what it does not admit. */
function isAdmitted(request: IncomingMessage, response: ServerResponse, port: number, known: (token: string) => Caller | undefined): boolean {
  const hosts = ['127.0.0.1', 'localhost'].map((name) => `${name}:${port}`);
  const { host, origin, authorization } = request.headers;
  if (!host || !hosts.includes(host.toLowerCase())) {
    sendProblem(response, 403, problemOf('E_ACCESSDENIED', `this door answers for ${hosts[0]}, not for ${host ? `'${host}'` : 'a request without a Host header'}`));
    return false;
  }
  if (origin !== undefined && !hosts.some((name) => origin.toLowerCase() === `http://${name}`)) {
    sendProblem(response, 403, problemOf('E_ACCESSDENIED', `pages of '${origin}' may not use this API`));
    return false;
  }
  const given = /^Bearer +(\S+)$/i.exec(authorization ?? '')?.[1];
  const caller = given === undefined ? undefined : known(given);
  setCaller(request, caller ?? stranger);
  if (caller) return true;
  if (authorization === undefined && (request.method === 'GET' || request.method === 'HEAD') && request.url === '/health') return true;
  if (authorization === undefined && request.method === 'POST' && request.url === '/login') return isShort(request, response);
  response.setHeader('www-authenticate', 'Bearer');
  sendProblem(response, 401, problemOf('E_ACCESSDENIED', authorization === undefined ? 'this door wants the bearer token that is kept in BELVEDERE_HOME/run/api.token, or one that POST /login gave' : 'the bearer token is neither the one in BELVEDERE_HOME/run/api.token, which changes at each start, nor that of a session: log in again'));
  return false;
}

/** Strangers say first how long their request is, and it is not long. */
function isShort(request: IncomingMessage, response: ServerResponse): boolean {
  const length = Number(request.headers['content-length'] ?? Number.NaN);
  if (length <= loginLimit) return true;
  response.setHeader('connection', 'close');
  sendProblem(response, 413, problemOf('E_INVALIDARG', `a login is sent with a Content-Length of at most ${loginLimit} bytes`));
  return false;
}

function isSame(text: string, token: string): boolean {
  const given = Buffer.from(text);
  const expected = Buffer.from(token);
  return given.length === expected.length && timingSafeEqual(given, expected);
}

/** A reader sees the old token or the new one, never half of one. */
async function writeToken(file: string, token: string): Promise<void> {
  const aside = `${file}.${process.pid}`;
  await rm(aside, { force: true });
  await writeFile(aside, token, { mode: 0o600, flag: 'wx' });
  await rename(aside, file);
}

function listenOnTcp(server: Server, port: number): Promise<void> {
  return listen(server, () => server.listen(port, '127.0.0.1')).catch((cause: NodeJS.ErrnoException) => {
    const what = cause.code === 'EADDRINUSE' ? 'is in use: set BELVEDERE_PORT to another, or to nothing for any that is free' : 'cannot be opened';
    throw new Error(`TCP port ${port} ${what}`, { cause });
  });
}

/** Whoever holds the home's lock owns the socket's name: one that is there is a dead API's. */
async function listenOnSocket(server: Server, path: string): Promise<void> {
  await rm(path, { force: true });
  // The umask keeps the socket private from the instant it exists; chmod states it whatever the umask was.
  const umask = process.umask(0o177);
  try {
    await listen(server, () => server.listen(path));
  } finally {
    process.umask(umask);
  }
  await chmod(path, 0o600);
}

const listen = (server: Server, start: () => void): Promise<void> =>
  new Promise((resolve, reject) => {
    server.once('error', reject);
    server.once('listening', () => {
      server.off('error', reject);
      resolve();
    });
    start();
  });

async function close(server: Server): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  server.closeIdleConnections();
  const late = setTimeout(() => server.closeAllConnections(), closingLimit);
  await closed;
  clearTimeout(late);
}
