import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, jest, test } from '@jest/globals';
import { decode, encode, WireError } from '@belvedere/wire';
import fc from 'fast-check';
import { ProtocolError } from '../errors.js';
import { issueSelfSigned } from '../security/issue.js';
import { subjectPublicKey } from './binding.js';
import { credSspClient, type CredSspClientSettings, type CredSspClientStep } from './credssp-client.js';
import { credSspServer, type CredSspServerSettings, type CredSspStep } from './credssp.js';
import { ntHash } from './ntlm-keys.js';
import { NEG_STATE, NegTokenResp, writeOffer } from './spnego.js';
import { earlyUserAuthorizationResult, TSRequest, tsRequestLength } from './tsrequest.js';

// Thousands of runs, on machines that may be busy.
jest.setTimeout(60_000);

const publicKey = Uint8Array.from({ length: 270 }, (_, i) => (i * 7) & 0xff);
const serverSettings: CredSspServerSettings = {
  publicKey,
  computerName: 'host.example',
  now: () => Date.UTC(2026, 0, 1),
  ntHash: async (user) => (user.toLowerCase() === 'user' ? ntHash('secret') : undefined),
};
const clientSettings: CredSspClientSettings = { user: 'User', domain: 'DOMAIN', password: 'secret', workstation: 'desk', publicKey };

const RUNS = 1000;

/** Client and server wait for each other. */
class Stall extends Error {}

interface Outcome {
  readonly step: CredSspStep;
  readonly states: string[];
  readonly toServer: Uint8Array[];
  readonly toClient: Uint8Array[];
}

/** Lets a client and a server talk until one of them has nothing more to say. @param tamper changes what the client sends */
async function converse(client: Partial<CredSspClientSettings> = {}, server: Partial<CredSspServerSettings> = {}, tamper = (bytes: Uint8Array, _n: number): Uint8Array => bytes): Promise<Outcome> {
  let own: CredSspClientStep = credSspClient({ ...clientSettings, ...client });
  let take = credSspServer({ ...serverSettings, ...server });
  const [states, toServer, toClient]: [string[], Uint8Array[], Uint8Array[]] = [[], [], []];
  for (;;) {
    toServer.push(own.message);
    const step = await take(tamper(own.message, toServer.length - 1));
    states.push(step.state);
    if (step.state === 'authenticated' || step.state === 'refused') {
      if (step.state === 'refused' && step.reply) toClient.push(step.reply);
      return { step, states, toServer, toClient };
    }
    if (own.state === 'done' || !step.reply) throw new Stall(`both wait, the server in state ${step.state}`);
    toClient.push(step.reply);
    take = (bytes) => step.next(bytes);
    own = own.next(step.reply);
  }
}

describe('a login', () => {
  const VERSIONS = [2, 3, 4, 5, 6];
  const OFFERS = ['bare', 'spnego', 'after-kerberos'] as const;

  test.each(VERSIONS.flatMap((version) => OFFERS.map((offer) => [version, offer] as const)))('version %i, NTLM offered %s', async (version, offer) => {
    const { step, states } = await converse({ version, offer });
    expect(step).toEqual({ state: 'authenticated', logon: { user: 'User', domain: 'DOMAIN', workstation: 'desk', password: 'secret', version } });
    expect(states).toEqual(offer === 'after-kerberos' ? ['negotiate', 'authenticate', 'bind', 'credentials', 'authenticated'] : ['authenticate', 'credentials', 'authenticated']);
  });

  test('a client of a later version is taken as one of ours, with fields that it adds', async () => {
    const later = (bytes: Uint8Array): Uint8Array => {
      const body = Buffer.concat([encode(TSRequest, { ...decode(TSRequest, bytes), version: 9 }).subarray(bytes[1] === 0x82 ? 4 : bytes[1] === 0x81 ? 3 : 2), Buffer.from('a603020101', 'hex')]);
      return Buffer.concat([Buffer.from([0x30, 0x82, body.length >> 8, body.length & 0xff]), body]);
    };
    expect((await converse({}, {}, later)).step).toMatchObject({ state: 'authenticated', logon: { version: 6 } });
  });

  test('without delegation has no password', async () => {
    expect((await converse({ delegate: false })).step).toEqual({ state: 'authenticated', logon: { user: 'User', domain: 'DOMAIN', workstation: 'desk', version: 6 } });
  });

  test('the password is never in the clear', async () => {
    const { toServer } = await converse();
    for (const bytes of toServer) expect(Buffer.from(bytes).includes(Buffer.from('secret', 'utf16le'))).toBe(false);
  });
});

