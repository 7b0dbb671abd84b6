/**
 * The layout of a state's file, version 1. Pure.
 *
 * A STATE_HEADER, then records, each a STATE_RECORD and its bytes: one `about` (JSON: whose state, of what, and the list of sections),
 * `data` for each stretch of a section that is not all zeroes, in order, and one `end`. Guest memory is the last section. Every header
 * carries a checksum of itself, so that no length is believed that a damaged disk made up, and one of the bytes behind it.
 */
import { constant, decode, encode, pdu, u32le, u64le, type Value } from '@belvedere/wire';
import { crc32 } from './crc32.js';

export const VERSION = 1;
const SIGNATURE = 0x53745642; // "BVtS"

export const Kind = { about: 1, data: 2, end: 3 } as const;

/** Zeroes are left out by pages of this many bytes. */
export const PAGE = 4096;
/** The most bytes behind one record. */
export const RECORD_MOST = 1 << 20;
export const SECTIONS_MOST = 256;
/** Bytes of all sections but memory together: video memory is the largest of them. */
export const DEVICES_MOST = 1 << 30;
export const MEMORY_MOST = 2 ** 41;

export const STATE_HEADER = pdu('STATE_HEADER', 'version 1', { signature: constant(u32le, SIGNATURE), version: u32le });

export const STATE_RECORD = pdu('STATE_RECORD', 'version 1', {
  kind: u32le,
  /** `data`: the section's place in the list. */
  section: u32le,
  /** `data`: bytes from the section's start; `end`: records before this one. */
  offset: u64le,
  length: u32le,
  /** CRC-32 of the bytes behind this header. */
  checksum: u32le,
});
export type StateRecord = Value<typeof STATE_RECORD>;

const HEADER_FIELDS = 8;
const RECORD_FIELDS = 24;
/** Each followed by the CRC-32 of itself. */
export const HEADER_SIZE = HEADER_FIELDS + 4;
export const RECORD_SIZE = RECORD_FIELDS + 4;

export const headerBytes = (): Uint8Array => sealed(encode(STATE_HEADER, { version: VERSION }));

export const recordBytes = (record: Omit<StateRecord, 'length' | 'checksum'>, bytes: Uint8Array): Uint8Array =>
  sealed(encode(STATE_RECORD, { ...record, length: bytes.length, checksum: crc32(bytes) }));

/** @throws WireError for other bytes; undefined when their checksum does not fit */
export const readHeader = (bytes: Uint8Array): { version: number } | undefined => (isSealed(bytes) ? decode(STATE_HEADER, bytes.subarray(0, HEADER_FIELDS)) : undefined);
export const readRecord = (bytes: Uint8Array): StateRecord | undefined => (isSealed(bytes) ? decode(STATE_RECORD, bytes.subarray(0, RECORD_FIELDS)) : undefined);

/** A file of another kind is told apart from a damaged one. */
export const hasSignature = (bytes: Uint8Array): boolean => bytes.length >= 4 && new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true) === SIGNATURE;

function sealed(fields: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(fields.length + 4);
  bytes.set(fields);
  new DataView(bytes.buffer).setUint32(fields.length, crc32(fields), true);
  return bytes;
}

function isSealed(bytes: Uint8Array): boolean {
  const fields = bytes.subarray(0, bytes.length - 4);
  return new DataView(bytes.buffer, bytes.byteOffset + fields.length).getUint32(0, true) === crc32(fields);
}
