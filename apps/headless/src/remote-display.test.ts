/** The remote display while its settings change: what the next viewer is offered, and that sessions stay. Our own client, a still screen. */
import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import { once } from 'node:events';
import { mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { type AddressInfo, connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { MachineSpec, VrdeSpec } from '@belvedere/control';
import type { Machine } from '@belvedere/emulator';
import { ntHash, serverIdentity } from '@belvedere/rdp';
import { type ClientOptions, RdpClient } from '@belvedere/rdp/client';
import type { Log } from './log.js';
import { Logins } from './logins.js';
import { RemoteDisplay } from './remote-display.js';

// Keys are made, on machines that may be busy.
jest.setTimeout(120_000);

const [width, height] = [64, 48];
const machine = {
  screens: [{ width, height, stride: 4 * width, pixels: new Uint8Array(4 * width * height), takeDamage: () => [], onDamage: () => () => undefined, onResize: () => () => undefined }],
  keyboard: { scancode: () => undefined },
  pointer: { absolute: true, move: () => undefined, wheel: () => undefined },
} as unknown as Machine;

let folder: string;
let auditFile: string;
let display: RemoteDisplay;
let log: string[];
const viewers: RdpClient[] = [];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'remote-display-'));
  auditFile = join(folder, 'audit');
  log = [];
  const write = (...words: unknown[]): void => void log.push(words.map(String).join(' '));
  const logger = { debug: write, info: write, warn: write, error: write } as unknown as Log;
  const spec = { uuid: '6f1c2d9a-0000-4000-8000-000000000001', name: 'shown', identityFolder: folder, vrde: vrde({}) } as MachineSpec;
  display = new RemoteDisplay(spec, machine, new Logins(auditFile, undefined, () => undefined), logger);
});
afterEach(async () => {
  for (const viewer of viewers.splice(0)) viewer.close();
  await display.close('poweredOff');
  await rm(folder, { recursive: true });
});

const nt = `$nt$${Buffer.from(ntHash('secret')).toString('hex')}`;
/** `echo -n secret | sha256sum` */
const sha256 = '2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b';
const vrde = (simpleUsers: Record<string, string>): VrdeSpec => ({
  enabled: true, ports: [0], addresses: ['127.0.0.1'], authType: 'external', authLibrary: 'VBoxAuthSimple', multiConnection: true, reuseConnection: false, simpleUsers, properties: {},
});
const view = (options: Omit<ClientOptions, 'port'> = {}): RdpClient => {
  const viewer = new RdpClient({ port: display.status.port!, security: 'nla', user: 'john', password: 'secret', clientName: 'desk', ...options });
  viewers.push(viewer);
  return viewer;
};

test('users that turn Network Level Authentication on or off end no session, and the next viewer is offered what they can do', async () => {
  await display.apply(vrde({ john: sha256 }));
  const { port } = display.status;
  const first = view();
  await first.active();
  await display.apply(vrde({ john: nt }));
  const second = view();
  await second.active();
  await display.apply(vrde({ john: nt, mary: sha256 }));
  const third = view();
  await third.active();
  expect(viewers.map(({ closedBecause }) => closedBecause)).toEqual([undefined, undefined, undefined]);
  expect([display.status.port, display.status.clients.length]).toEqual([port, 3]);
  expect(log.filter((line) => line.includes('-> credssp'))).toEqual([expect.stringContaining('client 2:')]);
});

test('a switch is in force at once, without ending a session, and what it drops is told', async () => {
  const open = { ...vrde({}), authType: 'null' as const };
  await display.apply(open);
  const viewer = view({ security: 'tls' });
  await viewer.picture((picture) => picture.width === width && picture.height === height);
  const ground = 0x24323c;
  await display.apply({ ...open, properties: { 'Client/DisableDisplay': '1', 'Client/DisableInput': '1' } });
  await viewer.picture((picture) => picture.at(0, 0) === ground && picture.at(width - 1, height - 1) === ground);
  viewer.key(0x1e, true);
  const drawn = once(viewer, 'update');
  viewer.refresh(0, 0, 8, 8);
  await drawn;
  expect(display.status.clients).toMatchObject([{ id: 1, dropped: [{ feature: 'input', messages: 1 }] }]);
  await display.apply(open);
  await viewer.picture((picture) => picture.at(0, 0) !== ground && picture.at(width - 1, height - 1) !== ground);
  expect(viewer.closedBecause).toBeUndefined();
});

/** What the server sends in the clear to one viewer of Standard RDP Security. */
async function seenBy(options: Omit<ClientOptions, 'port'>): Promise<string> {
  const heard: Buffer[] = [];
  const relay = createServer((viewer) => {
    const server = connect(display.status.port!, '127.0.0.1');
    server.on('data', (bytes) => heard.push(bytes));
    for (const socket of [viewer, server]) socket.on('error', () => undefined);
    viewer.pipe(server).pipe(viewer);
  }).listen(0, '127.0.0.1');
  await once(relay, 'listening');
  const viewer = new RdpClient({ port: (relay.address() as AddressInfo).port, security: 'rdp', user: 'john', password: 'secret', ...options });
  viewers.push(viewer);
  await viewer.active();
  viewer.close();
  relay.close();
  return Buffer.concat(heard).toString('latin1');
}

test("the administrator's certificate counts for Standard RDP Security too, renewed from the next viewer on; not for RDP 4", async () => {
  const [certificate, key] = [join(folder, 'certificate.pem'), join(folder, 'key.pem')];
  const bring = async (commonName: string): Promise<void> => {
    const { tls } = await serverIdentity(join(folder, commonName), { commonName, altNames: [] });
    await writeFile(`${certificate}.new`, tls.cert);
    await writeFile(`${key}.new`, tls.key);
    await rename(`${key}.new`, key);
    await rename(`${certificate}.new`, certificate);
  };
  const rdp4 = { security: 'none', rdp4: true, fastPathOutput: false, fastPathInput: false, errorInfo: false } as const;
  await bring('first.example');
  await display.apply({ ...vrde({ john: sha256 }), properties: { 'Security/ServerCertificate': certificate, 'Security/ServerPrivateKey': key } });
  expect([await seenBy({}), await seenBy(rdp4)].map((text) => text.includes('first.example'))).toEqual([true, false]);
  await bring('second.example');
  const renewed = await seenBy({});
  expect([renewed.includes('first.example'), renewed.includes('second.example')]).toEqual([false, true]);
  await display.apply(vrde({ john: sha256 }));
  expect((await seenBy({})).includes('second.example')).toBe(false);
});

test('a proof that fails is on record with the name of the client', async () => {
  await display.apply(vrde({ john: nt }));
  await expect(view({ password: 'guess' }).active()).rejects.toThrow('closed before');
  const records = (await readFile(auditFile, 'utf8')).trim().split('\n').map((line) => JSON.parse(line) as unknown);
  expect(records).toEqual([expect.objectContaining({ user: 'john', granted: false, clientName: 'desk', address: '127.0.0.1' })]);
});