describe('a refusal', () => {
  test.each([
    [2, undefined], [3, 0xc000006d | 0], [4, 0xc000006d | 0], [5, undefined], [6, 0xc000006d | 0],
  ])('of a wrong password, version %i', async (version, errorCode) => {
    const { step, toClient } = await converse({ version, password: 'wrong' });
    expect(step).toMatchObject({ state: 'refused', reason: 'user name or password is wrong' });
    const reply = step.state === 'refused' ? step.reply : undefined;
    expect(reply && decode(TSRequest, reply)).toEqual(errorCode === undefined ? undefined : { version: 6, errorCode });
    expect(toClient).toHaveLength(errorCode === undefined ? 1 : 2);
  });

  test('of an unknown user says the same', async () => {
    expect((await converse({ user: 'nobody' })).step).toMatchObject({ state: 'refused', reason: 'user name or password is wrong' });
  });

  test.each([4, 6])('of a client that sees another certificate, version %i', async (version) => {
    const other = Uint8Array.from(publicKey);
    other[100] ^= 1;
    expect((await converse({ version, publicKey: other })).step).toMatchObject({ state: 'refused', reason: /another TLS certificate/ as unknown as string });
  });

  test('of a version below what the administrator accepts', async () => {
    await expect(converse({ version: 4 }, { minimumVersion: 5 })).rejects.toThrow(/version 4 of the client is below 5/);
    await expect(converse({ version: 1 })).rejects.toThrow(ProtocolError);
  });

  test('of a client without NTLM', async () => {
    const kerberos = writeOffer([new Uint8Array(Buffer.from('2a864886f712010202', 'hex'))], new Uint8Array(5));
    const step = await credSspServer(serverSettings)(encode(TSRequest, { version: 6, negoTokens: [{ negoToken: kerberos }] }));
    expect(step).toMatchObject({ state: 'refused', reason: 'the client offers no NTLM' });
  });
});

