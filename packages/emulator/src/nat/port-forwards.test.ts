/** Ports of the host that lead to a guest: real sockets on this side, frames and a guest that echoes on the other. */
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { TcpGuest } from '../testing/tcp-guest.js';
import { natNetwork } from './network.js';
import { ETHERNET, frames, Protocol, readPacket, type Packet } from './packet.js';
import { type PortForward, PortForwardError, PortForwards } from './port-forwards.js';
import { readSegment, writeSegment } from './tcp-connection.js';

const network = natNetwork('10.0.2.0/24');
const CARD = Buffer.from('080027000001', 'hex');
const GUEST_PORT = 80;

/** A guest whose every port but one is closed; what comes to that one is sent back, and ended when it is ended. */
class EchoGuest {
  readonly packets: Packet[] = [];
  readonly connections = new Map<number, TcpGuest>();
  answer: (frame: Packet) => void = () => undefined;

  take(frame: Buffer): void {
    const packet = readPacket(frame)!;
    this.packets.push(packet);
    // Not inside the host's own call: it comes back over the line.
    setImmediate(() => (packet.protocol === Protocol.UDP ? this.#datagram(packet) : this.#segment(packet)));
  }

  #datagram({ payload, source, destination }: Packet): void {
    const back = Buffer.from(payload);
    back.writeUInt16BE(payload.readUInt16BE(2), 0);
    back.writeUInt16BE(payload.readUInt16BE(0), 2);
    back.writeUInt16BE(0, 6);
    this.#reply(Protocol.UDP, { source: destination, destination: source }, back);
  }

  #segment({ payload, source, destination }: Packet): void {
    const port = payload.readUInt16BE(0);
    let guest = this.connections.get(port);
    if (!guest) {
      guest = new TcpGuest((segment) => this.#reply(Protocol.TCP, { source: destination, destination: source }, writeSegment(payload.readUInt16BE(2), port, segment)));
      this.connections.set(port, guest);
    }
    const before = guest.received.length;
    guest.receive(readSegment(payload)!);
    if (guest.received.length > before) guest.write(guest.received.subarray(before));
    if (guest.ended) guest.end();
  }

  #reply(protocol: number, ends: { source: Buffer; destination: Buffer }, payload: Buffer): void {
    for (const frame of frames(Buffer.concat([network.mac, CARD]), protocol, ends, payload)) this.answer(readPacket(frame)!);
  }
}

let guest: EchoGuest;
let forwards: PortForwards;
beforeEach(() => {
  guest = new EchoGuest();
  forwards = new PortForwards(network, () => CARD, (frame) => guest.take(frame));
  guest.answer = (packet) => void forwards.fromGuest(packet);
});
afterEach(() => forwards.close());

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

/** A rule whose port was free a moment ago: another test run may have been faster. */
async function add(more: Partial<PortForward> = {}): Promise<PortForward> {
  for (let attempt = 0; ; attempt++) {
    const rule: PortForward = { name: 'web', protocol: 'tcp', hostAddress: '127.0.0.1', hostPort: await freePort(), guestAddress: '', guestPort: GUEST_PORT, ...more };
    try {
      await forwards.add(rule);
      return rule;
    } catch (error) {
      if (attempt === 10 || !(error as Error).message.includes('is in use')) throw error;
    }
  }
}

async function client(port: number): Promise<Socket> {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  await once(socket, 'connect');
  return socket;
}

/** Sends all of it, ends, and returns all that comes back. */
async function echo(port: number, sent: Buffer): Promise<Buffer> {
  const socket = await client(port);
  const parts: Buffer[] = [];
  socket.on('data', (part: Buffer) => parts.push(part));
  socket.end(sent);
  await once(socket, 'end');
  return Buffer.concat(parts);
}

const bytes = (count: number, seed: number): Buffer => Buffer.from(Array.from({ length: count }, (_, index) => (index * 31 + seed) & 0xff));

