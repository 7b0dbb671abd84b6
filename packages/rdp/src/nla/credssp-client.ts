/**
 * Network Level Authentication, the client's side: the twin of `credssp.ts`.
 *
 * [MS-CSSP] 3.1.5, 3.2.5. Pure but for random numbers: TSRequests in, TSRequests and the next step out.
 */
import { randomBytes } from 'node:crypto';
import { decode, encode } from '@belvedere/wire';
import { ProtocolError } from '../errors.js';
import { clientBinding, equalBindings, needsNonce, NONCE_LENGTH, serverBinding } from './binding.js';
import { CREDSSP_VERSION } from './credssp.js';
import { negotiateNtlm, type NtlmNegotiation, type NtlmSession, type RandomSource } from './ntlm.js';
import { ntHash } from './ntlm-keys.js';
import { mechTypeList, NegTokenResp, NTLMSSP, same, writeOffer } from './spnego.js';
import { CRED_TYPE_PASSWORD, TSCredentials, TSPasswordCreds, TSRequest } from './tsrequest.js';

/** 1.2.840.48018.1.2.2 and 1.2.840.113554.1.2.2: what Windows clients prefer to NTLM. */
const KERBEROS = ['2a864882f712010202', '2a864886f712010202'].map((digits) => new Uint8Array(Buffer.from(digits, 'hex')));

export interface CredSspClientSettings {
  readonly user: string;
  readonly domain: string;
  readonly password: string;
  readonly workstation: string;
  /** The bits of the public key in the certificate that TLS showed. */
  readonly publicKey: Uint8Array;
  /** 2 to 6; default 6. */
  readonly version?: number;
  /** How NTLM is offered: without SPNEGO, as SPNEGO's first mechanism, or after Kerberos. Default `spnego`. */
  readonly offer?: 'bare' | 'spnego' | 'after-kerberos';
  /** Whether the credentials are delegated; if not, empty ones are (Restricted Admin). Default true. */
  readonly delegate?: boolean;
  readonly random?: RandomSource;
}

export type CredSspClientStep =
  | {
      readonly state: 'waiting';
      readonly message: Uint8Array;
      /** Takes the server's TSRequest. Throws `ProtocolError` or `WireError`. */
      next(tsRequest: Uint8Array): CredSspClientStep;
    }
  | { readonly state: 'done'; readonly message: Uint8Array };

const fail = (problem: string, pdu = 'TSRequest'): never => {
  throw new ProtocolError(problem, { state: 'credssp', pdu, section: '[MS-CSSP] 3.1.5' });
};

/** The client's first step. */
export const credSspClient = (settings: CredSspClientSettings): CredSspClientStep => new ClientExchange(settings).begin();

class ClientExchange {
  private readonly version: number;
  /** The lower of both versions, once the server has told its own. */
  private agreed: number;
  private readonly bare: boolean;
  private readonly mechanisms: readonly Uint8Array[];
  private readonly random: RandomSource;

  constructor(private readonly settings: CredSspClientSettings) {
    this.version = this.agreed = settings.version ?? CREDSSP_VERSION;
    this.bare = settings.offer === 'bare';
    this.mechanisms = settings.offer === 'after-kerberos' ? [...KERBEROS, NTLMSSP] : [NTLMSSP];
    this.random = settings.random ?? randomBytes;
  }

  begin(): CredSspClientStep {
    const { user, domain, workstation, password } = this.settings;
    const ntlm = negotiateNtlm({ user, domain, workstation, ntHash: ntHash(password), random: this.random });
    if (this.bare) return this.waiting({ negoTokens: [{ negoToken: ntlm.message }] }, (reply) => this.answer(ntlm, reply));
    const first = same(this.mechanisms[0], NTLMSSP);
    const offer = writeOffer(this.mechanisms, first ? ntlm.message : undefined);
    const next = (reply: TSRequest): CredSspClientStep => (first ? this.answer(ntlm, reply) : this.negotiate(ntlm, reply));
    return this.waiting({ negoTokens: [{ negoToken: offer }] }, next);
  }

  private negotiate(ntlm: NtlmNegotiation, reply: TSRequest): CredSspClientStep {
    const { supportedMech } = this.inner(reply);
    if (!supportedMech || !same(supportedMech, NTLMSSP)) fail('the server chose no NTLM', 'NegTokenResp');
    return this.waiting(this.wrapped({ responseToken: ntlm.message }), (next) => this.answer(ntlm, next));
  }

  private answer(ntlm: NtlmNegotiation, reply: TSRequest): CredSspClientStep {
    this.agreed = Math.min(this.version, reply.version);
    const { message, session } = ntlm.answer(this.inner(reply).responseToken ?? fail('no challenge'));
    if (this.bare) return this.bind(session, { negoTokens: [{ negoToken: message }] });
    if (this.mechanisms.length === 1) return this.bind(session, this.wrapped({ responseToken: message }));
    const list = encode(mechTypeList, this.mechanisms);
    const mechListMIC = session.clientToServer.signMechanisms(list);
    return this.waiting(this.wrapped({ responseToken: message, mechListMIC }), (next) => {
      session.serverToClient.checkMechanisms(list, this.inner(next).mechListMIC ?? fail('no mechListMIC', 'NegTokenResp'));
      return this.bind(session, {});
    });
  }

  private bind(session: NtlmSession, fields: Partial<TSRequest>): CredSspClientStep {
    const nonce = needsNonce(this.agreed) ? this.random(NONCE_LENGTH) : undefined;
    const binding = { version: this.agreed, publicKey: this.settings.publicKey, nonce };
    const pubKeyAuth = session.clientToServer.seal(clientBinding(binding));
    return this.waiting({ ...fields, pubKeyAuth, clientNonce: nonce }, (reply) => {
      const answer = session.serverToClient.unseal(reply.pubKeyAuth ?? fail('no pubKeyAuth'));
      if (!equalBindings(answer, serverBinding(binding))) fail('the server binds to another public key than TLS showed');
      return { state: 'done', message: this.write({ authInfo: session.clientToServer.seal(this.credentials()) }) };
    });
  }

  private credentials(): Uint8Array {
    const { user, domain, password, delegate } = this.settings;
    const creds = delegate === false ? { domainName: '', userName: '', password: '' } : { domainName: domain, userName: user, password };
    return encode(TSCredentials, { credType: CRED_TYPE_PASSWORD, credentials: encode(TSPasswordCreds, creds) });
  }

  private waiting(fields: Partial<TSRequest>, next: (reply: TSRequest) => CredSspClientStep): CredSspClientStep {
    return {
      state: 'waiting',
      message: this.write(fields),
      next(bytes) {
        const reply = decode(TSRequest, bytes);
        if (reply.errorCode !== undefined) fail(`the server refuses: status 0x${(reply.errorCode >>> 0).toString(16)}`);
        return next(reply);
      },
    };
  }

  private wrapped(token: NegTokenResp): Partial<TSRequest> {
    return { negoTokens: [{ negoToken: encode(NegTokenResp, token) }] };
  }

  private inner({ negoTokens }: TSRequest): NegTokenResp {
    const token = negoTokens?.[0]?.negoToken ?? fail('no negoTokens');
    return this.bare ? { responseToken: token } : decode(NegTokenResp, token);
  }

  private write(fields: Partial<TSRequest>): Uint8Array {
    return encode(TSRequest, { version: this.version, ...fields });
  }
}
