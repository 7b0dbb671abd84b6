/**
 * Ports of the host that lead to ports of the guest. A connection is accepted here and opened anew to the guest, from the gateway's address; so a rule
 * can come and go while the guest runs, and touches no connection of another rule.
 */
import { randomInt } from 'node:crypto';
import { createSocket, type Socket as UdpSocket } from 'node:dgram';
import { createServer, type Server, type Socket } from 'node:net';
import { parseAddress, type NatNetwork } from './network.js';
import { frames, Protocol, type Packet } from './packet.js';
import { readSegment, TcpConnection, writeSegment } from './tcp-connection.js';

export interface PortForward {
  readonly name: string;
  readonly protocol: 'tcp' | 'udp';
  /** An address of the host; empty: all of them. */
  readonly hostAddress: string;
  readonly hostPort: number;
  /** An address in the guest's network; empty: the one that the guest is given. */
  readonly guestAddress: string;
  readonly guestPort: number;
}

/** A rule that cannot be had, with what to do about it. */
export class PortForwardError extends Error {
  override readonly name = 'PortForwardError';
}

/** Ports of the gateway from which connections to the guest come. */
const PORTS = { first: 0xc000, last: 0xffff };
/** Connections at once, over all rules. */
const CONNECTIONS_MOST = 4096;
/** Bytes from the guest that may wait for a client on the host. */
const CLIENT_WAITING = 256 * 1024;
/** Milliseconds: between two looks at the clock; after which a sender of datagrams is forgotten. */
const TICK = 100;
const UDP_IDLE = 120_000;
const DATAGRAM_HEADER = 8;

/** Something behind a port of the gateway. */
interface Flow {
  readonly protocol: number;
  readonly guest: Buffer;
  readonly guestPort: number;
  fromGuest(payload: Buffer): void;
  /** Sends on after a pause. */
  goOn(): void;
  tick(now: number): void;
  close(): void;
}

/** Someone who sends datagrams to a port of the host; `port` is the gateway's for it. */
interface UdpClient {
  readonly port: number;
  readonly flow: Flow;
  seen: number;
}

interface Rule {
  readonly forward: PortForward;
  readonly guest: Buffer;
  readonly flows: Set<Flow>;
  close(): Promise<void>;
}

export class PortForwards {
  readonly #rules = new Map<string, Rule>();
  readonly #flows = new Map<number, Flow>();
  #port = randomInt(PORTS.first, PORTS.last);
  #paused = false;
  #timer: NodeJS.Timeout | undefined;

  /**
   * @param guestMac the address of the card that `address` was last seen at
   * @param toGuest sends a frame
   */
  constructor(
    private readonly network: NatNetwork,
    private readonly guestMac: (address: Buffer) => Buffer,
    private readonly toGuest: (frame: Buffer) => void,
  ) {}

