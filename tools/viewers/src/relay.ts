/**
 * A relay between a viewer and a server that reads along: it knows where packets end and which of them Standard RDP Security encrypts.
 *
 * [T123] 8 (TPKT), [MS-RDPBCGR] 2.2.8.1.2 and 2.2.9.1.2 (fast path), 2.2.8.1.1.2 (security headers). Lines under TLS are passed on as well, but
 * have no packets that can be counted.
 */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

export interface Counts {
  /** Packets of Standard RDP Security that are encrypted, and so count for the renewal of keys. */
  encrypted: number;
}

export type Direction = 'toServer' | 'toViewer';

export class Relay {
  readonly toServer: Counts = { encrypted: 0 };
  readonly toViewer: Counts = { encrypted: 0 };
  private readonly sockets = new Set<Socket>();

  private constructor(private readonly listener: Server) {}

  /**
   * Listens on a free port of this host.
   * @param port the server's, on this host
   * @param read sees all bytes, in pieces as they come
   */
  static async start(port: number, read: (direction: Direction, bytes: Buffer) => void = () => undefined): Promise<Relay> {
    const listener = createServer({ noDelay: true });
    const relay = new Relay(listener);
    listener.on('connection', (viewer) => relay.join(viewer, connect({ host: '127.0.0.1', port, noDelay: true }), read));
    listener.listen(0, '127.0.0.1');
    await once(listener, 'listening');
    return relay;
  }

  get port(): number {
    return (this.listener.address() as AddressInfo).port;
  }

  async close(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    this.listener.close();
    await once(this.listener, 'close');
  }

  private join(viewer: Socket, server: Socket, read: (direction: Direction, bytes: Buffer) => void): void {
    const ways = [
      ['toServer', viewer, server],
      ['toViewer', server, viewer],
    ] as const;
    for (const [direction, from, to] of ways) {
      const cutter = new PacketCutter((packet) => {
        if (isEncrypted(packet)) this[direction].encrypted++;
      });
      this.sockets.add(from);
      from.on('data', (bytes) => {
        read(direction, bytes);
        cutter.push(bytes);
      });
      from.on('error', () => to.destroy());
      from.on('close', () => this.sockets.delete(from));
      from.pipe(to);
    }
  }
}

/** Cuts a stream into packets, until something comes that is none. */
class PacketCutter {
  private held: Buffer = Buffer.alloc(0);
  private lost = false;

  constructor(private readonly take: (packet: Buffer) => void) {}

  push(bytes: Buffer): void {
    if (this.lost) return;
    this.held = this.held.length ? Buffer.concat([this.held, bytes]) : bytes;
    for (let length = packetLength(this.held); length !== undefined && length <= this.held.length; length = packetLength(this.held)) {
      if (length === 0) this.lost = true;
      if (this.lost) return;
      this.take(this.held.subarray(0, length));
      this.held = this.held.subarray(length);
    }
  }
}

/** Undefined while that cannot be known; 0 for what is no packet. */
function packetLength(bytes: Buffer): number | undefined {
  if (bytes.length < 4) return undefined;
  if (bytes[0] === 3) return bytes.readUInt16BE(2);
  if ((bytes[0] & 3) !== 0) return 0;
  return bytes[1] & 0x80 ? bytes.readUInt16BE(1) & 0x7fff : bytes[1];
}

const FASTPATH_ENCRYPTED = 0x80;
const SEC_ENCRYPT = 0x08;
/** Send Data Request and Send Data Indication. [T125] 7, part 7 */
const SEND_DATA: readonly number[] = [0x64, 0x68];

function isEncrypted(packet: Buffer): boolean {
  if (packet[0] !== 3) return (packet[0] & FASTPATH_ENCRYPTED) !== 0;
  if (packet.length < 16 || !SEND_DATA.includes(packet[7])) return false;
  return (packet[packet[13] & 0x80 ? 15 : 14] & SEC_ENCRYPT) !== 0;
}
