/** What strangers may send before anyone has judged them: any bytes end in an error of the two kinds, or in a value, and quickly. */
import { generateKeyPairSync } from 'node:crypto';
import { describe, jest, test } from '@jest/globals';
import { WireError } from '@belvedere/wire';
import fc from 'fast-check';
import { ProtocolError } from '../errors.js';
import { parseServerCertificate, proprietaryCertificate } from './certificate.js';
import { ENCRYPTION_LEVEL, ENCRYPTION_METHOD, SEC } from './constants.js';
import { plainLayer, standardLayer } from './layer.js';
import { isLicensingPdu, parseLicensingPdu, validClientPdu } from './licensing.js';
import { publicNumbers } from './rsa.js';
import { answerStandardSecurity, offerStandardSecurity } from './standard.js';

// Thousands of runs, on machines that may be busy.
jest.setTimeout(60_000);

const key = generateKeyPairSync('rsa', { modulusLength: 512 }).privateKey;
const certificate = proprietaryCertificate(publicNumbers(key));
const choice = { method: ENCRYPTION_METHOD['128BIT'], level: ENCRYPTION_LEVEL.HIGH };
const { securityExchange } = answerStandardSecurity(offerStandardSecurity(choice, key, certificate));

/** Any bytes, and good ones with a few changed or cut off. */
const bytesLike = (...seeds: readonly Uint8Array[]): fc.Arbitrary<Uint8Array> =>
  fc.oneof(
    fc.uint8Array({ maxLength: 300 }),
    ...seeds.map((seed) =>
      fc.tuple(fc.array(fc.tuple(fc.nat(seed.length - 1), fc.integer({ min: 0, max: 255 })), { maxLength: 4 }), fc.nat(seed.length)).map(([changes, cut]) => {
        const copy = Uint8Array.from(seed);
        for (const [at, value] of changes) copy[at] = value;
        return cut % 3 ? copy : copy.subarray(0, cut);
      }),
    ),
  );

const harmless = (run: () => unknown): void => {
  try {
    run();
  } catch (error) {
    if (!(error instanceof WireError || error instanceof ProtocolError)) throw error;
  }
};

describe('any bytes', () => {
  test('as a Security Exchange PDU', () => {
    const offer = offerStandardSecurity(choice, key, certificate);
    fc.assert(fc.property(bytesLike(securityExchange), (bytes) => harmless(() => offer.accept(bytes))), { numRuns: 3000 });
  });

  test.each(Object.values(ENCRYPTION_METHOD).filter((method) => method !== ENCRYPTION_METHOD.NONE))('as packets of method %i', (method) => {
    const settings = { method, level: ENCRYPTION_LEVEL.HIGH, clientRandom: new Uint8Array(32), serverRandom: new Uint8Array(32), peerReadsEncryptedLicensing: false };
    const client = standardLayer({ ...settings, side: 'client' });
    const seeds = [client.wrap(SEC.INFO_PKT, Buffer.from('seven bytes and more'))];
    const fastPath = [client.wrapFastPath(Buffer.from('a key press')).body];
    const server = standardLayer({ ...settings, side: 'server' });
    fc.assert(fc.property(bytesLike(...seeds), (bytes) => harmless(() => server.unwrap(bytes))), { numRuns: 3000 });
    fc.assert(fc.property(fc.nat(3), bytesLike(...fastPath), (flags, bytes) => harmless(() => server.unwrapFastPath(flags, bytes))), { numRuns: 3000 });
  });

  test('as packets without encryption', () => {
    const seed = plainLayer('server').wrap(SEC.LICENSE_PKT, validClientPdu(0x00080004));
    fc.assert(fc.property(fc.constantFrom('server', 'client'), bytesLike(seed), (side, bytes) => harmless(() => plainLayer(side).unwrap(bytes))), { numRuns: 3000 });
  });

  test('as licensing PDUs', () => {
    fc.assert(fc.property(bytesLike(validClientPdu(0x00080004)), (bytes) => {
      isLicensingPdu(bytes);
      harmless(() => parseLicensingPdu(bytes));
    }), { numRuns: 3000 });
  });

  test('as a server certificate', () => {
    fc.assert(fc.property(bytesLike(certificate, Uint8Array.of(2, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 0x30, 0, 0)), (bytes) => harmless(() => parseServerCertificate(bytes))), { numRuns: 3000 });
  });
});
