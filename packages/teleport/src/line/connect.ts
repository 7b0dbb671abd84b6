/** A proved line to a waiting target: TCP, TLS 1.3, version, password. */
import { connect as connectTls, type TLSSocket } from 'node:tls';
import { TeleportError } from '../errors.js';
import type { Limits } from '../limits.js';
import { channelBinding, proveAsSource } from '../secure/proof.js';
import { Line } from './line.js';
import { get, HELLO, put } from './messages.js';
import { MAGIC, STREAM_VERSIONS } from './sections.js';

export interface Peer {
  readonly host: string;
  readonly port: number;
  /** Empty: none. */
  readonly password: string;
}

export async function connect(peer: Peer, limits: Limits): Promise<Line> {
  const socket = await handshake(peer, limits.connect);
  const line = new Line(socket, limits.connect);
  try {
    await line.send('hello', put(HELLO, { magic: Buffer.from(MAGIC), ...STREAM_VERSIONS }));
    const { min: version, magic } = get(HELLO, (await line.expect('hello')).contents);
    if (Buffer.from(magic).toString('latin1') !== MAGIC) throw new TeleportError('line', `${peer.host}:${peer.port} is no waiting machine`);
    if (version < STREAM_VERSIONS.min || version > STREAM_VERSIONS.max) {
      throw new TeleportError('refused', `the target speaks stream version ${version}, this side ${STREAM_VERSIONS.min} to ${STREAM_VERSIONS.max}: use releases that are closer`);
    }
    line.version = version;
    await proveAsSource(line, { password: peer.password, binding: channelBinding(socket) });
    return line;
  } catch (error) {
    line.destroy();
    throw error;
  }
}

function handshake({ host, port }: Peer, patience: number): Promise<TLSSocket> {
  return new Promise((resolve, reject) => {
    // Nobody vouches for the certificate: the password's proof is bound to this connection instead.
    const socket = connectTls({ host, port, minVersion: 'TLSv1.3', rejectUnauthorized: false });
    const timer = setTimeout(() => socket.destroy(new Error(`no answer within ${Math.round(patience / 1000)} s`)), patience);
    const failed = (cause: Error): void => {
      clearTimeout(timer);
      socket.destroy();
      reject(new TeleportError('line', `${host}:${port} cannot be reached: ${cause.message}`, { cause }));
    };
    socket.once('error', failed);
    const closed = (): void => failed(new Error('the connection was closed'));
    socket.once('close', closed);
    socket.once('secureConnect', () => {
      clearTimeout(timer);
      socket.off('error', failed);
      socket.off('close', closed);
      socket.setNoDelay(true);
      resolve(socket);
    });
  });
}
