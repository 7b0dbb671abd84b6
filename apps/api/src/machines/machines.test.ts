import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { chmod, copyFile, mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { TestHome } from '../test/home.js';
import type { Machine } from './machine.dto.js';

describe('machines over the socket', () => {
  let home: TestHome;
  beforeAll(async () => {
    home = await TestHome.make();
  });
  afterAll(() => home.remove());

  const exists = (file: string): Promise<boolean> => stat(file).then(() => true, () => false);

  test('a new machine has what its system should have, and a settings file', async () => {
    const machine = await home.machine('Windows XP', 'windowsxp');
    expect(machine).toMatchObject({
      name: 'Windows XP',
      osType: 'WindowsXP',
      state: 'poweroff',
      settingsFile: join(home.folder, 'machines', 'Windows XP', 'Windows XP.vbox'),
      memoryMiB: 192,
      vramMiB: 16,
      cpus: 1,
      acpi: true,
      rtcUseUtc: false,
      boot: ['floppy', 'dvd', 'disk', 'none'],
      vrde: { enabled: false, ports: '3389', addresses: '', authType: 'null', multiConnection: false, reuseConnection: false, videoChannel: false, videoChannelQuality: 75 },
      storageControllers: [],
      run: null,
    });
    expect(machine.adapters.map(({ attachment }) => attachment)).toEqual(['nat', ...Array<string>(7).fill('none')]);
    expect(machine.adapters[0]!.mac).toMatch(/^080027[0-9A-F]{6}$/);
    expect(machine.adapters[0]!.notice).toContain('the guest finds an NE2000');
    expect(await readFile(machine.settingsFile, 'utf8')).toContain('name="Windows XP"');
    expect((await stat(machine.settingsFile)).mode & 0o077).toBe(0);
    expect(await home.get('GET', `/machines/${machine.uuid}`)).toEqual(await home.get('GET', '/machines/Windows%20XP'));
    expect(await home.get('GET', `/machines/${encodeURIComponent(`{${machine.uuid.toUpperCase()}}`)}`)).toMatchObject({ name: 'Windows XP' });
  });

  test('a name that is taken, cannot be a folder, or looks like a UUID is refused', async () => {
    await home.machine('taken');
    expect((await home.ask('POST', '/machines', { body: { name: 'taken', register: true } })).body).toMatchObject({ code: 'VBOX_E_FILE_ERROR', message: expect.stringContaining('taken.vbox') });
    expect((await home.ask('POST', '/machines', { body: { name: 'taken', register: true, baseFolder: join(home.folder, 'other') } })).body).toMatchObject({ code: 'VBOX_E_OBJECT_IN_USE' });
    expect(await exists(join(home.folder, 'other', 'taken'))).toBe(false);
    for (const name of ['', ' ', 'a/b', '..', '.', 'a\\b', 'a\n', ' a', 'x'.repeat(201), 'é'.repeat(101), 'a1b2c3d4-0000-4000-8000-00000000000f']) {
      expect([name, (await home.ask('POST', '/machines', { body: { name, register: true } })).body.code]).toEqual([name, 'E_INVALIDARG']);
    }
    expect((await home.ask('POST', '/machines', { body: { name: 'new', osType: 'CPM', register: true } })).body.message).toContain("unknown guest system type 'CPM'");
    expect((await home.ask('POST', '/machines', { body: { name: 'new', baseFolder: 'relative', register: true } })).body.message).toContain('not absolute');
    expect((await home.ask('POST', '/machines', { body: { name: 'new', uuid: '1234', register: true } })).body.message).toContain('no UUID');
    expect(await home.ask('GET', '/machines/new')).toMatchObject({ status: 404, body: { code: 'VBOX_E_OBJECT_NOT_FOUND', message: "Could not find a registered machine named 'new'", component: 'VirtualBoxWrap', interface: 'IVirtualBox' } });
  });

  test('changes are all made or none, in the database and in the file', async () => {
    const { settingsFile } = await home.machine('changed');
    const changes = {
      memoryMiB: 256,
      acpi: false,
      rtcUseUtc: false,
      description: 'a <b> & c',
      boot: ['dvd', 'none', 'none', 'none'],
      adapters: [{ slot: 1, attachment: 'null', mac: '08:00:27:aa:bb:cc', type: 'virtio' }, { slot: 2, attachment: 'NAT', cableConnected: false }],
      serialPorts: [{ slot: 1, enabled: true, mode: 'server', path: '/tmp/com1' }],
      vrde: { enabled: true, ports: '5000,5010-5012' },
    };
    const changed = await home.get<Machine>('PATCH', '/machines/changed', changes);
    expect(changed).toMatchObject({ ...changes, adapters: expect.anything(), serialPorts: expect.anything() });
    expect(changed.adapters.slice(0, 2)).toMatchObject([{ attachment: 'null', mac: '080027AABBCC', type: 'virtio', notice: null }, { attachment: 'nat', cableConnected: false }]);
    expect(changed.serialPorts[0]).toEqual({ slot: 1, enabled: true, ioBase: 0x3f8, irq: 4, mode: 'server', path: '/tmp/com1' });
    const text = await readFile(settingsFile, 'utf8');
    for (const part of ['RAMSize="256"', 'MACAddress="080027AABBCC"', 'a &lt;b&gt; &amp; c', 'value="5000,5010-5012"', 'path="/tmp/com1"']) expect(text).toContain(part);
    expect(await readFile(`${settingsFile}-prev`, 'utf8')).toContain('RAMSize="1024"');

    const refusals: readonly (readonly [object, string])[] = [
      [{ memoryMiB: 3 }, 'memory in MiB: 3 is not between 4 and 2047'],
      [{ memoryMiB: 1.5 }, 'memoryMiB must be an integer number, but is 1.5'],
      [{ cpus: 2 }, 'number of CPUs: 2 is not 1, the only number'],
      [{ boot: ['dvd', 'net', 'none', 'none'] }, "boot device 'net' is not supported"],
      [{ adapters: [{ slot: 1, attachment: 'bridged' }] }, "network adapter 1: attachment 'bridged' is not supported: use nat, null"],
      [{ adapters: [{ slot: 1, mac: '0900270000' }] }, 'is not twelve hexadecimal digits'],
      [{ adapters: [{ slot: 1, mac: '090027000000' }] }, 'is a multicast address'],
      [{ adapters: [{ slot: 1 }, { slot: 1 }] }, 'network adapter 1 is named twice'],
      [{ adapters: [{ slot: 9 }] }, 'adapters.0.slot must not be greater than 8'],
      [{ adapters: [{ slot: 1, type: '82545EM' }] }, "network adapter 1: the embedded engine has no card of type '82545EM': use one of NE2000, virtio"],
      [{ adapters: [{ slot: 1, type: '3C503' }] }, "network adapter 1: card type '3C503' is not supported: use one of NE2000, virtio"],
      [{ serialPorts: [{ slot: 1, ioBase: 0x111 }] }, 'serial port 1: address 0x111 with interrupt 4 is not supported'],
      [{ serialPorts: [{ slot: 2, enabled: true, mode: 'file' }] }, "serial port 2: mode 'file' needs a path"],
      [{ vrde: { authType: 'guest' } }, `VBoxManage modifyvm "changed" --uart1 0x3f8 4 --uart-mode1 guestagent`],
      [{ serialPorts: [1, 3].map((slot) => ({ slot, enabled: true, mode: 'guestagent' })) }, "serial ports 1 and 3 have mode 'guestagent'"],
      [{ name: null }, 'name must be'],
    ];
    for (const [body, message] of refusals) {
      expect((await home.ask('PATCH', '/machines/changed', { body: { memoryMiB: 512, ...body } })).body.message).toContain(message);
    }
    expect(await home.get('GET', '/machines/changed')).toEqual(changed);
    expect(await readFile(settingsFile, 'utf8')).toBe(text);
  });

  test('the card that is usual for a system may be named though the engine has none, and another stands for it', async () => {
    await home.machine('usual', 'WindowsXP');
    const card = async (changes: object): Promise<unknown> => (await home.get<Machine>('PATCH', '/machines/usual', changes)).adapters[0];
    expect(await card({ adapters: [{ slot: 1, type: 'am79c973' }] })).toMatchObject({ type: 'Am79C973', card: 'NE2000', notice: expect.stringContaining('no Am79C973') });
    expect(await card({ osType: 'Debian', adapters: [{ slot: 1, type: '82540EM' }] })).toMatchObject({ type: '82540EM', card: 'NE2000' });
    expect(await card({ osType: 'WindowsXP', adapters: [{ slot: 1, type: '82540EM' }] })).toMatchObject({ type: '82540EM', card: 'NE2000' });
    expect(await card({ adapters: [{ slot: 1, type: 'virtio' }] })).toMatchObject({ type: 'virtio', card: 'virtio', notice: null });
    expect((await home.ask('PATCH', '/machines/usual', { body: { adapters: [{ slot: 1, type: '82540EM' }] } })).body).toMatchObject({ code: 'VBOX_E_NOT_SUPPORTED' });
    await home.get('DELETE', '/machines/usual?delete=true');
  });

  test('ports are forwarded by rules, added and deleted in turn, that the settings file, clones and snapshots keep', async () => {
    const { settingsFile } = await home.machine('forwarding');
    const rule = (hostPort: number, more: object = {}) => ({ protocol: 'tcp', hostAddress: '', hostPort, guestAddress: '', guestPort: 22, ...more });
    const change = (...forwards: object[]) => home.ask('PATCH', '/machines/forwarding', { body: { adapters: [{ slot: 1, forwards }] } });
    const list = async (name = 'forwarding') => (await home.get<Machine>('GET', `/machines/${name}`)).adapters[0]!.forwards;
    await change({ name: 'web', rule: rule(80) }, { name: '', rule: rule(2222, { hostAddress: '127.0.0.1', guestAddress: '10.0.2.15' }) }, { name: 'gone', rule: rule(1) }, { name: 'gone', rule: null });
    const rules = [{ name: 'tcp_2222_22', ...rule(2222, { hostAddress: '127.0.0.1', guestAddress: '10.0.2.15' }) }, { name: 'web', ...rule(80) }];
    expect(await list()).toEqual(rules);
    expect(await readFile(settingsFile, 'utf8')).toContain('<Forwarding name="tcp_2222_22" proto="1" hostip="127.0.0.1" hostport="2222" guestip="10.0.2.15" guestport="22"/>');

    const refusals: readonly (readonly [object, string, string])[] = [
      [{ name: 'web', rule: rule(81) }, 'VBOX_E_OBJECT_IN_USE', 'A NAT rule of this name already exists'],
      [{ name: 'twin', rule: rule(80) }, 'VBOX_E_OBJECT_IN_USE', 'A NAT rule for this host port and this host IP already exists'],
      [{ name: 'none', rule: null }, 'VBOX_E_OBJECT_NOT_FOUND', "no port forwarding rule 'none': it has tcp_2222_22, web"],
      [{ name: 'a,b', rule: rule(81) }, 'E_INVALIDARG', 'must not have commas'],
      [{ name: 'a', rule: rule(81, { hostAddress: 'localhost' }) }, 'E_INVALIDARG', "'localhost' is no IP address"],
      [{ name: 'a', rule: rule(81, { guestAddress: '::1' }) }, 'E_INVALIDARG', "'::1' is no IPv4 address"],
      [{ name: 'a', rule: rule(0) }, 'E_INVALIDARG', 'hostPort must not be less than 1'],
      [{ name: 'a', rule: rule(81, { protocol: 'sctp' }) }, 'E_INVALIDARG', 'protocol must be one of'],
    ];
    for (const [asked, code, message] of refusals) expect((await change({ name: 'first', rule: rule(4000) }, asked)).body).toMatchObject({ code, message: expect.stringContaining(message) });
    expect(await list()).toEqual(rules);
    // A name that is free again, a port of the other protocol, and one of another address.
    await change({ name: 'web', rule: null }, { name: 'web', rule: rule(80, { protocol: 'udp' }) }, { name: 'other', rule: rule(80, { hostAddress: '127.0.0.1' }) });
    expect((await list()).map(({ name }) => name)).toEqual(['other', 'tcp_2222_22', 'web']);

    await home.get('POST', '/machines/forwarding/snapshots', { name: 's' });
    await change({ name: 'other', rule: null });
    await home.get('POST', '/machines/forwarding/snapshots/s/restore');
    const restored = await list();
    expect(restored.map(({ name }) => name)).toEqual(['other', 'tcp_2222_22', 'web']);
    await home.get('DELETE', '/machines/forwarding');
    await home.get('POST', '/machines/register', { settingsFile });
    expect(await list()).toEqual(restored);
    await home.get('DELETE', '/machines/forwarding?delete=true');
  });

  test("logins are the guest's to judge only while a serial port leads to its agent", async () => {
    await home.machine('asked');
    const port = (change: object) => ({ serialPorts: [{ slot: 1, ...change }] });
    expect(await home.get('PATCH', '/machines/asked', { ...port({ enabled: true, mode: 'guestagent' }), vrde: { authType: 'guest' } })).toMatchObject({
      serialPorts: [{ slot: 1, mode: 'guestagent', path: null }, {}, {}, {}],
      vrde: { authType: 'guest' },
    });
    for (const change of [{ enabled: false }, { mode: 'disconnected' }]) expect((await home.ask('PATCH', '/machines/asked', { body: port(change) })).body.message).toContain("machine 'asked' has none for it");
    expect(await home.get('PATCH', '/machines/asked', { ...port({ mode: 'disconnected' }), vrde: { authType: 'null' } })).toMatchObject({ vrde: { authType: 'null' } });
    await home.get('DELETE', '/machines/asked?delete=true');
  });

  test('a settings file that cannot be written changes nothing', async () => {
    const { settingsFile, folder, memoryMiB } = await home.machine('full');
    await rm(folder, { recursive: true });
    await writeFile(folder, '');
    expect((await home.ask('PATCH', '/machines/full', { body: { memoryMiB: 64 } })).body).toMatchObject({ code: 'VBOX_E_FILE_ERROR', message: expect.stringContaining(settingsFile) });
    expect(await home.get('GET', '/machines/full')).toMatchObject({ memoryMiB });
    await rm(folder);
    await home.get('DELETE', '/machines/full?delete=true');
  });

  test('many changes at once all arrive', async () => {
    await home.machine('busy');
    await Promise.all(Array.from({ length: 8 }, (_, index) => home.get('PATCH', '/machines/busy', { adapters: [{ slot: index + 1, attachment: 'null' }] })));
    expect((await home.get<Machine>('GET', '/machines/busy')).adapters.map(({ attachment }) => attachment)).toEqual(Array(8).fill('null'));
  });

  test('a new name renames the folder, the file and the images inside', async () => {
    const before = await home.machine('old name');
    await home.get('POST', '/media', { type: 'hdd', path: join(before.folder, 'a.vdi'), sizeBytes: 1 << 20 });
    await home.get('POST', '/machines/old%20name/storage-controllers', { name: 'IDE', bus: 'IDE', chipset: 'piix4' });
    await home.get('PUT', '/machines/old%20name/storage-controllers/IDE/attachments', { port: 0, device: 0, type: 'hdd', medium: join(before.folder, 'a.vdi') });
    const after = await home.get<Machine>('PATCH', '/machines/old%20name', { name: 'new name', memoryMiB: 100 });
    const folder = join(home.folder, 'machines', 'new name');
    expect(after).toMatchObject({ uuid: before.uuid, name: 'new name', memoryMiB: 100, folder, settingsFile: join(folder, 'new name.vbox') });
    expect(after.storageControllers[0]!.attachments[0]!.medium!.path).toBe(join(folder, 'a.vdi'));
    expect(await home.get('GET', `/media/${encodeURIComponent(join(folder, 'a.vdi'))}`)).toMatchObject({ accessible: true, usedBy: [{ name: 'new name' }] });
    expect((await readdir(folder)).sort()).toEqual(['a.vdi', 'new name.vbox']);
    expect(await exists(before.folder)).toBe(false);

    await home.machine('other');
    expect((await home.ask('PATCH', '/machines/new%20name', { body: { name: 'other' } })).body).toMatchObject({ code: 'VBOX_E_OBJECT_IN_USE' });
    expect((await readdir(folder)).sort()).toEqual(['a.vdi', 'new name.vbox']);
    await home.get('DELETE', '/machines/new%20name?delete=true');
    expect(await exists(folder)).toBe(false);
  });

  test('unregister keeps the files, and register finds all of them again', async () => {
    const created = await home.machine('moved');
    const disk = join(created.folder, 'moved.vdi');
    await home.get('POST', '/media', { type: 'hdd', path: disk, sizeBytes: 4 << 20 });
    await home.get('POST', '/machines/moved/storage-controllers', { name: 'IDE', bus: 'ide' });
    await home.get('PUT', '/machines/moved/storage-controllers/IDE/attachments', { port: 0, device: 0, type: 'hdd', medium: disk });
    await home.get('PUT', '/machines/moved/storage-controllers/IDE/attachments', { port: 1, device: 0, type: 'dvddrive', medium: 'emptydrive' });
    await home.get('PUT', '/machines/moved/extradata/a%2Fb', { value: 'x & y' });
    const before = await home.get<Machine>('PATCH', '/machines/moved', { memoryMiB: 77, vrde: { enabled: true, properties: { 'Security/Method': 'rdp' } } });
    await home.get('DELETE', '/machines/moved');
    expect((await home.ask('GET', '/machines/moved')).status).toBe(404);
    await home.get('DELETE', `/media/${encodeURIComponent(disk)}`);

    const after = await home.get<Machine>('POST', '/machines/register', { settingsFile: before.settingsFile });
    expect(after).toEqual({ ...before, stateChangedAt: expect.anything(), notices: before.notices });
    expect(await home.get('GET', '/machines/moved/extradata')).toEqual({ 'a/b': 'x & y' });
    expect((await home.ask('POST', '/machines/register', { body: { settingsFile: before.settingsFile } })).body).toMatchObject({ code: 'VBOX_E_OBJECT_IN_USE' });

    await home.get('DELETE', '/machines/moved?delete=true');
    expect(await exists(created.folder)).toBe(false);
    expect(await home.get('GET', '/media?type=hdd')).toEqual([]);
  });

  test('a machine whose image is gone is registered, and the image says so', async () => {
    const { folder, settingsFile, uuid } = await home.machine('torn');
    const disk = join(folder, 'torn.vdi');
    await home.get('POST', '/media', { type: 'hdd', path: disk, sizeBytes: 1 << 20 });
    await home.get('POST', '/machines/torn/storage-controllers', { name: 'IDE', bus: 'ide' });
    await home.get('PUT', '/machines/torn/storage-controllers/IDE/attachments', { port: 0, device: 0, type: 'hdd', medium: disk });
    await home.get('DELETE', `/machines/${uuid}`);
    await home.get('DELETE', `/media/${encodeURIComponent(disk)}?delete=true`);
    expect((await home.get<Machine>('POST', '/machines/register', { settingsFile })).notices.at(-1)).toContain('torn.vdi');
    expect(await home.get('GET', `/media/${encodeURIComponent(disk)}`)).toMatchObject({ accessible: false, sizeOnDiskBytes: null, problem: expect.stringContaining('no such file') });
    expect((await home.ask('POST', '/machines/torn/start')).body).toMatchObject({ code: 'VBOX_E_FILE_ERROR', message: expect.stringContaining(disk) });
    await home.get('DELETE', '/machines/torn?delete=true');
  });

  test('only the settings file is written without registration, and can be registered elsewhere', async () => {
    const written = await home.get<Machine>('POST', '/machines', { name: 'loose', osType: 'Debian', register: false, uuid: 'A1B2C3D4-0000-4000-8000-00000000000F' });
    expect(written).toMatchObject({ registered: false, uuid: 'a1b2c3d4-0000-4000-8000-00000000000f' });
    expect((await home.ask('GET', '/machines/loose')).status).toBe(404);
    const elsewhere = join(home.folder, 'elsewhere', 'renamed.vbox');
    await mkdir(join(home.folder, 'elsewhere'));
    await copyFile(written.settingsFile, elsewhere);
    expect(await home.get('POST', '/machines/register', { settingsFile: elsewhere })).toMatchObject({ registered: true, name: 'loose', settingsFile: elsewhere });
    expect((await home.ask('POST', '/machines/register', { body: { settingsFile: join(home.folder, 'nothing.vbox') } })).body).toMatchObject({ code: 'VBOX_E_FILE_ERROR' });
    expect((await home.ask('POST', '/machines/register', { body: { settingsFile: 'loose.vbox' } })).body).toMatchObject({ code: 'E_INVALIDARG' });
  });

  test('a folder with files of others in it stays when its machine is deleted', async () => {
    const { folder } = await home.machine('shared folder');
    await writeFile(join(folder, 'notes.txt'), 'mine');
    await chmod(folder, 0o700);
    await home.get('DELETE', '/machines/shared%20folder?delete=true');
    expect(await readdir(folder)).toEqual(['notes.txt']);
  });

  test('extra data, system properties and system types', async () => {
    await home.machine('extra');
    await home.get('PUT', '/extradata/GUI%2FSuppress', { value: 'all' });
    await home.get('PUT', '/machines/extra/extradata/k', { value: '' });
    expect(await home.get('GET', '/extradata')).toEqual({ 'GUI/Suppress': 'all' });
    expect(await home.get('GET', '/machines/extra/extradata')).toEqual({ k: '' });
    await home.get('PUT', '/extradata/GUI%2FSuppress', { value: null });
    await home.get('PUT', '/machines/extra/extradata/k', { value: null });
    expect(await home.get('GET', '/extradata')).toEqual({});
    expect(await home.get('GET', '/machines/extra/extradata')).toEqual({});
    expect((await home.ask('PUT', '/extradata/k', { body: {} })).status).toBe(400);

    expect(await home.get('GET', '/system-properties')).toMatchObject({ machineFolder: join(home.folder, 'machines'), vrdeAuthLibrary: 'VBoxAuth', maxMemoryMiB: 2047 });
    expect(await home.get('PATCH', '/system-properties', { machineFolder: '/srv/machines' })).toMatchObject({ machineFolder: '/srv/machines' });
    expect(await home.get('PATCH', '/system-properties', { machineFolder: 'default' })).toMatchObject({ machineFolder: join(home.folder, 'machines') });
    expect((await home.ask('PATCH', '/system-properties', { body: { machineFolder: 'x' } })).body).toMatchObject({ code: 'E_INVALIDARG' });

    const types = await home.get<{ id: string; is64Bit: boolean; familyId: string }[]>('GET', '/ostypes');
    for (const [id, is64Bit, familyId] of [['WindowsXP', false, 'Windows'], ['Debian', false, 'Linux'], ['Debian_64', true, 'Linux'], ['Windows11_64', true, 'Windows'], ['DOS', false, 'Other'], ['Other', false, 'Other'], ['Linux26', false, 'Linux']] as const) {
      expect(types.find((type) => type.id === id)).toMatchObject({ is64Bit, familyId });
    }
    expect(new Set(types.map(({ id }) => id)).size).toBe(types.length);
  });
});
