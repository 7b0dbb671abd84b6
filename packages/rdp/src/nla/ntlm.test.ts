import { describe, expect, test } from '@jest/globals';
import { encode, WireError } from '@belvedere/wire';
import { ProtocolError } from '../errors.js';
import { Rc4 } from '../security/rc4.js';
import { challengeNtlm, negotiateNtlm, type NtlmServerSettings } from './ntlm.js';
import { hmacMd5, ntHash, proof, responseKey, sealingKey, sessionBaseKey, signingKey, utf16le } from './ntlm-keys.js';
import { AV, NTLM_FLAG, NTLMv2_CLIENT_CHALLENGE, readAuthenticate, readAvPairs, readChallenge, writeAuthenticate, writeAvPairs, writeNegotiate } from './ntlm-messages.js';
import { SealedStream } from './ntlm-seal.js';

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const unhex = (digits: string): Uint8Array => new Uint8Array(Buffer.from(digits, 'hex'));

/** [MS-NLMP] 4.2.1 and 4.2.4: User, Password, Domain, Server; time 0; a random session key of 0x55, a client challenge of 0xaa. */
describe("the standard's NTLMv2 example", () => {
  const serverChallenge = unhex('0123456789abcdef');
  const clientChallenge = Buffer.concat([
    encode(NTLMv2_CLIENT_CHALLENGE, { TimeStamp: 0n, ChallengeFromClient: new Uint8Array(8).fill(0xaa) }),
    writeAvPairs([{ id: AV.NB_DOMAIN, value: utf16le('Domain') }, { id: AV.NB_COMPUTER, value: utf16le('Server') }]),
    new Uint8Array(4),
  ]);
  const key = responseKey(ntHash('Password'), 'User', 'Domain');
  const ntProof = proof(key, serverChallenge, clientChallenge);
  const exported = new Uint8Array(16).fill(0x55);

  test('4.2.4.1.1 NTOWFv2', () => expect(hex(key)).toBe('0c868a403bfd7a93a3001ef22ef02e3f'));
  test('4.2.4.1.2 session base key', () => expect(hex(sessionBaseKey(key, ntProof))).toBe('8de40ccadbc14a82f15cb0ad0de95ca3'));
  test('4.2.4.2.1 LMv2 response', () => {
    const challenge = new Uint8Array(8).fill(0xaa);
    expect(hex(hmacMd5(key, serverChallenge, challenge))).toBe('86c35097ac9cec102554764a57cccc19');
  });
  test('4.2.4.2.2 NTLMv2 response', () => expect(hex(ntProof)).toBe('68cd0ab851e51c96aabc927bebef6a1c'));
  test('4.2.4.2.3 encrypted session key', () => {
    expect(hex(new Rc4(sessionBaseKey(key, ntProof)).apply(exported))).toBe('c5dad2544fc9799094ce1ce90bc9d03e');
  });
  test('4.2.4.4 keys, sealed message and signature', () => {
    expect(hex(sealingKey(exported, 'client-to-server'))).toBe('59f600973cc4960a25480a7c196e4c58');
    expect(hex(signingKey(exported, 'client-to-server'))).toBe('4788dc861b4782f35d43fd98fe1a2d39');
    const sealed = new SealedStream(exported, 'client-to-server').seal(utf16le('Plaintext'));
    expect(hex(sealed)).toBe('01000000' + '7fb38ec5c55d4976' + '00000000' + '54e50165bf1936dc996020c1811b0f06fb5f');
  });
});

describe('SealedStream', () => {
  const key = new Uint8Array(16).fill(0x55);
  const pair = (): [SealedStream, SealedStream] => [new SealedStream(key, 'server-to-client'), new SealedStream(key, 'server-to-client')];

  test('opens what its twin sealed, in order', () => {
    const [a, b] = pair();
    for (const text of ['', 'one', 'two', 'x'.repeat(1000)]) expect(Buffer.from(b.unseal(a.seal(Buffer.from(text)))).toString()).toBe(text);
  });

  test('refuses a changed byte, a repetition, another order and another direction', () => {
    for (let at = 4; at < 19; at++) {
      const [a, b] = pair();
      const sealed = a.seal(Buffer.from('abc'));
      sealed[at] ^= 1;
      expect(() => b.unseal(sealed)).toThrow(ProtocolError);
    }
    const [a, b] = pair();
    const [first, second] = [a.seal(Buffer.from('1')), a.seal(Buffer.from('2'))];
    b.unseal(first);
    expect(() => b.unseal(first)).toThrow(ProtocolError);
    expect(() => pair()[1].unseal(second)).toThrow(ProtocolError);
    expect(() => new SealedStream(key, 'client-to-server').unseal(first)).toThrow(ProtocolError);
    expect(() => pair()[1].unseal(first.subarray(0, 15))).toThrow(WireError);
  });

  test('after signing mechanisms the cipher starts anew and the sequence goes on', () => {
    const [a, b] = pair();
    b.checkMechanisms(Buffer.from('list'), a.signMechanisms(Buffer.from('list')));
    const sealed = a.seal(Buffer.from('abc'));
    expect(sealed[12]).toBe(1);
    expect(hex(sealed.subarray(16))).toBe(hex(pair()[0].seal(Buffer.from('abc')).subarray(16)));
    expect(Buffer.from(b.unseal(sealed)).toString()).toBe('abc');
    expect(() => pair()[1].checkMechanisms(Buffer.from('tsil'), pair()[0].signMechanisms(Buffer.from('list')))).toThrow(ProtocolError);
  });
});

