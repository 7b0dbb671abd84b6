/**
 * The X.509 chain of Standard RDP Security below an administrator's certificate: his identity there as well, and a key of its own.
 *
 * [MS-RDPBCGR] 5.3.3.2 (root first, the server's own last), [MS-RDPELE] 2.2.1.4.2. Pure but for what issuing needs. The key that TLS signs
 * with never decrypts a random: it only issues the certificate of the one that does.
 */
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { x509CertificateChain } from './certificate.js';
import type { StandardIdentity } from './identity.js';

/** PEM texts: the server's certificate (others may follow), its key, and certificates of those who issued it. */
export interface CertificateTexts {
  readonly key: string;
  readonly cert: string;
  readonly ca?: string;
}

/** Bytes of the longest chain that is sent: what is left of a GCC answer, whose lengths have 14 bits. */
const MAX_CHAIN = 12_000;

/**
 * An identity that offers a chain below this certificate to clients of RDP 5 and later.
 *
 * Only for RSA: FreeRDP ends a session over the chain of another kind of key. @returns `standard` as it is for those
 */
export async function chainedIdentity(standard: StandardIdentity, { key, cert, ca = '' }: CertificateTexts): Promise<StandardIdentity> {
  if (createPrivateKey(key).asymmetricKeyType !== 'rsa') return standard;
  const [own, ...others] = certificatesOf(`${cert}\n${ca}`);
  const { issueBelow } = await import('./issue.js');
  const leaf = new X509Certificate(issueBelow(own.toString(), standard.key.export({ type: 'pkcs8', format: 'pem' }).toString(), key));
  const chain = [own.raw, leaf.raw];
  let room = MAX_CHAIN - own.raw.length - leaf.raw.length;
  for (let last = own; ; ) {
    const at = others.findIndex((issuer) => last.checkIssued(issuer) && last.verify(issuer.publicKey));
    if (at < 0 || last.fingerprint256 === others[at].fingerprint256) break;
    [last] = others.splice(at, 1);
    room -= last.raw.length;
    if (room < 0) break;
    chain.unshift(last.raw);
  }
  return { ...standard, x509CertificateChain: x509CertificateChain(chain), offersChain: true };
}

const certificatesOf = (pem: string): X509Certificate[] =>
  (pem.match(/-----BEGIN CERTIFICATE-----[\s\S]*?-----END CERTIFICATE-----/g) ?? []).map((text) => new X509Certificate(text));
