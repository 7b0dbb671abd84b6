/**
 * One TCP connection that the host opens to the guest: the host's end of it.
 *
 * RFC 9293 3.3 to 3.10, RFC 6298 (when to send again), RFC 5681 3.2 (three equal acknowledgements). There is one hop and it keeps the order, so
 * what arrives out of order is not kept: it is sent again. Pure: segments and times in, segments out; the owner has the packets and the clock.
 */
export const Flag = { FIN: 0x01, SYN: 0x02, RST: 0x04, PSH: 0x08, ACK: 0x10 } as const;

const HEADER = 20;
/** Bytes of one segment: a frame's payload without the headers of IPv4 and TCP. */
const MSS = 1460;
/** What a peer takes that does not say. */
const MSS_DEFAULT = 536;
const WINDOW_MOST = 0xffff;

/** Milliseconds: before the first repetition, the most between two, and how long an unanswered connection is kept. */
const RTO = 400;
const RTO_MOST = 8_000;
const OPENING = 20_000;
const SILENCE = 300_000;
/** A last segment of the guest may come again. */
const LINGER = 2_000;

export interface Segment {
  readonly seq: number;
  readonly ack: number;
  readonly flags: number;
  readonly window: number;
  readonly payload: Buffer;
  /** What the peer says that it takes; only with SYN. */
  readonly mss?: number;
}

/** Undefined for what is no whole segment. */
export function readSegment(tcp: Buffer): Segment | undefined {
  if (tcp.length < HEADER) return undefined;
  const header = (tcp[12]! >> 4) * 4;
  if (header < HEADER || header > tcp.length) return undefined;
  const mss = readMss(tcp.subarray(HEADER, header));
  return { seq: tcp.readUInt32BE(4), ack: tcp.readUInt32BE(8), flags: tcp[13]!, window: tcp.readUInt16BE(14), payload: tcp.subarray(header), ...(mss ? { mss } : {}) };
}

function readMss(options: Buffer): number | undefined {
  for (let at = 0; at < options.length && options[at] !== 0; ) {
    const length = options[at] === 1 ? 1 : (options[at + 1] ?? 0);
    if (options[at] === 2 && length === 4 && at + 4 <= options.length) return options.readUInt16BE(at + 2);
    if (length === 0) return undefined;
    at += length;
  }
  return undefined;
}

/** Header and payload, the checksum still zero. */
export function writeSegment(sourcePort: number, destinationPort: number, { seq, ack, flags, window, payload }: Segment): Buffer {
  const options = flags & Flag.SYN ? Buffer.from([2, 4, MSS >> 8, MSS & 0xff]) : Buffer.alloc(0);
  const header = Buffer.alloc(HEADER);
  header.writeUInt16BE(sourcePort, 0);
  header.writeUInt16BE(destinationPort, 2);
  header.writeUInt32BE(seq, 4);
  header.writeUInt32BE(ack, 8);
  header[12] = ((HEADER + options.length) / 4) << 4;
  header[13] = flags;
  header.writeUInt16BE(window, 14);
  return Buffer.concat([header, options, payload]);
}

export interface Owner {
  now(): number;
  transmit(segment: Segment): void;
  /** In order, the owner's to keep. */
  data(bytes: Buffer): void;
  /** The guest sends no more. */
  peerEnded(): void;
  /** What was written has left the queue, so far that there is room for more. */
  drained(): void;
  /** Both sides have ended, or `broken`: the guest refused, broke it off or did not answer. */
  closed(broken: boolean): void;
  /** Bytes that the owner can take now. */
  room(): number;
}

/** a - b of sequence numbers: how far a is after b. */
const after = (a: number, b: number): number => (a - b) | 0;
const plus = (seq: number, count: number): number => (seq + count) >>> 0;

/** Above the first the owner is asked to wait, below the second it is told to go on. */
const QUEUE_MOST = 256 * 1024;
const QUEUE_LOW = 64 * 1024;

export class TcpConnection {
  #state: 'opening' | 'open' | 'closed' = 'opening';
  /** The first byte that is not acknowledged, the next to send, and how far the guest lets us. */
  #una: number;
  #next: number;
  #highest: number;
  #peerWindow = 0;
  #mss = MSS_DEFAULT;
  #expected = 0;
  #advertised = 0;
  /** From `#una` on. */
  #queue: Buffer[] = [];
  #queued = 0;
  #waiting = false;
  #ending = false;
  #finAcknowledged = false;
  #peerEnded = false;
  #owesAck = false;
  #repeats = 0;
  #equalAcks = 0;
  #repeatAt = Infinity;
  #heardAt: number;
  #lingerUntil = Infinity;