describe('a handshake', () => {
  const settings: NtlmServerSettings = {
    computerName: 'host.example',
    now: () => Date.UTC(2026, 0, 1),
    ntHash: async (user, domain) => (user.toLowerCase() === 'jürgen' && domain === '' ? ntHash('pässword') : undefined),
  };
  const client = (user = 'Jürgen', password = 'pässword'): ReturnType<typeof negotiateNtlm> =>
    negotiateNtlm({ user, domain: '', workstation: 'desk', ntHash: ntHash(password) });

  test('with the right password gives both sides the same session', async () => {
    const own = client();
    const server = challengeNtlm(own.message, settings);
    const { message, session } = own.answer(server.message);
    const theirs = await server.authenticate(message);
    expect(theirs).toMatchObject({ user: 'Jürgen', domain: '', workstation: 'desk' });
    expect(Buffer.from(theirs!.clientToServer.unseal(session.clientToServer.seal(Buffer.from('up')))).toString()).toBe('up');
    expect(Buffer.from(session.serverToClient.unseal(theirs!.serverToClient.seal(Buffer.from('down')))).toString()).toBe('down');
    expect([theirs!.isPassword('pässword'), theirs!.isPassword('password')]).toEqual([true, false]);
  });

  test('the challenge names the computer and the time', () => {
    const info = readAvPairs(readChallenge(challengeNtlm(client().message, settings).message).targetInfo);
    const text = (id: number): string => Buffer.from(info.find((pair) => pair.id === id)!.value).toString('utf16le');
    expect([text(AV.NB_COMPUTER), text(AV.NB_DOMAIN), text(AV.DNS_COMPUTER)]).toEqual(['HOST', 'HOST', 'host.example']);
    const time = Buffer.from(info.find(({ id }) => id === AV.TIMESTAMP)!.value).readBigUInt64LE();
    expect(new Date(Number(time / 10_000n) - 11_644_473_600_000).toISOString()).toBe('2026-01-01T00:00:00.000Z');
  });

  test.each([
    ['a wrong password', 'Jürgen', 'password'],
    ['an unknown user', 'Hans', 'pässword'],
    ['no user', '', 'pässword'],
  ])('with %s gives none', async (_what, user, password) => {
    const own = client(user, password);
    const server = challengeNtlm(own.message, settings);
    expect(await server.authenticate(own.answer(server.message).message)).toBeUndefined();
  });

  test('an answer to an earlier challenge gives none', async () => {
    const own = client();
    const old = own.answer(challengeNtlm(own.message, settings).message).message;
    expect(await challengeNtlm(own.message, settings).authenticate(old)).toBeUndefined();
  });

  test('a changed message shows in the MIC', async () => {
    const own = client();
    const changed = Uint8Array.from(own.message);
    changed[33] ^= 0x10;
    const server = challengeNtlm(changed, settings);
    await expect(server.authenticate(own.answer(server.message).message)).rejects.toThrow(/MIC does not match/);

    const server2 = challengeNtlm(own.message, settings);
    const { message } = own.answer(server2.message);
    message[72] ^= 1;
    await expect(server2.authenticate(message)).rejects.toThrow(ProtocolError);
  });

  test('weaker NTLM is refused: flags, NTLMv1, a missing session key', async () => {
    const flagsOf = (without: number): number => (0xe2888235 & ~without) >>> 0;
    expect(() => challengeNtlm(writeNegotiate(flagsOf(NTLM_FLAG.SEAL)), settings)).toThrow(/does not offer SEAL/);
    expect(() => challengeNtlm(writeNegotiate(flagsOf(NTLM_FLAG['128'])), settings)).toThrow(/does not offer 128/);
    const own = client();
    const server = challengeNtlm(own.message, settings);
    const value = readAuthenticate(own.answer(server.message).message);
    await expect(server.authenticate(writeAuthenticate({ ...value, flags: (value.flags & ~NTLM_FLAG.KEY_EXCH) >>> 0 }))).rejects.toThrow(/gave up KEY_EXCH/);
    await expect(server.authenticate(writeAuthenticate({ ...value, ntResponse: new Uint8Array(24) }))).rejects.toThrow(/not NTLMv2/);
    await expect(server.authenticate(writeAuthenticate({ ...value, encryptedSessionKey: new Uint8Array(8) }))).rejects.toThrow(/session key of 8 bytes/);
  });

  test('every truncation, and fields that point outside, are refused', async () => {
    const own = client();
    const server = challengeNtlm(own.message, settings);
    const { message } = own.answer(server.message);
    for (let length = 0; length < message.length; length++) await expect(server.authenticate(message.subarray(0, length))).rejects.toThrow(WireError);
    for (let length = 0; length < 16; length++) expect(() => challengeNtlm(own.message.subarray(0, length), settings)).toThrow(WireError);
    for (const at of [16, 24, 32, 40, 48, 56]) {
      const outside = Uint8Array.from(message);
      outside.fill(0xff, at, at + 4);
      await expect(server.authenticate(outside)).rejects.toThrow(WireError);
    }
  });
});
