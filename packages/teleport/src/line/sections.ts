/**
 * The stream's sections: named frames, each with the most it may hold. Pure.
 *
 * A frame is the length of its name (1 byte), its name, the length of its contents (4 bytes, little-endian), its contents. A name
 * that is not listed here is refused, and so is a length above its bound, before a byte of it is taken in.
 *
 * The stream, source first; what is marked 2 is of version 2:
 *
 *     hello         →   magic, versions        ← hello      the highest that both know
 *     cpace-share   →                          ← cpace-share
 *     cpace-proof   →                          ← cpace-proof      or `refuse`
 *     describe      →   the machine, JSON      ← accept, or `refuse` with the reasons
 *     early-state   →   (repeated) early-end   ← prepared
 *     clock         →   (repeated)             ← clock        2: what the target's clock shows
 *     memory        →   (repeated) round       ← round-end        for each round
 *     paused        →   memory…, state…, done  ← ready        2: `paused` tells how far the guest's clocks are behind
 *     go            →                          ← runs
 *     bye           →
 *
 * Instead of `describe` a source that lost its line may ask: `ask` → ← `answer`. `abort` and `refuse` end a move at any time before `go`.
 */
import { encode, lengthOf, pdu, u8, u32le, rest, WireError } from '@belvedere/wire';

export const MAGIC = 'Belvedere teleport';
/** Versions of the stream that are understood. */
export const STREAM_VERSIONS = { min: 1, max: 2 } as const;

const KiB = 1024;

/** The most each section may hold, in bytes. */
export const SECTIONS = {
  hello: 64,
  'cpace-share': 32,
  'cpace-proof': 64,
  describe: 1024 * KiB,
  accept: 4 * KiB,
  refuse: 64 * KiB,
  'early-state': 1024 * KiB,
  'early-end': 4,
  prepared: 16,
  memory: 1024 * KiB,
  round: 16,
  'round-end': 4,
  clock: 8,
  paused: 12,
  'state-size': 4,
  state: 1024 * KiB,
  done: 8,
  ready: 16,
  go: 0,
  runs: 16,
  bye: 1,
  abort: 4 * KiB,
  ask: 17,
  answer: 1,
} as const;

export type SectionName = keyof typeof SECTIONS;

export interface Frame {
  readonly name: SectionName;
  readonly contents: Uint8Array;
}

const HEADER = pdu('FRAME', 'version 1', { nameLength: lengthOf('name', u8), name: rest, length: u32le });

const headers = new Map<SectionName, Buffer>(
  (Object.keys(SECTIONS) as SectionName[]).map((name) => [name, Buffer.from(encode(HEADER, { name: Buffer.from(name, 'latin1'), length: 0 }))]),
);

/** A frame's first bytes, for contents of `length` bytes. */
export function frameHeader(name: SectionName, length: number): Buffer {
  if (length > SECTIONS[name]) throw new RangeError(`${name} holds at most ${SECTIONS[name]} bytes, not ${length}`);
  const header = Buffer.from(headers.get(name)!);
  header.writeUInt32LE(length, header.length - 4);
  return header;
}

/** Bytes of a frame before its contents. */
export const frameRoom = (name: SectionName): number => headers.get(name)!.length;

/** A header's bytes: all, given the first. @throws WireError when no section has a name of that length */
export function headerLength(first: number): number {
  if (first === 0 || first > LONGEST_NAME) throw new WireError('FRAME.nameLength', 0, `no section has a name of ${first} bytes`);
  return 1 + first + 4;
}

const LONGEST_NAME = Math.max(...Object.keys(SECTIONS).map((name) => name.length));

/** @throws WireError for a section that is not known, or that is too long */
export function parseHeader(bytes: Uint8Array): { readonly name: SectionName; readonly length: number } {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const name = Buffer.from(bytes.buffer, bytes.byteOffset + 1, bytes.length - 5).toString('latin1');
  const length = view.getUint32(bytes.length - 4, true);
  if (!Object.hasOwn(SECTIONS, name)) throw new WireError('FRAME.name', 1, `unknown section ${JSON.stringify(name)}`);
  const most = SECTIONS[name as SectionName];
  if (length > most) throw new WireError(`FRAME(${name}).length`, bytes.length - 4, `${length} bytes, at most ${most}`);
  return { name: name as SectionName, length };
}