  /** @param initial the first sequence number. RFC 9293 3.4.1: one that cannot be guessed */
  constructor(
    private readonly owner: Owner,
    initial: number,
  ) {
    this.#una = this.#next = this.#highest = initial;
    this.#heardAt = owner.now();
    this.#sendSyn();
  }

  get closed(): boolean {
    return this.#state === 'closed';
  }

  /** @returns false when the owner should wait for `drained` */
  write(bytes: Buffer): boolean {
    if (bytes.length > 0) this.#queue.push(bytes);
    this.#queued += bytes.length;
    this.flush();
    this.#waiting = this.#queued > QUEUE_MOST;
    return !this.#waiting;
  }

  /** The host sends no more. */
  end(): void {
    this.#ending = true;
    this.flush();
  }

  /** Breaks it off. */
  abort(): void {
    if (this.closed) return;
    if (this.#state === 'open') this.#transmit(Flag.RST | Flag.ACK, this.#next);
    this.#close(true);
  }

  receive(segment: Segment): void {
    if (this.closed) return;
    if (this.#state === 'opening') return this.#answered(segment);
    const { seq, flags } = segment;
    if (flags & Flag.RST) {
      // RFC 5961 3.2: only one that stands exactly where the next byte should.
      if (seq === this.#expected) this.#close(true);
      return;
    }
    if (flags & Flag.SYN) return this.#transmit(Flag.ACK, this.#next);
    this.#heardAt = this.owner.now();
    if (flags & Flag.ACK) this.#acknowledged(segment);
    if (this.closed) return;
    this.#arrived(segment);
    this.flush();
  }

  /** Sends what may be sent, and the acknowledgement that is owed. */
  flush(): void {
    if (this.#state !== 'open') return;
    this.#sendQueue();
    if (this.#owesAck) this.#transmit(Flag.ACK, this.#next);
  }

  /** The owner has room again. */
  roomAgain(): void {
    if (this.#state === 'open' && this.#advertised < MSS && this.#window() >= MSS) this.#transmit(Flag.ACK, this.#next);
  }

  /** Looks at the clock. */
  tick(): void {
    const now = this.owner.now();
    if (this.closed) return;
    if (now >= this.#lingerUntil) return this.#close(false);
    if (now - this.#heardAt > (this.#state === 'opening' ? OPENING : SILENCE) && this.#repeatAt < Infinity) return this.abort();
    if (now >= this.#repeatAt) this.#repeat();
  }

  #answered({ seq, ack, flags, window, mss }: Segment): void {
    const fits = (flags & Flag.ACK) !== 0 && ack === this.#next;
    if (!fits) return;
    if (flags & Flag.RST) return this.#close(true);
    if (!(flags & Flag.SYN)) return;
    this.#state = 'open';
    this.#heardAt = this.owner.now();
    this.#una = ack;
    this.#expected = plus(seq, 1);
    this.#peerWindow = window;
    this.#mss = Math.max(64, Math.min(MSS, mss ?? MSS_DEFAULT));
    this.#settled();
    this.#owesAck = true;
    this.flush();
  }

  #acknowledged({ ack, window, payload, flags }: Segment): void {
    if (after(ack, this.#highest) > 0) return;
    const count = after(ack, this.#una);
    if (count < 0) return;
    if (count === 0) {
      const repeated = window === this.#peerWindow && payload.length === 0 && !(flags & Flag.FIN) && this.#highest !== this.#una;
      this.#equalAcks = repeated ? this.#equalAcks + 1 : 0;
      this.#peerWindow = window;
      if (this.#equalAcks === 3) this.#goBack();
      return;
    }
    this.#peerWindow = window;
    this.#equalAcks = 0;
    this.#finAcknowledged ||= count > this.#queued;
    this.#drop(Math.min(count, this.#queued));
    this.#una = ack;
    if (after(this.#next, ack) < 0) this.#next = ack;
    this.#settled();
    if (this.#waiting && this.#queued < QUEUE_LOW) {
      this.#waiting = false;
      this.owner.drained();
    }
    this.#endIfDone();
  }

  #arrived({ seq, flags, payload }: Segment): void {
    const fin = (flags & Flag.FIN) !== 0;
    if (payload.length === 0 && !fin) return;
    this.#owesAck = true;
    const known = after(this.#expected, seq);
    // What comes too early comes again; what is known was acknowledged, and the acknowledgement lost.
    if (known < 0 || this.#peerEnded) return;
    const fresh = payload.subarray(Math.min(known, payload.length), Math.min(payload.length, known + this.#advertised));
    if (fresh.length > 0) {
      this.#expected = plus(this.#expected, fresh.length);
      this.owner.data(Buffer.from(fresh));
    }
    if (!fin || this.#expected !== plus(seq, payload.length)) return;
    this.#expected = plus(this.#expected, 1);
    this.#peerEnded = true;
    this.owner.peerEnded();
    this.#endIfDone();
  }

  /** RFC 9293 3.8.4: what was acknowledged needs no repetition, what was not starts its time anew. */
  #settled(): void {
    this.#repeats = 0;
    this.#repeatAt = this.#una === this.#highest ? Infinity : this.owner.now() + RTO;
  }

  #sendQueue(): void {
    for (;;) {
      const offset = after(this.#next, this.#una);
      const left = this.#queued - offset;
      // A window of nothing is asked about, a byte at a time, when the timer runs out.
      const most = Math.min(this.#mss, this.#peerWindow - offset, left);
      if (left <= 0 || most <= 0) break;
      this.#sendAt(offset, most);
    }
    const offset = after(this.#next, this.#una);
    if (this.#ending && !this.#finAcknowledged && offset === this.#queued) this.#sendFin();
    else if (this.#queued > 0 && this.#repeatAt === Infinity) this.#repeatAt = this.owner.now() + RTO;
  }

  #sendAt(offset: number, count: number): void {
    const payload = this.#slice(offset, count);
    const last = offset + count === this.#queued;
    this.#transmit(Flag.ACK | (last ? Flag.PSH : 0), this.#next, payload);
    this.#advance(count);
  }

  #sendFin(): void {
    this.#transmit(Flag.ACK | Flag.FIN, this.#next);
    this.#advance(1);
  }

  #sendSyn(): void {
    this.#transmit(Flag.SYN, this.#una);
    this.#next = this.#una;
    this.#advance(1);
  }

  #advance(count: number): void {
    this.#next = plus(this.#next, count);
    if (after(this.#next, this.#highest) > 0) this.#highest = this.#next;
    if (this.#repeatAt === Infinity) this.#repeatAt = this.owner.now() + RTO;
  }

  /** The timer ran out: all that is not acknowledged is sent again, and a closed window is asked about. */
  #repeat(): void {
    this.#repeats++;
    this.#repeatAt = this.owner.now() + Math.min(RTO * 2 ** this.#repeats, RTO_MOST);
    if (this.#state === 'opening') return this.#sendSyn();
    this.#next = this.#una;
    if (this.#queued > 0 && this.#peerWindow === 0) this.#sendAt(0, 1);
    else this.#sendQueue();
  }

  #goBack(): void {
    this.#next = this.#una;
    this.#sendQueue();
  }

  #transmit(flags: number, seq: number, payload: Buffer = Buffer.alloc(0)): void {
    const acknowledges = (flags & Flag.ACK) !== 0;
    if (acknowledges) this.#owesAck = false;
    this.#advertised = this.#window();
    this.owner.transmit({ seq, ack: acknowledges ? this.#expected : 0, flags, window: this.#advertised, payload });
  }

  #window(): number {
    return Math.max(0, Math.min(WINDOW_MOST, this.owner.room()));
  }

  #slice(offset: number, count: number): Buffer {
    const parts: Buffer[] = [];
    let [skip, left] = [offset, count];
    for (const chunk of this.#queue) {
      if (skip >= chunk.length) {
        skip -= chunk.length;
        continue;
      }
      const part = chunk.subarray(skip, skip + left);
      parts.push(part);
      left -= part.length;
      skip = 0;
      if (left === 0) break;
    }
    return parts.length === 1 ? parts[0]! : Buffer.concat(parts);
  }

  #drop(count: number): void {
    this.#queued -= count;
    let left = count;
    while (left > 0) {
      const chunk = this.#queue[0]!;
      if (chunk.length > left) {
        this.#queue[0] = chunk.subarray(left);
        return;
      }
      left -= chunk.length;
      this.#queue.shift();
    }
  }

  #endIfDone(): void {
    if (this.#finAcknowledged && this.#peerEnded && this.#lingerUntil === Infinity) this.#lingerUntil = this.owner.now() + LINGER;
  }

  #close(broken: boolean): void {
    this.#state = 'closed';
    this.#queue = [];
    this.owner.closed(broken);
  }
}
