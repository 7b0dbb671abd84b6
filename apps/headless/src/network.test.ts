/** The networks of a machine's adapters, with passt and the host's ports, and no machine. */
import { afterEach, describe, expect, test } from '@jest/globals';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server } from 'node:net';
import type { AdapterSpec, PortForwardSpec } from '@belvedere/control';
import { findPasst } from '@belvedere/emulator';
import { createLog } from './log.js';
import { Networks } from './network.js';

const missing = await findPasst().then(() => undefined, (error: Error) => error.message);
if (missing) process.stderr.write(`skipped: networks of a machine process: ${missing}\n`);

const log = createLog('networks');
const adapter = (more: Partial<AdapterSpec> = {}): AdapterSpec => ({ slot: 1, attachment: 'nat', type: 'virtio', mac: '080027000001', cableConnected: true, forwards: [], localhostReachable: false, ...more });
const rule = (name: string, hostPort: number): PortForwardSpec => ({ name, protocol: 'tcp', hostAddress: '127.0.0.1', hostPort, guestAddress: '', guestPort: 80 });

let networks: Networks | undefined;
const servers: Server[] = [];
afterEach(async () => {
  await networks?.close();
  networks = undefined;
  for (const server of servers.splice(0)) server.close();
});

/** A port that this process keeps. */
async function busyPort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  servers.push(server);
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

async function freePort(): Promise<number> {
  const port = await busyPort();
  const server = servers.pop()!;
  server.close();
  await once(server, 'close');
  return port;
}

const isOpen = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });

(missing ? describe.skip : describe)('networks', () => {
  test('have cards as the settings say, and nothing behind those that are not attached', async () => {
    networks = await Networks.open([adapter(), adapter({ slot: 2, attachment: 'null', type: 'Am79C973', cableConnected: false }), adapter({ slot: 3, attachment: 'none' })], log);
    expect(networks.adapters).toMatchObject([{ slot: 1, model: 'virtio', cableConnected: true, link: expect.anything() }, { slot: 2, model: 'ne2000', cableConnected: false, link: null }]);
    expect(networks.problems).toEqual([]);
  });

  test('open their ports when they are told to, and say which of them is in use', async () => {
    const [port, busy] = [await freePort(), await busyPort()];
    networks = await Networks.open([adapter({ forwards: [rule('web', port)] })], log);
    expect(await isOpen(port)).toBe(false);
    await networks.openPorts();
    expect(await isOpen(port)).toBe(true);
    await networks.close();
    expect(await isOpen(port)).toBe(false);
    networks = await Networks.open([adapter({ forwards: [rule('busy', busy)] })], log);
    await expect(networks.openPorts()).rejects.toMatchObject({ code: 'VBOX_E_HOST_ERROR', message: expect.stringContaining(`port forwarding rule 'busy': tcp port ${busy} of 127.0.0.1 is in use`) });
  });

  test('of a machine that came from elsewhere open their ports once these are free', async () => {
    const port = await busyPort();
    const told = log.child({});
    const opened = new Promise<void>((resolve) => (told.info = (_facts: unknown, text?: unknown) => text === 'a port that stayed closed is open' && resolve()));
    networks = await Networks.open([adapter({ forwards: [rule('web', port)] })], told);
    await networks.openPortsLater();
    expect(networks.problems).toEqual([expect.stringContaining(`network adapter 1: port forwarding rule 'web': tcp port ${port}`)]);
    const server = servers.pop()!;
    server.close();
    await once(server, 'close');
    await opened;
    expect(networks.problems).toEqual([]);
    expect(await isOpen(port)).toBe(true);
  }, 60_000);

  test('change their ports and cables while a machine runs: all of it, or nothing', async () => {
    const [one, two, three, busy] = [await freePort(), await freePort(), await freePort(), await busyPort()];
    const cables: [number, boolean][] = [];
    const network = { setCable: (slot: number, connected: boolean) => void cables.push([slot, connected]) };
    networks = await Networks.open([adapter({ forwards: [rule('one', one), rule('two', two)] }), adapter({ slot: 2, attachment: 'null' })], log);
    await networks.openPorts();
    await networks.change(1, false, [rule('one', one), rule('two', three)], network);
    expect([cables, await isOpen(one), await isOpen(two), await isOpen(three)]).toEqual([[[1, false]], true, false, true]);
    expect(networks.adapters[0]!.cableConnected).toBe(false);
    await expect(networks.change(1, true, [rule('busy', busy)], network)).rejects.toThrow(`rule 'busy': tcp port ${busy}`);
    expect([cables.length, await isOpen(one), await isOpen(three)]).toEqual([1, true, true]);
    await networks.change(1, true, [], network);
    expect([cables.at(-1), await isOpen(one), await isOpen(three)]).toEqual([[1, true], false, false]);
    await expect(networks.change(3, true, [], network)).rejects.toThrow('has no network adapter 3');
    await expect(networks.change(2, true, [rule('x', two)], network)).rejects.toThrow('network adapter 2 is not attached to NAT');
  });
});
