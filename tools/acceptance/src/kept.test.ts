/** What is kept of a machine, as typed: floppies and DVDs that come and go while it runs, copies of it, and a tree of snapshots. */
import { closeSync, existsSync, openSync, readSync, writeSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { openImage } from '@belvedere/disk';
import { TESTCARD_ISO } from '@belvedere/guests';
import { Home } from './home.js';

let home: Home;
beforeAll(() => void (home = new Home()));
afterAll(() => home.close(), 120_000);

const at = (name: string): string => join(home.folder, name);
const folderOf = async (machine: string): Promise<string> => dirname((await home.info(machine)).get('CfgFile')!);

/** Every disk that is registered, by UUID. */
const disks = async (): Promise<ReadonlyMap<string, string>> => new Map((await home.client.request('GET /media', { query: { type: 'hdd' } })).map(({ uuid, path }) => [uuid, path]));

/** The disk that a machine writes, opened without it. */
async function withDisk<T>(machine: string, readOnly: boolean, work: (image: Awaited<ReturnType<typeof openImage>>) => Promise<T>): Promise<T> {
  const known = await disks();
  const { storageControllers } = await home.client.request('GET /machines/{ref}', { path: { ref: machine } });
  const image = await openImage(storageControllers[0]!.attachments[0]!.medium!.path, { readOnly, resolveParent: (uuid) => known.get(uuid) });
  try {
    return await work(image);
  } finally {
    await image.close();
  }
}
const write = (machine: string, value: number): Promise<void> => withDisk(machine, false, (image) => image.write(value * 4096, new Uint8Array(4096).fill(value)));
/** The values that were written. */
const content = (machine: string): Promise<number[]> => withDisk(machine, true, async (image) => [...(await image.read(0, 4096 * 32))].filter((byte, index) => index % 4096 === 0 && byte !== 0));

describe('drives of a running machine', () => {
  test('take floppies and DVDs, and give them back', async () => {
    const floppy = /UUID: (\S+)/.exec(await home.type('VBoxManage createmedium floppy --filename a.img --sizebyte 1474560'))![1]!;
    const file = openSync(at('a.img'), 'r+');
    // A boot sector that stops: whoever booted it stands still.
    writeSync(file, Buffer.from([0xfa, 0xf4, 0xeb, 0xfd]), 0, 4, 0);
    writeSync(file, Buffer.from([0x55, 0xaa]), 0, 2, 510);
    await home.type('VBoxManage createvm --name drives --ostype Other --register');
    await home.type('VBoxManage modifyvm drives --memory 32');
    for (const [name, bus, type, device] of [['Floppy', 'floppy', 'fdd', 0], ['IDE', 'ide', 'dvddrive', 1]] as const) {
      await home.type(`VBoxManage storagectl drives --name ${name} --add ${bus}`);
      await home.type(`VBoxManage storageattach drives --storagectl ${name} --port 0 --device ${device} --type ${type} --medium emptydrive`);
    }
    await home.type('VBoxManage startvm drives --type headless');
    const drives = async (): Promise<(string | undefined)[]> => {
      const info = await home.info('drives');
      return [info.get('Floppy-0-0'), info.get('IDE-0-1')];
    };
    expect(await drives()).toEqual(['emptydrive', 'emptydrive']);
    const attach = (drive: string, medium: string): string => `VBoxManage storageattach drives --storagectl ${drive} --medium ${medium}`;
    await home.type(attach('Floppy --port 0 --device 0 --type fdd', floppy));
    await home.type(attach('IDE --port 0 --device 1 --type dvddrive', `"${TESTCARD_ISO}"`));
    expect(await drives()).toEqual([at('a.img'), TESTCARD_ISO]);
    expect(await home.type('VBoxManage list floppies')).toContain(`Location:       ${at('a.img')}\n`);
    expect(await home.type('VBoxManage list dvds')).toContain(`Location:       ${TESTCARD_ISO}\n`);
    for (const [line, message] of [
      ['VBoxManage closemedium floppy a.img', /is attached to machine 'drives'/],
      [attach('Floppy --port 0 --device 0 --type fdd', `"${TESTCARD_ISO}"`), /floppy/],
      [attach('IDE --port 0 --device 1 --type dvddrive', 'a.img'), /floppy|ISO/],
    ] as const) expect(await home.attempt(line)).toMatchObject({ code: 1, stderr: expect.stringMatching(message) });
    await home.type(attach('Floppy --port 0 --device 0', 'emptydrive'));
    await home.type(attach('IDE --port 0 --device 1', 'emptydrive'));
    expect(await drives()).toEqual(['emptydrive', 'emptydrive']);
    await home.type('VBoxManage controlvm drives poweroff');
    await home.untilState('drives', 'poweroff', 60_000);
    const sector = Buffer.alloc(512);
    readSync(file, sector, 0, 512, 0);
    closeSync(file);
    expect(sector.readUInt16BE(510)).toBe(0x55aa);
    await home.type('VBoxManage closemedium floppy a.img --delete');
    expect(existsSync(at('a.img'))).toBe(false);
    await home.type('VBoxManage unregistervm drives --delete');
  }, 240_000);
});

describe('a machine that is off', () => {
  beforeAll(async () => {
    await home.type('VBoxManage createvm --name one --ostype Other --register');
    await home.type('VBoxManage storagectl one --name IDE --add ide');
    await home.type('VBoxManage createhd --filename one.vdi --size 16');
    await home.type('VBoxManage storageattach one --storagectl IDE --port 0 --device 0 --type hdd --medium one.vdi');
  }, 120_000);

  test('is copied, whole and linked', async () => {
    await write('one', 1);
    await home.type('VBoxManage snapshot one take first');
    await write('one', 2);
    expect(await home.type('VBoxManage clonevm one --name whole --register')).toContain('Machine has been successfully cloned as "whole"');
    await home.type('VBoxManage clonevm one --name linked --snapshot first --options link --register');
    expect([await content('whole'), await content('linked')]).toEqual([[1, 2], [1]]);
    await write('whole', 3);
    await write('linked', 4);
    expect([await content('one'), await content('whole'), await content('linked')]).toEqual([[1, 2], [1, 2, 3], [1, 4]]);
    expect((await home.attempt('VBoxManage snapshot one delete first')).stderr).toContain('linked clone');
    for (const name of ['whole', 'linked']) {
      const folder = await folderOf(name);
      await home.type(`VBoxManage unregistervm ${name} --delete`);
      expect(existsSync(folder)).toBe(false);
    }
    await home.type('VBoxManage snapshot one delete first');
    expect(await content('one')).toEqual([1, 2]);
  }, 240_000);

  test('has a tree of twenty snapshots, half of which are deleted; each brings back what it had', async () => {
    const had = new Map<string, readonly number[]>();
    let now: readonly number[] = [1, 2];
    for (let number = 3; number <= 22; number++) {
      // Each fourth hangs on the one two before the last.
      if (number > 6 && number % 4 === 0) {
        await home.type(`VBoxManage snapshot one restore s${number - 3}`);
        now = had.get(`s${number - 3}`)!;
      }
      await write('one', number);
      await home.type(`VBoxManage snapshot one take s${number}`);
      now = [...now, number];
      had.set(`s${number}`, now);
    }
    for (const name of [...had.keys()].filter((_, index) => index % 2 === 1)) {
      await home.type(`VBoxManage snapshot one delete ${name}`);
      had.delete(name);
    }
    expect((await home.type('VBoxManage snapshot one list --machinereadable')).match(/^SnapshotName/gm)).toHaveLength(10);
    for (const [name, wanted] of had) {
      await home.type(`VBoxManage snapshot one restore ${name}`);
      expect([name, await content('one')]).toEqual([name, wanted]);
    }
    const folder = await folderOf('one');
    await home.type('VBoxManage unregistervm one --delete');
    expect([existsSync(folder), existsSync(at('one.vdi')), (await disks()).size]).toEqual([false, false, 0]);
  }, 600_000);
});
