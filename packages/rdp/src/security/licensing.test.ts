import { describe, expect, test } from '@jest/globals';
import { encode, WireError } from '@belvedere/wire';
import { ProtocolError } from '../errors.js';
import {
  CLIENT_LICENSE_INFO,
  CLIENT_NEW_LICENSE_REQUEST,
  CLIENT_PLATFORM_CHALLENGE_RESPONSE,
  isLicensingPdu,
  isValidClient,
  LICENSE_MESSAGE,
  LICENSE_PREAMBLE,
  type LicensingPdu,
  parseLicensingPdu,
  validClientPdu,
} from './licensing.js';

const hex = (digits: string): Uint8Array => new Uint8Array(Buffer.from(digits.replace(/ /g, ''), 'hex'));
const blob = (wBlobType: number, text: string): { wBlobType: number; blobData: Uint8Array } => ({ wBlobType, blobData: Uint8Array.from(Buffer.from(text)) });
const preamble = (bMsgType: number, message: Uint8Array): Uint8Array => encode(LICENSE_PREAMBLE, { bMsgType, flags: 0x83, message });

test('the valid client PDU, for RDP 5 and for RDP 4', () => {
  // [MS-RDPBCGR] 4.1.12 shows this PDU for RDP 5, with the blob type of an error.
  expect(Buffer.from(validClientPdu(0x00080004))).toEqual(Buffer.from(hex('ff031000 07000000 02000000 04000000')));
  expect(Buffer.from(validClientPdu(0x00080001))).toEqual(Buffer.from(hex('ff021000 07000000 02000000 04000000')));
  expect(isValidClient(parseLicensingPdu(validClientPdu(0x00080004)))).toBe(true);
});

test('other servers leave bytes in the empty blob, which mean nothing', () => {
  expect(isValidClient(parseLicensingPdu(hex('ff031000 07000000 02000000 f3990000')))).toBe(true);
});

test('an error is not a valid client', () => {
  expect(isValidClient(parseLicensingPdu(hex('ff031000 02000000 01000000 04000000')))).toBe(false);
  expect(isValidClient(parseLicensingPdu(hex('ff031000 07000000 03000000 04000000')))).toBe(false);
});

describe('what clients send', () => {
  const ClientRandom = new Uint8Array(32).fill(5);
  const MACData = new Uint8Array(16).fill(6);
  const PDUS: readonly (readonly [LicensingPdu, Uint8Array])[] = [
    (() => {
      const message = {
        PreferredKeyExchangeAlg: 1, PlatformId: 0x04000000, ClientRandom,
        EncryptedPreMasterSecret: blob(2, 'secret'), ClientUserName: blob(0xf, 'user'), ClientMachineName: blob(0x10, 'machine'),
      };
      return [{ type: 'newLicenseRequest', message }, preamble(LICENSE_MESSAGE.NEW_LICENSE_REQUEST, encode(CLIENT_NEW_LICENSE_REQUEST, message))] as const;
    })(),
    (() => {
      const message = {
        PreferredKeyExchangeAlg: 1, PlatformId: 0x04000000, ClientRandom,
        EncryptedPreMasterSecret: blob(2, 'secret'), LicenseInfo: blob(1, 'license'), EncryptedHWID: blob(9, 'hardware'), MACData,
      };
      return [{ type: 'licenseInfo', message }, preamble(LICENSE_MESSAGE.LICENSE_INFO, encode(CLIENT_LICENSE_INFO, message))] as const;
    })(),
    (() => {
      const message = { EncryptedPlatformChallengeResponse: blob(9, 'answer'), EncryptedHWID: blob(9, 'hardware'), MACData };
      return [
        { type: 'platformChallengeResponse', message },
        preamble(LICENSE_MESSAGE.PLATFORM_CHALLENGE_RESPONSE, encode(CLIENT_PLATFORM_CHALLENGE_RESPONSE, message)),
      ] as const;
    })(),
  ];

  test.each(PDUS)('%#: is taken apart, and every truncation refused', (value, bytes) => {
    expect(parseLicensingPdu(bytes)).toEqual(value);
    for (let length = 0; length < bytes.length; length++) expect(() => parseLicensingPdu(bytes.subarray(0, length))).toThrow(WireError);
  });

  test("a server's own request from a client is refused", () => {
    expect(() => parseLicensingPdu(preamble(LICENSE_MESSAGE.LICENSE_REQUEST, new Uint8Array(3)))).toThrow(ProtocolError);
  });
});

describe('isLicensingPdu', () => {
  const wrapped = hex('80000000 ff031000 07000000 02000000 04000000');

  test('knows one, with or without the flag for encrypted licensing, from RDP 4 and RDP 5', () => {
    expect(isLicensingPdu(wrapped)).toBe(true);
    expect(isLicensingPdu(hex('80021000 ff021000 07000000 02000000 04000000'))).toBe(true);
  });

  test.each([
    ['another flag', '88000000 ff031000 07000000 02000000 04000000'],
    ['another size', '80000000 ff031100 07000000 02000000 04000000'],
    ['another version', '80000000 ff001000 07000000 02000000 04000000'],
    ['another type', '80000000 7f031000 07000000 02000000 04000000'],
    ['nothing', ''],
  ])('does not take %s for one', (_what, digits) => expect(isLicensingPdu(hex(digits))).toBe(false));
});
