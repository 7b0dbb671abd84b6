/**
 * Serial ports of a machine, joined to the host: a unix socket that is offered, one that is connected to, or a file that is appended to; and the
 * one at which the guest's agent is asked about logins.
 *
 * What the guest sends while nobody is connected is lost, as on a line with no terminal at its end.
 */
import { chmod, open, rm, stat } from 'node:fs/promises';
import { connect, createServer, type Socket } from 'node:net';
import type { GuestChannel } from '@belvedere/auth';
import { ControlError, type MachineSpec, type SerialSpec } from '@belvedere/control';

/** What this file needs of a machine's serial port. */
interface SerialPort {
  write(bytes: Uint8Array): void;
  onData(listener: (bytes: Uint8Array) => void): () => void;
}

/** An unread backlog of more bytes than this drops the peer: a stopped terminal must not fill the host's memory. */
const BACKLOG_LIMIT = 1 << 20;

export type Close = () => Promise<void>;

/** The port at which the guest's agent is asked, if the machine has one. */
export function guestAgentPort({ serialPorts }: MachineSpec['hardware'], ports: readonly (SerialPort & { readonly index: number })[]): GuestChannel | undefined {
  const slot = serialPorts.find(({ mode }) => mode === 'guestagent')?.slot;
  return ports.find(({ index }) => index === slot);
}

/** @throws ControlError when the path cannot be opened, naming it */
export async function joinSerial(spec: SerialSpec, port: SerialPort): Promise<Close> {
  if (spec.mode === 'disconnected' || spec.mode === 'guestagent') return async () => {};
  const path = spec.path;
  if (!path) throw new ControlError('E_INVALIDARG', `serial port ${spec.slot} has mode '${spec.mode}' but no path`);
  try {
    if (spec.mode === 'file') return await joinFile(path, port);
    if (spec.mode === 'client') return joinSocket(await connected(path), port);
    return await offerSocket(path, port);
  } catch (cause) {
    throw new ControlError('VBOX_E_FILE_ERROR', `serial port ${spec.slot}: cannot open ${path} as ${spec.mode}: ${(cause as Error).message}`, { cause });
  }
}

async function joinFile(path: string, port: SerialPort): Promise<Close> {
  const file = await open(path, 'a', 0o600);
  let written: Promise<unknown> = Promise.resolve();
  const stop = port.onData((bytes) => {
    const copy = Buffer.from(bytes);
    written = written.then(() => file.write(copy)).catch(() => undefined);
  });
  return async () => {
    stop();
    await written;
    await file.close();
  };
}

function joinSocket(socket: Socket, port: SerialPort): Close {
  const stop = port.onData((bytes) => {
    if (socket.writableLength > BACKLOG_LIMIT) socket.destroy();
    else if (socket.writable) socket.write(Buffer.from(bytes));
  });
  socket.on('data', (bytes: Buffer) => port.write(bytes));
  socket.on('error', () => socket.destroy());
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  void closed.then(stop);
  return async () => {
    socket.end();
    socket.destroySoon();
    await closed;
  };
}

const connected = (path: string): Promise<Socket> =>
  new Promise((resolve, reject) => {
    const socket = connect(path, () => resolve(socket));
    socket.once('error', reject);
  });

/** Offers a socket to one peer at a time; a later one takes the line over. */
async function offerSocket(path: string, port: SerialPort): Promise<Close> {
  await removeDeadSocket(path);
  let leave: Close | undefined;
  const server = createServer((socket) => {
    void leave?.();
    leave = joinSocket(socket, port);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(path, resolve);
  });
  await chmod(path, 0o600);
  return async () => {
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    await leave?.();
    await closed;
    await rm(path, { force: true });
  };
}

/** Removes the socket that a killed process left behind; one that somebody answers on, or a file, stays, and `listen` reports it. */
async function removeDeadSocket(path: string): Promise<void> {
  const found = await stat(path).catch(() => undefined);
  if (!found?.isSocket()) return;
  try {
    (await connected(path)).destroy();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ECONNREFUSED') await rm(path);
  }
}
