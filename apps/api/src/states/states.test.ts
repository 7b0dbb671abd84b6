import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { writeState } from '@belvedere/state';
import { copyFile, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Machine } from '../machines/machine.dto.js';
import { TestHome } from '../test/home.js';
import { stateFileOf } from './state-files.js';

describe('saved states over the socket', () => {
  let home: TestHome;
  beforeAll(async () => void (home = await TestHome.make()));
  afterAll(() => home.remove());

  const url = (name: string): string => `/machines/${encodeURIComponent(name)}`;
  const get = (name: string): Promise<Machine> => home.get<Machine>('GET', url(name));
  const act = (name: string, action: string, body: object = {}): Promise<Machine> => home.get<Machine>('POST', `${url(name)}/${action}`, body);
  const refused = async (method: string, path: string, body?: unknown): Promise<{ code: string; message: string }> => {
    const answer = await home.ask(method, path, { body });
    expect(answer.status).toBeGreaterThanOrEqual(400);
    return answer.body;
  };
  const states = async (machine: Machine): Promise<string[]> => (await readdir(join(machine.folder, 'Snapshots')).catch(() => [])).filter((name) => /[.]sav([.]new)?$/.test(name));
  const fileOf = (machine: Machine): string => stateFileOf(machine.settingsFile, machine.uuid);
  async function* nothing(): AsyncGenerator<never> {}
  const aState = (path: string): Promise<number> =>
    writeState(path, { engine: 'v86', engineVersion: '1', hardware: {}, sections: [], memorySize: 4096, memory: nothing() }, { machine: { uuid: 'u', name: 'n' } });

  test('a machine is saved, shown so, kept from changes, and goes on', async () => {
    const made = await home.machine('one');
    await act('one', 'start');
    const events = await home.events();
    expect(await act('one', 'save-state')).toMatchObject({ state: 'saved', run: null, stateReason: null });
    expect(await events.next({ type: 'progress' })).toMatchObject({ uuid: made.uuid, operation: 'saveState', percent: 50 });
    await events.next({ type: 'machine', state: 'saved' });
    events.close();
    expect(await states(made)).toEqual([`${made.uuid}.sav`]);
    expect(await readFile(made.settingsFile, 'utf8')).toContain(`stateFile="Snapshots/${made.uuid}.sav"`);
    expect(await home.get('GET', '/machines?state=running')).toEqual([]);

    for (const [method, path, body] of [
      ['PATCH', url('one'), { memoryMiB: 64 }],
      ['POST', `${url('one')}/storage-controllers`, { name: 'IDE', bus: 'ide' }],
    ] as const) {
      expect(await refused(method, path, body)).toMatchObject({ code: 'VBOX_E_INVALID_VM_STATE', message: expect.stringMatching(/is saved.*discard its state/) });
    }
    // Its state knows nothing of what is behind its network cards: a port that is taken meanwhile must not keep it from starting.
    const forward = { name: 'web', rule: { protocol: 'tcp', hostAddress: '', hostPort: 8080, guestAddress: '', guestPort: 80 } };
    expect(await home.get('PATCH', url('one'), { adapters: [{ slot: 1, forwards: [forward] }] })).toMatchObject({ state: 'saved' });
    expect((await get('one')).adapters[0]!.forwards).toEqual([{ name: 'web', ...forward.rule }]);
    expect(await refused('PATCH', url('one'), { adapters: [{ slot: 1, forwards: [], cableConnected: false }] })).toMatchObject({ code: 'VBOX_E_INVALID_VM_STATE' });
    expect(await refused('POST', `${url('one')}/save-state`)).toMatchObject({ code: 'VBOX_E_INVALID_VM_STATE', message: expect.stringContaining('is saved') });
    expect(await refused('POST', `${url('one')}/adopt-state`, { path: '/x' })).toMatchObject({ code: 'VBOX_E_INVALID_VM_STATE' });

    expect(await act('one', 'start')).toMatchObject({ state: 'running' });
    expect(await states(made)).toEqual([]);
    expect(await readFile(made.settingsFile, 'utf8')).not.toContain('stateFile');
    expect(await act('one', 'power-off')).toMatchObject({ state: 'poweroff' });
  });

  test('a state is discarded, and only where there is one', async () => {
    const made = await home.machine('two');
    expect(await refused('DELETE', `${url('two')}/saved-state`)).toMatchObject({ code: 'VBOX_E_INVALID_VM_STATE', message: expect.stringContaining('no saved state') });
    await act('two', 'start');
    expect(await refused('DELETE', `${url('two')}/saved-state`)).toMatchObject({ code: 'VBOX_E_INVALID_VM_STATE' });
    await act('two', 'save-state');
    expect(await home.get('DELETE', `${url('two')}/saved-state`)).toMatchObject({ state: 'poweroff' });
    expect(await states(made)).toEqual([]);
    expect(await readFile(made.settingsFile, 'utf8')).not.toContain('stateFile');
    await home.get('PATCH', url('two'), { memoryMiB: 64 });
  });

  test('a machine that cannot be saved goes on, and says why', async () => {
    await home.machine('full:unsaved');
    await act('full:unsaved', 'start');
    expect(await refused('POST', `${url('full:unsaved')}/save-state`)).toMatchObject({ code: 'VBOX_E_FILE_ERROR', message: expect.stringContaining('no space') });
    expect(await get('full:unsaved')).toMatchObject({ state: 'running' });
    await act('full:unsaved', 'power-off');
  });

  test('one that cannot be restored stays saved, and says what to do', async () => {
    const made = await home.machine('broken:unrestored');
    await act('broken:unrestored', 'start');
    await act('broken:unrestored', 'save-state');
    expect(await refused('POST', `${url('broken:unrestored')}/start`)).toMatchObject({ code: 'VBOX_E_FILE_ERROR', message: expect.stringMatching(/the state is damaged.*discardstate/) });
    expect(await get('broken:unrestored')).toMatchObject({ state: 'saved' });
    expect(await states(made)).toHaveLength(1);
    await home.get('DELETE', `${url('broken:unrestored')}/saved-state`);
    expect(await act('broken:unrestored', 'start')).toMatchObject({ state: 'running' });
    await act('broken:unrestored', 'power-off');
  });

  test('a process that is killed when its file is there has saved its machine; one that was killed before has not', async () => {
    const made = await home.machine('quick:killed');
    await act('quick:killed', 'start');
    await home.ask('POST', `${url('quick:killed')}/save-state`);
    const events = await home.events();
    if ((await get('quick:killed')).state !== 'saved') await events.next({ type: 'machine', state: 'saved' });
    events.close();
    expect(await get('quick:killed')).toMatchObject({ state: 'saved', stateReason: null });
    const { run } = await act('quick:killed', 'start');
    await writeFile(`${fileOf(made)}.new`, 'half a state');
    const ended = await home.events();
    process.kill(run!.pid, 'SIGKILL');
    await ended.next({ type: 'machine', state: 'aborted' });
    ended.close();
    expect(await states(made)).toEqual([]);
    expect(await act('quick:killed', 'start')).toMatchObject({ state: 'running' });
    await act('quick:killed', 'power-off');
  });

  test('a machine that is saved while no API runs is found saved, and one whose state is gone aborted', async () => {
    const made = await home.machine('alone');
    const { run } = await act('alone', 'start');
    await home.stop();
    // As a machine does on SIGTERM, and dies: its file says all.
    process.kill(run!.pid, 'SIGKILL');
    await mkdir(join(made.folder, 'Snapshots'));
    await writeFile(fileOf(made), 'a state');
    await home.start();
    expect(await get('alone')).toMatchObject({ state: 'saved' });
    expect(await readFile(made.settingsFile, 'utf8')).toContain('stateFile');
    await home.get('DELETE', `${url('alone')}/saved-state`);
  });

  test('a stray file is no state of a machine that is off', async () => {
    const made = await home.machine('stray');
    await mkdir(join(made.folder, 'Snapshots'));
    await writeFile(fileOf(made), 'a state of another life');
    await act('stray', 'start');
    expect(await act('stray', 'power-off')).toMatchObject({ state: 'poweroff' });
    expect(await states(made)).toEqual([]);
  });

  test('a state is adopted from a file, which stays where it is', async () => {
    const made = await home.machine('three');
    const file = join(home.folder, 'other.sav');
    expect(await refused('POST', `${url('three')}/adopt-state`, { path: 'relative.sav' })).toMatchObject({ code: 'E_INVALIDARG' });
    expect(await refused('POST', `${url('three')}/adopt-state`, { path: file })).toMatchObject({ code: 'VBOX_E_FILE_ERROR', message: expect.stringContaining(file) });
    await writeFile(file, 'no state');
    expect(await refused('POST', `${url('three')}/adopt-state`, { path: file })).toMatchObject({ code: 'VBOX_E_FILE_ERROR', message: `saved state '${file}': it is no saved state` });
    expect(await states(made)).toEqual([]);
    await rm(file);
    await aState(file);
    expect(await act('three', 'adopt-state', { path: file })).toMatchObject({ state: 'saved' });
    expect(await states(made)).toEqual([`${made.uuid}.sav`]);
    await act('three', 'start');
    expect((await readFile(file)).length).toBeGreaterThan(0);
    await act('three', 'power-off');
  });

  test('a saved machine is unregistered with its state in its settings file, and registered saved; --delete takes the state along', async () => {
    const made = await home.machine('four');
    await aState(join(home.folder, 'four.sav'));
    await act('four', 'adopt-state', { path: join(home.folder, 'four.sav') });
    await home.get('DELETE', `${url('four')}?delete=false`);
    expect(await home.get('POST', '/machines/register', { settingsFile: made.settingsFile })).toMatchObject({ state: 'saved', notices: [] });
    await home.get('DELETE', `${url('four')}?delete=false`);
    // A state that was lost on the way is said so, and the machine is off.
    await copyFile(fileOf(made), join(home.folder, 'kept.sav'));
    await rm(fileOf(made));
    const registered = await home.get<Machine>('POST', '/machines/register', { settingsFile: made.settingsFile });
    expect(registered.state).toBe('poweroff');
    expect(registered.notices.join()).toMatch(/without its saved state.*no such file/);
    await act('four', 'adopt-state', { path: join(home.folder, 'kept.sav') });
    await home.get('DELETE', `${url('four')}?delete=true`);
    await expect(readdir(made.folder)).rejects.toThrow('ENOENT');
  });

  test('the API can save all that runs before it stops', async () => {
    await home.machine('last');
    await act('last', 'start');
    await home.get('POST', '/shutdown', { machines: 'saveState' });
    await home.api!.stopped;
    await home.start();
    expect(await get('last')).toMatchObject({ state: 'saved' });
  });
});
