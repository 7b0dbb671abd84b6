import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { identify, isAlive } from '../host/process-identity.js';
import type { Machine } from '../machines/machine.dto.js';
import { TestHome } from '../test/home.js';

describe('lifecycle over the socket', () => {
  let home: TestHome;
  beforeAll(async () => {
    home = await TestHome.make();
  });
  afterAll(() => home.remove());

  const start = (name: string, body?: object): Promise<Machine> => home.get<Machine>('POST', `/machines/${encodeURIComponent(name)}/start`, body);

  test('starts, pauses, resumes, resets and powers off, and tells it', async () => {
    await home.machine('one');
    const events = await home.events();
    const started = await start('one');
    expect(started).toMatchObject({ state: 'running', run: { vrde: { port: null }, screens: [{ width: 720, height: 400 }] } });
    expect(await events.next({ type: 'machine', state: 'starting' })).toMatchObject({ name: 'one', uuid: started.uuid });
    await events.next({ type: 'machine', state: 'running' });
    expect(await home.get('GET', '/machines?state=running')).toHaveLength(1);
    expect(await home.get('POST', '/machines/one/pause')).toMatchObject({ state: 'paused' });
    await events.next({ type: 'machine', state: 'paused' });
    expect((await home.ask('POST', '/machines/one/pause')).body).toMatchObject({ code: 'VBOX_E_INVALID_VM_STATE' });
    expect(await home.get('POST', '/machines/one/resume')).toMatchObject({ state: 'running' });
    expect(await home.get('POST', '/machines/one/reset')).toMatchObject({ state: 'running' });
    const off = await home.get<Machine>('POST', '/machines/one/power-off');
    expect(off).toMatchObject({ state: 'poweroff', run: null });
    expect(identify(started.run!.pid)).toBeUndefined();
    await events.next({ type: 'machine', state: 'stopping' });
    await events.next({ type: 'machine', state: 'poweroff' });
    events.close();
  });

  test('a machine that runs is not started again, changed or unregistered', async () => {
    await home.machine('busy');
    await start('busy', { paused: true });
    expect((await home.ask('POST', '/machines/busy/start')).body).toMatchObject({ code: 'VBOX_E_INVALID_OBJECT_STATE', message: "machine 'busy' is paused already" });
    expect((await home.ask('PATCH', '/machines/busy', { body: { memoryMiB: 128 } })).body).toMatchObject({ code: 'VBOX_E_INVALID_VM_STATE' });
    expect((await home.ask('DELETE', '/machines/busy')).body).toMatchObject({ code: 'VBOX_E_INVALID_VM_STATE' });
    await home.get('POST', '/machines/busy/power-off');
  });

  test('a refusal by the machine itself leaves it off, with its own reason', async () => {
    await home.machine('a:fail');
    const answer = await home.ask('POST', '/machines/a%3Afail/start');
    expect(answer).toMatchObject({ status: 422, body: { code: 'VBOX_E_NOT_SUPPORTED', message: 'the engine does not take 1024 MiB' } });
    expect(await home.get('GET', '/machines/a%3Afail')).toMatchObject({ state: 'poweroff', stateReason: null, run: null });
  });

  test('a process that dies while it starts is an error that names its log', async () => {
    await home.machine('b:crash');
    const { body } = await home.ask('POST', '/machines/b%3Acrash/start');
    expect(body).toMatchObject({ code: 'VBOX_E_VM_ERROR' });
    expect(body.message).toContain('Logs/headless.log');
    expect(await home.get('GET', '/machines/b%3Acrash')).toMatchObject({ state: 'poweroff' });
  });

  test('a machine that switches itself off, fails, or is killed: each is recorded and told', async () => {
    await home.machine('ending');
    const events = await home.events();
    process.kill((await start('ending')).run!.pid, 'SIGUSR2');
    await events.next({ type: 'machine', state: 'poweroff' });
    expect(await home.get('GET', '/machines/ending')).toMatchObject({ state: 'poweroff', stateChangedAt: '2026-01-02T03:04:05.000Z', run: null });

    process.kill((await start('ending')).run!.pid, 'SIGHUP');
    expect(await events.next({ type: 'machine', state: 'aborted' })).toMatchObject({ reason: 'the engine failed: memory access out of bounds' });

    process.kill((await start('ending')).run!.pid, 'SIGKILL');
    const { reason } = await events.next({ type: 'machine', state: 'aborted' });
    expect(reason).toContain('killed or crashed');
    expect(await start('ending')).toMatchObject({ state: 'running', stateReason: null });
    await home.get('POST', '/machines/ending/power-off');
    events.close();
  });

  test('why a machine was paused by what the host lacks is shown and told, also by an API that finds it so', async () => {
    await home.machine('full');
    const { run } = await start('full');
    const events = await home.events();
    process.kill(run!.pid, 'SIGURG');
    expect(await events.next({ type: 'machine', state: 'paused' })).toMatchObject({ reason: 'no space left' });
    events.close();
    expect(await home.get('GET', '/machines/full')).toMatchObject({ state: 'paused', stateReason: 'no space left' });
    expect(await home.get('POST', '/machines/full/reset')).toMatchObject({ state: 'paused', stateReason: 'no space left' });
    await home.stop();
    await home.start();
    expect(await home.get('GET', '/machines/full')).toMatchObject({ state: 'paused', stateReason: 'no space left' });
    expect(await home.get('POST', '/machines/full/resume')).toMatchObject({ state: 'running', stateReason: null });
    await home.get('POST', '/machines/full/power-off');
  });

  test('keys, screenshots and clients reach the machine; nonsense does not', async () => {
    await home.machine('console');
    expect((await home.ask('POST', '/machines/console/keyboard', { body: { text: 'x' } })).body).toMatchObject({ code: 'VBOX_E_INVALID_VM_STATE' });
    await start('console');
    await home.get('POST', '/machines/console/keyboard', { scancodes: [0x1c, 0x9c] });
    await home.get('POST', '/machines/console/keyboard', { text: 'dir' });
    expect((await home.get<Machine>('GET', '/machines/console')).run!.notices).toEqual(['typed 1c,9c dir']);
    const picture = await home.ask<Buffer>('GET', '/machines/console/screens/0/screenshot');
    expect(picture.headers['content-type']).toBe('image/png');
    expect(picture.body.toString()).toBe('png of screen 0');
    expect((await home.ask('GET', '/machines/console/screens/1/screenshot')).status).toBe(404);
    await home.get('PATCH', '/machines/console/screens/0', { size: { width: 800, height: 600 }, place: { on: true, x: -5, y: 0 } });
    expect((await home.get<Machine>('GET', '/machines/console')).run!.notices).toEqual(['typed 1c,9c dir screen 0 800x600 at -5,0']);
    expect((await home.ask('PATCH', '/machines/console/screens/1', { body: { place: { on: false, x: 0, y: 0 } } })).body).toMatchObject({ message: "machine 'console' has no screen 1: it has 1, counted from 0" });
    for (const body of [{}, { size: { width: 0, height: 5 } }, { place: { on: true, x: 1e9, y: 0 } }]) {
      expect((await home.ask('PATCH', '/machines/console/screens/0', { body })).body).toMatchObject({ code: 'E_INVALIDARG' });
    }
    for (const body of [{}, { text: 'a', scancodes: [1] }, { scancodes: [256] }, { scancodes: 'x' }, { text: 'a\u0000' }]) {
      expect((await home.ask('POST', '/machines/console/keyboard', { body })).body).toMatchObject({ code: 'E_INVALIDARG' });
    }
    expect((await home.ask('DELETE', '/machines/console/vrde/clients/7')).body).toMatchObject({ code: 'VBOX_E_OBJECT_NOT_FOUND', message: 'there is no client 7' });
    await home.get('POST', '/machines/console/power-off');
  });

  test("a running machine's cable and ports change at once, stay in its settings, and stay as they were where they cannot", async () => {
    await home.machine('cabled');
    const change = (body: object, slot = 1) => home.ask('PATCH', `/machines/cabled/adapters/${slot}`, { body });
    const forward = (name: string, hostPort: number) => ({ forwards: [{ name, rule: { protocol: 'tcp', hostAddress: '', hostPort, guestAddress: '', guestPort: 80 } }] });
    expect((await change({ cableConnected: false })).body).toMatchObject({ code: 'VBOX_E_INVALID_VM_STATE', message: "machine 'cabled' is not running: it is powered off" });
    await home.get('PATCH', '/machines/cabled', { adapters: [{ slot: 3, attachment: 'null' }] });
    await start('cabled');
    await change({ cableConnected: false, ...forward('web', 8080) });
    await change({ cableConnected: true });
    expect((await change(forward('busy', 1))).body).toMatchObject({ code: 'VBOX_E_HOST_ERROR', message: "port forwarding rule 'busy': tcp port 1 is in use" });
    expect((await change(forward('web', 8081))).body).toMatchObject({ code: 'VBOX_E_OBJECT_IN_USE' });
    expect((await change({ cableConnected: true }, 2)).body.message).toContain("network adapter 2 of machine 'cabled' is switched off");
    expect((await change(forward('x', 8081), 3)).body.message).toContain("is attached to 'null': ports are forwarded by nat alone");
    expect((await change({ cableConnected: true }, 9)).body).toMatchObject({ code: 'VBOX_E_OBJECT_NOT_FOUND' });
    const { run, adapters } = await home.get<Machine>('GET', '/machines/cabled');
    expect(run!.notices.join(' ')).toContain('adapter 1 off web adapter 1 on web');
    expect(adapters[0]).toMatchObject({ cableConnected: true, forwards: [{ name: 'web', hostPort: 8080 }] });
    await change({ forwards: [{ name: 'web', rule: null }] });
    expect((await home.get<Machine>('POST', '/machines/cabled/power-off')).adapters[0]).toMatchObject({ forwards: [] });
  });

  test('one image is written by one machine at a time, also when two start at once', async () => {
    const path = `${home.folder}/shared.vdi`;
    await home.get('POST', '/media', { type: 'hdd', path, sizeBytes: 1 << 20 });
    for (const name of ['disk a', 'disk b']) {
      await home.machine(name);
      await home.get('POST', `/machines/${encodeURIComponent(name)}/storage-controllers`, { name: 'IDE', bus: 'ide' });
      await home.get('PUT', `/machines/${encodeURIComponent(name)}/storage-controllers/IDE/attachments`, { port: 0, device: 0, type: 'hdd', medium: path });
    }
    const both = await Promise.all(['disk a', 'disk b'].map((name) => home.ask('POST', `/machines/${encodeURIComponent(name)}/start`)));
    expect(both.map(({ status }) => status).sort()).toEqual([200, 409]);
    const refused = both.find(({ status }) => status === 409)!;
    expect(refused.body).toMatchObject({ code: 'VBOX_E_OBJECT_IN_USE' });
    expect(refused.body.message).toMatch(/in use by machine 'disk [ab]'/);
    for (const { uuid } of await home.get('GET', '/machines?state=running')) await home.get('POST', `/machines/${uuid}/power-off`);
  });

  test('a stopped API lets machines go on, and finds them and their ends again', async () => {
    await home.machine('kept');
    await home.machine('left');
    await home.machine('lost');
    const [kept, left, lost] = await Promise.all(['kept', 'left', 'lost'].map((name) => start(name)));
    await home.stop();
    const processes = [left!, lost!].map(({ run }) => identify(run!.pid)!);
    process.kill(left!.run!.pid, 'SIGUSR2');
    process.kill(lost!.run!.pid, 'SIGKILL');
    // Their parent is this process, which collects them: both are gone once that happened.
    while (processes.some(isAlive)) await new Promise((resolve) => setImmediate(resolve));
    await home.start();
    expect(await home.get('GET', '/machines/kept')).toMatchObject({ state: 'running', run: { pid: kept!.run!.pid, startedAt: kept!.run!.startedAt } });
    expect(await home.get('GET', '/machines/left')).toMatchObject({ state: 'poweroff', stateChangedAt: '2026-01-02T03:04:05.000Z' });
    expect(await home.get('GET', '/machines/lost')).toMatchObject({ state: 'aborted' });
    expect(await home.get('POST', '/machines/kept/power-off')).toMatchObject({ state: 'poweroff' });
  });
});
