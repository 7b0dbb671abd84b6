/**
 * The same over real sockets: mutated streams, and what may come where TLS and CredSSP begin, against a server that listens.
 *
 * Not pure: sockets and a clock.
 */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import { connectionRequest } from '../client/connect.js';
import { mutated, Random } from './random.js';

/** Connections at once. */
const TOGETHER = 8;
/** A TLS 1.2 ClientHello as openssl's client sends it, in hexadecimal: record and handshake headers, version, random, session, suites, compression, extensions. */
const CLIENT_HELLO = Buffer.from(
  '160301005f0100005b0303' + '5a'.repeat(32) + '00' + '0008' + 'c02fc030009e009f' + '0100' + '002a' +
    '000b00020100' + '000a00060004001d0017' + '000d000a0008040308040401' + '0806' + '00170000' + 'ff01000100',
  'hex',
);

export interface SocketFigures {
  readonly connections: number;
  /** Milliseconds from the last byte sent to the end of the connection: the longest. */
  readonly slowest: number;
}

/**
 * Sends `count` handshakes and waits for the end of each.
 * @param streams seeds: clients' streams in the clear
 */
export async function overSockets(port: number, streams: readonly Uint8Array[], count: number, seed: number): Promise<SocketFigures> {
  let slowest = 0;
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < count) {
      const random = new Random(seed + next++);
      slowest = Math.max(slowest, await one(port, streams, random));
    }
  };
  await Promise.all(Array.from({ length: TOGETHER }, worker));
  return { connections: count, slowest };
}

async function one(port: number, streams: readonly Uint8Array[], random: Random): Promise<number> {
  const plain = connect({ host: '127.0.0.1', port, noDelay: true });
  plain.on('error', () => undefined);
  const closed = once(plain, 'close');
  const way = random.below(10);
  if (way < 6) plain.resume().end(mutated(random.pick(streams), random));
  else {
    plain.write(connectionRequest({ security: way === 9 ? 'nla' : 'tls', user: 'max' }));
    const confirm = await Promise.race([once(plain, 'data').then(() => true), closed.then(() => false)]);
    if (confirm && way < 8) plain.resume().end(mutated(CLIENT_HELLO, random));
    // Inside TLS: what should be MCS, or CredSSP.
    else if (confirm) await inside(plain, closed, mutated(random.pick(streams).subarray(random.below(60)), random));
  }
  const sent = performance.now();
  await closed;
  return performance.now() - sent;
}

async function inside(plain: Socket, closed: Promise<unknown>, bytes: Uint8Array): Promise<void> {
  const secured: TLSSocket = connectTls({ socket: plain, rejectUnauthorized: false });
  secured.on('error', () => undefined);
  await Promise.race([once(secured, 'secureConnect'), closed]).catch(() => undefined);
  secured.resume().end(bytes);
}
