/**
 * Handshakes that go wrong: what a stranger may send before anyone has judged it, mutated, against the server's steps; and what a client that is
 * in may send in its channels.
 *
 * Whatever comes, a step ends in a value, a `WireError` or a `ProtocolError`: soon, and with few bytes held. A proof with a wrong password never
 * ends in a login. Each handshake is made by its seed. The server's own random numbers are not: what it was sent is kept for a failure.
 */
import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { decode, encode, WireError } from '@belvedere/wire';
import { ProtocolError } from '../errors.js';
import { credSspClient, credSspServer, type CredSspStep, ntHash } from '../nla/index.js';
import { NegTokenResp } from '../nla/spnego.js';
import { TSRequest, tsRequestLength } from '../nla/tsrequest.js';
import { PacketReader } from '../pdu/packetReader.js';
import { ENCRYPTION_METHOD, isLicensingPdu, parseLicensingPdu, proprietaryCertificate, type SecurityLayer, validClientPdu } from '../security/index.js';
import { publicNumbers } from '../security/rsa.js';
import type { State } from '../server/state.js';
import { INITIAL, step, type StepContext } from '../server/step.js';
import { Line } from '../testing/line.js';
import { channels } from './channels.js';
import { CAPTURED } from './captured.js';
import { mutated, Random } from './random.js';

/** Bytes of the longest packet that is taken of a client that has not logged in. */
const PACKET_LIMIT = 0x4000;
/** Bytes of the longest piece in which a stream comes. */
const LONGEST_PIECE = 4096;
/** Milliseconds of processor time that no handshake may take. */
const TIME_LIMIT = 1000;

const desktop = { width: 640, height: 480 };

export const KINDS = ['stream', 'sealed', 'credssp', 'licensing', 'channels'] as const;
export type Kind = (typeof KINDS)[number];

/** How many of a hundred are of each kind. */
const SHARES: Readonly<Record<Kind, number>> = { stream: 45, sealed: 15, credssp: 30, licensing: 5, channels: 5 };

export interface Outcome {
  readonly kind: Kind;
  /** How far it came, or the class of the error that ended it. */
  readonly end: string;
  /** Milliseconds of the host's time. */
  readonly elapsed: number;
}

/** A handshake that did what none may. */
export class FuzzFailure extends Error {
  override readonly name = 'FuzzFailure';
  constructor(
    readonly seed: number,
    readonly kind: Kind,
    problem: string,
    /** What the server was sent, each piece behind its length in four bytes, little-endian. */
    readonly sent: Uint8Array,
    cause?: unknown,
  ) {
    super(`handshake ${seed} (${kind}): ${problem}`, { cause });
  }
}

type Take = (bytes: Uint8Array) => void;

export class Handshakes {
  private readonly context: StepContext;
  private readonly streams: readonly Uint8Array[];
  private readonly publicKey: Uint8Array;

  constructor() {
    // The smallest key that clients take: a handshake costs the least with it.
    const key: KeyObject = generateKeyPairSync('rsa', { modulusLength: 512 }).privateKey;
    const standard = { key, proprietaryCertificate: proprietaryCertificate(publicNumbers(key)), x509CertificateChain: new Uint8Array(0) };
    this.context = { securityMethod: 'negotiate', hybrid: false, encryptionDemand: 'client-compatible', standard, offersChannel: () => true, unicode: true };
    this.publicKey = publicNumbers(key).modulus;
    const generated = (['tls', 'none'] as const).map((security) => Buffer.concat(new Line(this.context, { security }).admitted(desktop).sent));
    this.streams = [...generated, ...CAPTURED.map((digits) => Buffer.from(digits, 'base64'))];
  }

  /** Seeds of streams, for those who send them otherwise. */
  get seeds(): readonly Uint8Array[] {
    return this.streams;
  }

