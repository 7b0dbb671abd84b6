/** What each command sends to the API and prints of its answers. */
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { createHash, scryptSync } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { formatSystemProperties } from '../format/system-properties.js';
import { FakeApi, Printed, Refusal } from '../test/fake-api.js';
import { DISK, disk, machine, properties, running, UUID, windowsXp } from '../test/fixtures.js';
import { manage } from './main.js';

let api: FakeApi;
let printed: Printed;
beforeEach(async () => {
  api = await FakeApi.open();
  api.answers = {
    'GET /machines': [machine],
    'GET /machines?state=running': [running],
    'GET /machines/Windows XP': machine,
    [`GET /machines/${UUID}`]: machine,
    'GET /ostypes': [windowsXp],
    'GET /system-properties': properties,
    'POST /machines': machine,
    [`POST /machines/${UUID}/snapshots`]: machine,
    'POST /media': disk,
    'GET /media?type=hdd': [disk],
    [`GET /media/${DISK}`]: disk,
    [`GET /media/${resolve('WinXP.vdi')}`]: disk,
    [`GET /media/${resolve('WinXP.vdi')}?unregistered=true`]: disk,
    'GET /machines/Windows XP/extradata': { a: '1', 'b/c': 'two' },
    'GET /extradata': {},
    [`POST /machines/${UUID}/start`]: running,
    'PATCH /machines/Windows XP/screens/1': undefined,
    'GET /machines/Windows XP/screens/0/screenshot': Buffer.from('PNG0'),
    'GET /machines/Windows XP/screens/1/screenshot': Buffer.from('PNG1'),
  };
});
afterEach(() => api.close());

