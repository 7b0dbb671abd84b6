/** Viewers of a machine that moves between two processes: relayed, sent on, with the guest's picture, and what is refused. */
import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ntHash } from '@belvedere/rdp';
import { RdpClient } from '@belvedere/rdp/client';
import { Processes, request, secret, showsMachine } from './processes.testing.js';

jest.setTimeout(180_000);

let processes: Processes;
beforeEach(async () => void (processes = await Processes.open()));
afterEach(() => processes.close());

/** Nobody's password. */
const closed = { authType: 'external', authLibrary: 'VBoxAuthSimple', simpleUsers: {} } as const;

test('a viewer that knows no redirection is relayed in its session until it leaves, and so is one that comes during the move', async () => {
  const source = await processes.start('source', { vrde: { multiConnection: true } });
  const target = await processes.start('target', { arrival: secret(), vrde: { ...closed, multiConnection: true } });
  await target.displayPort();
  const viewer = await processes.view(source);
  const moved = source.control.request('teleport', request(await target.port()));
  const second = await processes.view(source, { user: 'mary' });
  await moved;
  await target.reaches('running');
  await Promise.all([showsMachine(viewer, target), showsMachine(second, target)]);
  expect(await source.ended).toMatchObject({ state: 'teleported', relay: source.child.pid });
  const { vrde } = await target.control.request('status', {});
  expect(vrde.clients.map(({ user, clientName }) => [user, clientName]).sort()).toEqual([['mary', 'desk'], ['user', 'desk']]);

  // The guest changes: it is reset, which every viewer sees.
  await target.control.request('reset', {});
  await Promise.all([showsMachine(viewer, target), showsMachine(second, target)]);
  second.close();
  viewer.close();
  await source.exited;
  expect((await readFile(join(processes.folder, 'target.audit'), 'utf8')).trim().split('\n').map((line) => (JSON.parse(line) as { method: string; granted: boolean }).method)).toEqual(['teleport', 'teleport']);
});

/** John may log in by Network Level Authentication, with a password that no viewer here knows. */
const proving = { ...closed, simpleUsers: { john: `$nt$${Buffer.from(ntHash('a password')).toString('hex')}` } };

test.each([
  ['TLS', closed, 'tls'],
  ['Network Level Authentication', proving, 'nla'],
  ['Network Level Authentication with an early answer', proving, 'nlaEx'],
] as const)('a viewer that can is sent to the target, is let in there once by %s, and its relay ends', async (_name, judge, security) => {
  const source = await processes.start('source', { vrde: { addresses: ['127.0.0.1'] } });
  const port = await source.displayPort();
  const target = await processes.start('target', { arrival: secret(), vrde: { ...judge, ports: [port], addresses: ['127.0.0.2'] } });
  await target.displayPort();
  const viewer = await processes.view(source, { redirects: true, user: 'john' });
  const told = once(viewer, 'redirected') as Promise<[{ TargetNetAddress: string; UserName: string; Password: string }]>;
  await source.control.request('teleport', request(await target.port()));
  const [{ TargetNetAddress: host, UserName: user, Password: password }] = await told;
  expect([host, user]).toEqual(['127.0.0.2', 'john']);

  const there = new RdpClient({ host, port, user, password, security });
  await there.active();
  await showsMachine(there, target);
  // The old session ends with its relay, and the process with it.
  await viewer.ended();
  await source.exited;
  expect((await target.control.request('status', {})).vrde.clients).toHaveLength(1);
  const again = new RdpClient({ host, port, user, password, security });
  await again.ended();
  expect(again.framebuffer.pixels.every((pixel) => pixel === 0)).toBe(true);
  there.close();
});

test('a move that comes to nothing: relays are shown out, and the viewer sees and types here', async () => {
  const source = await processes.start('source');
  const target = await processes.start('target', { arrival: secret(), hardware: { memoryMiB: 64 }, vrde: closed });
  const viewer = await processes.view(source);
  await expect(source.control.request('teleport', request(await target.port()))).rejects.toThrow('memory');
  await showsMachine(viewer, source);
  expect((await target.control.request('status', {})).vrde.clients).toEqual([]);
});

test('SIGTERM ends a relay', async () => {
  const source = await processes.start('source');
  const target = await processes.start('target', { arrival: secret() });
  await target.displayPort();
  const viewer = await processes.view(source);
  await source.control.request('teleport', request(await target.port()));
  await source.ended;
  await showsMachine(viewer, target);
  source.child.kill('SIGTERM');
  await viewer.ended();
  await source.exited;
});
