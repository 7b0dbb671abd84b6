/** What the server speaks under TLS, as openssl's own client finds it; and that nobody in the middle can talk it down unnoticed. */
import { describe, expect, jest, test } from '@jest/globals';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server } from 'node:net';
import { type ClientOptions, RdpClient } from '../client/index.js';
import { connectInitial } from '../client/connect.js';
import { Protocol } from '../pdu/x224.js';
import { Line } from '../testing/line.js';
import { PatternScreen } from '../testing/pattern.js';
import { rdpServers } from '../testing/servers.js';
import { TlsDoor } from '../testing/preamble.js';
import type { RdpServerOptions } from './options.js';
import { RdpServer } from './server.js';
import type { ConnectionEvent, State } from './state.js';
import { step } from './step.js';

jest.setTimeout(120_000);

const rdp = rdpServers();

const start = (options: Partial<RdpServerOptions> = {}) => rdp.start({ screens: [new PatternScreen(64, 48)], ...options });

/** Connects with `openssl s_client`. @returns the version and the cipher suite that were agreed on, or undefined, and all that it printed */
async function openssl(server: RdpServer, args: string, typed = ''): Promise<{ agreed: string | undefined; printed: string }> {
  const door = await TlsDoor.open(server.port);
  rdp.closing(door);
  const child = spawn('openssl', ['s_client', '-connect', `127.0.0.1:${door.port}`, ...args.split(' ').filter(Boolean)], { stdio: ['pipe', 'pipe', 'pipe'] });
  let printed = '';
  let typedIt = false;
  const look = (bytes: Buffer): void => {
    printed += bytes.toString('latin1');
    // Its commands are read once the connection stands.
    if (typedIt || !/Verify return code.*\n/.test(printed)) return;
    typedIt = true;
    child.stdin.end(typed);
  };
  child.stdout.on('data', look);
  child.stderr.on('data', look);
  child.stdin.on('error', () => undefined);
  if (!typed) child.stdin.end();
  await once(child, 'close');
  const [, version, cipher] = /^New, (\S+), Cipher is (\S+)$/m.exec(printed) ?? [];
  const protocol = /^ *Protocol *: (\S+)$/m.exec(printed)?.[1] ?? version;
  return { agreed: cipher === undefined || cipher === '(NONE)' ? undefined : `${protocol} ${cipher}`, printed };
}

/** TLS 1.2 suites that are meant, as openssl names them: authenticated encryption with keys that no later theft of the server's opens. */
const GOOD = ['ECDHE-RSA-AES256-GCM-SHA384', 'ECDHE-RSA-CHACHA20-POLY1305', 'ECDHE-RSA-AES128-GCM-SHA256', 'DHE-RSA-AES256-GCM-SHA384', 'DHE-RSA-AES128-GCM-SHA256'];
const SUITES = ['TLS_AES_256_GCM_SHA384', 'TLS_CHACHA20_POLY1305_SHA256', 'TLS_AES_128_GCM_SHA256'];

