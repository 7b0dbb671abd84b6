/** Network Level Authentication between our server and our client, over sockets. */
import { describe, expect, jest, test } from '@jest/globals';
import { once } from 'node:events';
import { connect } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { type ClientOptions, RdpClient } from '../client/index.js';
import { connectionRequest } from '../client/connect.js';
import { ntHash } from '../nla/index.js';
import type { Authenticator, Judgement, LogonAttempt } from '../ports.js';
import { PatternScreen } from '../testing/pattern.js';
import { rdpServers } from '../testing/servers.js';
import { TsRequestReader } from './nla.js';
import type { RdpServerOptions } from './options.js';
import { RdpServer } from './server.js';

jest.setTimeout(60_000);

const rdp = rdpServers();

/** Knows max and his password; judges as it is told; keeps what it hears. */
class Accounts implements Authenticator {
  readonly judged: LogonAttempt[] = [];
  readonly refusals: [Omit<LogonAttempt, 'password'>, string][] = [];
  judgement: Judgement = { granted: true };
  readonly looked: string[] = [];

  async judge(attempt: LogonAttempt): Promise<Judgement> {
    this.judged.push(attempt);
    return this.judgement;
  }

  async ntHash(user: string, domain: string): Promise<Uint8Array | undefined> {
    this.looked.push(`${domain}\\${user}`);
    if (user === 'broken') throw new Error('no connection to the directory');
    return user === 'max' ? ntHash('secret') : undefined;
  }

  refused(attempt: Omit<LogonAttempt, 'password'>, reason: string): void {
    this.refusals.push([attempt, reason]);
  }
}

const start = (accounts: Accounts, options: Partial<RdpServerOptions> = {}) =>
  rdp.start({ screens: [new PatternScreen(200, 150), new PatternScreen(100, 80)], authenticator: accounts, ...options });

const client = (server: RdpServer, options: Omit<ClientOptions, 'port'> = {}): RdpClient =>
  rdp.client(server, { security: 'nla', user: 'max', password: 'secret', clientName: 'desk', ...options });

describe.each(['nla', 'nlaEx'] as const)('%s', (security) => {
  test('who proves its password is judged, once, and gets in', async () => {
    const accounts = new Accounts();
    const { server, log } = await start(accounts);
    expect(await client(server, { security, domain: 'OFFICE@2' }).active()).toMatchObject({ width: 100, height: 80 });
    const attempt = { user: 'max', password: 'secret', domain: 'OFFICE', clientId: 1, machineId: 'machine', address: '127.0.0.1', clientName: 'desk' };
    expect(accounts.judged).toEqual([attempt]);
    expect(accounts.looked).toEqual(['OFFICE\\max']);
    expect(server.clients).toEqual([expect.objectContaining({ user: 'max', domain: 'OFFICE', screen: 1 })]);
    expect(log.join('\n')).not.toContain('secret');
  });

  test.each([
    ['a wrong password', { password: 'guess' }, 'user name or password is wrong'],
    ['an unknown user', { user: 'moritz' }, 'user name or password is wrong'],
    ['a lookup that fails', { user: 'broken' }, 'the authenticator failed: no connection to the directory'],
  ])('%s is refused without a judgement, and told', async (_name, who, reason) => {
    const accounts = new Accounts();
    const { server, log } = await start(accounts);
    await expect(client(server, { security, ...who }).active()).rejects.toThrow('closed before');
    expect(accounts.judged).toEqual([]);
    const attempt = { user: 'max', domain: '', clientId: 1, machineId: 'machine', address: '127.0.0.1', clientName: 'desk', ...who };
    const { password: _secret, ...told } = attempt as typeof attempt & { password?: string };
    expect(accounts.refusals).toEqual([[told, reason]]);
    expect(log.join('\n')).toContain(`refused: ${reason}`);
    expect(server.clients).toEqual([]);
  });

  test('a proof is no grant: the judgement decides', async () => {
    const accounts = new Accounts();
    accounts.judgement = { granted: false, reason: 'the account is locked' };
    const { server } = await start(accounts);
    const viewer = client(server, { security });
    const reason = await viewer.ended();
    if (security === 'nlaEx') expect(reason).toContain('authorizationResult 5');
    else expect(viewer.errorInfo).toBe(9);
    expect([accounts.judged.length, accounts.refusals.length, server.clients.length]).toEqual([1, 0, 0]);
  });

  test('a client that keeps its password to itself is judged without one', async () => {
    const accounts = new Accounts();
    const { server } = await start(accounts);
    await client(server, { security, delegate: false }).active();
    expect(accounts.judged).toMatchObject([{ user: 'max', password: '' }]);
  });
});

