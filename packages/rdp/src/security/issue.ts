/**
 * Issuing the certificates of a server that has none of its own.
 *
 * [RFC5280]. Pure but for the clock and the random serial number. node-forge builds; node:crypto signs, reads and verifies.
 */
import { createPublicKey, randomBytes, sign } from 'node:crypto';
import { isIP } from 'node:net';
import forge from 'node-forge';

/** Longest CN there may be. [RFC5280] A.1, ub-common-name */
const MAX_COMMON_NAME = 64;

/** A viewer that has accepted the certificate once is asked again when it changes: so it lasts. */
const YEARS = 10;
/** Clocks of viewers may be behind by this many hours. */
const CLOCK_SLACK_HOURS = 24;

export interface CertificateRequest {
  readonly commonName: string;
  /** DNS names and IP addresses by which viewers reach the server; the common name need not be among them. */
  readonly altNames: readonly string[];
}

/** The end of `request` in a sentence, if it cannot be issued. */
export function refusal({ commonName }: CertificateRequest): string | undefined {
  if (commonName.length >= 1 && commonName.length <= MAX_COMMON_NAME) return undefined;
  const found = `${JSON.stringify(commonName)} has ${commonName.length}`;
  return `a certificate's name has 1 to ${MAX_COMMON_NAME} characters, ${found}: give a shorter one and the full name as an alternative`;
}

const UTF8_STRING = forge.asn1.Type.UTF8 as unknown as forge.asn1.Class;

const distinguishedName = (commonName: string, unit?: string): forge.pki.CertificateField[] => {
  const values = [{ shortName: 'CN', value: commonName }, ...(unit === undefined ? [] : [{ shortName: 'OU', value: unit }])];
  return values.map((field) => ({ ...field, valueTagClass: UTF8_STRING }));
};

interface Names {
  readonly subject: forge.pki.CertificateField[];
  readonly issuer: forge.pki.CertificateField[];
}

function issue({ subject, issuer }: Names, publicKeyPem: string, extensions: readonly object[], issuerKeyPem: string): string {
  const certificate = forge.pki.createCertificate() as SignableCertificate;
  certificate.publicKey = forge.pki.publicKeyFromPem(publicKeyPem);
  const serial = randomBytes(16);
  // A serial number is positive and its encoding shortest: the first byte is 0x40 to 0x7f. [RFC5280] 4.1.2.2
  serial[0] = (serial[0] & 0x3f) | 0x40;
  certificate.serialNumber = serial.toString('hex');
  const { notBefore, notAfter } = certificate.validity;
  notBefore.setUTCHours(notBefore.getUTCHours() - CLOCK_SLACK_HOURS);
  notAfter.setUTCFullYear(notAfter.getUTCFullYear() + YEARS);
  certificate.setSubject(subject);
  certificate.setIssuer(issuer);
  certificate.setExtensions([...extensions]);

  // node-forge could sign too, but holds the process up for 50 ms.
  certificate.signatureOid = certificate.siginfo.algorithmOid = forge.pki.oids.sha256WithRSAEncryption;
  const tbsCertificate = (forge.pki as unknown as TbsBuilder).getTBSCertificate(certificate);
  const signature = sign('sha256', Buffer.from(forge.asn1.toDer(tbsCertificate).getBytes(), 'latin1'), issuerKeyPem);
  certificate.signature = signature.toString('latin1');
  return forge.pki.certificateToPem(certificate).replace(/\r\n/g, '\n');
}

/** What node-forge's types leave out. */
type SignableCertificate = forge.pki.Certificate & { siginfo: { algorithmOid?: string } };
interface TbsBuilder {
  getTBSCertificate(certificate: forge.pki.Certificate): forge.asn1.Asn1;
}

const SAN_TYPE = { dns: 2, ip: 7 } as const;

const altNames = ({ commonName, altNames: others }: CertificateRequest): object => ({
  name: 'subjectAltName',
  altNames: [...new Set([commonName, ...others])].map((name) =>
    isIP(name) ? { type: SAN_TYPE.ip, ip: name } : { type: SAN_TYPE.dns, value: name },
  ),
});

const publicPem = (privatePem: string): string => createPublicKey(privatePem).export({ type: 'spki', format: 'pem' }).toString();

/** A self-signed server certificate, PEM. It may also sign the certificate below. @param keyPem RSA private key, PEM */
export function issueSelfSigned(request: CertificateRequest, keyPem: string): string {
  const name = distinguishedName(request.commonName);
  const extensions = [
    { name: 'basicConstraints', critical: true, cA: true, pathLenConstraint: 0 },
    { name: 'keyUsage', critical: true, digitalSignature: true, keyEncipherment: true, keyCertSign: true },
    { name: 'extKeyUsage', serverAuth: true },
    altNames(request),
    { name: 'subjectKeyIdentifier' },
  ];
  return issue({ subject: name, issuer: name }, publicPem(keyPem), extensions, keyPem);
}

/**
 * A certificate for the key of Standard RDP Security, signed by the self-signed one, PEM.
 * @param request as for the self-signed one; @param keyPem and @param issuerKeyPem RSA private keys, PEM
 */
export function issueStandard(request: CertificateRequest, keyPem: string, issuerKeyPem: string): string {
  const issuer = distinguishedName(request.commonName);
  return issue({ subject: standardName(request.commonName), issuer }, publicPem(keyPem), standardExtensions(request), issuerKeyPem);
}

/**
 * The same below any RSA certificate, named after it, PEM.
 * @param issuerPem the certificate; @param keyPem and @param issuerKeyPem RSA private keys, PEM
 */
export function issueBelow(issuerPem: string, keyPem: string, issuerKeyPem: string): string {
  const { attributes } = forge.pki.certificateFromPem(issuerPem).subject;
  const named = attributes.find(({ shortName }) => shortName === 'CN')?.value;
  const commonName = typeof named === 'string' && refusal({ commonName: named, altNames: [] }) === undefined ? named : 'localhost';
  const names = { subject: standardName(commonName), issuer: attributes };
  return issue(names, publicPem(keyPem), standardExtensions({ commonName, altNames: [] }), issuerKeyPem);
}

/** Another subject than the issuer's, or it would look self-signed. */
const standardName = (commonName: string): forge.pki.CertificateField[] => distinguishedName(commonName, 'Standard RDP Security');

const standardExtensions = (request: CertificateRequest): object[] => [
  { name: 'basicConstraints', critical: true, cA: false },
  { name: 'keyUsage', critical: true, digitalSignature: true, keyEncipherment: true },
  { name: 'extKeyUsage', serverAuth: true },
  altNames(request),
  { name: 'subjectKeyIdentifier' },
];
