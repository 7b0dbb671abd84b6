/**
 * A door for programs that know TLS and nothing of RDP, such as `openssl s_client`: what comes in is joined with a server's connection on which
 * the X.224 exchange has asked for TLS and got it.
 *
 * [MS-RDPBCGR] 2.2.1.1, 2.2.1.2. Not pure: sockets.
 */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { connectionRequest } from '../client/connect.js';

/** Bytes of an X.224 Connection Confirm with an RDP Negotiation Response. */
const CONFIRM_LENGTH = 19;

export class TlsDoor {
  private readonly sockets = new Set<Socket>();
  private constructor(private readonly listener: Server) {}

  /** Listens on a free port of this host. @param port the server's, on this host */
  static async open(port: number): Promise<TlsDoor> {
    const listener = createServer({ pauseOnConnect: true });
    const door = new TlsDoor(listener);
    listener.on('connection', (client) => door.join(client, connect(port, '127.0.0.1')));
    listener.listen(0, '127.0.0.1');
    await once(listener, 'listening');
    return door;
  }

  get port(): number {
    return (this.listener.address() as AddressInfo).port;
  }

  close(): void {
    for (const socket of this.sockets) socket.destroy();
    this.listener.close();
  }

  private join(client: Socket, server: Socket): void {
    for (const [from, to] of [[client, server], [server, client]]) {
      this.sockets.add(from);
      from.on('error', () => to.destroy());
      from.on('close', () => {
        this.sockets.delete(from);
        to.end();
      });
    }
    let confirm = CONFIRM_LENGTH;
    server.write(connectionRequest({ security: 'tls', user: 'x' }));
    server.on('data', (bytes: Buffer) => {
      const after = bytes.subarray(Math.min(confirm, bytes.length));
      const confirmed = confirm > 0;
      confirm -= bytes.length - after.length;
      if (after.length) client.write(after);
      if (confirmed && confirm === 0) client.pipe(server);
    });
  }
}
