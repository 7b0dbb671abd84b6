/** Numbers of Standard RDP Security. [MS-RDPBCGR] 2.2.1.3.3, 2.2.1.4.3, 2.2.8.1.1.2.1, 2.2.8.1.2, 5.3.1, 5.3.2. Pure. */

/** `flags` of a security header. [MS-RDPBCGR] 2.2.8.1.1.2.1 */
export const SEC = {
  EXCHANGE_PKT: 0x0001,
  TRANSPORT_REQ: 0x0002,
  TRANSPORT_RSP: 0x0004,
  ENCRYPT: 0x0008,
  RESET_SEQNO: 0x0010,
  IGNORE_SEQNO: 0x0020,
  INFO_PKT: 0x0040,
  LICENSE_PKT: 0x0080,
  /** From a client: it can take encrypted licensing PDUs. From a server: likewise (the standard's LICENSE_ENCRYPT_CS). */
  LICENSE_ENCRYPT: 0x0200,
  REDIRECTION_PKT: 0x0400,
  /** The MAC is salted with the packet's number. */
  SECURE_CHECKSUM: 0x0800,
  AUTODETECT_REQ: 0x1000,
  AUTODETECT_RSP: 0x2000,
  HEARTBEAT: 0x4000,
  FLAGSHI_VALID: 0x8000,
} as const;

/** `encryptionFlags` of a fast-path PDU. [MS-RDPBCGR] 2.2.8.1.2, 2.2.9.1.2 */
export const FASTPATH = { SECURE_CHECKSUM: 0x1, ENCRYPTED: 0x2 } as const;

/** `encryptionMethods` bits and `encryptionMethod` values. [MS-RDPBCGR] 2.2.1.3.3, 2.2.1.4.3 */
export const ENCRYPTION_METHOD = { NONE: 0x00, '40BIT': 0x01, '128BIT': 0x02, '56BIT': 0x08, FIPS: 0x10 } as const;
export type EncryptionMethod = (typeof ENCRYPTION_METHOD)[keyof typeof ENCRYPTION_METHOD];

/** `encryptionLevel` values. [MS-RDPBCGR] 2.2.1.4.3, 5.3.1 */
export const ENCRYPTION_LEVEL = { NONE: 0, LOW: 1, CLIENT_COMPATIBLE: 2, HIGH: 3, FIPS: 4 } as const;
export type EncryptionLevel = (typeof ENCRYPTION_LEVEL)[keyof typeof ENCRYPTION_LEVEL];

/** Which side of a connection this is. */
export type Side = 'server' | 'client';
