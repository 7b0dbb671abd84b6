/** Viewers of a machine that moves, in sessions of our own client: vouched for, led to another machine, sent on their way. */
import { afterAll, afterEach, beforeAll, expect, jest, test } from '@jest/globals';
import { createHash, X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ClientOptions, RdpClient } from '../client/index.js';
import type { Judgement } from '../ports.js';
import { serverIdentity, type ServerIdentity } from '../security/index.js';
import { InputRecord, patternColour, PatternScreen } from '../testing/pattern.js';
import type { RdpServerOptions } from './options.js';
import { RdpServer } from './server.js';
import type { Voucher } from './steering.js';

jest.setTimeout(120_000);

let folder: string;
let identity: ServerIdentity;
const open: { close(reason: string): unknown }[] = [];
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'belvedere-steering-'));
  identity = await serverIdentity(folder, { commonName: 'server test', altNames: ['localhost'] });
}, 60_000);
afterAll(() => rm(folder, { recursive: true }));
afterEach(async () => {
  for (const each of open.splice(0).reverse()) await each.close('the test is over');
});

async function start(options: Partial<RdpServerOptions> = {}) {
  const [screen, record] = [new PatternScreen(200, 150), new InputRecord()];
  const judge = async (): Promise<Judgement> => ({ granted: true });
  const server = await RdpServer.listen({
    ports: [0], addresses: ['127.0.0.1'], screens: [screen], keyboard: record.keyboard, pointer: record.pointer, authenticator: { judge },
    machineId: 'machine', name: 'a machine', securityMethod: 'negotiate', certificate: () => identity.tls, standard: identity.standard,
    multiConnection: true, reuseConnection: false, ...options,
  });
  open.push(server);
  return { server, screen, record };
}

function client(server: RdpServer, options: Partial<ClientOptions> = {}): RdpClient {
  const made = new RdpClient({ width: 640, height: 480, ...options, port: options.port ?? server.port });
  open.push(made);
  return made;
}

/** The left Shift key. */
const SHIFT = 0x2a;
const shows = (width: number) => (picture: RdpClient['framebuffer']) => picture.width === width && picture.at(70, 20) === patternColour(70, 20) && picture.at(9, 140) === patternColour(9, 140);
const destination = { address: '192.0.2.7', user: 'john', domain: '@2', password: 'a cookie' };

test.each(['tls', 'rdp'] as const)('a client that can is sent elsewhere (%s), in the form of its security', async (security) => {
  const { server } = await start();
  const [can, cannot] = [client(server, { security, redirects: true }), client(server, { security })];
  const told = once(can, 'redirected');
  await Promise.all([can.picture(shows(200)), cannot.picture(shows(200))]);
  const ids = server.clients.map(({ id, redirects }) => [id, redirects] as const);
  expect(new Map(ids.map(([, redirects]) => [redirects, true])).size).toBe(2);
  for (const [id, redirects] of ids) expect(server.redirect(id, destination)).toBe(redirects);
  expect(await told).toEqual([{ sessionID: 0, TargetNetAddress: '192.0.2.7', UserName: 'john', Domain: '@2', Password: 'a cookie' }]);
  expect(server.redirect(99, destination)).toBe(false);
});

test('a client is led to another machine: its picture, and what it types, once and in order, from when it was held', async () => {
  const { server, record } = await start();
  const [other, there] = [new PatternScreen(320, 200), new InputRecord()];
  const viewer = client(server);
  await viewer.picture(shows(200));
  viewer.key(SHIFT, true);
  viewer.key(0x1e, true);
  await record.seen('key 1e down');
  server.hold();
  const before = ['key 2a down', 'key 1e down', 'key 2a up', 'key 1e up'];
  expect(record.lines).toEqual(before);
  viewer.key(0x1e, false);
  for (const down of [true, false]) viewer.key(0x1f, down);
  expect(server.lead(server.clients[0].id, { screen: other, keyboard: there.keyboard, pointer: there.pointer })).toBe(true);
  await viewer.picture(shows(320));
  viewer.key(SHIFT, false);
  for (const down of [true, false]) viewer.key(0x20, down);
  await there.seen('key 20 up');
  expect(there.lines).toEqual(['key 2a down', 'key 1f down', 'key 1f up', 'key 2a up', 'key 20 down', 'key 20 up']);
  expect(record.lines).toEqual(before);
});

