/**
 * NTLM authentication, both sides: NTLMv2 with extended session security, key exchange and 128-bit sealing, and nothing weaker.
 *
 * [MS-NLMP] 3.1.5, 3.2.5, 3.3.2. Pure but for random numbers, which can be given.
 */
import { randomBytes, timingSafeEqual } from 'node:crypto';
import { decodePrefix, encode, u64le } from '@belvedere/wire';
import { ProtocolError } from '../errors.js';
import { Rc4 } from '../security/rc4.js';
import { fromUtf16le, messageIntegrity, ntHash, proof, responseKey, sessionBaseKey, utf16le } from './ntlm-keys.js';
import {
  AV, AV_FLAG_MIC, type AvPair, MIC_OFFSET, NTLM_FLAG, NTLMv2_CLIENT_CHALLENGE, readAuthenticate, readAvPairs, readChallenge, readNegotiate,
  writeAuthenticate, writeAvPairs, writeChallenge, writeNegotiate,
} from './ntlm-messages.js';
import { SealedStream } from './ntlm-seal.js';

/**
 * Looks up an account's NT hash (16 bytes); undefined if there is no such account or it may not log in this way.
 * @param workstation how the client names its computer: nothing proves that
 */
export type NtHashLookup = (user: string, domain: string, workstation: string) => Promise<Uint8Array | undefined>;

/** Random bytes, so that tests can have the standard's. */
export type RandomSource = (length: number) => Uint8Array;

/** An authenticated NTLM session. */
export interface NtlmSession {
  readonly user: string;
  readonly domain: string;
  readonly workstation: string;
  readonly clientToServer: SealedStream;
  readonly serverToClient: SealedStream;
  /** Whether a password is the one that was proved. */
  readonly isPassword: (password: string) => boolean;
}

const F = NTLM_FLAG;
/** Without these there is no safe session. */
const REQUIRED = F.UNICODE | F.SIGN | F.SEAL | F.EXTENDED_SESSIONSECURITY | F['128'] | F.KEY_EXCH;
const OFFERED = REQUIRED | F.NTLM | F.ALWAYS_SIGN | F.REQUEST_TARGET | F['56'] | F.VERSION | F.TARGET_INFO;
const SESSION_KEY_LENGTH = 16;
const PROOF_LENGTH = 16;
/** Length in bytes of a response of the older kind. */
const NTLMv1_LENGTH = 24;

const fail = (problem: string, pdu: string, section: string, cause?: unknown): never => {
  throw new ProtocolError(problem, { state: 'credssp', pdu, section: `[MS-NLMP] ${section}`, cause });
};

const missing = (flags: number): string =>
  Object.entries(F).filter(([, bit]) => (REQUIRED & bit) !== 0 && (flags & bit) === 0).map(([name]) => name).join(', ');

/** 100 ns since 1601. */
const fileTime = (milliseconds: number): Uint8Array => encode(u64le, (BigInt(Math.floor(milliseconds)) + 11_644_473_600_000n) * 10_000n);

export interface NtlmServerSettings {
  /** How the server names itself: a computer of its own, without a domain. */
  readonly computerName: string;
  readonly ntHash: NtHashLookup;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly random?: RandomSource;
}

/** The server's first step. */
export interface NtlmChallenge {
  readonly message: Uint8Array;
  /**
   * Takes the AUTHENTICATE_MESSAGE.
   * @returns the session, or undefined if user or password are wrong: which of them is not said, here or in the time it takes
   * Throws `ProtocolError` or `WireError` if the message breaks the rules
   */
  authenticate(message: Uint8Array): Promise<NtlmSession | undefined>;
}

/** Answers a NEGOTIATE_MESSAGE. Throws `ProtocolError` or `WireError`. */
export function challengeNtlm(negotiate: Uint8Array, settings: NtlmServerSettings): NtlmChallenge {
  const random = settings.random ?? randomBytes;
  const offered = readNegotiate(negotiate);
  if (missing(offered)) fail(`the client does not offer ${missing(offered)}`, 'NEGOTIATE_MESSAGE', '3.2.5.1.1');
  const serverChallenge = random(8);
  const name = utf16le(settings.computerName);
  const netBios = utf16le(netBiosName(settings.computerName));
  const message = writeChallenge({
    flags: ((offered & OFFERED) | F.TARGET_INFO | F.TARGET_TYPE_SERVER) >>> 0,
    targetName: netBios,
    serverChallenge,
    targetInfo: writeAvPairs([
      { id: AV.NB_DOMAIN, value: netBios },
      { id: AV.NB_COMPUTER, value: netBios },
      { id: AV.DNS_DOMAIN, value: name },
      { id: AV.DNS_COMPUTER, value: name },
      // Its presence tells the client to protect its answer with a MIC.
      { id: AV.TIMESTAMP, value: fileTime(settings.now()) },
    ]),
  });
  return { message, authenticate: (answer) => authenticate(answer, [negotiate, message], serverChallenge, settings.ntHash) };
}

/** The first label, 15 characters, upper case: what such names have been since LAN Manager. */
const netBiosName = (name: string): string => name.split('.')[0].slice(0, 15).toUpperCase();