/** Runs VBoxManage; the words are those of a shell line, with quotes around those that have spaces. */
async function run(line: string, open = () => api.client()): Promise<number> {
  api.seen.length = 0;
  printed = new Printed();
  const words = (line.match(/"[^"]*"|[^ ]+/g) ?? []).map((word) => word.replace(/^"(.*)"$/, '$1'));
  return manage(words, printed, open as never);
}

describe('requests', () => {
  const xp = '"Windows XP"';
  const at = (path: string): string => resolve(path);
  test.each<[string, ...string[]]>([
    ['createvm --name "Windows XP" --ostype WindowsXP --register', 'POST /machines {"register":true,"name":"Windows XP","osType":"WindowsXP"}'],
    [`createvm --name x --basefolder m --uuid {${UUID.toUpperCase()}}`, `POST /machines {"register":false,"name":"x","baseFolder":"${at('m')}","uuid":"${UUID}"}`],
    [`modifyvm ${'"Windows XP"'} --monitorcount 2`, 'PATCH /machines/Windows XP {"monitorCount":2}'],
    [`controlvm ${'"Windows XP"'} setvideomodehint 1280 800 32 1`, 'PATCH /machines/Windows XP/screens/1 {"size":{"width":1280,"height":800}}'],
    [`controlvm ${'"Windows XP"'} setvideomodehint 1280 800 0 1 yes 1024 0`, 'GET /machines/Windows XP', 'PATCH /machines/Windows XP/screens/1 {"size":{"width":1280,"height":800},"place":{"on":true,"x":1024,"y":0}}'],
    [`controlvm ${'"Windows XP"'} setscreenlayout 1 on -640 10 640 480 32`, 'PATCH /machines/Windows XP/screens/1 {"size":{"width":640,"height":480},"place":{"on":true,"x":-640,"y":10}}'],
    [`controlvm ${'"Windows XP"'} setscreenlayout 1 off`, 'PATCH /machines/Windows XP/screens/1 {"place":{"on":false,"x":0,"y":0}}'],
    ['registervm m/x.vbox', `POST /machines/register {"settingsFile":"${at('m/x.vbox')}"}`],
    [`unregistervm ${xp}`, 'DELETE /machines/Windows XP?delete=false'],
    [`unregistervm ${xp} --delete`, 'DELETE /machines/Windows XP?delete=true'],
    [
      `modifyvm ${xp} --memory 256 --acpi on --boot1 dvd --nic1 nat`,
      'GET /machines/Windows XP',
      'PATCH /machines/Windows XP {"memoryMiB":256,"acpi":true,"adapters":[{"slot":1,"attachment":"nat"}],"boot":["dvd","floppy","disk","none"]}',
    ],
    [`modifyvm ${xp} --boot4 net --boot2 none`, 'GET /machines/Windows XP', 'PATCH /machines/Windows XP {"boot":["dvd","none","disk","net"]}'],
    [`modifyvm ${xp} --teleporter on --teleporter-port 6000 --teleporteraddress 127.0.0.1`, 'PATCH /machines/Windows XP {"teleporter":{"enabled":true,"port":6000,"address":"127.0.0.1"}}'],
    [`modifyvm ${xp} --teleporter-password secret`, 'PATCH /machines/Windows XP {"teleporter":{"password":"secret"}}'],
    [`modifyvm ${xp} --vrde on`, 'PATCH /machines/Windows XP {"vrde":{"enabled":true}}'],
    [`modifyvm ${xp} --vrde-port 5000,5010-5012 --vrde-address=127.0.0.1`, 'PATCH /machines/Windows XP {"vrde":{"ports":"5000,5010-5012","addresses":"127.0.0.1"}}'],
    [`modifyvm ${xp} -vrdpport default --vrdeauthlibrary default`, 'PATCH /machines/Windows XP {"vrde":{"ports":"default","authLibrary":null}}'],
    [
      `modifyvm ${xp} --vrde-property Security/Method=tls --vrdeproperty=Client/DisableUSB=`,
      'PATCH /machines/Windows XP {"vrde":{"properties":{"Security/Method":"tls","Client/DisableUSB":null}}}',
    ],
    [
      `modifyvm ${xp} --nic2 null --macaddress2 auto --cableconnected2 off --nictype1 virtio`,
      'PATCH /machines/Windows XP {"adapters":[{"slot":2,"attachment":"null","mac":"auto","cableConnected":false},{"slot":1,"type":"virtio"}]}',
    ],
    [
      `modifyvm ${xp} --natpf1 ssh,tcp,127.0.0.1,2222,,22 --nat-pf1 ",UDP,,53,10.0.2.15,5353" --natpf2 delete old --nat-localhostreachable1 on`,
      'PATCH /machines/Windows XP {"adapters":[{"slot":1,"forwards":[{"name":"ssh","rule":{"protocol":"tcp","hostAddress":"127.0.0.1","hostPort":2222,"guestAddress":"","guestPort":22}},{"name":"","rule":{"protocol":"udp","hostAddress":"","hostPort":53,"guestAddress":"10.0.2.15","guestPort":5353}}],"localhostReachable":true},{"slot":2,"forwards":[{"name":"old","rule":null}]}]}',
    ],
    [`controlvm ${xp} natpf1 web,tcp,,8080,,80`, 'PATCH /machines/Windows XP/adapters/1 {"forwards":[{"name":"web","rule":{"protocol":"tcp","hostAddress":"","hostPort":8080,"guestAddress":"","guestPort":80}}]}'],
    [`controlvm ${xp} natpf2 delete web`, 'PATCH /machines/Windows XP/adapters/2 {"forwards":[{"name":"web","rule":null}]}'],
    [`controlvm ${xp} SetLinkState8 off`, 'PATCH /machines/Windows XP/adapters/8 {"cableConnected":false}'],
    [
      `modifyvm ${xp} --uart1 0x3F8 4 --uartmode1 server com1 --uart2 off`,
      `PATCH /machines/Windows XP {"serialPorts":[{"slot":1,"enabled":true,"ioBase":1016,"irq":4,"mode":"server","path":"${at('com1')}"},{"slot":2,"enabled":false}]}`,
    ],
    [
      `modifyvm ${xp} --uart1 0x3F8 4 --uart-mode1 guestagent --vrde-auth-type guest`,
      'PATCH /machines/Windows XP {"serialPorts":[{"slot":1,"enabled":true,"ioBase":1016,"irq":4,"mode":"guestagent","path":null}],"vrde":{"authType":"guest"}}',
    ],
    [`snapshot ${xp} take "a b" --description "c d" --live --uniquename Number`, 'GET /machines/Windows XP', 'GET /events', `POST /machines/${UUID}/snapshots {"name":"a b","description":"c d","uniqueName":"number"}`],
    [`snapshot ${xp} restore a`, 'POST /machines/Windows XP/snapshots/a/restore'],
    [`snapshot ${xp} restorecurrent`, 'POST /machines/Windows XP/restore-current-snapshot'],
    [`snapshot ${xp} delete a`, 'DELETE /machines/Windows XP/snapshots/a'],
    [`snapshot ${xp} edit a --name b --description ""`, 'PATCH /machines/Windows XP/snapshots/a {"name":"b","description":""}'],
    [`discardstate ${xp}`, 'DELETE /machines/Windows XP/saved-state'],
    [`adoptstate ${xp} s.sav`, `POST /machines/Windows XP/adopt-state {"path":"${at('s.sav')}"}`],
    [`controlvm ${xp} savestate`, 'GET /machines/Windows XP', 'GET /events', `POST /machines/${UUID}/save-state`],
    ['createhd --filename "WinXP.vdi" --size 10000', `POST /media {"type":"hdd","path":"${at('WinXP.vdi')}","sizeBytes":10485760000,"format":"VDI","variant":"Standard"}`],
    ['createmedium disk --filename a.b/c --sizebyte=512 --variant fixed', `POST /media {"type":"hdd","path":"${at('a.b/c')}.vdi","sizeBytes":512,"format":"VDI","variant":"Fixed"}`],
    ['createmedium disk --filename d --diffparent WinXP.vdi', `POST /media {"type":"hdd","path":"${at('d')}.vdi","format":"VDI","variant":"Standard","parent":"${at('WinXP.vdi')}"}`],
    [`createmedium floppy --filename f --sizebyte 1474560`, `POST /media {"type":"floppy","path":"${at('f')}.img","sizeBytes":1474560,"format":"RAW","variant":"Standard"}`],
    ['createmedium disk --filename d --size 1 --format raw --variant standard,fixed', `POST /media {"type":"hdd","path":"${at('d')}.img","sizeBytes":1048576,"format":"RAW","variant":"Standard,Fixed"}`],
    [`modifymedium disk WinXP.vdi --description "my disk" --type normal --setlocation x/y.vdi`, `GET /media/${at('WinXP.vdi')}`, `PATCH /media/${DISK} {"description":"my disk","type":"normal","location":"${at('x/y.vdi')}"}`],
    ['closemedium disk WinXP.vdi --delete', `GET /media/${at('WinXP.vdi')}`, `DELETE /media/${DISK}?delete=true`],
    [`closehd ${DISK}`, `GET /media/${DISK}`, `DELETE /media/${DISK}?delete=false`],
    [
      `storagectl ${xp} --name "IDE Controller" --add ide --controller PIIX4`,
      'POST /machines/Windows XP/storage-controllers {"name":"IDE Controller","bus":"ide","chipset":"PIIX4"}',
    ],
    [`storagectl ${xp} --name "IDE Controller" --remove`, 'DELETE /machines/Windows XP/storage-controllers/IDE Controller'],
    [
      `storageattach ${xp} --storagectl "IDE Controller" --port 0 --device 0 --type hdd --medium "WinXP.vdi"`,
      `PUT /machines/Windows XP/storage-controllers/IDE Controller/attachments {"port":0,"device":0,"type":"hdd","medium":"${at('WinXP.vdi')}"}`,
    ],
    [
      `storageattach ${xp} --storagectl "IDE Controller" --port 0 --device 1 --type dvddrive --medium /full/path/to/iso.iso`,
      'PUT /machines/Windows XP/storage-controllers/IDE Controller/attachments {"port":0,"device":1,"type":"dvddrive","medium":"/full/path/to/iso.iso"}',
    ],
    [
      `storageattach ${xp} --storagectl "IDE Controller" --port 0 --device 0 --medium none`,
      'PUT /machines/Windows XP/storage-controllers/IDE Controller/attachments {"port":0,"device":0,"medium":null}',
    ],
    [
      `storageattach ${xp} --storagectl "IDE Controller" --port 1 --device 0 --medium emptydrive --forceunmount`,
      'PUT /machines/Windows XP/storage-controllers/IDE Controller/attachments {"port":1,"device":0,"force":true,"medium":"emptydrive"}',
    ],
    [
      `storageattach ${xp} --storagectl Floppy --device 0 --type fdd --medium emptydrive`,
      'GET /machines/Windows XP',
      'PUT /machines/Windows XP/storage-controllers/Floppy/attachments {"port":0,"device":0,"type":"fdd","medium":"emptydrive"}',
    ],
    [`startvm ${xp} --type headless`, 'GET /machines/Windows XP', `POST /machines/${UUID}/start {}`],
    [`controlvm ${xp} pause`, 'POST /machines/Windows XP/pause'],
    [`controlvm ${xp} resume`, 'POST /machines/Windows XP/resume'],
    [`controlvm ${xp} reset`, 'POST /machines/Windows XP/reset'],
    [`CONTROLVM ${xp} PowerOff`, 'POST /machines/Windows XP/power-off'],
    [`controlvm ${xp} acpipowerbutton`, 'POST /machines/Windows XP/power-button'],
    [`controlvm ${xp} keyboardputscancode 2a 1e AA 9e`, 'POST /machines/Windows XP/keyboard {"scancodes":[42,30,170,158]}'],
    [`controlvm ${xp} keyboardputstring "ls -l" --help`, 'POST /machines/Windows XP/keyboard {"text":"ls -l"}', 'POST /machines/Windows XP/keyboard {"text":"--help"}'],
    [`controlvm ${xp} keyboardputstring -h`, 'POST /machines/Windows XP/keyboard {"text":"-h"}'],
    [`controlvm ${xp} vrde off`, 'PATCH /machines/Windows XP/vrde {"enabled":false}'],
    [`controlvm ${xp} vrdeport 3390`, 'PATCH /machines/Windows XP/vrde {"ports":"3390"}'],
    [`controlvm ${xp} vrdeproperty Client/DisableInput=1`, 'PATCH /machines/Windows XP/vrde {"properties":{"Client/DisableInput":"1"}}'],
    [`controlvm ${xp} vrdevideochannel on`, 'PATCH /machines/Windows XP/vrde {"videoChannel":true}'],
    [`controlvm ${xp} vrde-video-channel off`, 'PATCH /machines/Windows XP/vrde {"videoChannel":false}'],
    [`controlvm ${xp} vrdevideochannelquality 75`, 'PATCH /machines/Windows XP/vrde {"videoChannelQuality":75}'],
    [`setextradata ${xp} VBoxAuthSimple/users/john 2bb8`, 'PUT /machines/Windows XP/extradata/VBoxAuthSimple/users/john {"value":"2bb8"}'],
    ['setextradata global GUI/X --off', 'PUT /extradata/GUI/X {"value":"--off"}'],
    ['setextradata global GUI/X', 'PUT /extradata/GUI/X {"value":null}'],
    ['setproperty machinefolder m', `PATCH /system-properties {"machineFolder":"${at('m')}"}`],
    ['setproperty machinefolder default', 'PATCH /system-properties {"machineFolder":"default"}'],
    ['setproperty vrdeauthlibrary "VBoxAuthSimple"', 'PATCH /system-properties {"vrdeAuthLibrary":"VBoxAuthSimple"}'],
    ['setproperty vrdeauthlibrary ./mine.mjs', `PATCH /system-properties {"vrdeAuthLibrary":"${at('mine.mjs')}"}`],
    ['setproperty vrdeauthlibrary default', 'PATCH /system-properties {"vrdeAuthLibrary":"default"}'],
    ['setproperty vrdeauthlibrary null', 'PATCH /system-properties {"vrdeAuthLibrary":"default"}'],
    ['setproperty websrvauthlibrary VBoxAuthSimple', 'PATCH /system-properties {"webServiceAuthLibrary":"VBoxAuthSimple"}'],
    ['setproperty webservauthlibrary default', 'PATCH /system-properties {"webServiceAuthLibrary":"default"}'],
    ['setproperty websrvauthlibrary null', 'PATCH /system-properties {"webServiceAuthLibrary":"null"}'],
    ['setproperty websrvauthlibrary none', 'PATCH /system-properties {"webServiceAuthLibrary":null}'],
    ['setproperty websrvauthlibrary ./mine.mjs', `PATCH /system-properties {"webServiceAuthLibrary":"${at('mine.mjs')}"}`],
    [`modifyvm ${xp} --vrde-auth-type external`, 'PATCH /machines/Windows XP {"vrde":{"authType":"external"}}'],
    [`modifyvm ${xp} --vrdeauthtype null --vrde-auth-library VBoxAuthSimple`, 'PATCH /machines/Windows XP {"vrde":{"authType":"null","authLibrary":"VBoxAuthSimple"}}'],
    [`modifyvm ${xp} --vrdpauthlibrary auth/mine`, `PATCH /machines/Windows XP {"vrde":{"authLibrary":"${at('auth/mine')}"}}`],
    [`modifyvm ${xp} --vrde-property Security/ServerCertificate=server.pem`, `PATCH /machines/Windows XP {"vrde":{"properties":{"Security/ServerCertificate":"${at('server.pem')}"}}}`],
    [`setextradata ${xp} "VBoxAuthSimple/users/john" 2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b`, 'PUT /machines/Windows XP/extradata/VBoxAuthSimple/users/john {"value":"2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b"}'],
  ])('%s', async (line, ...requests) => {
    expect([await run(line), printed.stderr.replace(/^0%.*100%\n/, '')]).toEqual([0, '']);
    expect(api.seen).toEqual(requests);
  });
});

describe('long work', () => {
  const job = { id: 'b2a1c0de-0000-4000-8000-00000000000a', kind: 'clone', subject: '/home/u/WinXP.vdi', state: 'running', percent: 0, startedAt: '2026-11-25T01:00:00.000Z', endedAt: null, result: null, problem: null };
  const COPY = 'b2a1c0de-0000-4000-8000-000000000003';
  /** Answers the request that begins the job, and tells the rest of it. */
  const telling =
    (...states: readonly object[]) =>
    (): object => {
      for (const state of states) api.emit({ type: 'job', job: { ...job, ...state } });
      return job;
    };

  test('is begun, followed step by step, and named in the end', async () => {
    api.answers = {
      ...api.answers,
      [`POST /media/${resolve('WinXP.vdi')}/clone`]: telling({ id: COPY, percent: 90 }, { percent: 9 }, { percent: 35 }, { percent: 35 }, { state: 'done', percent: 100, result: COPY }),
      [`GET /media/${COPY}`]: { ...disk, uuid: COPY, format: 'VMDK' },
    };
    expect([await run('clonehd WinXP.vdi copy.vmdk --format vmdk --variant Stream'), printed.stderr]).toEqual([0, '0%...10%...20%...30%...40%...50%...60%...70%...80%...90%...100%\n']);
    expect(printed.stdout).toBe(`Clone medium created in format 'VMDK'. UUID: ${COPY}\n`);
    expect(api.seen).toEqual(['GET /events', `POST /media/${resolve('WinXP.vdi')}/clone {"path":"${resolve('copy.vmdk')}","format":"VMDK","variant":"Stream"}`, `GET /media/${COPY}`]);
  });

  test.each([
    ['modifyhd WinXP.vdi --resize 20000', `POST /media/${DISK}/resize`, '{"sizeBytes":20971520000}', ''],
    ['modifymedium disk WinXP.vdi --resizebyte=1024', `POST /media/${DISK}/resize`, '{"sizeBytes":1024}', ''],
    ['modifymedium WinXP.vdi --compact', `POST /media/${DISK}/compact`, '', ''],
    ['modifymedium WinXP.vdi --move sub', `POST /media/${DISK}/move`, `{"path":"${resolve('sub')}"}`, `Move medium with UUID ${DISK} finished\n`],
    ['clonevm "Windows XP" --name c --options Link,KeepAllMACs --snapshot s --register', 'POST /machines/Windows XP/clone', '{"name":"c","register":true,"link":true,"keepMacs":true,"snapshot":"s"}', 'Machine has been successfully cloned as "c"\n'],
    ['clonemedium disk WinXP.vdi other.vdi --existing', `POST /media/${resolve('WinXP.vdi')}/clone`, `{"path":"${resolve('other.vdi')}","existing":true}`, `Clone medium created in format 'VDI'. UUID: ${DISK}\n`],
  ])('%s', async (line, operation, body, said) => {
    api.answers = { ...api.answers, [operation]: telling({ state: 'done', percent: 100, result: DISK }) };
    expect([await run(line), printed.stdout]).toEqual([0, said]);
    expect(api.seen).toContain(body ? `${operation} ${body}` : operation);
  });

  test('that is refused leaves nobody listening', async () => {
    const refusal = new Refusal(404, { code: 'VBOX_E_FILE_ERROR', message: 'no such file', component: 'MediumWrap', interface: 'IMedium' });
    api.answers = { ...api.answers, [`POST /media/${resolve('WinXP.vdi')}/clone`]: refusal };
    expect([await run('clonemedium WinXP.vdi x.vdi'), printed.stderr]).toEqual([1, expect.stringMatching(/^VBoxManage: error: no such file\n/)]);
    await api.unheard();
  });

  test('that fails says why; one that is cancelled, or ends with its API, says that', async () => {
    const operation = `POST /media/${DISK}/compact`;
    const problem = { code: 'VBOX_E_OBJECT_IN_USE', message: 'the image is in use', component: 'MediumWrap', interface: 'IMedium' };
    api.answers = { ...api.answers, [operation]: telling({ percent: 12 }, { state: 'failed', problem }) };
    expect(await run('modifymedium WinXP.vdi --compact')).toBe(1);
    expect(printed.stderr).toContain('0%...10%...FAILED\nVBoxManage: error: the image is in use\nVBoxManage: error: Details: code VBOX_E_OBJECT_IN_USE (0x80bb000c), component MediumWrap, interface IMedium');
    api.answers = { ...api.answers, [operation]: telling({ state: 'cancelled' }) };
    expect(await run('modifymedium WinXP.vdi --compact')).toBe(1);
    expect(printed.stderr).toContain('the work was cancelled');
    api.answers = { ...api.answers, [operation]: () => (setImmediate(() => api.endStreams()), job) };
    expect(await run('modifymedium WinXP.vdi --compact')).toBe(1);
    expect(printed.stderr).toContain('the API stopped, and this work with it');
  });

  test.each([
    ['modifymedium WinXP.vdi', 'needs to be told what to change'],
    ['modifymedium WinXP.vdi --move a --setlocation b', 'give one of the two'],
    ['modifymedium WinXP.vdi --type immutable', "'immutable' is not supported"],
    ['clonemedium dvd a.iso b.iso', 'only disks are cloned'],
    ['clonemedium a b --existing --format VDI', 'keeps the format'],
    ['clonemedium a b --variant Standard,Split2G', "'Split2G' is not supported"],
    ['createmedium dvd --filename x --size 1', "'dvd' is not supported"],
  ])('%s is refused', async (line, message) => {
    expect(await run(line)).toBe(1);
    expect(printed.stderr).toContain(message);
    expect(api.seen).toEqual([]);
  });
});

describe('what is printed', () => {
  test.each([
    ['--version', '7.0.20r163906\n'],
    ['-v', '7.0.20r163906\n'],
    ['-q list vms', `"Windows XP" {${UUID}}\n`],
    ['list runningvms', `"Windows XP" {${UUID}}\n`],
    ['list ostypes', 'ID:          WindowsXP\nDescription: Windows XP (32-bit)\nFamily ID:   Windows\nFamily Desc: Microsoft Windows\n64 bit:      false\n\n'],
    ['createvm --name "Windows XP" --register', `Virtual machine 'Windows XP' is created and registered.\nUUID: ${UUID}\nSettings file: '/srv/machines/Windows XP/Windows XP.vbox'\n`],
    ['createvm --name "Windows XP"', `Virtual machine 'Windows XP' is created.\nUUID: ${UUID}\nSettings file: '/srv/machines/Windows XP/Windows XP.vbox'\n`],
    ['list systemproperties', formatSystemProperties(properties)],
    ['createhd --filename x --size 1', `Medium created. UUID: ${DISK}\n`],
    ['startvm "Windows XP" --type headless', 'Waiting for VM "Windows XP" to power on...\nVM "Windows XP" has been successfully started.\n'],
    ['getextradata "Windows XP" b/c', 'Value: two\n'],
    ['getextradata "Windows XP" toString', 'No value set!\n'],
    ['getextradata "Windows XP" enumerate', 'Key: a, Value: 1\nKey: b/c, Value: two\n'],
    ['getextradata global enumerate', ''],
    ['internalcommands passwordhash "secret"', 'Password hash: 2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b\n'],
    ['internalcommands passwordhash --algorithm nt secret', 'Password hash: $nt$878d8014606cda29677a44efa1353fc7\n'],
    ['internalcommands passwordhash --algorithm=sha256 -- -x', `Password hash: ${createHash('sha256').update('-x').digest('hex')}\n`],
  ])('%s', async (line, stdout) => {
    expect([await run(line), printed.stdout]).toEqual([0, stdout]);
  });

  test('a salted hash, another each time, as RFC 7914 and its own cost say', async () => {
    const hashes: string[] = [];
    for (const _ of [1, 2]) {
      printed = new Printed();
      expect(await run('internalcommands passwordhash --algorithm scrypt secret')).toBe(0);
      const [, ln, r, p, salt, hash] = /^Password hash: \$scrypt\$ln=(\d+),r=(\d+),p=(\d+)\$([A-Za-z0-9+/]{22})\$([A-Za-z0-9+/]{43})\n$/.exec(printed.stdout) ?? [];
      hashes.push(String(hash));
      const again = scryptSync('secret', Buffer.from(String(salt), 'base64'), 32, { N: 2 ** Number(ln), r: Number(r), p: Number(p), maxmem: 2 ** 28 });
      expect(Buffer.from(String(hash), 'base64')).toEqual(again);
    }
    expect(hashes[0]).not.toBe(hashes[1]);
  });

  test('of machines and media in length', async () => {
    await run('list -l vms');
    expect(printed.stdout).toMatch(/^Name: {24}Windows XP\n[^]*\nGuest OS: {20}Windows XP \(32-bit\)\n/);
    await run('showvminfo "Windows XP"');
    expect(printed.stdout).toMatch(/^Name: {24}Windows XP\n/);
    await run('showvminfo "Windows XP" --machinereadable');
    expect(printed.stdout).toMatch(/^name="Windows XP"\n[^]*\nostype="Windows XP \(32-bit\)"\n/);
    await run('list hdds');
    expect(printed.stdout).toMatch(/^UUID: {11}b2a1[^]*\nCapacity: {7}10000 MBytes\n[^]*\n\n$/);
    await run('showmediuminfo WinXP.vdi');
    expect(printed.stdout).toContain('Size on disk:   2 MBytes\n');
  });

  test('of long work: progress on standard error, unless it is refused at once', async () => {
    await run('createhd --filename x --size 1');
    expect(printed.stderr).toBe('0%...10%...20%...30%...40%...50%...60%...70%...80%...90%...100%\n');
    api.answers = { 'POST /media': new Refusal(422, { code: 'VBOX_E_FILE_ERROR', message: 'it is there already' }) };
    await run('createhd --filename x --size 1');
    expect(printed.stderr).toMatch(/^VBoxManage: error: it is there already\n/);
  });

  test('without --type, and of a remote display that does not listen', async () => {
    api.answers = { ...api.answers, [`POST /machines/${UUID}/start`]: { ...running, run: { ...running.run!, notices: ['adapter 1 has no network'], vrde: { ...running.run!.vrde, port: null, problem: 'ports 5000 are in use' } } } };
    expect(await run('startvm "Windows XP"')).toBe(0);
    expect(printed.stderr).toBe(
      'no --type given: starting headless; connect with an RDP viewer to see the screen\nadapter 1 has no network\nthe remote display does not listen: ports 5000 are in use\n',
    );
  });
});

test('a screenshot is written where the command was typed', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'shot-'));
  try {
    expect(await run(`controlvm "Windows XP" screenshotpng ${folder}/a.png`)).toBe(0);
    expect(await readFile(`${folder}/a.png`, 'utf8')).toBe('PNG0');
    expect(await run(`controlvm "Windows XP" screenshotpng ${folder}/b.png 1`)).toBe(0);
    expect(await readFile(`${folder}/b.png`, 'utf8')).toBe('PNG1');
    expect(await run(`controlvm "Windows XP" screenshotpng ${folder}/none/c.png`)).toBe(1);
    expect(printed.stderr).toContain(`VBoxManage: error: could not write the screenshot to ${folder}/none/c.png: ENOENT`);
  } finally {
    await rm(folder, { recursive: true });
  }
});