describe("openssl's client", () => {
  test('gets TLS 1.3 by default, and each of its three usual suites', async () => {
    const { server } = await start();
    expect((await openssl(server, '')).agreed).toBe('TLSv1.3 TLS_AES_256_GCM_SHA384');
    for (const suite of SUITES) expect((await openssl(server, `-tls1_3 -ciphersuites ${suite}`)).agreed).toBe(`TLSv1.3 ${suite}`);
    expect((await openssl(server, '-tls1_3 -ciphersuites TLS_AES_128_CCM_SHA256:TLS_AES_128_CCM_8_SHA256')).agreed).toBeUndefined();
  });

  test('gets TLS 1.2 with forward secrecy and authenticated encryption, and no other way', async () => {
    const { server } = await start();
    for (const suite of GOOD) expect((await openssl(server, `-tls1_2 -cipher ${suite}`)).agreed).toBe(`TLSv1.2 ${suite}`);
    const others = ['ALL:COMPLEMENTOFALL', ...GOOD.map((suite) => `!${suite}`), '@SECLEVEL=0'].join(':');
    expect((await openssl(server, `-tls1_2 -cipher ${others}`)).agreed).toBeUndefined();
  });

  test('gets no older version, unless it is asked for', async () => {
    const { server } = await start();
    for (const version of ['-tls1_1', '-tls1']) expect((await openssl(server, `${version} -cipher ALL:@SECLEVEL=0`)).agreed).toBeUndefined();
    const { server: older } = await start({ tlsMinVersion: 'TLSv1.1' });
    expect((await openssl(older, '-tls1_1 -cipher ALL:@SECLEVEL=0')).agreed).toMatch(/^TLSv1.1 /);
    expect((await openssl(older, '-tls1 -cipher ALL:@SECLEVEL=0')).agreed).toBeUndefined();
    const { server: oldest } = await start({ tlsMinVersion: 'TLSv1' });
    expect((await openssl(oldest, '-tls1 -cipher ALL:@SECLEVEL=0')).agreed).toMatch(/^TLSv1 /);
    const { server: newest } = await start({ tlsMinVersion: 'TLSv1.3' });
    expect([(await openssl(newest, '-tls1_2')).agreed, (await openssl(newest, '')).agreed]).toEqual([undefined, 'TLSv1.3 TLS_AES_256_GCM_SHA384']);
  });

  test.each(['', 'TLSv1'] as const)('gets no compression, and may not negotiate anew (%s)', async (tlsMinVersion) => {
    const { server } = await start(tlsMinVersion ? { tlsMinVersion } : {});
    const { agreed, printed } = await openssl(server, '-tls1_2 -comp', 'R\n');
    expect(agreed).toMatch(/^TLSv1.2 /);
    expect(printed).toMatch(/^Compression: NONE$/m);
    expect(printed).toMatch(/^Secure Renegotiation IS supported$/m);
    expect(printed).toMatch(/RENEGOTIATING\n(.*\n)*.*no renegotiation/);
  });

  test("sees the server's own certificate, and can fall back to nothing older by a trick", async () => {
    const { server } = await start();
    expect((await openssl(server, '')).printed).toContain('CN = server test');
    // [RFC7507]: a client that has been talked down says so, and is told that it was.
    expect((await openssl(server, '-tls1_2 -fallback_scsv')).printed).toContain('inappropriate fallback');
  });
});

describe('a man in the middle who takes TLS out of the request', () => {
  /** Joins clients with the server, and changes `requestedProtocols` on the way there, and what was chosen on the way back. */
  async function middle(port: number, requestedProtocols: number, selectedProtocol: number | undefined): Promise<Server> {
    const listener = createServer((client) => {
      const server = connect(port, '127.0.0.1');
      for (const socket of [client, server]) socket.on('error', () => undefined);
      client.once('data', (request: Buffer) => {
        request.writeUInt32LE(requestedProtocols, request.length - 4);
        server.write(request);
        client.pipe(server);
      });
      server.once('data', (confirm: Buffer) => {
        if (selectedProtocol !== undefined) confirm.writeUInt32LE(selectedProtocol, confirm.length - 4);
        client.write(confirm);
        server.pipe(client);
      });
      client.on('close', () => server.destroy());
      server.on('close', () => client.destroy());
    }).listen(0, '127.0.0.1');
    await once(listener, 'listening');
    rdp.closing(listener as never);
    return listener;
  }
  const client = (listener: Server, options: Omit<ClientOptions, 'port'>): RdpClient => {
    return rdp.closing(new RdpClient({ port: (listener.address() as AddressInfo).port, ...options }));
  };

  test('gets nowhere where TLS is required', async () => {
    const { server } = await start({ securityMethod: 'tls' });
    await expect(client(await middle(server.port, 0, undefined), { security: 'tls' }).active()).rejects.toThrow('failureCode 1');
    expect(server.clients).toEqual([]);
  });

  test('is seen by a client that compares what the server was asked, as it tells, with what it asked itself', async () => {
    const { server } = await start();
    await expect(client(await middle(server.port, 0, undefined), { security: 'tls' }).active()).rejects.toThrow('the server was asked for protocols 0x0 instead of 0x1: someone is in between');
    expect(server.clients).toEqual([]);
  });

  test('is seen by the server when the client was told of another choice than it made', () => {
    const context = { securityMethod: 'negotiate', hybrid: true, encryptionDemand: 'client-compatible', standard: rdp.identity.standard, offersChannel: () => true, unicode: true } as const;
    const state = (selectedProtocol: number): State => ({ step: 'basicSettingsExchange', negotiation: { requestedProtocols: 3, selectedProtocol } });
    const asked = new Line(context).asked;
    const said = (selectedProtocol: number): ConnectionEvent => ({ type: 'packet', packet: { kind: 'tpkt', bytes: connectInitial(asked, selectedProtocol) } });
    expect(step(state(Protocol.SSL), said(Protocol.SSL), context).state.step).toBe('channelConnection');
    expect(() => step(state(Protocol.SSL), said(Protocol.HYBRID), context)).toThrow('the client was told of protocol 0x2, but 0x1 was chosen: someone is in between');
    expect(() => step(state(Protocol.RDP), said(Protocol.SSL), context)).toThrow('someone is in between');
  });
});
