/** Images as they are typed: made, hung on each other, cloned between all formats, made larger, moved, locked, and forgotten. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { openImage } from '@belvedere/disk';
import { TESTCARD_ISO } from '@belvedere/guests';
import { Home } from './home.js';
import { attachDvd } from './machines.js';

const hasQemu = spawnSync('qemu-img', ['--version']).status === 0;
if (!hasQemu) process.stderr.write("skipped: qemu-img's reading of clones: it is not installed (Debian: qemu-utils)\n");

const MiB = 1 << 20;
const PROGRESS = '0%...10%...20%...30%...40%...50%...60%...70%...80%...90%...100%\n';

let home: Home;
beforeAll(() => void (home = new Home()));
afterAll(() => home.close(), 60_000);

const at = (name: string): string => join(home.folder, name);
const uuidIn = (text: string): string => /UUID: +([0-9a-f-]{36})/.exec(text)![1]!;

/** `showmediuminfo`, by label. */
async function medium(name: string): Promise<Readonly<Record<string, string>>> {
  const text = await home.type(`VBoxManage showmediuminfo disk ${name}`);
  return Object.fromEntries(text.split('\n').flatMap((line) => (line.includes(':') ? [[line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1).trim()] as const] : [])));
}

async function fill(name: string, blocks: readonly number[]): Promise<void> {
  const image = await openImage(at(name));
  for (const block of blocks) await image.write(block * MiB, Buffer.alloc(MiB, block + 1));
  await image.close();
}

function qemu(...words: string[]): string {
  const { status, stdout, stderr } = spawnSync('qemu-img', words, { encoding: 'utf8', cwd: home.folder });
  if (status !== 0) throw new Error(`qemu-img ${words.join(' ')}: ${status}\n${stdout}${stderr}`);
  return stdout;
}