  /** One handshake. @throws FuzzFailure */
  async run(seed: number): Promise<Outcome> {
    const random = new Random(seed);
    const kind = kindOf(random);
    const sent: Uint8Array[] = [];
    const took: Take = (bytes) => void sent.push(Uint8Array.from(bytes));
    const fail = (problem: string, cause?: unknown): never => {
      const pieces = sent.flatMap((bytes) => [Uint8Array.of(bytes.length & 255, (bytes.length >> 8) & 255, (bytes.length >> 16) & 255, 0), bytes]);
      throw new FuzzFailure(seed, kind, problem, Buffer.concat(pieces), cause);
    };
    const began = performance.now();
    const processor = process.cpuUsage();
    let end: string;
    try {
      end = await this[kind](random, took);
    } catch (error) {
      if (!(error instanceof WireError || error instanceof ProtocolError)) return fail(error instanceof Error ? error.message : String(error), error);
      end = error.name;
    }
    const elapsed = performance.now() - began;
    if (elapsed > TIME_LIMIT) {
      // A busy host may keep any program waiting: what counts is the work.
      const { user, system } = process.cpuUsage(processor);
      if (user + system > TIME_LIMIT * 1000) fail(`it took ${Math.round((user + system) / 1000)} ms of processor time`);
    }
    return { kind, end, elapsed };
  }

  /** A client's whole stream in the clear, as the server's connection takes it: in any pieces. */
  private stream(random: Random, took: Take): string {
    let bytes = mutated(random.pick(this.streams), random);
    if (random.below(8) === 0) bytes = Buffer.concat([bytes.subarray(0, random.below(bytes.length + 1)), random.pick(this.streams)]);
    took(bytes);
    const context = { ...this.context, encryptionDemand: random.pick(['none', 'client-compatible', 'fips'] as const), securityMethod: random.pick(['negotiate', 'rdp', 'tls'] as const) };
    const reader = new PacketReader(PACKET_LIMIT);
    try {
      return feed(bytes, reader, context, random);
    } catch (error) {
      if (error instanceof WireError || error instanceof ProtocolError) checkHeld(reader);
      throw error;
    }
  }

  /** Standard RDP Security: changed on the wire, and changed before it is enciphered. */
  private sealed(random: Random, took: Take): string {
    const { '40BIT': bit40, '56BIT': bit56, '128BIT': bit128, FIPS } = ENCRYPTION_METHOD;
    const line = new MutatingLine(this.context, random, took, { encryptionMethods: random.pick([bit40, bit56, bit128, FIPS]), rdp4: random.below(4) === 0 });
    line.connect();
    if (line.server.step === 'authentication') line.event({ type: 'admitted', desktop });
    return line.server.step;
  }

  /** CredSSP: TSRequests changed as they are, or the tokens inside them. */
  private async credssp(random: Random, took: Take): Promise<string> {
    const right = random.below(2) === 0;
    const { publicKey } = this;
    const take: (bytes: Uint8Array) => Promise<CredSspStep> = credSspServer({ publicKey, computerName: 'host', now: () => 0, ntHash: async (user) => (user === 'max' ? ntHash('secret') : undefined) });
    const offer = random.pick(['bare', 'spnego', 'after-kerberos'] as const);
    const asked = { user: 'max', domain: 'OFFICE', password: right ? 'secret' : 'guess', workstation: 'desk', publicKey, offer, version: 2 + random.below(5), delegate: random.below(4) > 0 };
    let client = credSspClient(asked);
    let next = take;
    for (;;) {
      const message = random.below(3) === 0 ? changedRequest(client.message, random) : client.message;
      took(message);
      // As it is cut off its stream.
      const length = tsRequestLength(message);
      if (length === undefined) return 'waits for more';
      const server = await next(message.subarray(0, length));
      if (server.state === 'authenticated') {
        if (!right) throw new Error('a wrong password was taken');
        return server.state;
      }
      if (server.state === 'refused' || client.state === 'done') return server.state;
      next = (bytes) => server.next(bytes);
      client = client.next(server.reply ?? new Uint8Array(0));
    }
  }

  /** A client that is in, and what it says in its channels. */
  private channels(random: Random, took: Take): string {
    return channels(random, took);
  }