describe('TCP', () => {
  test('comes from the gateway, to the card that the guest has, and carries both ways, over fifty connections at once', async () => {
    const { hostPort } = await add();
    const sent = Array.from({ length: 50 }, (_, index) => bytes(20_000 + index, index));
    const back = await Promise.all(sent.map((part) => echo(hostPort, part)));
    expect(back.every((part, index) => part.equals(sent[index]!))).toBe(true);
    const [{ ethernet, source, destination, payload }] = guest.packets as [Packet];
    expect(ethernet.subarray(0, ETHERNET - 2).toString('hex')).toBe(`${CARD.toString('hex')}${network.mac.toString('hex')}`);
    expect([source.equals(network.gateway), destination.equals(network.guest), payload.readUInt16BE(2)]).toEqual([true, true, GUEST_PORT]);
    expect(guest.connections.size).toBe(50);
  });

  test('goes to another address of the guest where the rule says so', async () => {
    const { hostPort } = await add({ guestAddress: '10.0.2.99' });
    await echo(hostPort, Buffer.from('x'));
    expect(guest.packets.every(({ destination }) => destination.join('.') === '10.0.2.99')).toBe(true);
  });

  test('waits while frames are held back, and goes on', async () => {
    const { hostPort } = await add();
    const socket = await client(hostPort);
    socket.write('before');
    expect(String((await once(socket, 'data'))[0])).toBe('before');
    forwards.pause();
    const held = guest.packets.length;
    socket.write('after');
    forwards.resume();
    expect(String((await once(socket, 'data'))[0])).toBe('after');
    expect(guest.packets.length).toBeGreaterThan(held);
    socket.destroy();
  });

  test('that the client breaks off is broken off in the guest', async () => {
    const { hostPort } = await add();
    const socket = await client(hostPort);
    socket.write('x');
    await once(socket, 'data');
    const [connection] = [...guest.connections.values()];
    const reset = new Promise<void>((resolve) => {
      const { take } = guest;
      guest.take = (frame) => {
        take.call(guest, frame);
        setImmediate(() => connection!.reset && resolve());
      };
    });
    socket.resetAndDestroy();
    await reset;
  });

  test('that the guest has never opened takes no packet of the guest', () => {
    const segment = writeSegment(GUEST_PORT, 0xc123, { seq: 1, ack: 1, flags: 0x10, window: 100, payload: Buffer.alloc(0) });
    const [frame] = frames(Buffer.concat([network.mac, CARD]), Protocol.TCP, { source: network.guest, destination: network.gateway }, segment);
    expect(forwards.fromGuest(readPacket(frame!)!)).toBe(false);
  });
});

describe('UDP', () => {
  const ask = async (port: number, text: string): Promise<string> => {
    const socket = createSocket('udp4');
    try {
      // A datagram may be lost, as on any network.
      const again = setInterval(() => socket.send(text, port, '127.0.0.1'), 500);
      socket.send(text, port, '127.0.0.1');
      const [answer] = (await once(socket, 'message').finally(() => clearInterval(again))) as [Buffer];
      return answer.toString();
    } finally {
      socket.close();
    }
  };

  test('comes back to whoever sent it, also in pieces', async () => {
    const { hostPort } = await add({ protocol: 'udp' });
    expect(await Promise.all(['one', 'two', 'three'].map((text) => ask(hostPort, text)))).toEqual(['one', 'two', 'three']);
    const ports = new Set(guest.packets.map(({ payload }) => payload.readUInt16BE(0)));
    expect(ports.size).toBe(3);
  });
});

describe('a rule', () => {
  test('is listed, and gone with its connections when it is removed; others stay', async () => {
    const [one, two] = [await add({ name: 'one' }), await add({ name: 'two' })];
    expect(forwards.list).toEqual([one, two]);
    const [first, second] = [await client(one.hostPort), await client(two.hostPort)];
    for (const socket of [first, second]) {
      socket.write('x');
      await once(socket, 'data');
    }
    first.on('error', () => undefined);
    const broken = new Promise((resolve) => first.once('close', resolve));
    await forwards.remove('one');
    await broken;
    expect(forwards.list).toEqual([two]);
    await expect(client(one.hostPort)).rejects.toThrow('ECONNREFUSED');
    second.write('still there');
    expect(String((await once(second, 'data'))[0])).toBe('still there');
    second.destroy();
    await expect(forwards.remove('one')).rejects.toThrow("there is no port forwarding rule 'one'");
  });

  test('whose port is in use, or whose address is not of the host, is refused by name and changes nothing', async () => {
    const one = await add();
    const refused = (more: Partial<PortForward>) => expect(forwards.add({ ...one, name: 'other', ...more })).rejects;
    await refused({}).toThrow(`port forwarding rule 'other': tcp port ${one.hostPort} of 127.0.0.1 is in use`);
    await refused({}).toBeInstanceOf(PortForwardError);
    await refused({ hostAddress: '192.0.2.1' }).toThrow('the host has no address 192.0.2.1');
    await refused({ name: 'web' }).toThrow("there is a port forwarding rule 'web' already");
    await refused({ guestAddress: 'guest' }).toThrow("'guest' is no IPv4 address");
    expect(forwards.list).toEqual([one]);
    expect((await echo(one.hostPort, Buffer.from('still there'))).toString()).toBe('still there');
    // The other protocol's port is another.
    await add({ name: 'other', protocol: 'udp' });
  });

  test('is one of many that come at once only where its name is free', async () => {
    const rule = await add({ name: 'taken' });
    await forwards.remove('taken');
    const results = await Promise.allSettled([forwards.add(rule), forwards.add(rule)]);
    expect(results.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    expect(forwards.list).toEqual([rule]);
  });
});
