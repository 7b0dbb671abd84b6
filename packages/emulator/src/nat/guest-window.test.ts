import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { Acknowledgements } from './acknowledgements.js';
import { limitWindow, SharedWindow } from './guest-window.js';
import { frames, Protocol, readPacket, type Packet } from './packet.js';
import { Flag } from './tcp-connection.js';

const ends = { source: Buffer.from([10, 0, 2, 15]), destination: Buffer.from([192, 0, 2, 1]) };
const sealed = (tcp: Buffer): Packet => readPacket(frames(Buffer.alloc(12), Protocol.TCP, ends, tcp)[0]!)!;

function segment(flags: number, options: Buffer, ack = 7): Buffer {
  const header = Buffer.alloc(20);
  header.writeUInt16BE(40_000, 0);
  header.writeUInt16BE(80, 2);
  header.writeUInt32BE(ack, 8);
  header[12] = ((20 + options.length) / 4) << 4;
  header[13] = flags;
  header.writeUInt16BE(0xfaf0, 14);
  return Buffer.concat([header, options]);
}

// What Linux sends: maximum segment size, SACK permitted, time stamps, nothing, window scale by 7.
const linux = Buffer.from('020405b40402080a0011223300000000' + '01030307', 'hex');
const scaleAt = (packet: Packet): number => packet.payload.indexOf(Buffer.from('030307', 'hex'));

/** The checksum that the bytes ought to have. */
function right(packet: Packet): number {
  const copy = Buffer.from(packet.payload);
  copy.writeUInt16BE(0, 16);
  return sealed(copy).payload.readUInt16BE(16);
}

test('a connection is opened without window scaling, its other options and its checksum right', () => {
  for (const options of [linux, Buffer.concat([linux.subarray(16), linux.subarray(0, 16)])]) {
    const packet = sealed(segment(Flag.SYN, options));
    expect(scaleAt(packet)).toBeGreaterThan(0);
    limitWindow(packet);
    expect(scaleAt(packet)).toBe(-1);
    expect(packet.payload.indexOf(linux.subarray(0, 4))).toBe(options.indexOf(linux.subarray(0, 4)) + 20);
    expect(packet.payload.readUInt16BE(16)).toBe(right(packet));
  }
});

test('what opens no connection stays as it is, and no bytes of options do harm', () => {
  const later = sealed(segment(Flag.ACK, linux));
  const before = Buffer.from(later.payload);
  limitWindow(later);
  expect(later.payload.equals(before)).toBe(true);
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 40, maxLength: 40 }), (options) => {
      const packet = sealed(segment(Flag.SYN, Buffer.from(options)));
      limitWindow(packet);
      // Zero and all ones are the same sum.
      expect(packet.payload.readUInt16BE(16) % 0xffff).toBe(right(packet) % 0xffff);
    }),
  );
});

test('connections that move share what may be under way, with right checksums; those that rest have no share', () => {
  const windows = new SharedWindow();
  /** The window of a connection after a segment of its. */
  const windowOf = (port: number, ack: number, now: number): number => {
    const bytes = segment(Flag.ACK, Buffer.alloc(0), ack);
    bytes.writeUInt16BE(port, 0);
    const packet = sealed(bytes);
    windows.limit(packet, now);
    expect(packet.payload.readUInt16BE(16)).toBe(right(packet));
    return packet.payload.readUInt16BE(14);
  };
  expect(windowOf(1, 1, 0)).toBe(0xfaf0);
  const together = Array.from({ length: 50 }, (_, port) => windowOf(port, 2, 10));
  expect(together.at(-1)).toBe(2920);
  expect(together.every((window, index) => index === 0 || window <= together[index - 1]!)).toBe(true);
  // Another answer of the same: nothing moved.
  expect(windowOf(1, 2, 500)).toBe(2920);
  expect(windowOf(1, 3, 900)).toBe(2920);
  expect(windowOf(2, 3, 1500)).toBe(49_152);
  expect(windowOf(2, 4, 3000)).toBe(0xfaf0);
});

test('of repeated acknowledgements passt hears the third alone', () => {
  const acknowledgements = new Acknowledgements();
  const heard = (ack: number): boolean => !acknowledgements.repeats(sealed(segment(Flag.ACK, Buffer.alloc(0), ack)));
  expect([7, 7, 7, 7, 7, 7].map(heard)).toEqual([true, false, false, true, false, false]);
  expect([8, 8, 9].map(heard)).toEqual([true, false, true]);
});
