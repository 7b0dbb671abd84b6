import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { mkdtemp, readdir, readFile, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { type AdapterSettings, type MachineSettings, type MediumRecord, newMachine, type PortForward } from '../machines/settings.js';
import { osTypes, osTypeOf } from '../ostypes/table.js';
import { readSettingsFile, writeAside } from './file.js';
import { readSettings } from './read.js';
import { settingsText } from './write.js';

const file = '/home/me/machines/m/m.vbox';
const uuid = 'a1b2c3d4-0000-4000-8000-00000000000f';
const disk: MediumRecord = { uuid: 'd15c0000-0000-4000-8000-000000000001', type: 'hdd', path: '/home/me/machines/m/a.vdi', format: 'VDI', variant: 'Standard', sizeBytes: 1 << 30, description: 'what is "below"\n& above', parent: null };
const between: MediumRecord = { ...disk, uuid: 'd15c0000-0000-4000-8000-000000000003', path: '/home/me/machines/m/Snapshots/b.vdi', description: '', parent: disk };
const leaf: MediumRecord = { ...between, uuid: 'd15c0000-0000-4000-8000-000000000004', path: '/elsewhere/c.vdi', parent: between };
const twin: MediumRecord = { ...between, uuid: 'd15c0000-0000-4000-8000-000000000005', path: '/elsewhere/d.vdi', parent: between };
const dvd: MediumRecord = { uuid: 'd15c0000-0000-4000-8000-000000000002', type: 'dvd', path: '/iso/of "mine" & <yours>.iso', format: 'RAW', variant: 'Fixed', sizeBytes: 1 << 20, description: '', parent: null };

const plain = newMachine(uuid, 'm', osTypeOf('WindowsXP'));
const forward: PortForward = { name: 'ssh & <more>', protocol: 'tcp', hostAddress: '127.0.0.1', hostPort: 2222, guestAddress: '', guestPort: 22 };
const cards: Readonly<Record<number, Partial<AdapterSettings>>> = {
  1: { forwards: [{ ...forward, name: 'dns', protocol: 'udp', hostAddress: '', guestAddress: '10.0.2.15' }, forward], localhostReachable: true },
  2: { attachment: 'null', cableConnected: false, type: 'virtio' },
  // Kept for the day on which it is attached to NAT again.
  3: { attachment: 'null', forwards: [forward] },
  4: { localhostReachable: true },
  5: { attachment: 'nat' },
};
const full: MachineSettings = {
  ...plain,
  description: 'two\nlines & a <tag> "quoted"',
  extraData: { 'GUI/X': 'on & on', 'VBoxAuthSimple/users/john': '2bb80d', empty: '' },
  hardware: {
    ...plain.hardware,
    boot: ['dvd', 'disk', 'none', 'floppy'],
    acpi: false,
    adapters: plain.hardware.adapters.map((adapter) => ({ ...adapter, ...cards[adapter.slot] })),
    serialPorts: plain.hardware.serialPorts.map((port) => (port.slot === 2 ? { ...port, enabled: true, mode: 'server', path: '/tmp/com2' } : port.slot === 3 ? { ...port, enabled: true, mode: 'guestagent' } : port)),
  },
  vrde: { enabled: true, authType: 'external', authLibrary: 'VBoxAuthSimple', multiConnection: true, reuseConnection: true, properties: { 'TCP/Ports': '5000,5010-5012', 'TCP/Address': '127.0.0.1', 'Security/Method': 'TLS' } },
  storageControllers: [
    { name: 'IDE "1"', bus: 'ide', chipset: 'PIIX3', portCount: 2, bootable: true, attachments: [{ port: 0, device: 0, type: 'hdd', medium: leaf }, { port: 0, device: 1, type: 'hdd', medium: twin }, { port: 1, device: 0, type: 'dvddrive', medium: dvd }, { port: 1, device: 1, type: 'dvddrive', medium: null }] },
    { name: 'Floppy', bus: 'floppy', chipset: 'I82078', portCount: 1, bootable: false, attachments: [] },
  ],
};

/** What a reader makes of it, with the media put back by their UUIDs. */
async function roundTrip(settings: MachineSettings): Promise<{ settings: unknown; notes: readonly string[] }> {
  const { settings: read, storageControllers, media, notes } = await readSettings(settingsText(settings, file), '/home/me/machines/m');
  const known = new Map([disk, between, leaf, twin, dvd].map((medium) => [medium.uuid, medium]));
  for (const [index, { uuid: named, path, type, description, parent }] of media.entries()) {
    expect(known.get(named)).toMatchObject({ path, type, description, parent: parent === null ? null : { uuid: parent } });
    expect(parent === null || media.findIndex((other) => other.uuid === parent) < index).toBe(true);
  }
  return {
    settings: { ...read, storageControllers: storageControllers.map((controller) => ({ ...controller, attachments: controller.attachments.map((attachment) => ({ ...attachment, medium: attachment.medium && known.get(attachment.medium) })) })) },
    notes,
  };
}

describe('settings file', () => {
  test('what is written is read again, whole', async () => {
    expect(await roundTrip(plain)).toEqual({ settings: plain, notes: [] });
    expect(await roundTrip(full)).toEqual({ settings: full, notes: [] });
  });

  test('where a saved state is, too', async () => {
    const read = (stateFile: string | null) => readSettings(settingsText(plain, file, { stateFile, snapshots: [] }), '/home/me/machines/m');
    expect((await read('/home/me/machines/m/Snapshots/x.sav')).stateFile).toBe('/home/me/machines/m/Snapshots/x.sav');
    expect((await read('/elsewhere/x.sav')).stateFile).toBe('/elsewhere/x.sav');
    expect((await read(null)).stateFile).toBeNull();
  });

  test('so is any text that a machine can have', async () => {
    const text = fc.string({ unit: 'grapheme', maxLength: 40 }).filter((value) => !/[\p{Cc}\ufffe\uffff]/u.test(value));
    await fc.assert(
      fc.asyncProperty(text, fc.constantFrom(...osTypes), fc.dictionary(text.filter((key) => key !== '' && key !== '__proto__'), text, { maxKeys: 4 }), async (description, osType, extraData) => {
        const settings = { ...newMachine(uuid, 'm', osType), description, extraData };
        expect((await roundTrip(settings)).settings).toEqual(settings);
      }),
      { numRuns: 200 },
    );
  });

  test('it is laid out as VirtualBox lays it out', () => {
    const text = settingsText(full, file);
    for (const part of [
      '<VirtualBox xmlns="http://www.virtualbox.org/" version="1.16-linux">',
      `<Machine uuid="{${uuid}}" name="m" OSType="WindowsXP"`,
      '<HardDisk uuid="{d15c0000-0000-4000-8000-000000000001}" location="a.vdi" format="VDI" type="Normal">',
      '<HardDisk uuid="{d15c0000-0000-4000-8000-000000000003}" location="Snapshots/b.vdi" format="VDI">',
      '<HardDisk uuid="{d15c0000-0000-4000-8000-000000000004}" location="/elsewhere/c.vdi" format="VDI"/>',
      '<ExtraDataItem name="VBoxAuthSimple/users/john" value="2bb80d"/>',
      '<Memory RAMSize="192"/>',
      '<Order position="1" device="DVD"/>',
      '<RemoteDisplay enabled="true" authType="External" authLibrary="VBoxAuthSimple" allowMultiConnection="true" reuseSingleConnection="true">',
      '<Property name="TCP/Ports" value="5000,5010-5012"/>',
      '<StorageController name="IDE &quot;1&quot;" type="PIIX3" PortCount="2"',
      '<AttachedDevice type="HardDisk" port="0" device="0">',
    ]) {
      expect(text).toContain(part);
    }
  });

  const edited = (from: string | RegExp, to: string): Promise<unknown> => {
    const text = settingsText(full, file);
    const changed = text.replace(from, to);
    expect(changed).not.toBe(text);
    return readSettings(changed, '/');
  };

  test.each([
    ['memory out of range', /RAMSize="192"/, 'RAMSize="9999999"', 'settings file: VirtualBox/Machine/Hardware/Memory/@RAMSize: memory in MiB: 9999999 is not between 4 and 2047'],
    ['no number', /RAMSize="192"/, 'RAMSize="12e3"', "VirtualBox/Machine/Hardware/Memory/@RAMSize: '12e3' is no whole number"],
    ['neither true nor false', /enabled="true" authType/, 'enabled="yes" authType', "RemoteDisplay/@enabled: 'yes' is neither true nor false"],
    ['unknown system', 'OSType="WindowsXP"', 'OSType="CPM"', "Machine/@OSType: unknown guest system type 'CPM'"],
    ['a name that leaves its folder', 'name="m" OSType', 'name="../m" OSType', "Machine/@name: machine name '../m' has characters"],
    ['no UUID', `{${uuid}}`, '{1}', "Machine/@uuid: '{1}' is no UUID"],
    ['a controller of another bus', 'type="PIIX3"', 'type="AHCI"', "StorageController[1]/@type: a controller of type 'AHCI' is not supported"],
    ['a slot that the bus has not', 'port="0" device="0"', 'port="7" device="0"', "StorageController[1]/AttachedDevice[1]: storage controller 'IDE \"1\"' has ports 0 to 1, not 7"],
    ['two devices in a slot', 'port="1" device="1"', 'port="1" device="0"', 'two devices are attached to port 1, device 0'],
    ['an image that nobody names', `<Image uuid="{${leaf.uuid}}"/>`, `<Image uuid="{${uuid}}"/>`, "is not in the file's MediaRegistry"],
    ['an authentication that is not there', 'authType="External"', 'authType="Dice"', "RemoteDisplay/@authType: 'Dice'"],
    ['a library without a path', '"VBoxAuthSimple"', '"mine.so"', "RemoteDisplay: unknown authentication library 'mine.so'"],
    ['an unknown VRDE property', 'name="TCP/Ports"', 'name="TCP/Colour"', "RemoteDisplay: unknown VRDE property 'TCP/Colour'"],
    ['a port that is none', '<NAT/>', '<NAT><Forwarding name="x" proto="1" hostport="65536" guestport="22"/></NAT>', 'Forwarding/@hostport: 65536 is not between 1 and 65535'],
    ['two rules of one name', '<NAT/>', '<NAT><Forwarding name="x" proto="1" hostport="1" guestport="22"/><Forwarding name="x" proto="0" hostport="1" guestport="22"/></NAT>', 'A NAT rule of this name already exists'],
    ['a bridged adapter', '<NAT/>', '<BridgedInterface name="eth0"/>', 'BridgedInterface: this attachment is not supported'],
    ['one image at two places', `uuid="{${twin.uuid}}" location`, `uuid="{${disk.uuid}}" location`, `HardDisks/HardDisk/HardDisk/HardDisk[2]: the image {${disk.uuid}} is named twice`],
    ['another root', /VirtualBox/g, 'VBox', 'its root element is not <VirtualBox>'],
    ['broken XML', '</Machine>', '', 'settings file: line'],
    ['an entity of its own', '&amp;', '&me;', "'&me;' is no entity that XML has"],
    ['a document type', '<VirtualBox', '<!DOCTYPE x [<!ENTITY a "b">]><VirtualBox', 'it declares a document type or entities'],
    ['deep nesting', '<StorageControllers>', `${'<a>'.repeat(999)}${'</a>'.repeat(999)}<StorageControllers>`, 'settings file: document'],
    ['a name that JavaScript would mind', '<StorageControllers>', '<__proto__ a="b"/><StorageControllers>', 'settings file: document'],
  ])('%s is refused with its place', async (_what, from, to, message) => {
    await expect(edited(from, to)).rejects.toMatchObject({ code: 'VBOX_E_XML_ERROR', message: expect.stringContaining(message) });
  });

  test('what it does not know is left out and named', async () => {
    const { notes } = (await edited('<RTC', '<AudioAdapter controller="AC97" enabled="true"/><USB><Controllers/></USB><RTC')) as { notes: string[] };
    expect(notes).toEqual(['AudioAdapter', 'USB'].map((name) => `VirtualBox/Machine/Hardware/${name} is not supported in this version and was left out`));
  });

  test('controllers inside the hardware, as newer files have them, are found', async () => {
    const text = settingsText(full, file);
    const controllers = /\n {4}<StorageControllers>[^]*<\/StorageControllers>/.exec(text)![0];
    const newer = text.replace(controllers, '').replace('    </Hardware>', `${controllers}\n    </Hardware>`);
    expect((await readSettings(newer, '/')).storageControllers).toHaveLength(2);
  });
});

describe('settings file on disk', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'vbox-'));
  });
  afterAll(() => rm(folder, { recursive: true }));

  test('is replaced whole, the one before kept', async () => {
    const path = join(folder, 'a', 'a.vbox');
    await (await writeAside(path, 'one')).commit();
    await (await writeAside(path, 'two')).commit();
    const abandoned = await writeAside(path, 'three');
    await abandoned.discard();
    expect(await readFile(path, 'utf8')).toBe('two');
    expect(await readFile(`${path}-prev`, 'utf8')).toBe('one');
    expect((await readdir(join(folder, 'a'))).sort()).toEqual(['a.vbox', 'a.vbox-prev']);
  });

  test('a place that cannot be written to is an error, and leaves nothing', async () => {
    await writeFile(join(folder, 'file'), '');
    await expect(writeAside(join(folder, 'file', 'x.vbox'), 'x')).rejects.toMatchObject({ code: 'VBOX_E_FILE_ERROR', message: expect.stringContaining('could not write the settings file') });
  });

  test('one that is too large, no file, or not there is not read', async () => {
    const large = join(folder, 'large.vbox');
    await writeFile(large, '');
    await truncate(large, 5 << 20);
    await expect(readSettingsFile(large)).rejects.toMatchObject({ code: 'VBOX_E_FILE_ERROR', cause: { message: 'it is larger than the 1048576 bytes that a settings file may have' } });
    await expect(readSettingsFile(folder)).rejects.toMatchObject({ code: 'VBOX_E_FILE_ERROR' });
    await expect(readSettingsFile(join(folder, 'none'))).rejects.toMatchObject({ code: 'VBOX_E_FILE_ERROR' });
    await symlink('/dev/zero', join(folder, 'endless'));
    await expect(readSettingsFile(join(folder, 'endless'))).rejects.toMatchObject({ cause: { message: 'it is no file' } });
  });
});
