/**
 * Monitors of a virtual display: parts of its one screen, told to the X server as RandR 1.5 has it, for viewers that ask for all of a user's
 * monitors. Spoken as X's own bytes, since no tool for it is among what viewers need.
 *
 * [X11] Connection Setup, QueryExtension, InternAtom; [RandR 1.5] RRQueryVersion, RRGetMonitors, RRSetMonitor. All little-endian.
 */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

/** Pixels of the display. */
export interface Monitor {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

const QUERY_EXTENSION = 98;
const INTERN_ATOM = 16;
const Randr = { queryVersion: 0, getMonitors: 42, setMonitor: 43 } as const;
/** Bytes of every reply, at least. */
const REPLY = 32;
/** Bytes of a MONITORINFO without its outputs. */
const MONITOR_INFO = 24;
/** About 96 pixels an inch. */
const MILLIMETRES = 25.4 / 96;

/** Divides a display into monitors; the first is the primary one. @param display its name, such as `:5` */
export async function setMonitors(display: string, monitors: readonly Monitor[]): Promise<void> {
  const socket = connect(`/tmp/.X11-unix/X${display.slice(1)}`);
  await once(socket, 'connect');
  try {
    const line = new Line(socket);
    const root = await line.open();
    const opcode = (await line.ask(named(QUERY_EXTENSION, 0, 'RANDR')))[9]!;
    await line.ask(request(opcode, Randr.queryVersion, [1, 5]));
    const known = await line.ask(request(opcode, Randr.getMonitors, [root, 1]));
    // The screen's own monitor has its output; whoever takes that takes the monitor's place.
    const output = known.readUInt32LE(REPLY + MONITOR_INFO);
    for (const [index, { x, y, width, height }] of monitors.entries()) {
      const name = (await line.ask(named(INTERN_ATOM, 0, `monitor ${index + 1}`))).readUInt32LE(8);
      const isFirst = index === 0;
      const pair = (low: number, high: number): number => (low | (high << 16)) >>> 0;
      const info = [root, name, pair(isFirst ? 1 : 0, isFirst ? 1 : 0), pair(x, y), pair(width, height), Math.round(width * MILLIMETRES), Math.round(height * MILLIMETRES)];
      line.tell(request(opcode, Randr.setMonitor, [...info, ...(isFirst ? [output] : [])]));
    }
    // Its answer says that all before it was done.
    await line.ask(request(opcode, Randr.queryVersion, [1, 5]));
  } finally {
    socket.destroy();
  }
}

function request(opcode: number, minor: number, words: readonly number[]): Buffer {
  const bytes = Buffer.alloc(4 + 4 * words.length);
  bytes.writeUInt8(opcode, 0);
  bytes.writeUInt8(minor, 1);
  bytes.writeUInt16LE(bytes.length / 4, 2);
  words.forEach((word, index) => bytes.writeUInt32LE(word, 4 + 4 * index));
  return bytes;
}

/** A request that is about a name. */
function named(opcode: number, second: number, name: string): Buffer {
  const bytes = Buffer.alloc(8 + 4 * Math.ceil(name.length / 4));
  request(opcode, second, [name.length]).copy(bytes);
  bytes.writeUInt16LE(bytes.length / 4, 2);
  bytes.write(name, 8, 'latin1');
  return bytes;
}

/** Requests and their answers, one at a time. */
class Line {
  private readonly chunks: AsyncIterator<Buffer>;
  private rest = Buffer.alloc(0);

  constructor(private readonly socket: Socket) {
    this.chunks = socket[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  }

  /** @returns the root window of the first screen */
  async open(): Promise<number> {
    const hello = Buffer.alloc(12);
    hello.write('l', 0, 'latin1');
    hello.writeUInt16LE(11, 2);
    this.socket.write(hello);
    const head = await this.take(8);
    const body = await this.take(4 * head.readUInt16LE(6));
    if (head[0] !== 1) throw new Error(`the X server refuses: ${body.toString('latin1').trim()}`);
    const [vendor, formats] = [body.readUInt16LE(16), body[21]!];
    return body.readUInt32LE(32 + 4 * Math.ceil(vendor / 4) + 8 * formats);
  }

  tell(bytes: Buffer): void {
    this.socket.write(bytes);
  }

  /** @throws Error when the server calls it one */
  async ask(bytes: Buffer): Promise<Buffer> {
    this.tell(bytes);
    for (;;) {
      const head = await this.take(REPLY);
      if (head[0] === 0) throw new Error(`the X server answers error ${head[1]} to request ${head[10]}.${head.readUInt16LE(8)}`);
      if (head[0] === 1) return Buffer.concat([head, await this.take(4 * head.readUInt32LE(4))]);
    }
  }

  private async take(length: number): Promise<Buffer> {
    while (this.rest.length < length) {
      const { done, value } = await this.chunks.next();
      if (done) throw new Error('the X server closed the line');
      this.rest = Buffer.concat([this.rest, value]);
    }
    const taken = this.rest.subarray(0, length);
    this.rest = this.rest.subarray(length);
    return taken;
  }
}
