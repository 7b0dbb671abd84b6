/**
 * Network Level Authentication, the server's side: CredSSP with NTLMv2, step by step.
 *
 * [MS-CSSP] 3.1.5, 3.3.5; [RFC4178] 3.2, 5. Pure but for random numbers: TSRequests in, TSRequests and the next step out.
 *
 *   client                                        server
 *     negoTokens: what it offers  ──────────────▶  offer
 *        (NTLM not its first choice: one more round, `negotiate`)
 *     ◀──────────────────────────  negoTokens: NTLM challenge
 *     negoTokens: NTLM proof      ──────────────▶  authenticate
 *     pubKeyAuth, clientNonce     ──────────────▶  bind (often in the same TSRequest)
 *     ◀──────────────────────────  pubKeyAuth
 *     authInfo: credentials       ──────────────▶  credentials
 */
import { decode, encode } from '@belvedere/wire';
import { ProtocolError } from '../errors.js';
import { type Binding, clientBinding, equalBindings, needsNonce, NONCE_LENGTH, serverBinding } from './binding.js';
import { challengeNtlm, type NtHashLookup, type NtlmChallenge, type NtlmSession, type RandomSource } from './ntlm.js';
import { isBareNtlm, NEG_STATE, NegTokenResp, type NegotiationOffer, NTLMSSP, readOffer, same } from './spnego.js';
import { CRED_TYPE_PASSWORD, TSCredentials, TSPasswordCreds, TSRequest } from './tsrequest.js';

export interface CredSspServerSettings {
  /** The bits of the server certificate's public key: see `subjectPublicKey`. */
  readonly publicKey: Uint8Array;
  /** How the server names itself to clients. */
  readonly computerName: string;
  readonly ntHash: NtHashLookup;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Versions below it are refused: 5 keeps out clients that are open to CVE-2018-0886. Default 2. */
  readonly minimumVersion?: number;
  readonly random?: RandomSource;
}

/** Who logged in, proved by NTLM. */
export interface CredSspLogon {
  readonly user: string;
  readonly domain: string;
  readonly workstation: string;
  /** What the client delegated, and it is this user's password. Undefined if it delegates none (Restricted Admin). */
  readonly password?: string;
  readonly version: number;
}

export type CredSspStep =
  | {
      readonly state: 'negotiate' | 'authenticate' | 'bind' | 'credentials';
      /** To send; undefined if the client goes on by itself. */
      readonly reply?: Uint8Array;
      /** Takes the next TSRequest. Throws `ProtocolError` or `WireError`: the connection ends. */
      next(tsRequest: Uint8Array): Promise<CredSspStep>;
    }
  | { readonly state: 'authenticated'; readonly logon: CredSspLogon }
  /** Send `reply` if there is one, and close. */
  | { readonly state: 'refused'; readonly reply?: Uint8Array; readonly reason: string };

/** The newest version there is here. */
export const CREDSSP_VERSION = 6;
const OLDEST_VERSION = 2;

/** NTSTATUS as signed 32 bits. [MS-ERREF] 2.3.1 */
const STATUS_LOGON_FAILURE = 0xc000006d | 0;
const SEC_E_INVALID_TOKEN = 0x80090308 | 0;

/** Versions whose clients know `errorCode`. [MS-CSSP] 2.2.1 */
const ERROR_CODE_VERSIONS: readonly number[] = [3, 4, 6];

const fail = (problem: string, section: string, pdu = 'TSRequest', cause?: unknown): never => {
  throw new ProtocolError(problem, { state: 'credssp', pdu, section, cause });
};

/** Starts CredSSP. @returns what takes the client's first TSRequest */
export function credSspServer(settings: CredSspServerSettings): (tsRequest: Uint8Array) => Promise<CredSspStep> {
  return async (bytes) => new Exchange(settings, decode(TSRequest, bytes)).offer();
}

class Exchange {
  private readonly clientVersion: number;
  /** The one that both sides know. */
  private readonly version: number;
  /** Undefined: tokens come without SPNEGO. */
  private readonly spnego?: NegotiationOffer;
  /** NTLM was not the client's first choice, so its list must be proved untouched. */
  private readonly micRequired: boolean;

  constructor(
    private readonly settings: CredSspServerSettings,
    private readonly first: TSRequest,
  ) {
    const minimum = settings.minimumVersion ?? OLDEST_VERSION;
    this.clientVersion = first.version;
    this.version = Math.min(first.version, CREDSSP_VERSION);
    if (this.version < minimum) {
      fail(`version ${first.version} of the client is below ${minimum}, the oldest that is accepted`, '[MS-CSSP] 2.2.1');
    }
    const token = this.token(first);
    this.spnego = isBareNtlm(token) ? undefined : readOffer(token);
    this.micRequired = this.spnego !== undefined && !same(this.spnego.mechanisms[0] ?? new Uint8Array(0), NTLMSSP);
  }

  offer(): CredSspStep {
    const { spnego } = this;
    if (!spnego) return this.challenge(this.token(this.first));
    if (!spnego.mechanisms.some((mechanism) => same(mechanism, NTLMSSP))) {
      return this.refuse('the client offers no NTLM', SEC_E_INVALID_TOKEN);
    }
    if (!this.micRequired && spnego.mechToken) return this.challenge(spnego.mechToken);
    const negState = this.micRequired ? NEG_STATE.REQUEST_MIC : NEG_STATE.ACCEPT_INCOMPLETE;
    return {
      state: 'negotiate',
      reply: this.reply({ negoTokens: [{ negoToken: encode(NegTokenResp, { negState, supportedMech: NTLMSSP }) }] }),
      next: async (bytes) => {
        const { responseToken } = this.inner(this.read(bytes));
        return this.challenge(responseToken ?? fail('no NTLM message', '[RFC4178] 4.2.2', 'NegTokenResp'));
      },
    };
  }

