/**
 * The server's certificate of Standard RDP Security: proprietary, or a chain of X.509 certificates.
 *
 * [MS-RDPBCGR] 2.2.1.4.3.1 (SERVER_CERTIFICATE and its two forms), 5.3.3 (the signing key, signing, verifying); [MS-RDPELE] 2.2.1.4.2
 * (the chain). Pure. The signing key is published in the standard: the signature proves nothing, but clients look for it.
 */
import { createHash, X509Certificate } from 'node:crypto';
import { array, constant, countOf, decode, encode, lengthOf, pdu, rest, u16le, u32le } from '@belvedere/wire';
import { ProtocolError } from '../errors.js';
import { publicNumbers, publicPower, type RsaPublicKey, sized } from './rsa.js';

const numbers = (digits: string): Uint8Array => new Uint8Array(Buffer.from(digits.replace(/\s/g, ''), 'hex'));

/** The Terminal Services Signing Key, little-endian, as the standard publishes it. [MS-RDPBCGR] 5.3.3.1.1 */
const SIGNING_KEY = {
  modulus: numbers(`
    3d3a5ebd 72433ec9 4dbbc11e 4aba5fcb 3e882087 eff5c1e2 d7b76b9a f2524595
    ce63656b 583afeef 7ce7bffe 3df65c7d 6c5e0609 1af561bb 2093095f 056dea87`),
  privateExponent: numbers(`
    87a71932 da118755 58001616 256568f8 243ee6fa e9674994 cf92cc33 99e80860
    179a129f 24ddb124 99c73ab8 0a7b0ddd 35077917 0b519bb3 c7100113 e73ff35f`),
  publicExponent: numbers('5b7b88c0'),
};

/** Zeroes after each number. */
const PADDING = 8;
const RSA1 = 0x31415352;

/** `datalen`: bytes that one encryption can hold. `modulus`: little-endian, then 8 zero bytes; both are counted by `keylen`. */
export const RSA_PUBLIC_KEY = pdu('RSA_PUBLIC_KEY', '[MS-RDPBCGR] 2.2.1.4.3.1.1.1', {
  magic: constant(u32le, RSA1),
  keylen: u32le,
  bitlen: u32le,
  datalen: u32le,
  pubExp: u32le,
  modulus: rest,
});

const CERT_CHAIN_VERSION_1 = 1;
const CERT_CHAIN_VERSION_2 = 2;
/** The rest of `dwVersion` is one bit: the certificate is a temporary one. */
const CERT_CHAIN_VERSION_MASK = 0x7fffffff;
const BB_RSA_KEY_BLOB = 0x0006;
const BB_RSA_SIGNATURE_BLOB = 0x0008;

const PROPRIETARY_FIELDS = {
  dwSigAlgId: constant(u32le, 1),
  dwKeyAlgId: constant(u32le, 1),
  wPublicKeyBlobType: constant(u16le, BB_RSA_KEY_BLOB),
  wPublicKeyBlobLen: lengthOf('PublicKeyBlob', u16le),
  PublicKeyBlob: rest,
};

/** The fields that the signature covers. */
const SIGNED_FIELDS = pdu('PROPRIETARYSERVERCERTIFICATE', '[MS-RDPBCGR] 5.3.3.1.2', {
  dwVersion: constant(u32le, CERT_CHAIN_VERSION_1),
  ...PROPRIETARY_FIELDS,
});

/** `dwVersion` has its temporary bit cleared: it is not part of the value. */
export const PROPRIETARYSERVERCERTIFICATE = pdu('PROPRIETARYSERVERCERTIFICATE', '[MS-RDPBCGR] 2.2.1.4.3.1.1', {
  dwVersion: constant(u32le, CERT_CHAIN_VERSION_1),
  ...PROPRIETARY_FIELDS,
  wSignatureBlobType: constant(u16le, BB_RSA_SIGNATURE_BLOB),
  wSignatureBlobLen: lengthOf('SignatureBlob', u16le),
  SignatureBlob: rest,
});

const CERT_BLOB = pdu('CertBlob', '[MS-RDPELE] 2.2.1.4.2.1', { cbCert: lengthOf('abCert', u32le), abCert: rest });

/** The issuer comes first and the server's own certificate last; zeroes follow, 8 bytes and 4 more for each certificate. */
export const X509_CERTIFICATE_CHAIN = pdu('X509 Certificate Chain', '[MS-RDPELE] 2.2.1.4.2', {
  dwVersion: constant(u32le, CERT_CHAIN_VERSION_2),
  NumCertBlobs: countOf('CertBlobArray', u32le),
  CertBlobArray: array(CERT_BLOB),
  Padding: rest,
});

const INITIAL_STATE = { state: 'mcsConnectResponse', section: '[MS-RDPBCGR] 5.3.3' };

