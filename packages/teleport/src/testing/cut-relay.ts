/** A relay that carries a connection up to a byte and then cuts it, both ways at once. For tests. */
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

export interface Cut {
  readonly way: 'toTarget' | 'toSource';
  /** Bytes that still pass. */
  readonly after: number;
  /** Nobody gets through any more afterwards. */
  readonly forGood: boolean;
}

export class CutRelay {
  readonly passed = { toTarget: 0, toSource: 0 };
  private readonly sockets = new Set<Socket>();
  private isCut = false;
  private constructor(
    private readonly server: Server,
    private readonly cut: Cut | undefined,
  ) {}

  static async to(port: number, cut?: Cut): Promise<CutRelay> {
    const server = createServer();
    const relay = new CutRelay(server, cut);
    server.on('connection', (socket) => relay.carry(socket, port));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return relay;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  private carry(near: Socket, port: number): void {
    if (this.isCut && this.cut!.forGood) return void near.destroy();
    const far = connect(port, '127.0.0.1');
    const both = [near, far];
    for (const socket of both) {
      this.sockets.add(socket);
      socket.setNoDelay(true);
      socket.on('error', () => {});
      socket.on('close', () => both.forEach((one) => one.destroy()));
    }
    this.pass(near, far, 'toTarget', both);
    this.pass(far, near, 'toSource', both);
  }

  private pass(from: Socket, to: Socket, way: Cut['way'], both: readonly Socket[]): void {
    from.on('end', () => to.end());
    from.on('data', (chunk: Buffer) => {
      const left = this.cut?.way === way && !this.isCut ? this.cut.after - this.passed[way] : Infinity;
      this.passed[way] += chunk.length;
      if (chunk.length <= left) return void to.write(chunk);
      this.isCut = true;
      to.write(chunk.subarray(0, left), () => both.forEach((socket) => socket.destroy()));
    });
  }

  async close(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    await new Promise<void>((resolve) => this.server.close(() => resolve()));
  }
}
