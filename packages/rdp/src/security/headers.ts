/**
 * The headers that security puts before a PDU, and the Security Exchange PDU.
 *
 * [MS-RDPBCGR] 2.2.8.1.1.2 (security headers), 2.2.8.1.2.1 (fast-path FIPS information), 2.2.1.10.1. Pure.
 */
import { bytes, constant, lengthOf, pdu, rest, u16le, u32le, u8, zeroes } from '@belvedere/wire';

/** Length in bytes of a MAC on the wire. */
export const SIGNATURE_LENGTH = 8;

const flagsHi = zeroes(2);
const dataSignature = bytes(SIGNATURE_LENGTH);

export const TS_SECURITY_HEADER = pdu('TS_SECURITY_HEADER', '[MS-RDPBCGR] 2.2.8.1.1.2.1', { flags: u16le, flagsHi });

export const TS_SECURITY_HEADER1 = pdu('TS_SECURITY_HEADER1', '[MS-RDPBCGR] 2.2.8.1.1.2.2', { flags: u16le, flagsHi, dataSignature });

const TSFIPS_VERSION1 = 1;

/** `padlen`: zero bytes that fill the last 3DES block, 0 to 7. */
export const TS_FP_FIPS_INFO = pdu('TS_FP_FIPS_INFO', '[MS-RDPBCGR] 2.2.8.1.2.1', {
  length: constant(u16le, 0x10),
  version: constant(u8, TSFIPS_VERSION1),
  padlen: u8,
});

export const TS_SECURITY_HEADER2 = pdu('TS_SECURITY_HEADER2', '[MS-RDPBCGR] 2.2.8.1.1.2.3', {
  flags: u16le,
  flagsHi,
  length: constant(u16le, 0x10),
  version: constant(u8, TSFIPS_VERSION1),
  padlen: u8,
  dataSignature,
});

/** The MAC of an encrypted fast-path PDU, after TS_FP_FIPS_INFO if there is one. [MS-RDPBCGR] 2.2.8.1.2, 2.2.9.1.2 */
export const FASTPATH_SIGNATURE = pdu('TS_FP_PDU', '[MS-RDPBCGR] 2.2.8.1.2', { dataSignature });

/** `encryptedClientRandom`: little-endian, with 8 zero bytes after the modulus-sized number. */
export const TS_SECURITY_PACKET = pdu('TS_SECURITY_PACKET', '[MS-RDPBCGR] 2.2.1.10.1', {
  basicSecurityHeader: TS_SECURITY_HEADER,
  length: lengthOf('encryptedClientRandom', u32le),
  encryptedClientRandom: rest,
});
