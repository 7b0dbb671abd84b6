import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { WireError } from '@belvedere/wire';
import { ProtocolError } from '../errors.js';
import { proprietaryCertificate } from './certificate.js';
import { ENCRYPTION_LEVEL, ENCRYPTION_METHOD as METHOD, SEC } from './constants.js';
import { publicNumbers } from './rsa.js';
import { answerStandardSecurity, chooseEncryption, type EncryptionDemand, offerStandardSecurity, type StandardOffer } from './standard.js';

const ALL = METHOD['40BIT'] | METHOD['56BIT'] | METHOD['128BIT'] | METHOD.FIPS;
const client = (encryptionMethods: number): { encryptionMethods: number; extEncryptionMethods: number } => ({ encryptionMethods, extEncryptionMethods: 0 });

describe('chooseEncryption', () => {
  test.each([
    ['none', 0, METHOD.NONE, ENCRYPTION_LEVEL.NONE],
    ['low', ALL, METHOD['128BIT'], ENCRYPTION_LEVEL.LOW],
    ['low', METHOD.FIPS, METHOD.FIPS, ENCRYPTION_LEVEL.LOW],
    ['client-compatible', ALL, METHOD['128BIT'], ENCRYPTION_LEVEL.CLIENT_COMPATIBLE],
    ['client-compatible', METHOD['40BIT'] | METHOD['56BIT'], METHOD['56BIT'], ENCRYPTION_LEVEL.CLIENT_COMPATIBLE],
    ['client-compatible', METHOD['40BIT'], METHOD['40BIT'], ENCRYPTION_LEVEL.CLIENT_COMPATIBLE],
    ['client-compatible', METHOD.FIPS, METHOD.FIPS, ENCRYPTION_LEVEL.CLIENT_COMPATIBLE],
    ['high', ALL, METHOD['128BIT'], ENCRYPTION_LEVEL.HIGH],
    ['fips', ALL, METHOD.FIPS, ENCRYPTION_LEVEL.FIPS],
  ] as const)('%s, client offers %i', (demand, offered, method, level) => {
    expect(chooseEncryption(client(offered), demand)).toEqual({ method, level });
  });

  test('a client of the French locale offers its methods in the other field', () => {
    const french = { encryptionMethods: 0, extEncryptionMethods: METHOD['128BIT'] };
    expect(chooseEncryption(french, 'high')).toEqual({ method: METHOD['128BIT'], level: ENCRYPTION_LEVEL.HIGH });
  });

  test.each([
    ['high', METHOD['40BIT'] | METHOD['56BIT'], /offers encryption methods 0x9, but level high needs 128BIT or FIPS/],
    ['fips', METHOD['128BIT'], /needs FIPS/],
    ['low', 0, /needs 40BIT or 128BIT or 56BIT or FIPS/],
    ['client-compatible', 0x40, /0x40/],
  ] as const)('%s refuses a client that offers %i', (demand, offered, text) => {
    const choose = (): unknown => chooseEncryption(client(offered), demand);
    expect(choose).toThrow(ProtocolError);
    expect(choose).toThrow(text);
  });
});

describe('the exchange of randoms', () => {
  const key = generateKeyPairSync('rsa', { modulusLength: 1024 }).privateKey;
  const certificate = proprietaryCertificate(publicNumbers(key));
  const offerOf = (offered: number, demand: EncryptionDemand): StandardOffer =>
    offerStandardSecurity(chooseEncryption(client(offered), demand), key, certificate);

  test.each([
    [METHOD['40BIT'], 'low'],
    [METHOD['56BIT'], 'client-compatible'],
    [METHOD['128BIT'], 'high'],
    [METHOD.FIPS, 'low'],
    [METHOD.FIPS, 'high'],
    [METHOD.FIPS, 'fips'],
  ] as const)('method %i at level %s: both sides understand each other', (offered, demand) => {
    const offer = offerOf(offered, demand);
    const { securityExchange, layer } = answerStandardSecurity(offer);
    const server = offer.accept(securityExchange);
    const text = Buffer.from('a key and a picture');
    expect(Buffer.from(server.unwrap(layer.wrap(SEC.INFO_PKT, text)).payload).toString()).toBe('a key and a picture');
    expect(Buffer.from(layer.unwrap(server.wrap(0, text)).payload).toString()).toBe('a key and a picture');
  });

  test('each offer has a random of its own', () => {
    const randoms = [1, 2].map(() => Buffer.from(offerOf(ALL, 'high').serverRandom).toString('hex'));
    expect(randoms[0]).not.toBe(randoms[1]);
    expect(randoms[0]).toHaveLength(64);
  });

  test('a PDU of another kind, with another length, or with a number that is too large is refused', () => {
    const offer = offerOf(ALL, 'high');
    const { securityExchange } = answerStandardSecurity(offer);
    const changed = (change: (bytes: Uint8Array) => void): Uint8Array => {
      const copy = Uint8Array.from(securityExchange);
      change(copy);
      return copy;
    };
    expect(() => offer.accept(changed((b) => (b[0] = SEC.INFO_PKT)))).toThrow(/lack SEC_EXCHANGE_PKT/);
    expect(() => offer.accept(changed((b) => b.fill(0xff, 8)))).toThrow(/not below the modulus/);
    expect(() => offer.accept(changed((b) => (b[4] = 0x10)))).toThrow(WireError);
    const short = Uint8Array.from(securityExchange.subarray(0, 8 + 100));
    short[4] = 100;
    expect(() => offer.accept(short)).toThrow(/100 bytes of encrypted random do not fit a modulus of 128 bytes/);
    for (let length = 0; length < securityExchange.length; length++) {
      expect(() => offer.accept(securityExchange.subarray(0, length))).toThrow(WireError);
    }
  });

  test('a random that was encrypted for another server shows at the first MAC', () => {
    const offer = offerOf(ALL, 'high');
    const { securityExchange, layer } = answerStandardSecurity(offer);
    securityExchange[20] ^= 1;
    const server = offer.accept(securityExchange);
    expect(() => server.unwrap(layer.wrap(SEC.INFO_PKT, Buffer.from('secret')))).toThrow(/MAC of packet 0 does not match/);
  });
});
