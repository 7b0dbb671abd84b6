import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { readFile } from 'node:fs/promises';
import type { Machine } from '../machines/machine.dto.js';
import { TestHome } from '../test/home.js';

describe('the teleporter over the socket', () => {
  let home: TestHome;
  beforeAll(async () => void (home = await TestHome.make()));
  afterAll(() => home.remove());

  const url = (name: string): string => `/machines/${encodeURIComponent(name)}`;
  const change = (name: string, teleporter: object): Promise<Machine> => home.get<Machine>('PATCH', url(name), { teleporter });
  const refused = async (method: string, path: string, body?: unknown): Promise<{ code: string; message: string }> => {
    const answer = await home.ask(method, path, { body });
    expect(answer.status).toBeGreaterThanOrEqual(400);
    return answer.body;
  };

  test('its settings are kept, the password as what is derived from it, and read back from the settings file', async () => {
    const made = await home.machine('target');
    expect(made.teleporter).toEqual({ enabled: false, port: 0, address: '', hasPassword: false });
    expect(await refused('PATCH', url('target'), { teleporter: { enabled: true } })).toMatchObject({ code: 'E_INVALIDARG', message: expect.stringContaining('has no port') });
    expect(await refused('PATCH', url('target'), { teleporter: { address: 'here' } })).toMatchObject({ message: expect.stringContaining("'here' is no IP address") });
    const changed = await change('target', { enabled: true, port: 6000, address: '::1', password: 'secret' });
    expect(changed.teleporter).toEqual({ enabled: true, port: 6000, address: '::1', hasPassword: true });
    const file = await readFile(made.settingsFile, 'utf8');
    expect(file).toMatch(/<Teleporter enabled="true" port="6000" address="::1" password="[\w-]{43}"\/>/);
    expect(file).not.toContain('secret');

    await home.ask('DELETE', url('target'), {});
    expect(await home.get<Machine>('POST', '/machines/register', { settingsFile: made.settingsFile })).toMatchObject({ teleporter: { enabled: true, port: 6000, address: '::1', hasPassword: true } });
    expect((await change('target', { password: '' })).teleporter.hasPassword).toBe(false);
    expect((await home.get<Machine>('GET', url('target'))).notices.join()).toContain('without a password whoever reaches its port');
  });

  test('a machine is moved, and its end is told; one that cannot be moved goes on', async () => {
    await home.machine('source');
    expect(await refused('POST', `${url('source')}/teleport`, { host: '127.0.0.1', port: 6000 })).toMatchObject({ code: 'VBOX_E_INVALID_VM_STATE' });
    await home.get('POST', `${url('source')}/start`, {});
    const events = await home.events();
    expect(await refused('POST', `${url('source')}/teleport`, { host: '192.0.2.1', port: 6000 })).toMatchObject({ message: expect.stringContaining('goes on here') });
    expect(await home.get<Machine>('GET', url('source'))).toMatchObject({ state: 'running' });
    expect(await home.get('POST', `${url('source')}/teleport`, { host: '127.0.0.1', port: 6000, password: 'secret', maxDowntime: 100 })).toEqual({ downtime: 12, parts: { pause: 1, pages: 2, devices: 2, load: 3, handOver: 4 }, total: 345, bytes: 6789, rounds: 2, authenticated: true });
    expect(await events.next({ type: 'progress', operation: 'teleport' })).toMatchObject({ percent: 50 });
    await events.next({ type: 'machine', state: 'teleported' });
    events.close();
    expect(await home.get<Machine>('GET', url('source'))).toMatchObject({ state: 'teleported', run: null });
    await home.get('POST', `${url('source')}/start`, {});
    await home.get('POST', `${url('source')}/power-off`, {});
  });

  test('a machine that waits starts neither paused nor from a state', async () => {
    await home.machine('other');
    await change('other', { enabled: true, port: 6001 });
    expect(await refused('POST', `${url('other')}/start`, { paused: true })).toMatchObject({ message: expect.stringContaining('cannot be started paused') });
  });
});