describe('disks', () => {
  test('are made, and cloned from each format into each other', async () => {
    expect(await home.type('VBoxManage createhd --filename a.vdi --size 48')).toMatch(/^Medium created\. UUID: [0-9a-f-]{36}\n$/);
    await fill('a.vdi', [0, 7, 20, 47]);
    let source = 'a.vdi';
    for (const [file, options, driver] of [
      ['b.vmdk', '--format VMDK', 'vmdk'],
      ['c.vhd', '--format VHD', 'vpc'],
      ['d.img', '--format RAW', 'raw'],
      ['e.vmdk', '--format VMDK --variant Stream', 'vmdk'],
      ['f.vhd', '--format VHD --variant Fixed', 'vpc'],
      ['g.vdi', '--format VDI --variant Fixed', 'vdi'],
      ['h.vdi', '', 'vdi'],
    ] as const) {
      const { code, stdout, stderr } = await home.attempt(`VBoxManage clonemedium ${source} ${file} ${options}`);
      expect([code, stderr]).toEqual([0, PROGRESS]);
      const format = { vmdk: 'VMDK', vpc: 'VHD', raw: 'RAW', vdi: 'VDI' }[driver];
      expect(stdout).toMatch(new RegExp(`^Clone medium created in format '${format}'\\. UUID: [0-9a-f-]{36}\\n$`));
      if (hasQemu) {
        expect(qemu('compare', '-f', 'vdi', '-F', driver, 'a.vdi', file)).toContain('Images are identical.');
        expect((JSON.parse(qemu('info', '-f', driver, '--output=json', file)) as { format: string }).format).toBe(driver);
      }
      expect(await medium(file)).toMatchObject({ UUID: uuidIn(stdout), 'Parent UUID': 'base', State: 'created', Type: 'normal (base)', Location: at(file), 'Storage format': format, Capacity: '48 MBytes' });
      source = file;
    }
    expect((await medium('e.vmdk'))['Format variant']).toBe('dynamic streamOptimized');
    expect((await medium('g.vdi'))['Format variant']).toBe('fixed default');
    const listed = await home.type('VBoxManage list hdds');
    for (const file of ['a.vdi', 'b.vmdk', 'c.vhd', 'd.img', 'e.vmdk', 'f.vhd', 'g.vdi', 'h.vdi']) expect(listed).toContain(`Location:       ${at(file)}\n`);
    await home.type('VBoxManage clonehd a.vdi h.vdi --existing');
    for (const file of ['b.vmdk', 'c.vhd', 'd.img', 'e.vmdk', 'f.vhd', 'g.vdi', 'h.vdi']) {
      await home.type(`VBoxManage closemedium disk ${file} --delete`);
      expect(existsSync(at(file))).toBe(false);
    }
  }, 180_000);

  test('hang on others, which are kept, and know each other', async () => {
    const base = uuidIn(await home.type('VBoxManage showmediuminfo a.vdi'));
    const child = uuidIn(await home.type(`VBoxManage createmedium disk --filename child --diffparent ${base}`));
    expect(await medium('child.vdi')).toMatchObject({ 'Parent UUID': base, Type: 'normal (differencing)', 'Format variant': 'differencing default', Capacity: '48 MBytes' });
    expect((await medium('a.vdi'))['Child UUIDs']).toBe(child);
    for (const [line, message] of [
      ['VBoxManage closemedium a.vdi --delete', /child\.vdi' hangs on .*close it first/],
      ['VBoxManage createmedium --filename x --diffparent child.vdi --variant Fixed', /leave out the variant/],
      ['VBoxManage createmedium --filename x.vmdk --size 5 --format VMDK', /make a VDI/],
      ['VBoxManage clonemedium a.vdi a.vdi', /is registered already/],
      ['VBoxManage clonemedium a.vdi x.vmdk --format VMDK --variant Fixed', /use Standard or Stream/],
      ['VBoxManage clonemedium absent.vdi x.vdi', /absent\.vdi.*no such file/],
      ['VBoxManage modifymedium a.vdi --resize 10', /cannot be made smaller/],
      ['VBoxManage modifymedium a.vdi --type immutable', /'immutable' is not supported/],
    ] as const) {
      const { code, stderr } = await home.attempt(line);
      expect([code, stderr]).toEqual([1, expect.stringMatching(message)]);
    }
    for (const file of ['x', 'x.vdi', 'x.vmdk']) expect(existsSync(at(file))).toBe(false);
    await home.type('VBoxManage clonemedium child.vdi flat.vdi');
    if (hasQemu) expect(qemu('compare', 'a.vdi', 'flat.vdi')).toContain('Images are identical.');
    await home.type('VBoxManage closemedium child.vdi --delete');
  }, 120_000);

  test('are shown when they are not registered too, and stay so', async () => {
    const uuid = uuidIn(await home.type('VBoxManage createhd --filename u.vdi --size 3'));
    await home.type('VBoxManage closemedium u.vdi');
    expect(await medium('u.vdi')).toMatchObject({ UUID: uuid, 'Parent UUID': 'base', State: 'created', Location: at('u.vdi'), Capacity: '3 MBytes' });
    expect(await home.type('VBoxManage list hdds')).not.toContain('u.vdi');
    expect((await home.attempt('VBoxManage showmediuminfo absent.vdi')).stderr).toMatch(/could not open the image '.*absent\.vdi': .*no such file/);
    expect((await home.attempt('VBoxManage closemedium u.vdi --delete')).stderr).toContain('Could not find a registered medium');
    expect(existsSync(at('u.vdi'))).toBe(true);
  }, 120_000);

  test('move, are described, give back room, and are unlocked when a holder is gone for good', async () => {
    mkdirSync(at('sub'));
    const uuid = uuidIn(await home.type('VBoxManage showmediuminfo flat.vdi'));
    expect(await home.type('VBoxManage modifymedium disk flat.vdi --move sub --description "one image"')).toBe(`Medium description has been changed.\nMove medium with UUID ${uuid} finished\n`);
    expect(await medium('sub/flat.vdi')).toMatchObject({ UUID: uuid, Description: 'one image' });
    const image = await openImage(at('sub/flat.vdi'), { owner: 'this test' });
    await image.write(47 * MiB, Buffer.alloc(MiB));
    expect(await home.type('belvedere medium locks sub/flat.vdi')).toMatch(/^open for writing by this test \(process \d+ on .*\): it runs\n$/);
    const busy = await home.attempt('VBoxManage modifymedium sub/flat.vdi --compact');
    expect([busy.code, busy.stderr]).toEqual([1, expect.stringMatching(/FAILED\nVBoxManage: error: .*open for writing by this test/)]);
    await image.close();
    writeFileSync(at('sub/flat.vdi.lock-1'), JSON.stringify({ owner: 'machine "far"', mode: 'write', pid: 9, startTime: '', host: 'far/1', boot: 'x', pidSpace: '' }));
    expect((await home.attempt('VBoxManage modifymedium sub/flat.vdi --compact')).stderr).toContain('machine "far"');
    expect((await home.attempt('belvedere medium unlock sub/flat.vdi')).stderr).toContain('--yes');
    expect(await home.type('belvedere medium unlock --yes sub/flat.vdi')).toContain('1 lock was broken');
    const before = Number((await medium('sub/flat.vdi'))['Size on disk']!.split(' ')[0]);
    await home.type('VBoxManage modifymedium sub/flat.vdi --compact');
    expect(Number((await medium('sub/flat.vdi'))['Size on disk']!.split(' ')[0])).toBe(before - 1);
    await home.type('VBoxManage closemedium sub/flat.vdi --delete');
  }, 120_000);
});

test('a guest sees the larger disk, changes its DVDs while it runs, and keeps its disk', async () => {
  await home.type('VBoxManage createvm --name box --ostype Other --register');
  await home.type(`VBoxManage modifyvm box --memory 32 --boot1 dvd --uart1 0x3F8 4 --uartmode1 server "${home.serialPath('box')}"`);
  await attachDvd(home, 'box', TESTCARD_ISO);
  await home.type('VBoxManage createhd --filename box.vdi --size 16');
  await home.type('VBoxManage storageattach box --storagectl "IDE Controller" --port 0 --device 0 --type hdd --medium box.vdi');
  const last = (mebibytes: number): number => mebibytes * 2048 - 1;
  const running = async (work: (guest: Awaited<ReturnType<Home['testCard']>>) => Promise<void>): Promise<void> => {
    await home.type('VBoxManage startvm box --type headless');
    await work(await home.testCard('box'));
    await home.type('VBoxManage controlvm box poweroff');
    await home.untilState('box', 'poweroff');
  };
  await running(async (guest) => {
    await guest.diskWrite(last(16), 0x77);
    await expect(guest.diskRead(last(24))).rejects.toThrow();
    await guest.diskFlush();
    expect((await home.attempt('VBoxManage modifymedium box.vdi --resize 24')).stderr).toMatch(/in use by machine 'box', which is running: power that off first/);
  });
  await home.type('VBoxManage modifymedium box.vdi --resize 24');
  await running(async (guest) => {
    expect(await guest.diskRead(last(16))).toEqual({ value: 0x77, uniform: true });
    expect(await guest.diskRead(last(24))).toEqual({ value: 0, uniform: true });
    const attach = (rest: string): ReturnType<Home['attempt']> => home.attempt(`VBoxManage storageattach box --storagectl "IDE Controller" --port 0 --device ${rest}`);
    expect((await attach('1 --medium emptydrive --forceunmount')).code).toBe(0);
    expect((await home.info('box')).get('IDE Controller-0-1')).toBe('emptydrive');
    expect((await attach(`1 --medium "${TESTCARD_ISO}"`)).code).toBe(0);
    expect((await home.info('box')).get('IDE Controller-0-1')).toBe(TESTCARD_ISO);
    for (const [rest, message] of [
      ['0 --medium none', /only the medium in one of its DVD and floppy drives can change now/],
      ['1 --medium none', /use 'emptydrive'/],
      ['1 --medium additions', /'additions' is not supported/],
      ['1 --medium box.vdi', /box\.vdi/],
    ] as const) expect(await attach(rest)).toMatchObject({ code: 1, stderr: expect.stringMatching(message) });
    expect(await guest.diskRead(last(16))).toEqual({ value: 0x77, uniform: true });
  });
  if (hasQemu) expect(qemu('check', '-f', 'vdi', 'box.vdi')).toContain('No errors were found');
  for (const bus of ['sata', 'scsi', 'sas', 'usb', 'pcie', 'virtio']) {
    expect(await home.attempt(`VBoxManage storagectl box --name X --add ${bus}`)).toMatchObject({ code: 1, stderr: expect.stringMatching(new RegExp(`'${bus}' is not supported .*use ide or floppy`)) });
  }
}, 180_000);
