/**
 * Who is at the other end: both prove that they know the password, on this very connection.
 *
 * CPace over TLS 1.3, with the connection's exporter [RFC9266] as its session: whoever stands in between and speaks TLS with each side has two
 * connections with two exporters, and neither proof fits. Nothing that was seen can be used again or guessed at afterwards; one connection
 * is one guess. Without a password (an empty one) the same exchange proves nothing: the line is encrypted and that is all.
 */
import { randomBytes, timingSafeEqual } from 'node:crypto';
import type { TLSSocket } from 'node:tls';
import { TeleportError } from '../errors.js';
import type { Line } from '../line/line.js';
import { confirmation, generator, type Message, SCALAR_BYTES, scalar, sessionKey, share, sharedPoint } from './cpace.js';

const CHANNEL = Buffer.from('Belvedere teleport: source to target');
const DATA = { source: Buffer.from('source'), target: Buffer.from('target') };

/** [RFC9266] 2: tls-exporter. */
export const channelBinding = (socket: TLSSocket): Uint8Array => socket.exportKeyingMaterial(32, 'EXPORTER-Channel-Binding', Buffer.alloc(0));

const wrong = (): TeleportError => new TeleportError('password', 'wrong password');

interface Party {
  readonly password: string;
  /** From `channelBinding`. */
  readonly binding: Uint8Array;
}

export async function proveAsSource(line: Line, { password, binding }: Party): Promise<void> {
  const base = generator(Buffer.from(password), CHANNEL, binding);
  const secret = scalar(randomBytes(SCALAR_BYTES));
  const own: Message = { share: share(base, secret), data: DATA.source };
  await line.send('cpace-share', own.share);
  const peer: Message = { share: (await line.expect('cpace-share')).contents, data: DATA.target };
  const point = sharedPoint(secret, peer.share);
  if (!point) throw wrong();
  const key = sessionKey(binding, point, own, peer);
  await line.send('cpace-proof', confirmation(key, binding, own));
  const frame = await line.receive();
  if (frame.name === 'refuse') throw wrong();
  if (frame.name !== 'cpace-proof' || !equal(frame.contents, confirmation(key, binding, peer))) throw wrong();
}

/**
 * @returns what to send when the source's proof is right; undefined when it is wrong, after which nothing but a refusal may be said
 */
export async function checkSource(line: Line, { password, binding }: Party): Promise<Uint8Array | undefined> {
  const base = generator(Buffer.from(password), CHANNEL, binding);
  const secret = scalar(randomBytes(SCALAR_BYTES));
  const own: Message = { share: share(base, secret), data: DATA.target };
  const peer: Message = { share: (await line.expect('cpace-share')).contents, data: DATA.source };
  await line.send('cpace-share', own.share);
  const { contents: proof } = await line.expect('cpace-proof');
  const point = sharedPoint(secret, peer.share);
  if (!point) return undefined;
  const key = sessionKey(binding, point, peer, own);
  return equal(proof, confirmation(key, binding, peer)) ? confirmation(key, binding, own) : undefined;
}

const equal = (a: Uint8Array, b: Uint8Array): boolean => a.length === b.length && timingSafeEqual(a, b);