test('method hybrid lets nobody past, and needs an authenticator that can', async () => {
  const { server } = await start(new Accounts(), { securityMethod: 'hybrid' });
  await expect(client(server, { security: 'tls' }).active()).rejects.toThrow('failureCode 5');
  await expect(client(server, { security: 'rdp' }).active()).rejects.toThrow('failureCode 5');
  await client(server).active();
  const authenticator: Authenticator = { judge: async () => ({ granted: true }) };
  await expect(start(new Accounts(), { securityMethod: 'hybrid', authenticator })).rejects.toThrow('ntHash');
});

test('a refused client is named as it names itself, without what is not printable, in bounded length', async () => {
  const accounts = new Accounts();
  const { server } = await start(accounts);
  await expect(client(server, { password: 'guess', clientName: `de\0sk\r\n${'x'.repeat(500)}` }).active()).rejects.toThrow('closed before');
  expect(accounts.refusals[0][0].clientName).toBe(`desk${'x'.repeat(59)}`);
});

test('is offered as the authenticator has NT hashes when a client comes, and sessions go on', async () => {
  const accounts = new Accounts();
  let ntHashes: Authenticator['ntHash'];
  const authenticator: Authenticator = {
    judge: (attempt) => accounts.judge(attempt),
    get ntHash() {
      return ntHashes;
    },
  };
  const { server, log } = await start(accounts, { authenticator });
  const first = client(server);
  await first.active();
  ntHashes = (user, domain) => accounts.ntHash(user, domain);
  const second = client(server);
  await second.active();
  ntHashes = undefined;
  const third = client(server);
  await third.active();
  expect([first, second, third].map(({ closedBecause }) => closedBecause)).toEqual([undefined, undefined, undefined]);
  expect(log.filter((line) => line.includes('-> credssp'))).toEqual(['debug client 2: tlsHandshake -> credssp']);
});

test('without NT hashes a client is told to do without', async () => {
  const { server } = await start(new Accounts(), { authenticator: { judge: async () => ({ granted: true }) } });
  const viewer = client(server, { security: 'nla' });
  await viewer.active(); // it offers TLS as well
  expect(server.clients[0].encryption).toBe('TLSv1.3');
});

test.each([
  ['no TSRequest', Buffer.from('0300000702f080', 'hex')],
  ['one of 16 MiB', Buffer.from('308400ffffff', 'hex')],
  ['one without end', Buffer.concat([Buffer.from('3082ffff', 'hex'), Buffer.alloc(0x20000)])],
])('bytes that are %s end the connection', async (_name, bytes) => {
  const { server } = await start(new Accounts());
  const plain = connect(server.port, '127.0.0.1');
  plain.write(connectionRequest({ security: 'nla', user: 'x' } as never));
  await once(plain, 'data');
  const secured = connectTls({ socket: plain, rejectUnauthorized: false });
  secured.on('error', () => undefined);
  await once(secured, 'secureConnect');
  secured.resume();
  secured.write(bytes);
  await once(secured, 'close');
  expect(server.clients).toEqual([]);
});

test('a client that goes in the middle of its proof is no fault of the server', async () => {
  const { server, log } = await start(new Accounts());
  const plain = connect(server.port, '127.0.0.1');
  plain.write(connectionRequest({ security: 'nla', user: 'x' }));
  await once(plain, 'data');
  const secured = connectTls({ socket: plain, rejectUnauthorized: false });
  await once(secured, 'secureConnect');
  secured.resume().end(Buffer.from('3037', 'hex'));
  await once(plain, 'close');
  await client(server).active();
  expect(log.filter((line) => line.startsWith('error'))).toEqual([]);
});

test('TSRequests are cut from any pieces, and what follows is left', async () => {
  const request = Buffer.from('3007a003020106a100', 'hex');
  const reader = new TsRequestReader();
  const first = reader.next();
  for (const octet of request) reader.push(Uint8Array.of(octet));
  reader.push(Buffer.concat([request, Buffer.from('0300', 'hex')]));
  expect(Buffer.from(await first)).toEqual(request);
  expect(Buffer.from(await reader.next())).toEqual(request);
  const never = reader.next();
  reader.close(new Error('gone'));
  await expect(never).rejects.toThrow();
  expect(() => new TsRequestReader().push(new Uint8Array(0x18001))).toThrow('at most');
});