test.each([
  ['setvideomodehint 1280 800 16', "must be 32"],
  ['setvideomodehint 1280 800 32 1 yes 5', 'needs both xorigin and yorigin'],
  ['setscreenlayout 1 on', 'needs where the screen is and how large'],
  ['setscreenlayout 1 off 3 3', 'takes nothing behind off'],
  ['setscreenlayout 1 primary 0 0 640 480 32', 'screen 0 is the primary one'],
])('controlvm %s is refused', async (words, problem) => {
  expect(await run(`controlvm "Windows XP" ${words}`)).not.toBe(0);
  expect(printed.stderr).toContain(problem);
  expect(api.seen).toEqual([]);
});

describe('createvm --default', () => {
  const line = 'createvm --name "Windows XP" --ostype WindowsXP --register --default';

  test("gives the hardware that the system's type asks for", async () => {
    expect(await run(line)).toBe(0);
    expect(api.seen.slice(1)).toEqual([
      'GET /ostypes',
      'GET /system-properties',
      `PATCH /machines/${UUID} {"memoryMiB":192,"vramMiB":16,"rtcUseUtc":false,"adapters":[{"slot":1,"attachment":"nat","type":"Am79C973"}]}`,
      `POST /machines/${UUID}/storage-controllers {"name":"IDE","bus":"ide","chipset":"PIIX4"}`,
      `PUT /machines/${UUID}/storage-controllers/IDE/attachments {"port":1,"device":0,"type":"dvddrive","medium":"emptydrive"}`,
    ]);
  });

  test('gives no more memory than can be given, and says so', async () => {
    api.answers = { ...api.answers, 'GET /ostypes': [{ ...windowsXp, memoryMiB: 4096 }] };
    expect(await run(line)).toBe(0);
    expect(api.seen).toContain(`PATCH /machines/${UUID} {"memoryMiB":2047,"vramMiB":16,"rtcUseUtc":false,"adapters":[{"slot":1,"attachment":"nat","type":"Am79C973"}]}`);
    expect(printed.stderr).toBe('2047 MB of memory instead of the 4096 MB that Windows XP (32-bit) asks for: more cannot be given\n');
  });

  test('leaves nothing behind when that fails', async () => {
    api.answers = { ...api.answers, [`PATCH /machines/${UUID}`]: new Refusal(400, { code: 'E_INVALIDARG', message: 'too much memory' }) };
    expect(await run(line)).toBe(1);
    expect(api.seen.at(-1)).toBe(`DELETE /machines/${UUID}?delete=true`);
    expect(printed.stdout).toBe('');
    expect(printed.stderr).toContain('VBoxManage: error: too much memory\n');
  });
});

