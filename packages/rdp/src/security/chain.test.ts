import { beforeAll, describe, expect, jest, test } from '@jest/globals';
import { createPublicKey, generateKeyPairSync, type KeyObject, X509Certificate } from 'node:crypto';
import { parseServerCertificate, proprietaryCertificate } from './certificate.js';
import { chainedIdentity } from './chain.js';
import type { StandardIdentity } from './identity.js';
import { issueBelow, issueSelfSigned } from './issue.js';
import { publicNumbers } from './rsa.js';

// Keys are made, on machines that may be busy.
jest.setTimeout(60_000);

const pem = (key: KeyObject): string => key.export({ type: 'pkcs8', format: 'pem' }).toString();
const newKey = (): KeyObject => generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;

let standard: StandardIdentity;
let own: string;
let root: { key: string; cert: string };
beforeAll(() => {
  const key = newKey();
  standard = { key, proprietaryCertificate: proprietaryCertificate(publicNumbers(key)), x509CertificateChain: new Uint8Array(0) };
  own = pem(newKey());
  const rootKey = pem(newKey());
  root = { key: rootKey, cert: issueSelfSigned({ commonName: 'The CA', altNames: [] }, rootKey) };
});

const subjects = (identity: StandardIdentity): string[] => parseServerCertificate(identity.x509CertificateChain).chain.map((der) => new X509Certificate(der).subject.replace('\n', ', '));

describe("a chain below an administrator's certificate", () => {
  test('has the root first and last the certificate of the key that decrypts, signed by the key of TLS', async () => {
    const cert = issueBelow(root.cert, own, root.key);
    const identity = await chainedIdentity(standard, { key: own, cert, ca: root.cert });
    expect(subjects(identity)).toEqual(['CN=The CA', 'CN=The CA, OU=Standard RDP Security', 'CN=The CA, OU=Standard RDP Security']);
    const { form, publicKey, chain } = parseServerCertificate(identity.x509CertificateChain);
    expect([form, publicKey, identity.offersChain]).toEqual(['x509', publicNumbers(standard.key), true]);
    const [ca, issuer, leaf] = chain.map((der) => new X509Certificate(der));
    expect([leaf.verify(issuer.publicKey), issuer.verify(ca.publicKey), issuer.checkPrivateKey(standard.key), leaf.checkPrivateKey(standard.key)]).toEqual([true, true, false, true]);
    expect(identity.proprietaryCertificate).toBe(standard.proprietaryCertificate);
  });

  test('has two certificates where the issuer is not known, and leaves strangers out', async () => {
    const cert = issueSelfSigned({ commonName: 'display.example', altNames: [] }, own);
    for (const ca of [undefined, root.cert]) {
      expect(subjects(await chainedIdentity(standard, { key: own, cert, ca }))).toEqual(['CN=display.example', 'CN=display.example, OU=Standard RDP Security']);
    }
  });

  test('is not offered for a key that is not RSA', async () => {
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    expect(createPublicKey(privateKey).asymmetricKeyType).toBe('ec');
    expect(await chainedIdentity(standard, { key: pem(privateKey), cert: root.cert })).toBe(standard);
  });
});