  private licensing(random: Random, took: Take): string {
    const bytes = mutated(validClientPdu(random.pick([0x00080001, 0x00080004])), random);
    took(bytes);
    isLicensingPdu(bytes);
    return parseLicensingPdu(bytes).type;
  }
}

/** Lets a server's connection take a stream, judging as chance will have it. @returns the step that it came to */
function feed(bytes: Uint8Array, reader: PacketReader, context: StepContext, random: Random): string {
  let state: State = INITIAL;
  for (let at = 0; at < bytes.length; ) {
    const piece = bytes.subarray(at, at + 1 + random.below(LONGEST_PIECE));
    at += piece.length;
    reader.push(piece);
    for (let packet = reader.next(); packet && state.step !== 'closed'; packet = reader.next()) {
      state = step(state, { type: 'packet', packet }, context).state;
      if (state.step === 'tlsHandshake') state = step(state, { type: 'tlsEstablished' }, context).state;
      if (state.step !== 'authentication') continue;
      const refusal = { type: 'refused', errorInfo: 9, reason: 'no' } as const;
      state = step(state, random.below(2) ? { type: 'admitted', desktop } : refusal, context).state;
    }
  }
  checkHeld(reader);
  return state.step;
}

function checkHeld(reader: PacketReader): void {
  const held = reader.drain().length;
  if (held > PACKET_LIMIT + LONGEST_PIECE) throw new Error(`${held} bytes are held`);
}

function kindOf(random: Random): Kind {
  let number = random.below(100);
  return KINDS.find((kind) => (number -= SHARES[kind]) < 0) ?? 'stream';
}

class MutatingLine extends Line {
  private touched: SecurityLayer | undefined;

  constructor(
    context: StepContext,
    private readonly random: Random,
    private readonly took: Take,
    asked: ConstructorParameters<typeof Line>[1],
  ) {
    super(context, asked);
  }

  override toServer(packets: readonly Uint8Array[]): void {
    const { client } = this;
    if ('pending' in client && client.pending.security !== this.touched) this.touch(client.pending.security);
    super.toServer(
      packets.map((packet) => {
        const changed = this.random.below(12) === 0 ? mutated(packet, this.random) : packet;
        this.took(changed);
        return changed;
      }),
    );
  }

  /** From now on some PDUs are changed before they are enciphered. */
  private touch(security: SecurityLayer): void {
    this.touched = security;
    const wrap = security.wrap.bind(security);
    security.wrap = (flags, payload) => wrap(flags, this.random.below(8) ? payload : mutated(payload, this.random));
  }
}

/** A TSRequest that is changed outside, or inside its SPNEGO token, or inside the NTLM message in there. */
function changedRequest(bytes: Uint8Array, random: Random): Uint8Array {
  const depth = random.below(3);
  if (depth === 0) return mutated(bytes, random);
  try {
    const request = decode(TSRequest, bytes);
    const field = random.pick((['negoTokens', 'pubKeyAuth', 'authInfo', 'clientNonce'] as const).filter((name) => request[name] !== undefined));
    if (field !== 'negoTokens') return encode(TSRequest, { ...request, [field]: mutated(request[field]!, random) });
    const [{ negoToken }] = request.negoTokens!;
    return encode(TSRequest, { ...request, negoTokens: [{ negoToken: depth === 1 ? mutated(negoToken, random) : changedToken(negoToken, random) }] });
  } catch (error) {
    // What our own client sent can be read; what cannot be written once it is changed goes out otherwise.
    if (error instanceof WireError || error instanceof ProtocolError) return mutated(bytes, random);
    throw error;
  }
}

function changedToken(negoToken: Uint8Array, random: Random): Uint8Array {
  try {
    const token = decode(NegTokenResp, negoToken);
    return token.responseToken ? encode(NegTokenResp, { ...token, responseToken: mutated(token.responseToken, random) }) : mutated(negoToken, random);
  } catch {
    // A first token, or NTLM without SPNEGO around it.
    return mutated(negoToken, random);
  }
}