  private challenge(negotiate: Uint8Array): CredSspStep {
    const challenge = challengeNtlm(negotiate, this.settings);
    const negoToken = this.spnego
      ? encode(NegTokenResp, { negState: NEG_STATE.ACCEPT_INCOMPLETE, supportedMech: NTLMSSP, responseToken: challenge.message })
      : challenge.message;
    return {
      state: 'authenticate',
      reply: this.reply({ negoTokens: [{ negoToken }] }),
      next: async (bytes) => this.authenticate(challenge, this.read(bytes)),
    };
  }

  private async authenticate(challenge: NtlmChallenge, request: TSRequest): Promise<CredSspStep> {
    const { responseToken, mechListMIC } = this.inner(request);
    const session = await challenge.authenticate(responseToken ?? fail('no NTLM message', '[MS-CSSP] 3.1.5'));
    if (!session) return this.refuse('user name or password is wrong', STATUS_LOGON_FAILURE);

    const answerMic = this.answerMic(session, mechListMIC);
    const completed = encode(NegTokenResp, { negState: NEG_STATE.ACCEPT_COMPLETED, mechListMIC: answerMic });
    const accepted = this.spnego && { negoTokens: [{ negoToken: completed }] };
    // A client that binds at once has finished its negotiation, unless it waits for our MIC.
    if (request.pubKeyAuth) return this.bind(session, request, answerMic ? accepted : undefined);
    return { state: 'bind', reply: accepted && this.reply(accepted), next: async (bytes) => this.bind(session, this.read(bytes)) };
  }

  /** Checks the client's MIC over its list of mechanisms. @returns ours, if the client has one */
  private answerMic(session: NtlmSession, mechListMIC: Uint8Array | undefined): Uint8Array | undefined {
    if (!this.spnego) return undefined;
    if (!mechListMIC) {
      if (this.micRequired) fail('no mechListMIC, though NTLM was not the first choice', '[RFC4178] 5', 'NegTokenResp');
      return undefined;
    }
    session.clientToServer.checkMechanisms(this.spnego.encodedList, mechListMIC);
    return session.serverToClient.signMechanisms(this.spnego.encodedList);
  }

  private bind(session: NtlmSession, { pubKeyAuth, clientNonce }: TSRequest, extra?: Partial<TSRequest>): CredSspStep {
    if (!pubKeyAuth) return fail('no pubKeyAuth', '[MS-CSSP] 3.1.5');
    if (needsNonce(this.version) && clientNonce?.length !== NONCE_LENGTH) {
      fail(`version ${this.version} needs a clientNonce of ${NONCE_LENGTH} bytes, not ${clientNonce?.length ?? 0}`, '[MS-CSSP] 2.2.1');
    }
    const binding: Binding = { version: this.version, publicKey: this.settings.publicKey, nonce: clientNonce };
    if (!equalBindings(session.clientToServer.unseal(pubKeyAuth), clientBinding(binding))) {
      return this.refuse('the client sees another TLS certificate than ours: someone is in between', SEC_E_INVALID_TOKEN);
    }
    return {
      state: 'credentials',
      reply: this.reply({ ...extra, pubKeyAuth: session.serverToClient.seal(serverBinding(binding)) }),
      next: async (bytes) => this.credentials(session, this.read(bytes)),
    };
  }

  private credentials(session: NtlmSession, { authInfo }: TSRequest): CredSspStep {
    if (!authInfo) return fail('no authInfo', '[MS-CSSP] 3.1.5');
    const { credType, credentials } = decode(TSCredentials, session.clientToServer.unseal(authInfo));
    if (credType !== CRED_TYPE_PASSWORD) {
      fail(`credentials of type ${credType}; only passwords (${CRED_TYPE_PASSWORD}) are taken`, '[MS-CSSP] 2.2.1.2', 'TSCredentials');
    }
    const { userName, domainName, password } = decode(TSPasswordCreds, credentials);
    const { user, domain, workstation } = session;
    const logon = { user, domain, workstation, version: this.version };
    if (userName === '' && domainName === '' && password === '') return { state: 'authenticated', logon };
    // What is delegated must be what was proved: else one user could bring another's name past the proof.
    if (!sameName(userName, user) || !session.isPassword(password)) {
      return this.refuse('the delegated credentials are not those that were proved', STATUS_LOGON_FAILURE);
    }
    return { state: 'authenticated', logon: { ...logon, password } };
  }

  /** A TSRequest after the first. */
  private read(bytes: Uint8Array): TSRequest {
    const request = decode(TSRequest, bytes);
    if (request.version !== this.clientVersion) fail(`version ${request.version} after version ${this.clientVersion}`, '[MS-CSSP] 2.2.1');
    return request;
  }

  private token({ negoTokens }: TSRequest): Uint8Array {
    return negoTokens?.[0]?.negoToken ?? fail('no negoTokens', '[MS-CSSP] 3.1.5');
  }

  private inner(request: TSRequest): NegTokenResp {
    const token = this.token(request);
    return this.spnego ? decode(NegTokenResp, token) : { responseToken: token };
  }

  private reply(fields: Partial<TSRequest>): Uint8Array {
    return encode(TSRequest, { version: CREDSSP_VERSION, ...fields });
  }

  private refuse(reason: string, errorCode: number): CredSspStep {
    return { state: 'refused', reply: ERROR_CODE_VERSIONS.includes(this.version) ? this.reply({ errorCode }) : undefined, reason };
  }
}

const sameName = (a: string, b: string): boolean => a.toLowerCase() === b.toLowerCase();
