/** The machine's side of its control socket: one handler a method, events to every peer. Whoever may open the socket may command. */
import { chmod, rm } from 'node:fs/promises';
import { createServer, type Server, type Socket } from 'node:net';
import { isRecord, readLines, writeLine } from './lines.js';
import { ControlError, type ControlEvents, type ControlMethod, type Params, type Result } from './messages.js';

/** Longest request, in bytes. */
const REQUEST_LIMIT = 1 << 20;

export type ControlHandlers = { readonly [M in ControlMethod]: (params: Params<M>) => Promise<Result<M>> };

export interface ControlServer {
  emit<E extends keyof ControlEvents>(event: E, data: ControlEvents[E]): void;
  /** Peers that would hear an event now. */
  readonly peers: number;
  /** Sends what is queued, then closes and removes the socket. */
  close(): Promise<void>;
}

/**
 * Opens the control socket at `path` with mode 0600.
 * @param check called with each request's parameters before its handler; throws a `ControlError` for a shape that the method does not take
 * @throws when the path is in use or too long for a unix socket (107 bytes)
 */
export async function serveControl(path: string, handlers: ControlHandlers, check: (method: ControlMethod, params: unknown) => void): Promise<ControlServer> {
  if (Buffer.byteLength(path) > 107) throw new Error(`control socket path is longer than 107 bytes: ${path}; choose a shorter BELVEDERE_HOME`);
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => socket.destroy());
    readLines(socket, REQUEST_LIMIT, (value) => void answer(socket, value));
  });

  async function answer(socket: Socket, request: unknown): Promise<void> {
    if (!isRecord(request) || typeof request.id !== 'number' || typeof request.method !== 'string') {
      socket.destroy();
      return;
    }
    const { id, method, params } = request;
    try {
      if (!Object.hasOwn(handlers, method)) throw new ControlError('E_INVALIDARG', `unknown control method '${method}'`);
      const name = method as ControlMethod;
      check(name, params);
      writeLine(socket, { id, result: await handlers[name](params as never) });
    } catch (error) {
      const code = error instanceof ControlError ? error.code : 'VBOX_E_VM_ERROR';
      writeLine(socket, { id, error: { code, message: error instanceof Error ? error.message : String(error) } });
    }
  }

  // The umask keeps the socket private from the instant it exists; chmod states it whatever the umask was.
  const umask = process.umask(0o177);
  try {
    await listen(server, path);
  } finally {
    process.umask(umask);
  }
  await chmod(path, 0o600);

  return {
    emit: (event, data) => sockets.forEach((socket) => writeLine(socket, { event, data })),
    get peers() {
      return sockets.size;
    },
    async close() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      for (const socket of sockets) socket.end();
      await closed;
      await rm(path, { force: true });
    },
  };
}

const listen = (server: Server, path: string): Promise<void> =>
  new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(path, resolve);
  });