  get list(): PortForward[] {
    return [...this.#rules.values()].map(({ forward }) => forward);
  }

  /** Resolves when the host's port is open. @throws PortForwardError, and nothing has changed */
  async add(forward: PortForward): Promise<void> {
    const { name } = forward;
    if (this.#rules.has(name)) throw new PortForwardError(`there is a port forwarding rule '${name}' already: delete it first, or give another name`);
    const guest = forward.guestAddress === '' ? this.network.guest : parseAddress(forward.guestAddress);
    if (!guest) throw new PortForwardError(`port forwarding rule '${name}': '${forward.guestAddress}' is no IPv4 address`);
    // Taken before the port opens, so that two of one name cannot both be on their way.
    const flows = new Set<Flow>();
    this.#rules.set(name, { forward, guest, flows, close: async () => undefined });
    try {
      const close = forward.protocol === 'tcp' ? await this.#listen(forward, guest, flows) : await this.#bind(forward, guest, flows);
      this.#rules.set(name, { forward, guest, flows, close });
    } catch (cause) {
      this.#rules.delete(name);
      throw new PortForwardError(refusal(forward, cause as NodeJS.ErrnoException), { cause });
    }
  }

  /** Closes the host's port and what came in by it. @throws PortForwardError when there is no such rule */
  async remove(name: string): Promise<void> {
    const rule = this.#rules.get(name);
    if (!rule) throw new PortForwardError(`there is no port forwarding rule '${name}'`);
    this.#rules.delete(name);
    for (const flow of rule.flows) flow.close();
    await rule.close();
  }

  async close(): Promise<void> {
    for (const name of [...this.#rules.keys()]) await this.remove(name);
    clearInterval(this.#timer);
  }

  /** Takes a packet of the guest that belongs to a connection from here. */
  fromGuest({ protocol, source, destination, payload, fragment }: Packet): boolean {
    if (fragment || payload.length < 4 || !destination.equals(this.network.gateway)) return false;
    const flow = this.#flows.get(payload.readUInt16BE(2));
    if (!flow || flow.protocol !== protocol || flow.guestPort !== payload.readUInt16BE(0) || !flow.guest.equals(source)) return false;
    flow.fromGuest(payload);
    return true;
  }

  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    this.#paused = false;
    for (const flow of this.#flows.values()) {
      if (this.#paused) return;
      flow.goOn();
    }
  }

  async #listen(forward: PortForward, guest: Buffer, flows: Set<Flow>): Promise<() => Promise<void>> {
    const server = createServer({ allowHalfOpen: true, pauseOnConnect: true, noDelay: true }, (socket) => this.#accept(socket, forward, guest, flows));
    await opened(server, () => server.listen({ port: forward.hostPort, ...(forward.hostAddress ? { host: forward.hostAddress } : { host: '0.0.0.0' }) }));
    return () => closed(server);
  }

  #accept(socket: Socket, { guestPort }: PortForward, guest: Buffer, flows: Set<Flow>): void {
    const port = this.#freePort();
    socket.on('error', () => socket.destroy());
    if (port === undefined) return void socket.resetAndDestroy();
    const connection: TcpConnection = new TcpConnection(
      {
        now: () => performance.now(),
        transmit: (segment) => this.#send(Protocol.TCP, guest, writeSegment(port, guestPort, segment)),
        data: (bytes) => void socket.write(bytes),
        peerEnded: () => socket.end(),
        drained: () => socket.resume(),
        room: () => CLIENT_WAITING - socket.writableLength,
        closed: (broken) => {
          this.#forget(port, flow, flows);
          if (broken) socket.resetAndDestroy();
        },
      },
      randomInt(0x100000000),
    );
    const flow: Flow = {
      protocol: Protocol.TCP,
      guest,
      guestPort,
      fromGuest: (payload) => {
        const segment = readSegment(payload);
        if (segment) connection.receive(segment);
      },
      goOn: () => connection.flush(),
      tick: () => connection.tick(),
      close: () => connection.abort(),
    };
    this.#remember(port, flow, flows);
    socket.on('data', (bytes: Buffer) => {
      if (!connection.write(bytes)) socket.pause();
    });
    socket.on('drain', () => connection.roomAgain());
    socket.on('end', () => connection.end());
    socket.on('close', (failed) => {
      if (failed || !socket.readableEnded || !socket.writableFinished) connection.abort();
    });
    socket.resume();
  }

  async #bind(forward: PortForward, guest: Buffer, flows: Set<Flow>): Promise<() => Promise<void>> {
    const socket = createSocket({ type: forward.hostAddress.includes(':') ? 'udp6' : 'udp4' });
    const clients = new Map<string, UdpClient>();
    const begin = (address: string, port: number): UdpClient | undefined => {
      const gatewayPort = this.#freePort();
      if (gatewayPort === undefined) return undefined;
      const client: UdpClient = { port: gatewayPort, seen: performance.now(), flow: this.#datagrams(socket, forward, guest, address, port, () => client.seen, () => forget()) };
      const forget = (): void => {
        clients.delete(`${address} ${port}`);
        this.#forget(gatewayPort, client.flow, flows);
      };
      clients.set(`${address} ${port}`, client);
      this.#remember(gatewayPort, client.flow, flows);
      return client;
    };
    socket.on('message', (bytes, { address, port }) => {
      const client = clients.get(`${address} ${port}`) ?? begin(address, port);
      if (!client || this.#paused) return;
      client.seen = performance.now();
      const header = Buffer.alloc(DATAGRAM_HEADER);
      header.writeUInt16BE(client.port, 0);
      header.writeUInt16BE(forward.guestPort, 2);
      header.writeUInt16BE(DATAGRAM_HEADER + bytes.length, 4);
      this.#send(Protocol.UDP, guest, Buffer.concat([header, bytes]));
    });
    await new Promise<void>((resolve, reject) => {
      socket.once('error', reject);
      socket.bind({ port: forward.hostPort, address: forward.hostAddress || '0.0.0.0', exclusive: true }, resolve);
    });
    socket.removeAllListeners('error').on('error', () => undefined);
    return () => new Promise<void>((resolve) => socket.close(() => resolve()));
  }

  #datagrams(socket: UdpSocket, { guestPort }: PortForward, guest: Buffer, address: string, port: number, seen: () => number, forget: () => void): Flow {
    return {
      protocol: Protocol.UDP,
      guest,
      guestPort,
      // A socket that was closed meanwhile sends nothing, and says so in its callback.
      fromGuest: (payload) => socket.send(payload.subarray(DATAGRAM_HEADER, Math.max(DATAGRAM_HEADER, payload.readUInt16BE(4))), port, address, () => undefined),
      goOn: () => undefined,
      tick: (now) => {
        if (now - seen() > UDP_IDLE) forget();
      },
      close: forget,
    };
  }

  /** A port of the gateway from which nothing goes to the guest. */
  #freePort(): number | undefined {
    if (this.#flows.size >= CONNECTIONS_MOST) return undefined;
    do this.#port = this.#port >= PORTS.last ? PORTS.first : this.#port + 1;
    while (this.#flows.has(this.#port));
    return this.#port;
  }

  #remember(port: number, flow: Flow, flows: Set<Flow>): void {
    this.#flows.set(port, flow);
    flows.add(flow);
    this.#timer ??= setInterval(() => this.#tick(), TICK);
  }

  #forget(port: number, flow: Flow, flows: Set<Flow>): void {
    this.#flows.delete(port);
    flows.delete(flow);
    if (this.#flows.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #tick(): void {
    if (this.#paused) return;
    const now = performance.now();
    for (const flow of this.#flows.values()) flow.tick(now);
  }

  #send(protocol: number, guest: Buffer, payload: Buffer): void {
    const macs = Buffer.concat([this.guestMac(guest), this.network.mac]);
    for (const frame of frames(macs, protocol, { source: this.network.gateway, destination: guest }, payload)) this.toGuest(frame);
  }
}

function opened(server: Server, listen: () => void): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.once('listening', resolve);
    listen();
  });
}

const closed = (server: Server): Promise<void> => new Promise((resolve) => void server.close(() => resolve()));

function refusal({ name, protocol, hostAddress, hostPort }: PortForward, { code, message }: NodeJS.ErrnoException): string {
  const place = `${protocol} port ${hostPort} of ${hostAddress || 'the host'}`;
  const reasons: Readonly<Record<string, string>> = {
    EADDRINUSE: `${place} is in use: choose another port, or stop what uses it`,
    EACCES: `${place} may not be opened by this user: choose one from 1024 on`,
    EADDRNOTAVAIL: `the host has no address ${hostAddress}`,
  };
  return `port forwarding rule '${name}': ${reasons[code ?? ''] ?? `${place} cannot be opened: ${message}`}`;
}
