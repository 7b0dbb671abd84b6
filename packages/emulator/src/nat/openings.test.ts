import { expect, test } from '@jest/globals';
import { Openings } from './openings.js';
import { frames, Protocol, readPacket, type Packet } from './packet.js';
import { Flag, writeSegment } from './tcp-connection.js';

const guest = Buffer.from([10, 0, 2, 15]);
const server = Buffer.from([192, 0, 2, 1]);
const segment = (flags: number, seq: number, ack = 0) => ({ seq, ack, flags, window: 1000, payload: Buffer.alloc(0) });

/** A frame of the guest, or one for it. */
const sent = (port: number, flags: number, seq: number): Packet => readPacket(frames(Buffer.alloc(12), Protocol.TCP, { source: guest, destination: server }, writeSegment(port, 80, segment(flags, seq)))[0]!)!;
const given = (port: number, flags: number): Buffer => frames(Buffer.alloc(12), Protocol.TCP, { source: server, destination: guest }, writeSegment(80, port, segment(flags, 500, 8)))[0]!;

test('a first segment that comes again is not heard, and has the answer that there was', () => {
  const openings = new Openings();
  const answer = given(40_000, Flag.SYN | Flag.ACK);
  expect(openings.repeats(sent(40_000, Flag.SYN, 7))).toBeUndefined();
  expect(openings.repeats(sent(40_001, Flag.SYN, 7))).toBeUndefined();
  expect(openings.repeats(sent(40_000, Flag.SYN, 7))).toEqual([]);
  openings.answered(readPacket(answer)!, answer);
  expect(openings.repeats(sent(40_000, Flag.SYN, 7))).toEqual([answer]);
  expect(openings.repeats(sent(40_001, Flag.SYN, 7))).toEqual([]);
});

test('what opens a connection is heard, and so is all that follows', () => {
  const openings = new Openings();
  const answer = given(40_000, Flag.SYN | Flag.ACK);
  expect(openings.repeats(sent(40_000, Flag.SYN, 7))).toBeUndefined();
  openings.answered(readPacket(answer)!, answer);
  expect(openings.repeats(sent(40_000, Flag.ACK, 8))).toBeUndefined();
  expect(openings.repeats(sent(40_000, Flag.ACK, 8))).toBeUndefined();
  // Of the same ports, and another connection.
  expect(openings.repeats(sent(40_000, Flag.SYN, 9))).toBeUndefined();
  // Open, and then from the beginning: for the other side to judge.
  expect(openings.repeats(sent(40_000, Flag.ACK, 10))).toBeUndefined();
  expect(openings.repeats(sent(40_000, Flag.SYN, 9))).toBeUndefined();
});

test('a connection that was refused may be tried again, as the same', () => {
  const openings = new Openings();
  const refusal = given(40_000, Flag.RST | Flag.ACK);
  expect(openings.repeats(sent(40_000, Flag.SYN, 7))).toBeUndefined();
  openings.answered(readPacket(refusal)!, refusal);
  expect(openings.repeats(sent(40_000, Flag.SYN, 7))).toBeUndefined();
});

test('of very many that are being opened the oldest is forgotten', () => {
  const openings = new Openings();
  for (let port = 1; port <= 4097; port++) expect(openings.repeats(sent(port, Flag.SYN, 7))).toBeUndefined();
  expect(openings.repeats(sent(4097, Flag.SYN, 7))).toEqual([]);
  expect(openings.repeats(sent(1, Flag.SYN, 7))).toBeUndefined();
});
