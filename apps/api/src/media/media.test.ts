import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { copyFile, stat, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Machine } from '../machines/machine.dto.js';
import { type Answer, TestHome } from '../test/home.js';
import type { Medium } from './medium.dto.js';

describe('media and storage over the socket', () => {
  let home: TestHome;
  const at = (name: string): string => join(home.folder, name);
  const byPath = (path: string): string => `/media/${encodeURIComponent(path)}`;
  const attach = (machine: string, body: object): Promise<Answer> => home.ask('PUT', `/machines/${machine}/storage-controllers/IDE/attachments`, { body });

  beforeAll(async () => {
    home = await TestHome.make();
    const sector = Buffer.alloc(2048);
    sector.write('\x01CD001\x01', 'latin1');
    await writeFile(at('a.iso'), Buffer.concat([Buffer.alloc(16 * 2048), sector, Buffer.alloc(2048)]));
    await writeFile(at('a.img'), '');
    await truncate(at('a.img'), 1474560);
    await writeFile(at('not.iso'), Buffer.alloc(4096, 'x'));
  });
  afterAll(() => home.remove());

  test('a disk is made as asked, once', async () => {
    const made = await home.get<Medium>('POST', '/media', { type: 'hdd', path: at('s.vdi'), sizeBytes: 100 << 20 });
    expect(made).toMatchObject({ type: 'hdd', path: at('s.vdi'), format: 'VDI', variant: 'Standard', sizeBytes: 100 << 20, accessible: true, usedBy: [] });
    expect(made.sizeOnDiskBytes!).toBeLessThan(4 << 20);
    const fixed = await home.get<Medium>('POST', '/media', { type: 'hdd', path: at('f.vdi'), sizeBytes: 3 << 20, format: 'vdi', variant: 'fixed' });
    expect(fixed).toMatchObject({ variant: 'Fixed', sizeBytes: 3 << 20 });
    expect((await stat(at('f.vdi'))).size).toBeGreaterThan(3 << 20);
    expect((await home.get<Medium[]>('GET', '/media?type=hdd')).map(({ path }) => path)).toEqual([at('f.vdi'), at('s.vdi')]);
    expect(await home.get('GET', `/media/${made.uuid}`)).toEqual(await home.get('GET', byPath(at('s.vdi'))));

    const refusals: readonly (readonly [object, string, string])[] = [
      [{ path: at('s.vdi') }, 'VBOX_E_OBJECT_IN_USE', 'is registered already'],
      [{ path: at('a.img') }, 'VBOX_E_FILE_ERROR', 'already exists'],
      [{ path: at('none/x.vdi') }, 'VBOX_E_FILE_ERROR', 'could not create'],
      [{ path: 'x.vdi' }, 'E_INVALIDARG', 'is not absolute'],
      [{ format: 'VMDK' }, 'VBOX_E_NOT_SUPPORTED', "a new disk of format 'VMDK' could not be written: make a VDI"],
      [{ variant: 'Split2G' }, 'VBOX_E_NOT_SUPPORTED', 'use Standard or Fixed'],
      [{ sizeBytes: 1000 }, 'E_INVALIDARG', '512-byte sectors'],
      [{ sizeBytes: 0 }, 'E_INVALIDARG', 'sizeBytes must not be less than 1'],
    ];
    for (const [wrong, code, message] of refusals) {
      expect((await home.ask('POST', '/media', { body: { type: 'hdd', path: at('x.vdi'), sizeBytes: 1 << 20, ...wrong } })).body).toMatchObject({ code, message: expect.stringContaining(message) });
    }
    await expect(stat(at('x.vdi'))).rejects.toThrow('ENOENT');
    for (const path of ['s.vdi', 'f.vdi']) await home.get('DELETE', `${byPath(at(path))}?delete=true`);
    await expect(stat(at('s.vdi'))).rejects.toThrow('ENOENT');
    expect((await home.ask('GET', byPath(at('s.vdi')))).status).toBe(404);
    expect((await home.ask('GET', '/media?type=tape')).status).toBe(400);
  });

  test('a file that is not registered is described when that is asked for, and stays unregistered', async () => {
    await home.get('POST', '/media', { type: 'hdd', path: at('u.vdi'), sizeBytes: 3 << 20 });
    const { uuid } = await home.get<Medium>('GET', byPath(at('u.vdi')));
    await home.get('DELETE', byPath(at('u.vdi')));
    const ask = (name: string): Promise<Answer> => home.ask('GET', `${byPath(at(name))}?unregistered=true`);
    expect((await ask('u.vdi')).body).toMatchObject({ uuid, type: 'hdd', path: at('u.vdi'), format: 'VDI', sizeBytes: 3 << 20, parentUuid: null, accessible: true, usedBy: [] });
    expect((await ask('a.iso')).body).toMatchObject({ uuid: '00000000-0000-0000-0000-000000000000', type: 'dvd', format: 'RAW' });
    expect((await ask('a.img')).body).toMatchObject({ type: 'floppy', sizeBytes: 1474560 });
    expect((await ask('none.vdi')).body).toMatchObject({ code: 'VBOX_E_FILE_ERROR', message: expect.stringContaining('no such file') });
    expect((await home.ask('GET', byPath(at('u.vdi')))).status).toBe(404);
    expect((await home.ask('GET', `/media/${uuid}?unregistered=true`)).status).toBe(404);
    expect(await home.get('GET', '/media')).toEqual([]);
  });

  test('controllers: one a bus, of chipsets that there are', async () => {
    await home.machine('c');
    const add = (body: object): Promise<Answer> => home.ask('POST', '/machines/c/storage-controllers', { body });
    expect((await add({ name: 'SATA', bus: 'sata' })).body).toMatchObject({ code: 'VBOX_E_NOT_SUPPORTED', message: "storage bus 'sata' is not supported by the embedded engine: use 'ide'" });
    expect((await add({ name: 'X', bus: 'mfm' })).body.message).toContain('use ide or floppy');
    expect((await add({ name: 'X', bus: 'ide', chipset: 'LSILogic' })).body.message).toContain('use PIIX4, PIIX3, ICH6');
    expect((await add({ name: 'X', bus: 'ide', portCount: 4 })).body.message).toContain('has 2 ports, not 4');
    expect((await add({ name: 'IDE', bus: 'ide', chipset: 'ICH6', bootable: false })).body).toMatchObject({ storageControllers: [{ name: 'IDE', bus: 'ide', chipset: 'ICH6', portCount: 2, devicesPerPort: 2, bootable: false, attachments: [] }] });
    expect((await add({ name: 'IDE', bus: 'floppy' })).body).toMatchObject({ code: 'VBOX_E_OBJECT_IN_USE' });
    expect((await add({ name: 'IDE 2', bus: 'ide' })).body).toMatchObject({ code: 'VBOX_E_NOT_SUPPORTED' });
    expect((await add({ name: 'Floppy', bus: 'floppy' })).body.storageControllers).toHaveLength(2);
    expect((await home.ask('DELETE', '/machines/c/storage-controllers/SATA')).body).toMatchObject({ code: 'VBOX_E_OBJECT_NOT_FOUND', message: "machine 'c' has no storage controller named 'SATA'; it has 'IDE', 'Floppy'" });
    expect((await home.get<Machine>('DELETE', '/machines/c/storage-controllers/IDE')).storageControllers.map(({ name }) => name)).toEqual(['Floppy']);
  });

  test('media go where they fit, and stay registered while they are attached', async () => {
    await home.machine('m');
    await home.get('POST', '/machines/m/storage-controllers', { name: 'IDE', bus: 'ide' });
    await home.get('POST', '/media', { type: 'hdd', path: at('m.vdi'), sizeBytes: 1 << 20 });
    const { body: attached } = await attach('m', { port: 0, device: 0, type: 'hdd', medium: at('m.vdi') });
    expect(attached.storageControllers[0].attachments).toMatchObject([{ port: 0, device: 0, type: 'hdd', medium: { path: at('m.vdi'), type: 'hdd' } }]);
    expect((await attach('m', { port: 1, device: 0, type: 'dvddrive', medium: at('a.iso') })).body.storageControllers[0].attachments).toHaveLength(2);
    expect((await home.get<Medium[]>('GET', '/media?type=dvd'))[0]).toMatchObject({ path: at('a.iso'), usedBy: [{ name: 'm' }] });

    const refusals: readonly (readonly [object, string])[] = [
      [{ port: 2, device: 0, type: 'hdd', medium: at('m.vdi') }, 'has ports 0 to 1, not 2'],
      [{ port: 0, device: 2, type: 'hdd', medium: at('m.vdi') }, 'has devices 0 to 1 on each port, not 2'],
      [{ port: 0, device: 1, type: 'hdd', medium: at('m.vdi') }, "attached to port 0, device 0 of 'IDE' already"],
      [{ port: 0, device: 1, type: 'fdd', medium: at('a.img') }, 'takes hdd and dvddrive, not fdd'],
      [{ port: 0, device: 1, type: 'hdd', medium: at('a.iso') }, 'is a dvd image, and cannot be attached as hdd'],
      [{ port: 0, device: 1, type: 'dvddrive', medium: at('not.iso') }, 'is no ISO image'],
      [{ port: 0, device: 1, type: 'hdd', medium: at('none.vdi') }, 'no such file'],
      [{ port: 0, device: 1, type: 'hdd', medium: 'emptydrive' }, 'a hard disk cannot be an empty drive'],
      [{ port: 0, device: 1, type: 'hdd', medium: 'relative.vdi' }, 'is not absolute'],
      [{ port: 0, device: 1, medium: at('new.vdi') }, '--type hdd, dvddrive or fdd'],
      [{ port: 0, device: 1, type: 'hdd', medium: 'a1b2c3d4-0000-4000-8000-00000000000f' }, 'Could not find a registered medium with UUID'],
      [{ port: 1, device: 1, medium: null }, 'has nothing attached to port 1, device 1'],
    ];
    for (const [body, message] of refusals) expect((await attach('m', body)).body.message).toContain(message);

    await copyFile(at('m.vdi'), at('copy.vdi'));
    expect((await attach('m', { port: 0, device: 1, type: 'hdd', medium: at('copy.vdi') })).body).toMatchObject({ code: 'VBOX_E_OBJECT_IN_USE', message: expect.stringContaining('it is a copy') });
    expect((await home.ask('DELETE', byPath(at('m.vdi')))).body).toMatchObject({ code: 'VBOX_E_OBJECT_IN_USE', message: `image '${at('m.vdi')}' is attached to machine 'm': detach it first` });
    expect((await attach('m', { port: 0, device: 0, medium: null })).body.storageControllers[0].attachments).toHaveLength(1);
    await home.get('DELETE', byPath(at('m.vdi')));

    await home.get('DELETE', '/machines/m?delete=true');
    await expect(stat(at('a.iso'))).resolves.toBeDefined();
    expect(await home.get('GET', '/media?type=dvd')).toEqual([]);
  });

  test('differencing images know their parents, which must not change, and a settings file brings them to another home', async () => {
    const make = (body: object): Promise<Answer> => home.ask('POST', '/media', { body: { type: 'hdd', ...body } });
    const base = await home.get<Medium>('POST', '/media', { type: 'hdd', path: at('base.vdi'), sizeBytes: 4 << 20 });
    const child = (await make({ path: at('child.vdi'), parent: at('base.vdi') })).body as Medium;
    expect(child).toMatchObject({ sizeBytes: 4 << 20, parentUuid: base.uuid, childUuids: [] });
    const leaf = (await make({ path: at('leaf.vdi'), parent: child.uuid, sizeBytes: 8 << 20 })).body as Medium;
    expect(leaf).toMatchObject({ sizeBytes: 8 << 20, parentUuid: child.uuid });
    expect(await home.get('GET', `/media/${base.uuid}`)).toMatchObject({ parentUuid: null, childUuids: [child.uuid] });
    expect((await home.get<Medium[]>('GET', '/media?type=hdd')).map(({ childUuids }) => childUuids)).toEqual([[child.uuid], [leaf.uuid], []]);

    await home.machine('d');
    await home.get('POST', '/machines/d/storage-controllers', { name: 'IDE', bus: 'ide' });
    for (const [body, code, message] of [
      [{ path: at('x.vdi') }, 'E_INVALIDARG', 'needs its size, or the parent'],
      [{ path: at('x.vdi'), parent: child.uuid, sizeBytes: 1 << 20 }, 'E_INVALIDARG', 'is smaller than its parent'],
      [{ path: at('x.vdi'), parent: child.uuid, variant: 'Fixed' }, 'E_INVALIDARG', 'grows as it is written'],
      [{ path: at('x.vdi'), parent: at('a.iso') }, 'E_INVALIDARG', 'is an ISO image'],
      [{ path: at('x.vdi'), parent: at('nobody.vdi') }, 'VBOX_E_FILE_ERROR', 'no such file'],
    ] as const) expect((await make(body)).body).toMatchObject({ code, message: expect.stringContaining(message) });
    await expect(stat(at('x.vdi'))).rejects.toThrow('ENOENT');
    expect((await attach('d', { port: 0, device: 0, type: 'hdd', medium: base.uuid })).body).toMatchObject({ code: 'VBOX_E_OBJECT_IN_USE', message: `the image '${at('child.vdi')}' hangs on '${at('base.vdi')}', which must not change: use that one, or close it first` });
    expect((await home.ask('DELETE', `/media/${base.uuid}?delete=true`)).body).toMatchObject({ code: 'VBOX_E_OBJECT_IN_USE' });
    await attach('d', { port: 0, device: 0, type: 'hdd', medium: leaf.uuid });
    expect((await make({ path: at('x.vdi'), parent: leaf.uuid })).body).toMatchObject({ code: 'VBOX_E_OBJECT_IN_USE', message: expect.stringContaining("is attached to machine 'd', which writes it") });

    const { settingsFile } = await home.get<Machine>('GET', '/machines/d');
    const other = await TestHome.make();
    expect((await other.ask('POST', '/media', { body: { type: 'hdd', path: at('y.vdi'), parent: leaf.path } })).body).toMatchObject({ code: 'VBOX_E_OBJECT_NOT_FOUND', message: expect.stringContaining(`hangs on the image {${child.uuid}}, which is not registered`) });
    await other.get('POST', '/machines/register', { settingsFile });
    expect((await other.get<Medium[]>('GET', '/media?type=hdd')).map(({ uuid, parentUuid }) => [uuid, parentUuid])).toEqual([[base.uuid, null], [child.uuid, base.uuid], [leaf.uuid, child.uuid]]);
    await other.remove();

    await home.get('DELETE', '/machines/d?delete=true');
    await expect(stat(at('leaf.vdi'))).rejects.toThrow('ENOENT');
    // What the administrator put elsewhere is the administrator's.
    expect((await home.get<Medium[]>('GET', '/media?type=hdd')).map(({ path }) => path)).toEqual([at('base.vdi'), at('child.vdi')]);
    for (const path of ['child.vdi', 'base.vdi']) await home.get('DELETE', `${byPath(at(path))}?delete=true`);
  });

  test('while the machine runs, what is in its DVD and floppy drives changes, and nothing else', async () => {
    await home.machine('r');
    await home.get('POST', '/machines/r/storage-controllers', { name: 'IDE', bus: 'ide' });
    await home.get('POST', '/media', { type: 'hdd', path: at('r.vdi'), sizeBytes: 1 << 20 });
    await attach('r', { port: 0, device: 0, type: 'hdd', medium: at('r.vdi') });
    await attach('r', { port: 1, device: 0, type: 'dvddrive', medium: 'emptydrive' });
    await home.get('POST', '/machines/r/start');
    expect((await attach('r', { port: 1, device: 0, medium: at('a.iso') })).body).toMatchObject({ run: { notices: [`typed medium ${at('a.iso')}`] }, storageControllers: [{ attachments: [{}, { medium: { path: at('a.iso') } }] }] });
    expect((await attach('r', { port: 1, device: 0, medium: 'emptydrive' })).body).toMatchObject({ storageControllers: [{ attachments: [{}, { medium: null }] }] });
    for (const body of [{ port: 0, device: 0, medium: null }, { port: 1, device: 1, type: 'dvddrive', medium: at('a.iso') }, { port: 1, device: 0, medium: null }]) {
      expect((await attach('r', body)).body).toMatchObject({ code: 'VBOX_E_INVALID_VM_STATE', message: expect.stringContaining('only the medium') });
    }
    expect((await home.ask('POST', '/machines/r/storage-controllers', { body: { name: 'F', bus: 'floppy' } })).body).toMatchObject({ code: 'VBOX_E_INVALID_VM_STATE' });
    await home.get('POST', '/machines/r/power-off');
  });

  test('a tray that the guest has locked is opened by force alone, and what the guest ejects is out, also when no API runs', async () => {
    await home.machine('t:locked');
    const at10 = { port: 1, device: 0 };
    await home.get('POST', '/machines/t%3Alocked/storage-controllers', { name: 'IDE', bus: 'ide' });
    const insert = (): Promise<Answer> => attach('t%3Alocked', { ...at10, type: 'dvddrive', medium: at('a.iso'), force: true });
    const inDrive = async (): Promise<unknown> => (await home.get<Machine>('GET', '/machines/t%3Alocked')).storageControllers[0]!.attachments[0]!.medium;
    await insert();
    const { run } = await home.get<Machine>('POST', '/machines/t%3Alocked/start');
    expect((await attach('t%3Alocked', { ...at10, medium: 'emptydrive' })).body).toMatchObject({ code: 'VBOX_E_OBJECT_IN_USE', message: 'the guest has locked the tray' });
    expect(await inDrive()).toMatchObject({ path: at('a.iso') });
    await attach('t%3Alocked', { ...at10, medium: 'emptydrive', force: true });
    expect(await inDrive()).toBeNull();
    await insert();

    const events = await home.events();
    process.kill(run!.pid, 'SIGWINCH');
    await events.next({ type: 'registry', change: 'changed', name: 't:locked' });
    expect(await inDrive()).toBeNull();
    events.close();
    await insert();
    await home.stop();
    process.kill(run!.pid, 'SIGWINCH');
    await home.start();
    while (await inDrive()) await new Promise((resolve) => setImmediate(resolve));
    await home.get('POST', '/machines/t%3Alocked/power-off');
  });
});
