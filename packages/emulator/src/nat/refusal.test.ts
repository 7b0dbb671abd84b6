import { expect, test } from '@jest/globals';
import { frames, Protocol, readPacket, type Packet } from './packet.js';
import { refusal } from './refusal.js';
import { Flag, readSegment, writeSegment } from './tcp-connection.js';

const guest = Buffer.from([10, 0, 2, 15]);
const gateway = Buffer.from([10, 0, 2, 2]);
const macs = Buffer.from('525500000002080027000001', 'hex');
const sent = (protocol: number, payload: Buffer): Packet => readPacket(frames(macs, protocol, { source: guest, destination: gateway }, payload)[0]!)!;
const tcp = (flags: number, payload = Buffer.alloc(0)): Packet => sent(Protocol.TCP, writeSegment(40_000, 80, { seq: 0xffffffff, ack: 9, flags, window: 1000, payload }));

function refused(packet: Packet): Packet {
  const [frame, ...others] = refusal(packet);
  expect(others).toEqual([]);
  const answer = readPacket(frame!)!;
  expect([answer.source, answer.destination]).toEqual([gateway, guest]);
  expect(answer.ethernet.subarray(0, 12).toString('hex')).toBe('080027000001525500000002');
  return answer;
}

test('a segment is refused by a reset that its sender believes', () => {
  const { payload } = refused(tcp(Flag.SYN));
  expect([payload.readUInt16BE(0), payload.readUInt16BE(2)]).toEqual([80, 40_000]);
  expect(readSegment(payload)).toMatchObject({ seq: 0, ack: 0, flags: Flag.RST | Flag.ACK });
  expect(readSegment(refused(tcp(Flag.FIN, Buffer.alloc(5))).payload)).toMatchObject({ seq: 0, ack: 5 });
  expect(readSegment(refused(tcp(Flag.ACK)).payload)).toMatchObject({ seq: 9, flags: Flag.RST });
});

test('a datagram is refused by a message that shows its beginning', () => {
  const datagram = Buffer.from('9c40003500100000' + '0102030405060708', 'hex');
  const packet = sent(Protocol.UDP, datagram);
  const { protocol, payload } = refused(packet);
  expect([protocol, payload[0], payload[1]]).toEqual([Protocol.ICMP, 3, 3]);
  expect(payload.subarray(8)).toEqual(packet.ip.subarray(0, 28));
});

test('a reset, a piece, a message and what is no whole segment are not answered', () => {
  expect(refusal(tcp(Flag.RST))).toEqual([]);
  expect(refusal(sent(Protocol.ICMP, Buffer.from('0303000000000000', 'hex')))).toEqual([]);
  expect(refusal({ ...tcp(Flag.SYN), payload: Buffer.alloc(19) })).toEqual([]);
  expect(refusal(readPacket(frames(macs, Protocol.UDP, { source: guest, destination: gateway }, Buffer.alloc(3000))[0]!)!)).toEqual([]);
});