test('what was held is typed here when the machine stays', async () => {
  const { server, record } = await start();
  const viewer = client(server);
  await viewer.picture(shows(200));
  viewer.button(10, 20, 1, true);
  await record.seen('pointer 10,20 buttons 1');
  server.hold();
  viewer.key(0x1f, true);
  viewer.button(30, 20, 1, false);
  const late = client(server);
  await late.active();
  late.key(0x20, true);
  server.goOn();
  await Promise.all([record.seen('key 20 down'), record.seen('pointer 30,20 buttons 0')]);
  expect(record.lines.filter((line) => line !== 'key 20 down')).toEqual(['pointer 10,20 buttons 1', 'pointer 10,20 buttons 0', 'pointer 10,20 buttons 1', 'key 1f down', 'pointer 30,20 buttons 0']);
});

test('who is vouched for is not judged, sees nothing before it may, and a newer session of the same viewer takes the place of the older', async () => {
  let shown = false;
  let judged = 0;
  const cookies = new Map<string, Voucher>(['one', 'two'].map((cookie) => [cookie, { viewer: 'a viewer', user: 'mary', domain: '', screen: 0, shows: () => shown }]));
  const vouch: RdpServerOptions['vouch'] = ({ password }) => {
    const voucher = cookies.get(password);
    cookies.delete(password);
    return voucher;
  };
  const judge = async (): Promise<Judgement> => (judged++, { granted: false, reason: 'nobody may' });
  const { server } = await start({ authenticator: { judge }, vouch, multiConnection: false });
  const first = client(server, { user: 'john', password: 'one' });
  await first.active();
  expect([server.clients.map(({ user, vouched }) => [user, vouched]), first.bytesIn > 0, first.framebuffer.at(70, 20)]).toEqual([[['mary', true]], true, 0]);
  shown = true;
  server.policyChanged();
  await first.picture(shows(200));

  const again = client(server, { user: 'john', password: 'one' });
  await again.ended();
  expect(judged).toBe(1);
  const second = client(server, { user: 'john', password: 'two' });
  await second.picture(shows(200));
  await first.ended();
  expect(server.clients.map(({ user }) => user)).toEqual(['mary']);
  server.dismissVouched((viewer) => viewer === 'a viewer', 'the move failed');
  await second.ended();
});

test('a client that knows the certificate says nothing to another server', async () => {
  const passwords: string[] = [];
  const judge = async ({ password }: { password: string }): Promise<Judgement> => (passwords.push(password), { granted: true });
  const { server } = await start({ authenticator: { judge } });
  const right = createHash('sha256').update(new X509Certificate(identity.tls.cert).raw).digest('hex');
  await client(server, { certificate: right, password: 'right' }).active();
  expect(await client(server, { certificate: right.replace(/^./, (digit) => (digit === '0' ? '1' : '0')), password: 'wrong' }).ended()).toContain('another certificate');
  expect(await client(server, { certificate: right, security: 'rdp', password: 'plain' }).ended()).toContain('no TLS');
  expect(passwords).toEqual(['right']);
});

test('when the port is closed, clients that are in stay, and no others come in', async () => {
  let judge = (_judgement: Judgement): void => undefined;
  let asked = (): void => undefined;
  const isAsked = new Promise<void>((resolve) => (asked = resolve));
  const waits = (): Promise<Judgement> => new Promise((resolve) => ((judge = resolve), asked()));
  const { server, screen } = await start({ authenticator: { judge: ({ user }) => (user === 'in' ? Promise.resolve({ granted: true }) : waits()) } });
  const inside = client(server, { user: 'in' });
  await inside.picture(shows(200));
  const waiting = client(server, { user: 'waiting' });
  await isAsked;
  const { port } = server;
  server.stopListening();
  judge({ granted: true });
  await waiting.ended();
  await client(server, { user: 'late', port }).ended();
  screen.fill({ x: 0, y: 0, width: 8, height: 8 }, 0x123456);
  await inside.picture((picture) => picture.at(3, 3) === 0x123456);
});