describe('errors', () => {
  test("of the API, with VirtualBox's code, component and interface", async () => {
    api.answers = { 'GET /machines/x': new Refusal(404, { code: 'VBOX_E_OBJECT_NOT_FOUND', message: "no machine 'x'", component: 'VirtualBoxWrap', interface: 'IVirtualBox' }) };
    expect(await run('showvminfo x')).toBe(1);
    expect(printed.stdout).toBe('');
    expect(printed.stderr).toBe(`VBoxManage: error: no machine 'x'
VBoxManage: error: Details: code VBOX_E_OBJECT_NOT_FOUND (0x80bb0001), component VirtualBoxWrap, interface IVirtualBox, callee nsISupports
VBoxManage: error: Context: "GET /machines/x"
`);
    api.answers = { 'POST /machines/x/pause': new Refusal(409, { code: 'E_INVALIDARG', message: 'no', interface: 'IConsole' }) };
    await run('controlvm x pause');
    expect(printed.stderr).toContain('code E_INVALIDARG (0x80070057), component ConsoleWrap, interface IConsole, callee nsISupports\n');
  });

  test.each([
    ['nonsense', 'unknown command: nonsense'],
    ['--nonsense', 'unknown option: --nonsense'],
    ['unattended x take y', "command 'unattended' is not supported by this version of Belvedere"],
    ['list hostonlyifs', "list: 'hostonlyifs' is not supported by this version of Belvedere; use vms, runningvms"],
    ['createvm --register', "'createvm' needs --name <name>"],
    ['createvm --name x --default', '--default needs --register'],
    ['modifyvm x', "'modifyvm' needs an option that says what to change"],
    ['modifyvm x --teleporter-password a --teleporter-password-file b', 'give the teleporter a password or a file with one, not both'],
    ['controlvm x teleport --host h', "'teleport' needs --host and --port: where the target waits"],
    ['controlvm x teleport --host h --port 1 --password a --password-file b', 'give a password or a file with one, not both'],
    ['modifyvm x --memory lots', "option '--memory': must be a whole number from 1 to 16777216, not 'lots'"],
    ['modifyvm x --nic1 bridged', "option '--nic1': 'bridged' is not supported by this version of Belvedere; use none, null or nat"],
    ['modifyvm x --uartmode1 server', "option '--uartmode1' needs a value: the path of a unix socket"],
    ['modifyvm x --nat-network1 n', "option '--nat-network1' is not supported by this version of Belvedere; leave it out"],
    ['modifyvm x --natpf1 ssh,tcp,2222,22', "option '--natpf1': must be six parts such as ssh,tcp,127.0.0.1,2222,,22"],
    ['modifyvm x --natpf1 ssh,sctp,,2222,,22', "option '--natpf1': must be tcp or udp, not 'sctp'"],
    ['modifyvm x --natpf1 ssh,tcp,,0,,22', "option '--natpf1': must be a rule whose host's port is from 1 to 65535, not '0'"],
    ['modifyvm x --natpf1 delete', "option '--natpf1' needs a value: the name of the rule to delete"],
    ['controlvm x natpf1', "'controlvm natpf1' needs [<name>],tcp|udp,[<hostip>],<hostport>,[<guestip>],<guestport>|delete <name>"],
    ['controlvm x natpf9 delete a', "unknown action 'natpf9' of 'controlvm'"],
    ['controlvm x setlinkstate1 up', "controlvm setlinkstate1: must be on or off, not 'up'"],
    ['controlvm x nic1 nat', "'controlvm nic1' is not supported by this version of Belvedere"],
    ['createhd --filename x', "'createhd' needs --size <MB> or --sizebyte <bytes>"],
    ['storagectl x --name c', "'storagectl' needs --add <kind> or --remove"],
    ['storagectl x --name c --remove --add ide', '--remove takes no further options but --name'],
    ['storageattach x --storagectl c', "'storageattach' needs --medium"],
    ['startvm', "'startvm' needs <uuid|vmname>"],
    ['startvm x --type gui', "option '--type': 'gui' is not supported by this version of Belvedere; use headless"],
    ['startvm x x', 'a machine is named twice'],
    ['modifyvm x --vrde-auth-type pam', "option '--vrde-auth-type': must be null, external or guest, not 'pam'"],
    ['internalcommands passwordhash --algorithm md5 x', "option '--algorithm': must be scrypt, sha256 or nt, not 'md5'"],
    ['controlvm x', "'controlvm' needs an action"],
    ['controlvm x acpisleepbutton', "'controlvm acpisleepbutton' is not supported by this version of Belvedere"],
    ['controlvm x dance', "unknown action 'dance' of 'controlvm'"],
    ['controlvm x vrde maybe', "controlvm vrde: must be on or off, not 'maybe'"],
    ['controlvm x keyboardputscancode 1c zz', "controlvm keyboardputscancode: must be a byte of one or two hexadecimal digits, not 'zz'"],
  ])('typed as %s: nothing is sent', async (line, message) => {
    expect(await run(line)).toBe(1);
    expect(api.seen).toEqual([]);
    expect(printed.stdout).toBe('');
    expect(printed.stderr).toContain(`VBoxManage: error: ${message}`);
    expect(printed.stderr).toMatch(/\nType 'VBoxManage (--help|help [\w ]+)' for help\.\n$/);
  });

  test('about a place that the command does not name', async () => {
    expect(await run('storageattach "Windows XP" --storagectl "IDE Controller" --device 0 --medium none')).toBe(1);
    expect(printed.stderr).toContain("controller 'IDE Controller' has 2 ports: say which with --port");
    expect(await run('storageattach "Windows XP" --storagectl "IDE Controller" --port 0 --medium none')).toBe(1);
    expect(printed.stderr).toContain("controller 'IDE Controller' has 2 devices at each port: say which with --device");
    expect(api.seen).toEqual(['GET /machines/Windows XP']);
  });

  test('about a medium of another type', async () => {
    expect(await run('closemedium dvd WinXP.vdi --delete')).toBe(1);
    expect(printed.stderr).toContain("/home/u/WinXP.vdi is a disk image: type 'closemedium disk ...'");
    expect(api.seen).toEqual([`GET /media/${resolve('WinXP.vdi')}`]);
  });

  test('when the API cannot be started', async () => {
    await api.stop();
    expect(await run('list vms', () => api.client(() => Promise.reject(new Error('could not start the API: no room'))))).toBe(1);
    expect(printed.stderr).toBe('VBoxManage: error: could not start the API: no room\n');
    await api.listen();
  });
});

describe('help', () => {
  test('of the whole names every command', async () => {
    expect(await run('--help')).toBe(0);
    for (const name of ['createvm', 'storageattach', 'controlvm']) expect(printed.stdout).toMatch(new RegExp(`^  ${name} `, 'm'));
    expect(await run('')).toBe(1);
    expect(printed.stdout).toBe('');
    expect(printed.stderr).toContain('VBoxManage help <command>');
  });

  test('of a command and of an action', async () => {
    expect(await run('help storagectl')).toBe(0);
    expect(printed.stdout).toContain('Usage: VBoxManage storagectl <uuid|vmname> [options]\n');
    expect(await run('help controlvm vrdeport')).toBe(0);
    expect(printed.stdout).toContain('Usage: VBoxManage controlvm <uuid|vmname> vrdeport <port[,port-port...]>|default\n');
    expect(await run('help nonsense')).toBe(1);
    expect(api.seen).toEqual([]);
  });
});
