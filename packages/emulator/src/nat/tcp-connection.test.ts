/** The host's end of a TCP connection against a guest's, over a line that loses and repeats what a seed says. */
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { TcpGuest } from '../testing/tcp-guest.js';
import { Flag, readSegment, type Segment, TcpConnection, writeSegment } from './tcp-connection.js';

/** Milliseconds between two looks at the clock. */
const TICK = 100;

/** Both ends, a line between them and a clock that the test moves. */
class Line {
  now = 0;
  room = 64 * 1024;
  received = Buffer.alloc(0);
  peerEnded = false;
  closed: 'no' | 'done' | 'broken' = 'no';
  drained = 0;
  readonly sent: Segment[] = [];
  readonly guest: TcpGuest;
  readonly host: TcpConnection;
  readonly #underWay: { readonly to: 'host' | 'guest'; readonly segment: Segment }[] = [];

  /** @param fate how often a segment arrives: 0, 1 or 2 */
  constructor(
    readonly initial = 1000,
    private readonly fate: () => number = () => 1,
  ) {
    this.guest = new TcpGuest((segment) => this.#carry('host', segment));
    this.host = new TcpConnection(
      {
        now: () => this.now,
        transmit: (segment) => {
          this.sent.push(segment);
          this.#carry('guest', readSegment(writeSegment(50000, 80, segment))!);
        },
        data: (bytes) => (this.received = Buffer.concat([this.received, bytes])),
        peerEnded: () => (this.peerEnded = true),
        drained: () => void this.drained++,
        closed: (broken) => (this.closed = broken ? 'broken' : 'done'),
        room: () => this.room,
      },
      initial,
    );
  }

  /** Lets everything that is under way arrive. */
  settle(): void {
    for (let next = this.#underWay.shift(); next; next = this.#underWay.shift()) {
      for (let times = this.fate(); times > 0; times--) this[next.to].receive(next.segment);
    }
  }

  /** @param milliseconds a multiple of `TICK` */
  pass(milliseconds: number): void {
    for (let left = milliseconds; left > 0; left -= TICK) {
      this.now += TICK;
      this.host.tick();
      if (this.now % 1000 === 0) this.guest.tick();
      this.settle();
    }
  }

  #carry(to: 'host' | 'guest', segment: Segment): void {
    this.#underWay.push({ to, segment });
  }
}

const bytes = (count: number): Buffer => Buffer.from(Array.from({ length: count }, (_, index) => (index * 7 + (index >> 8)) & 0xff));
const segment = (more: Partial<Segment>): Segment => ({ seq: 0, ack: 0, flags: Flag.ACK, window: 0xffff, payload: Buffer.alloc(0), ...more });

