import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { Acknowledgements } from './acknowledgements.js';
import { SharedWindow } from './guest-window.js';
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
/** The checksum that the bytes ought to have. */
function right(packet: Packet): number {
  const copy = Buffer.from(packet.payload);
  copy.writeUInt16BE(0, 16);
  return sealed(copy).payload.readUInt16BE(16);
}

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
  const together = Array.from({ length: 80 }, (_, port) => windowOf(port, 2, 10));
  expect(together.at(-1)).toBe(2920);
  expect(together.every((window, index) => index === 0 || window <= together[index - 1]!)).toBe(true);
  // Another answer of the same: nothing moved.
  expect(windowOf(1, 2, 500)).toBe(2920);
  expect(windowOf(1, 3, 900)).toBe(2920);
  expect(windowOf(2, 3, 1005)).toBe(2920);
  expect(windowOf(3, 3, 1500)).toBe(54_613);
  expect(windowOf(2, 4, 3000)).toBe(0xfaf0);
});

test('a window that a connection scales is limited as what it means, and never closed', () => {
  for (const [scale, window] of [[0, 0xffff], [2, 40_960], [7, 1_280], [14, 10], [255, 10]] as const) {
    const windows = new SharedWindow();
    const windowAfter = (flags: number, options: Buffer, ack: number): number => {
      const bytes = segment(flags, options, ack);
      bytes.writeUInt16BE(0xffff, 14);
      const packet = sealed(bytes);
      windows.limit(packet, 0);
      expect(packet.payload.readUInt16BE(16)).toBe(right(packet));
      return packet.payload.readUInt16BE(14);
    };
    const options = Buffer.from(linux);
    options[options.length - 1] = scale;
    expect(windowAfter(Flag.SYN, options, 0)).toBe(0xffff);
    expect(windowAfter(Flag.ACK, linux.subarray(0, 16), 1)).toBe(window);
    // The same ports again, without the option.
    windowAfter(Flag.SYN, linux.subarray(0, 16), 0);
    expect(windowAfter(Flag.ACK, Buffer.alloc(0), 1)).toBe(0xffff);
  }
  const many = new SharedWindow();
  const windows = Array.from({ length: 200 }, (_, port) => [Flag.SYN, Flag.ACK].map((flags, ack) => {
    const bytes = segment(flags, flags === Flag.SYN ? Buffer.from('010303ff', 'hex') : Buffer.alloc(0), ack);
    bytes.writeUInt16BE(port, 0);
    const packet = sealed(bytes);
    many.limit(packet, 0);
    return packet.payload.readUInt16BE(14);
  })[1]);
  expect(windows.at(-1)).toBe(1);
});

test('no bytes of options do harm', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 40, maxLength: 40 }), (options) => {
      const packet = sealed(segment(Flag.SYN, Buffer.from(options)));
      new SharedWindow().limit(packet, 0);
      // Zero and all ones are the same sum.
      expect(packet.payload.readUInt16BE(16) % 0xffff).toBe(right(packet) % 0xffff);
    }),
  );
});

test('of repeated acknowledgements passt hears the third alone', () => {
  const acknowledgements = new Acknowledgements();
  const heard = (ack: number): boolean => !acknowledgements.repeats(sealed(segment(Flag.ACK, Buffer.alloc(0), ack)));
  expect([7, 7, 7, 7, 7, 7].map(heard)).toEqual([true, false, false, true, false, false]);
  expect([8, 8, 9].map(heard)).toEqual([true, false, true]);
});
