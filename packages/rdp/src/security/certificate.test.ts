import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { WireError } from '@belvedere/wire';
import { ProtocolError } from '../errors.js';
import { parseServerCertificate, proprietaryCertificate, x509CertificateChain } from './certificate.js';
import { issueSelfSigned, issueStandard } from './issue.js';
import { decryptNumber, encryptNumber, publicNumbers } from './rsa.js';

const hex = (digits: string): Uint8Array => new Uint8Array(Buffer.from(digits.replace(/ /g, ''), 'hex'));

/** `serverCertificate` of the Connect Response in [MS-RDPBCGR] 4.1.4, signed by Microsoft's own server. */
const ANNOTATED = hex(
  '01000000 01000000 01000000 06005c00 52534131 48000000 00020000 3f000000 01000100' +
    'cb81feba 6d61c355 05d55f2e 87f87194 d6f1a5cb f15f0c3d f8700296 c4fb9bc8 3c2d55ae e8ff3275 ea6879e5 a201fd31 a0b11f55 a61fc1f6 d1838863 265612bc' +
    '00000000 00000000 08004800' +
    'e9e1d628 468b4ef5 0adffdee 2199acb4 e18f5f81 5782ef9d 96526327 1829dbb3 4afd9ada 42adb569 21890e1d c04c1aa8 aa713e0f 54b99ae4 99683f6c d6768461' +
    '00000000 00000000',
);

describe('the proprietary certificate', () => {
  test("Microsoft's own signature verifies, and is made again byte for byte", () => {
    const { form, publicKey, chain } = parseServerCertificate(ANNOTATED);
    expect({ form, exponent: publicKey.exponent, bytes: publicKey.modulus.length, chain }).toEqual({ form: 'proprietary', exponent: 65537, bytes: 64, chain: [] });
    expect(Buffer.from(proprietaryCertificate(publicKey)).toString('hex')).toBe(Buffer.from(ANNOTATED).toString('hex'));
  });

  test('the bit for temporary certificates is no part of the version', () => {
    const temporary = Uint8Array.from(ANNOTATED);
    temporary[3] = 0x80;
    expect(parseServerCertificate(temporary)).toEqual(parseServerCertificate(ANNOTATED));
  });

  test('a change in key or signature is refused, and so is every truncation', () => {
    for (const at of [20, 40, 99, 120, 175]) {
      const changed = Uint8Array.from(ANNOTATED);
      changed[at] ^= 1;
      expect(() => parseServerCertificate(changed)).toThrow(ProtocolError);
    }
    for (let length = 0; length < ANNOTATED.length; length++) {
      expect(() => parseServerCertificate(ANNOTATED.subarray(0, length))).toThrow(WireError);
    }
  });

  test.each([512, 1024, 2048])('round trip of a random with %i bits', (modulusLength) => {
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength });
    const { publicKey } = parseServerCertificate(proprietaryCertificate(publicNumbers(privateKey)));
    const random = Uint8Array.from({ length: 32 }, (_, i) => 200 - i);
    const encrypted = encryptNumber(publicKey, random);
    expect(encrypted).toHaveLength(modulusLength / 8);
    expect([...decryptNumber(privateKey, encrypted).subarray(0, 32)]).toEqual([...random]);
  });
});

describe('the X.509 chain', () => {
  const issuer = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
  const own = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
  const request = { commonName: 'host.example', altNames: [] };
  const pemOf = (key: typeof own): string => key.export({ type: 'pkcs8', format: 'pem' }).toString();
  const der = (pem: string): Buffer => Buffer.from(pem.replace(/-.*-|\n/g, ''), 'base64');
  const chain = x509CertificateChain([der(issueSelfSigned(request, pemOf(issuer))), der(issueStandard(request, pemOf(own), pemOf(issuer)))]);

  test('ends with the certificate whose key is the server\'s', () => {
    const { form, publicKey, chain: certificates } = parseServerCertificate(chain);
    expect([form, certificates.length]).toEqual(['x509', 2]);
    expect(publicKey).toEqual(publicNumbers(own));
  });

  test('has 8 zeroes and 4 more for each certificate behind it', () => {
    const certificates = parseServerCertificate(chain).chain;
    const length = certificates.reduce((total, { length: each }) => total + 4 + each, 8);
    expect([...chain.subarray(length)]).toEqual(Array.from({ length: 16 }, () => 0));
  });

  test('no certificate, one that is none, and a count beyond the bytes are refused', () => {
    expect(() => parseServerCertificate(x509CertificateChain([]))).toThrow(ProtocolError);
    expect(() => parseServerCertificate(x509CertificateChain([Uint8Array.of(1, 2, 3)]))).toThrow(ProtocolError);
    expect(() => parseServerCertificate(Uint8Array.of(2, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0))).toThrow(WireError);
  });
});