async function authenticate(
  answer: Uint8Array,
  before: readonly [negotiate: Uint8Array, challenge: Uint8Array],
  serverChallenge: Uint8Array,
  lookup: NtHashLookup,
): Promise<NtlmSession | undefined> {
  const name = 'AUTHENTICATE_MESSAGE';
  const message = readAuthenticate(answer);
  if (missing(message.flags)) fail(`the client gave up ${missing(message.flags)}`, name, '3.2.5.1.2');
  const { ntResponse, encryptedSessionKey } = message;
  if (ntResponse.length <= NTLMv1_LENGTH) fail(`a response of ${ntResponse.length} bytes is not NTLMv2`, name, '2.2.2.8');
  if (encryptedSessionKey.length !== SESSION_KEY_LENGTH) fail(`a session key of ${encryptedSessionKey.length} bytes`, name, '2.2.1.3');
  const ntProof = ntResponse.subarray(0, PROOF_LENGTH);
  const clientChallenge = ntResponse.subarray(PROOF_LENGTH);
  const pairs = readAvPairs(decodePrefix(NTLMv2_CLIENT_CHALLENGE, clientChallenge).rest);

  const [user, domain, workstation] = [message.user, message.domain, message.workstation].map(fromUtf16le);
  const known = user === '' ? undefined : await lookup(user, domain, workstation);
  // For an unknown user the same work is done with a hash that nobody has.
  const key = responseKey(known ?? randomBytes(16), user, domain);
  const matches = timingSafeEqual(proof(key, serverChallenge, clientChallenge), ntProof);
  const exportedSessionKey = new Rc4(sessionBaseKey(key, ntProof)).apply(encryptedSessionKey);
  if (known === undefined || !matches) return undefined;

  if (hasMic(pairs)) {
    const bare = Uint8Array.from(answer);
    bare.fill(0, MIC_OFFSET, MIC_OFFSET + 16);
    const expected = messageIntegrity(exportedSessionKey, ...before, bare);
    if (!message.mic || !timingSafeEqual(expected, message.mic)) fail('the MIC does not match the three messages', name, '3.2.5.1.2');
  }
  return { user, domain, workstation, ...secrets(exportedSessionKey, known) };
}

const hasMic = (pairs: readonly AvPair[]): boolean => {
  const flags = pairs.find(({ id }) => id === AV.FLAGS)?.value;
  return flags !== undefined && flags.length === 4 && (flags[0] & AV_FLAG_MIC) !== 0;
};

type SessionSecrets = Pick<NtlmSession, 'clientToServer' | 'serverToClient' | 'isPassword'>;

const secrets = (exportedSessionKey: Uint8Array, hash: Uint8Array): SessionSecrets => ({
  isPassword: (password) => timingSafeEqual(ntHash(password), hash),
  clientToServer: new SealedStream(exportedSessionKey, 'client-to-server'),
  serverToClient: new SealedStream(exportedSessionKey, 'server-to-client'),
});

export interface NtlmClientSettings {
  readonly user: string;
  readonly domain: string;
  readonly workstation: string;
  /** 16 bytes. */
  readonly ntHash: Uint8Array;
  readonly random?: RandomSource;
}

/** The client's first step. */
export interface NtlmNegotiation {
  readonly message: Uint8Array;
  /** Answers a CHALLENGE_MESSAGE. Throws `ProtocolError` or `WireError`. */
  answer(challenge: Uint8Array): { readonly message: Uint8Array; readonly session: NtlmSession };
}

export function negotiateNtlm(settings: NtlmClientSettings): NtlmNegotiation {
  const message = writeNegotiate(OFFERED >>> 0);
  return { message, answer: (challenge) => answer(challenge, message, settings) };
}

function answer(challengeMessage: Uint8Array, negotiate: Uint8Array, settings: NtlmClientSettings): ReturnType<NtlmNegotiation['answer']> {
  const random = settings.random ?? randomBytes;
  const { user, domain, workstation } = settings;
  const challenge = readChallenge(challengeMessage);
  if (missing(challenge.flags)) fail(`the server does not offer ${missing(challenge.flags)}`, 'CHALLENGE_MESSAGE', '3.1.5.1.2');
  const pairs = readAvPairs(challenge.targetInfo);
  const timestamp = pairs.find(({ id }) => id === AV.TIMESTAMP)?.value;
  const flags = timestamp ? [{ id: AV.FLAGS, value: Uint8Array.of(AV_FLAG_MIC, 0, 0, 0) }] : [];
  const withMic = [...pairs.filter(({ id }) => id !== AV.FLAGS), ...flags];
  const clientChallenge = Buffer.concat([
    encode(NTLMv2_CLIENT_CHALLENGE, {
      TimeStamp: timestamp ? new DataView(Uint8Array.from(timestamp).buffer).getBigUint64(0, true) : 0n,
      ChallengeFromClient: random(8),
    }),
    writeAvPairs(withMic),
    new Uint8Array(4),
  ]);
  const key = responseKey(settings.ntHash, user, domain);
  const ntProof = proof(key, challenge.serverChallenge, clientChallenge);
  const exportedSessionKey = random(SESSION_KEY_LENGTH);
  const value = {
    flags: challenge.flags,
    // The LMv2 response is left empty where the server gives the time. [MS-NLMP] 3.1.5.1.2
    lmResponse: new Uint8Array(24),
    ntResponse: Buffer.concat([ntProof, clientChallenge]),
    domain: utf16le(domain),
    user: utf16le(user),
    workstation: utf16le(workstation),
    encryptedSessionKey: new Rc4(sessionBaseKey(key, ntProof)).apply(exportedSessionKey),
  };
  const bare = writeAuthenticate(value);
  const mic = timestamp ? messageIntegrity(exportedSessionKey, negotiate, challengeMessage, bare) : undefined;
  const session = { user, domain, workstation, ...secrets(exportedSessionKey, settings.ntHash) };
  return { message: writeAuthenticate({ ...value, mic }), session };
}