describe('attacks', () => {
  const rewrite = (at: number, change: (request: TSRequest) => TSRequest) => (bytes: Uint8Array, n: number): Uint8Array =>
    n === at ? encode(TSRequest, change(decode(TSRequest, bytes))) : bytes;

  test('another version in the middle', () =>
    expect(converse({}, {}, rewrite(1, (request) => ({ ...request, version: 3 })))).rejects.toThrow(/version 3 after version 6/));

  test('a nonce that is missing, or another', async () => {
    await expect(converse({}, {}, rewrite(1, (request) => ({ ...request, clientNonce: undefined })))).rejects.toThrow(/clientNonce of 32 bytes, not 0/);
    expect((await converse({}, {}, rewrite(1, (request) => ({ ...request, clientNonce: new Uint8Array(32) })))).step.state).toBe('refused');
  });

  test('a list of mechanisms that was shortened on the way', () => {
    // The client's MIC is over the list that it sent.
    const cut = rewrite(0, (request) => ({ ...request, negoTokens: [{ negoToken: writeOffer([new Uint8Array(Buffer.from('2a864886f712010202', 'hex')), new Uint8Array(Buffer.from('2b06010401823702020a', 'hex'))]) }] }));
    return expect(converse({ offer: 'after-kerberos' }, {}, cut)).rejects.toThrow(/does not match/);
  });

  test('a MIC over the mechanisms that is left out', () => {
    const strip = rewrite(2, (request) => {
      const token = decode(NegTokenResp, request.negoTokens![0].negoToken);
      return { ...request, negoTokens: [{ negoToken: encode(NegTokenResp, { ...token, mechListMIC: undefined }) }] };
    });
    return expect(converse({ offer: 'after-kerberos' }, {}, strip)).rejects.toThrow(/no mechListMIC/);
  });

  test('credentials of another user than the one who proved it', async () => {
    // A client that proves one user and delegates another: the settings are read again when it delegates.
    const settings = { ...clientSettings };
    const client = credSspClient(settings);
    const first = await credSspServer(serverSettings)(client.message);
    if (client.state !== 'waiting' || !('next' in first)) throw new Error(first.state);
    const second = client.next(first.reply!);
    const bound = await first.next(second.message);
    if (second.state !== 'waiting' || !('next' in bound)) throw new Error(bound.state);
    Object.assign(settings, { user: 'Administrator' });
    expect(await bound.next(second.next(bound.reply!).message)).toMatchObject({ state: 'refused', reason: 'the delegated credentials are not those that were proved' });
  });

  test('a server that does not have the key of its certificate is noticed by the client', async () => {
    const client = credSspClient(clientSettings);
    const first = await credSspServer(serverSettings)(client.message);
    if (client.state !== 'waiting' || !('next' in first)) throw new Error(first.state);
    const second = client.next(first.reply!);
    const bound = await first.next(second.message);
    if (second.state !== 'waiting' || !('next' in bound)) throw new Error(bound.state);
    const request = decode(TSRequest, bound.reply!);
    const pubKeyAuth = Uint8Array.from(request.pubKeyAuth!);
    pubKeyAuth[20] ^= 1;
    expect(() => second.next(encode(TSRequest, { ...request, pubKeyAuth }))).toThrow(ProtocolError);
  });

  test('mutations anywhere end in an error, a refusal or silence, never in a login', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(2), fc.nat(), fc.integer({ min: 1, max: 255 }), fc.constantFrom('bare', 'spnego'), async (at, position, mask, offer) => {
        let ignored = false;
        const tamper = (bytes: Uint8Array, n: number): Uint8Array => {
          if (n !== at) return bytes;
          const copy = Uint8Array.from(bytes);
          copy[position % copy.length] ^= mask;
          // SPNEGO protects its first message only when NTLM was not the first choice: its reqFlags may change, without harm.
          ignored = n === 0 && offer === 'spnego';
          return copy;
        };
        try {
          const { step } = await converse({ offer }, {}, tamper);
          if (step.state === 'authenticated' && !ignored) throw new Error(`byte ${position} of message ${at} may be changed`);
        } catch (error) {
          if (!(error instanceof ProtocolError || error instanceof WireError || error instanceof Stall)) throw error;
        }
      }),
      { numRuns: RUNS },
    );
  });
});

describe('tsRequestLength', () => {
  const whole = credSspClient(clientSettings).message;

  test('waits for the whole and cuts it off', () => {
    for (let length = 0; length < whole.length; length++) expect(tsRequestLength(whole.subarray(0, length))).toBeUndefined();
    expect(tsRequestLength(Buffer.concat([whole, Uint8Array.of(1, 2)]))).toBe(whole.length);
  });

  test('refuses what cannot be one, at its first bytes', () => {
    expect(() => tsRequestLength(Uint8Array.of(0x03))).toThrow(ProtocolError);
    expect(() => tsRequestLength(Uint8Array.of(0x30, 0x83, 0x02, 0, 0))).toThrow(/more than the 65536/);
  });
});

test('every truncation of every message of the client is refused', async () => {
  const { toServer } = await converse();
  for (const message of toServer) {
    for (let length = 0; length < message.length; length++) expect(() => decode(TSRequest, message.subarray(0, length))).toThrow(WireError);
  }
});

test('request-mic is asked for when NTLM is not the first choice', async () => {
  const { toClient } = await converse({ offer: 'after-kerberos' });
  const { negoTokens } = decode(TSRequest, toClient[0]);
  expect(decode(NegTokenResp, negoTokens![0].negoToken)).toMatchObject({ negState: NEG_STATE.REQUEST_MIC });
});

test('the early user authorization result', () => {
  expect([...earlyUserAuthorizationResult(true)]).toEqual([0, 0, 0, 0]);
  expect([...earlyUserAuthorizationResult(false)]).toEqual([5, 0, 0, 0]);
});

test('the key that is bound is the RSAPublicKey inside the certificate', () => {
  const { privateKey, publicKey: own } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const certificate = issueSelfSigned({ commonName: 'host', altNames: [] }, privateKey.export({ type: 'pkcs8', format: 'pem' }).toString());
  expect(Buffer.from(subjectPublicKey(certificate)).equals(own.export({ type: 'pkcs1', format: 'der' }))).toBe(true);
});