/** The proprietary certificate of a server key, signed: what RDP 4 and RDP 5 clients expect in `serverCertificate`. */
export function proprietaryCertificate({ modulus, exponent }: RsaPublicKey): Uint8Array {
  const PublicKeyBlob = encode(RSA_PUBLIC_KEY, {
    keylen: modulus.length + PADDING,
    bitlen: 8 * modulus.length,
    datalen: modulus.length - 1,
    pubExp: exponent,
    modulus: sized(modulus, modulus.length + PADDING),
  });
  const signature = publicPower(signatureInput(PublicKeyBlob), SIGNING_KEY.privateExponent, SIGNING_KEY.modulus);
  return encode(PROPRIETARYSERVERCERTIFICATE, { PublicKeyBlob, SignatureBlob: sized(signature, signature.length + PADDING) });
}

/** The number that is signed: MD5 of the first fields, a zero, ones, and 0x01 in byte 63. [MS-RDPBCGR] 5.3.3.1.2 */
function signatureInput(PublicKeyBlob: Uint8Array): Uint8Array {
  const input = new Uint8Array(SIGNING_KEY.modulus.length - 1).fill(0xff);
  input.set(createHash('md5').update(encode(SIGNED_FIELDS, { PublicKeyBlob })).digest());
  input[16] = 0x00;
  input[62] = 0x01;
  return input;
}

/** The chain form of `serverCertificate`. @param chain X.509 certificates in DER, the issuer first, the server's own last */
export const x509CertificateChain = (chain: readonly Uint8Array[]): Uint8Array =>
  encode(X509_CERTIFICATE_CHAIN, {
    CertBlobArray: chain.map((abCert) => ({ abCert })),
    Padding: new Uint8Array(PADDING + 4 * chain.length),
  });

/** A server certificate as a client sees it. */
export interface ServerCertificate {
  readonly form: 'proprietary' | 'x509';
  readonly publicKey: RsaPublicKey;
  /** X.509 certificates in DER, the server's own last; empty for the proprietary form. */
  readonly chain: readonly Uint8Array[];
}

/** Reads either form. Throws `WireError` for a format error, `ProtocolError` for a wrong signature or a key that is not RSA. */
export function parseServerCertificate(serverCertificate: Uint8Array): ServerCertificate {
  const versioned = Uint8Array.from(serverCertificate);
  const dwVersion = decode(VERSION_ONLY, versioned).dwVersion & CERT_CHAIN_VERSION_MASK;
  versioned.set(encode(u32le, dwVersion));
  return dwVersion === CERT_CHAIN_VERSION_2 ? parseChain(versioned) : parseProprietary(versioned);
}

const VERSION_ONLY = pdu('SERVER_CERTIFICATE', '[MS-RDPBCGR] 2.2.1.4.3.1', { dwVersion: u32le, certData: rest });

function parseProprietary(serverCertificate: Uint8Array): ServerCertificate {
  const { PublicKeyBlob, SignatureBlob } = decode(PROPRIETARYSERVERCERTIFICATE, serverCertificate);
  const signed = publicPower(SignatureBlob.subarray(0, SIGNING_KEY.modulus.length), SIGNING_KEY.publicExponent, SIGNING_KEY.modulus);
  if (Buffer.compare(signed, sized(signatureInput(PublicKeyBlob), signed.length)) !== 0) {
    throw new ProtocolError('the signature is not one of the Terminal Services signing key over this public key', {
      ...INITIAL_STATE,
      pdu: PROPRIETARYSERVERCERTIFICATE.name,
    });
  }
  const { keylen, bitlen, pubExp, modulus } = decode(RSA_PUBLIC_KEY, PublicKeyBlob);
  if (keylen !== modulus.length || keylen <= PADDING || bitlen !== 8 * (keylen - PADDING)) {
    throw new ProtocolError(`keylen ${keylen} and bitlen ${bitlen} do not fit ${modulus.length} bytes of modulus`, {
      ...INITIAL_STATE,
      pdu: RSA_PUBLIC_KEY.name,
    });
  }
  return { form: 'proprietary', publicKey: { modulus: modulus.subarray(0, keylen - PADDING), exponent: pubExp }, chain: [] };
}

function parseChain(serverCertificate: Uint8Array): ServerCertificate {
  const chain = decode(X509_CERTIFICATE_CHAIN, serverCertificate).CertBlobArray.map(({ abCert }) => abCert);
  try {
    return { form: 'x509', publicKey: publicNumbers(new X509Certificate(chain[chain.length - 1]).publicKey), chain };
  } catch (cause) {
    throw new ProtocolError(`the last of ${chain.length} certificates has no RSA key that can be read`, {
      ...INITIAL_STATE,
      pdu: X509_CERTIFICATE_CHAIN.name,
      cause,
    });
  }
}
