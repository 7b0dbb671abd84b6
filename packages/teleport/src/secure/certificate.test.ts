import { X509Certificate } from 'node:crypto';
import { expect, test } from '@jest/globals';
import { ephemeralIdentity } from './certificate.js';

test('a certificate that OpenSSL reads and that verifies with its own key, another one each time', () => {
  const now = Date.UTC(2030, 1, 3, 4, 5, 6);
  const [one, other] = [ephemeralIdentity(now), ephemeralIdentity(now)];
  const certificate = new X509Certificate(one.cert);
  expect(certificate.subject).toBe('CN=Belvedere teleporter');
  expect(certificate.verify(certificate.publicKey)).toBe(true);
  expect(certificate.publicKey.asymmetricKeyDetails?.namedCurve).toBe('prime256v1');
  expect(new Date(certificate.validFrom).getTime()).toBe(now - 86_400_000);
  expect(new Date(certificate.validTo).getTime()).toBe(now + 365 * 86_400_000);
  expect(new X509Certificate(other.cert).fingerprint256).not.toBe(certificate.fingerprint256);
});
