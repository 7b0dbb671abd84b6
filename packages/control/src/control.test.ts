import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { checkParams, ControlClient, ControlError, type ControlHandlers, type ControlServer, type MachineStatus, serveControl } from './index.js';

const status: MachineStatus = { uuid: 'u', pid: 1, state: 'running', vrde: { port: null, clients: [], clientsSoFar: 0 }, screens: [], notices: [] };
const handlers: ControlHandlers = {
  status: async () => status,
  pause: async () => Promise.reject(new ControlError('VBOX_E_INVALID_VM_STATE', 'the machine is paused already')),
  resume: () => new Promise(() => {}),
  saveState: async () => null,
  takeSnapshot: async () => null,
  absorbParent: async () => null,
  teleport: async () => ({ downtime: 1, total: 2, parts: { pause: 1, pages: 0, devices: 0, load: 0, handOver: 0 }, bytes: 3, rounds: 4, authenticated: true }),
  reset: async () => null,
  powerOff: async () => null,
  powerButton: async () => null,
  putScancodes: async () => null,
  putString: async () => null,
  screenshot: async () => ({ png: 'x'.repeat(3 << 20), width: 1, height: 1 }),
  changeScreen: async () => null,
  setVrde: async () => status.vrde,
  setAdapter: async () => null,
  disconnectClient: async () => null,
  lockouts: async () => [],
  unlock: async ({ name }) => (name === undefined ? 2 : 1),
  setMedium: async () => null,
};

describe('control socket', () => {
  let folder: string;
  let path: string;
  let server: ControlServer;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'control-'));
    path = join(folder, 'm.sock');
    server = await serveControl(path, handlers, checkParams);
  });
  afterEach(async () => {
    await server.close();
    await rm(folder, { recursive: true });
  });

  test('is private', async () => expect((await stat(path)).mode & 0o777).toBe(0o600));

  test('answers requests, large ones too, and passes errors on with their code', async () => {
    const client = await ControlClient.connect(path);
    expect(await client.request('status', {})).toEqual(status);
    expect((await client.request('screenshot', { screen: 0 })).png).toHaveLength(3 << 20);
    await expect(client.request('pause', {})).rejects.toMatchObject({ code: 'VBOX_E_INVALID_VM_STATE', message: 'the machine is paused already' });
    client.close();
  });

  test('refuses unknown methods and wrong parameters', async () => {
    const client = await ControlClient.connect(path);
    await expect(client.request('toString' as never, {} as never)).rejects.toMatchObject({ code: 'E_INVALIDARG' });
    await expect(client.request('putScancodes', { scancodes: [256] })).rejects.toMatchObject({ code: 'E_INVALIDARG' });
    await expect(client.request('unlock', { name: 5 as never })).rejects.toMatchObject({ code: 'E_INVALIDARG' });
    expect(await client.request('unlock', {})).toBe(2);
    await expect(client.request('setMedium', { controller: 'c', port: 0, device: 0, medium: { path: 1 } as never, force: false })).rejects.toMatchObject({ code: 'E_INVALIDARG' });
    client.close();
  });

  test('sends events to every peer', async () => {
    const clients = [await ControlClient.connect(path), await ControlClient.connect(path)];
    await Promise.all(clients.map((client) => client.request('status', {})));
    const heard = clients.map((client) => new Promise((resolve) => client.onEvent((event, data) => resolve([event, data]))));
    server.emit('state', { state: 'paused' });
    expect(await Promise.all(heard)).toEqual([['state', { state: 'paused' }], ['state', { state: 'paused' }]]);
    clients.forEach((client) => client.close());
  });

  test('a peer that speaks something else, or never ends its line, is cut off alone', async () => {
    const client = await ControlClient.connect(path);
    for (const bytes of [Buffer.from('GET / HTTP/1.1\r\n\r\n'), Buffer.alloc((1 << 20) + 1, 'x'), Buffer.from('[]\n')]) {
      const stranger = connect(path);
      stranger.on('error', jest.fn());
      stranger.resume();
      const closed = new Promise((resolve) => stranger.once('close', resolve));
      stranger.write(bytes);
      await closed;
    }
    expect(await client.request('status', {})).toEqual(status);
    client.close();
  });

  test('a request that was never answered fails when the process ends', async () => {
    const client = await ControlClient.connect(path);
    const resumed = client.request('resume', {});
    const failed = expect(resumed).rejects.toThrow('the machine process ended before it answered');
    await server.close();
    await failed;
    await client.closed;
    server = await serveControl(path, handlers, checkParams);
  });
});