describe('a connection to a guest', () => {
  test('opens, carries both ways, and ends when both have ended', () => {
    const line = new Line();
    line.host.write(Buffer.from('asked before it was open'));
    line.settle();
    line.guest.write(bytes(200_000));
    line.host.end();
    line.settle();
    expect([line.guest.received.toString(), line.guest.ended, line.peerEnded]).toEqual(['asked before it was open', true, false]);
    expect(line.received.equals(bytes(200_000))).toBe(true);
    line.guest.end();
    line.settle();
    expect([line.peerEnded, line.closed]).toEqual([true, 'no']);
    // The guest's last segment may come again for a while.
    line.pass(3_000);
    expect([line.closed, line.guest.repetitions]).toEqual(['done', 0]);
  });

  test('brings everything through, in order, over a line that loses and repeats segments', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(0, 1, 1, 1, 1, 1, 2), { minLength: 1, maxLength: 60 }), fc.nat(60_000), fc.nat(60_000), fc.constantFrom(0, 1000, 0xfffffff0, 0x7ffffff0), (fates, up, down, initial) => {
        let at = 0;
        let losses = 0;
        let isOpen = false;
        const line = new Line(initial, () => {
          const fate = isOpen ? fates[at++ % fates.length]! : 1;
          return fate === 0 && ++losses > 40 ? 1 : fate;
        });
        line.settle();
        isOpen = true;
        line.host.write(bytes(up));
        line.host.end();
        line.settle();
        line.guest.write(bytes(down));
        line.guest.end();
        line.settle();
        line.pass(250_000);
        expect([line.guest.received.equals(bytes(up)), line.received.equals(bytes(down))]).toEqual([true, true]);
        expect([line.guest.ended, line.peerEnded, line.closed]).toEqual([true, true, 'done']);
      }),
      { numRuns: 80 },
    );
  });

  test("never sends more than the guest's window, and asks again about one of nothing", () => {
    const line = new Line();
    line.guest.window = 3000;
    line.settle();
    line.host.write(bytes(20_000));
    line.settle();
    expect(line.guest.received.length).toBe(20_000);
    line.guest.window = 0;
    line.pass(1_000);
    line.host.write(bytes(5_000));
    line.settle();
    expect(line.guest.received.length).toBe(20_000);
    const before = line.sent.length;
    line.guest.window = 1;
    line.pass(2_000);
    expect(line.sent.length).toBeGreaterThan(before);
    line.guest.window = 5_000;
    line.pass(20_000);
    expect(line.guest.received.equals(Buffer.concat([bytes(20_000), bytes(5_000)]))).toBe(true);
  });

  test('says how much its owner takes, takes no more, and says when there is room again', () => {
    const line = new Line();
    line.room = 0;
    line.settle();
    line.guest.write(bytes(10_000));
    line.settle();
    expect(line.received.length).toBe(0);
    expect(line.sent.at(-1)!.window).toBe(0);
    // Sent beyond the window: not taken, and not acknowledged.
    line.host.receive(segment({ seq: 0xfffffff1, ack: (line.initial + 1) >>> 0, payload: bytes(100) }));
    expect(line.received.length).toBe(0);
    line.room = 20_000;
    line.host.roomAgain();
    line.settle();
    expect(line.received.equals(bytes(10_000))).toBe(true);
  });

  test('asks its owner to wait while much is under way, and to go on when it has gone', () => {
    const line = new Line();
    expect(line.host.write(bytes(200_000))).toBe(true);
    expect(line.host.write(bytes(200_000))).toBe(false);
    expect(line.drained).toBe(0);
    line.settle();
    expect([line.drained, line.guest.received.length]).toEqual([1, 400_000]);
  });

  test('is told when the guest refuses, breaks it off, or never answers', () => {
    const refused = new Line(1000, () => 0);
    refused.host.receive(segment({ flags: Flag.RST | Flag.ACK, ack: 1001 }));
    expect(refused.closed).toBe('broken');

    const broken = new Line();
    broken.settle();
    broken.host.receive(segment({ flags: Flag.RST, seq: 0xfffffff1 }));
    expect([broken.closed, broken.host.closed]).toEqual(['broken', true]);

    const silent = new Line(1000, () => 0);
    silent.pass(25_000);
    expect(silent.closed).toBe('broken');
    expect(silent.sent.length).toBeGreaterThan(3);
    expect(silent.sent.every(({ flags }) => flags === Flag.SYN)).toBe(true);
  });

  test('breaks off by a reset that the guest hears', () => {
    const line = new Line();
    line.settle();
    line.host.abort();
    line.host.abort();
    line.settle();
    expect([line.closed, line.guest.reset]).toEqual(['broken', true]);
  });

  test('believes no reset, acknowledgement or answer that does not fit', () => {
    const opening = new Line(1000, () => 0);
    for (const wrong of [segment({ flags: Flag.RST | Flag.ACK, ack: 1000 }), segment({ flags: Flag.RST }), segment({ flags: Flag.SYN | Flag.ACK, ack: 1002 }), segment({ flags: Flag.ACK, ack: 1001 })]) opening.host.receive(wrong);
    expect([opening.closed, opening.sent.length]).toEqual(['no', 1]);

    const line = new Line();
    line.settle();
    line.host.write(bytes(10));
    for (const wrong of [segment({ flags: Flag.RST, seq: 0xfffffff2 }), segment({ seq: 0xfffffff1, ack: 5000 }), segment({ seq: 0xfffffff1, ack: 500 }), segment({ seq: 0xfffffff5, ack: 1001, payload: bytes(4) })]) line.host.receive(wrong);
    expect([line.closed, line.received.length]).toEqual(['no', 0]);
    line.settle();
    expect(line.guest.received.equals(bytes(10))).toBe(true);
  });

  test('sends again at once at the third equal acknowledgement', () => {
    let lose = false;
    const line = new Line(1000, () => (lose ? 0 : 1));
    line.settle();
    lose = true;
    line.host.write(bytes(1460));
    line.settle();
    lose = false;
    const before = line.sent.length;
    for (let equal = 0; equal < 2; equal++) line.host.receive(segment({ seq: 0xfffffff1, ack: 1001 }));
    expect(line.sent.length).toBe(before);
    line.host.receive(segment({ seq: 0xfffffff1, ack: 1001 }));
    line.settle();
    expect([line.sent.length, line.guest.received.length]).toEqual([before + 1, 1460]);
  });
});

describe('a segment', () => {
  test('is read as it was written', () => {
    fc.assert(
      fc.property(fc.nat(0xffffffff), fc.nat(0xffffffff), fc.nat(0xff), fc.nat(0xffff), fc.uint8Array({ maxLength: 100 }), (seq, ack, flags, window, payload) => {
        const written = { seq, ack, flags, window, payload: Buffer.from(payload) };
        expect(readSegment(writeSegment(1, 2, written))).toEqual({ ...written, ...(flags & Flag.SYN ? { mss: 1460 } : {}) });
      }),
    );
  });

  test('is no segment when it is cut short, or its header is longer than it', () => {
    const whole = writeSegment(1, 2, segment({ flags: Flag.SYN }));
    for (let length = 0; length < whole.length; length++) expect(readSegment(whole.subarray(0, length))).toBeUndefined();
    whole[12] = 4 << 4;
    expect(readSegment(whole)).toBeUndefined();
  });

  test('has options that end nowhere without harm', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 40, maxLength: 40 }), (options) => {
        const header = Buffer.concat([writeSegment(1, 2, segment({})), options]);
        header[12] = 15 << 4;
        expect(readSegment(header)!.payload.length).toBe(0);
      }),
    );
  });
});
