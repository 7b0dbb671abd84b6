/** Two machine processes on one host: a running machine leaves the one and goes on in the other, with its disk. */
import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isNotice, Processes, request, secret, showsMachine } from './processes.testing.js';

jest.setTimeout(180_000);

let processes: Processes;
beforeEach(async () => void (processes = await Processes.open()));
afterEach(() => processes.close());

test('a target whose processor has less than the guest has seen is refused; one that has more is not', async () => {
  const source = await processes.start('source', { hardware: { cpuPortabilityLevel: 1 } });
  const less = await processes.start('less', { hardware: { cpuPortabilityLevel: 3 }, arrival: secret() });
  await expect(source.control.request('teleport', request(await less.port()))).rejects.toMatchObject({ message: expect.stringContaining('processor features that the guest has seen are missing at the target: sse, sse2, pni') });
  expect(await source.control.request('status', {})).toMatchObject({ state: 'running' });
  await less.control.request('powerOff', {});
  const more = await processes.start('more', { arrival: secret() });
  await source.control.request('teleport', request(await more.port()));
  await more.reaches('running');
});

test('a running machine goes to another process, with its disk, and on to a third', async () => {
  const source = await processes.start('source');
  const target = await processes.start('target', { arrival: secret() });
  await expect(target.control.request('pause', {})).rejects.toMatchObject({ code: 'VBOX_E_INVALID_VM_STATE', message: expect.stringContaining('waits to be teleported here') });

  const result = await source.control.request('teleport', request(await target.port()));
  expect(result).toMatchObject({ authenticated: true });
  expect(result.downtime).toBeGreaterThan(0);
  expect(await source.ended).toMatchObject({ state: 'teleported' });
  expect(source.states.map(({ state }) => state)).toEqual(['teleporting', 'teleported']);
  expect(source.percents.at(-1)).toBe(100);
  await target.reaches('running');
  expect((await target.control.request('status', {})).vrde.port).not.toBeNull();

  // It obeys.
  await target.control.request('pause', {});
  await target.control.request('resume', {});
  const back = await processes.start('back', { arrival: secret('') });
  expect(await target.control.request('teleport', request(await back.port(), ''))).toMatchObject({ authenticated: false });
  await back.reaches('running');
  expect((await back.control.request('screenshot', { screen: 0 })).width).toBe(720);
  await back.control.request('powerOff', {});
  expect(await back.ended).toMatchObject({ state: 'poweroff' });
  expect((await readdir(processes.folder)).filter((name) => /teleport-|lock-|kept/.test(name))).toEqual([]);
});

test('a viewer of a waiting machine sees how far it is, and then the guest, in one session', async () => {
  const source = await processes.start('source');
  const target = await processes.start('target', { arrival: secret() });
  const viewer = await processes.view(target);
  await viewer.picture(isNotice);
  // Whatever is typed meanwhile is typed nowhere.
  viewer.key(0x1e, true);
  viewer.key(0x1e, false);
  expect((await target.control.request('status', {})).vrde.clients).toHaveLength(1);
  await source.control.request('teleport', request(await target.port()));
  await target.reaches('running');
  await showsMachine(viewer, target);
  expect((await target.control.request('status', {})).vrde.clients).toHaveLength(1);

  const again = await processes.start('again', { arrival: secret() });
  const left = await processes.view(again);
  await again.control.request('powerOff', {});
  await left.ended();
  await again.ended;
});

test('what stands against a move leaves the machine running where it is, and the target waiting', async () => {
  const source = await processes.start('source');
  const target = await processes.start('target', { hardware: { vramMiB: 16 }, arrival: secret() });
  const port = await target.port();
  await expect(source.control.request('teleport', request(port))).rejects.toThrow('video memory is "8 MiB" at the source and "16 MiB" at the target');
  await expect(source.control.request('teleport', request(port, 'Secret'))).rejects.toThrow('wrong password');
  await expect(source.control.request('teleport', request(1))).rejects.toThrow('cannot be reached');
  expect((await source.control.request('status', {})).state).toBe('running');
  expect(await target.port()).toBe(port);

  // A target that gives up.
  await target.control.request('powerOff', {});
  expect(await target.ended).toMatchObject({ state: 'poweroff' });
  expect(JSON.parse(await readFile(join(processes.folder, 'target.exit'), 'utf8'))).toMatchObject({ state: 'poweroff' });
});
