/** A machine is saved and goes on as if nothing had been: the test card with a disk, and a running Debian installer. */
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { debianInstallerIso, type TestCard } from '@belvedere/guests';
import { comparePictures, type Picture, until } from '@belvedere/viewers';
import { Home } from './home.js';
import { highlight, showsDialog } from './installer.js';
import { attachDvd, machineProcess, startTestCardWithDisk } from './machines.js';

const MODE = { width: 640, height: 480, depth: 32 };

let home: Home;
beforeAll(() => void (home = new Home()));
afterAll(() => home.close(), 60_000);

const same = (name: string, before: Picture): Promise<true> =>
  until('the same picture', async () => {
    const now = await home.screenshot(name);
    return now.width === before.width && now.height === before.height && comparePictures(now, before).pixels === 0 ? true : undefined;
  }, { timeout: 60_000, interval: 200 });
/** A picture in which nothing blinks. A machine that stands still shows all that its guest has drawn. */
async function still(name: string, guest: TestCard): Promise<Picture> {
  await guest.mode(MODE);
  await home.type(`VBoxManage controlvm ${name} pause`);
  const picture = await home.screenshot(name);
  await home.type(`VBoxManage controlvm ${name} resume`);
  return picture;
}
const states = async (name: string): Promise<string[]> => readdirSync(join(dirname((await home.info(name)).get('CfgFile')!), 'Snapshots')).filter((file) => /[.]sav([.]new)?$/.test(file));
const start = (name: string): Promise<string> => home.type(`VBoxManage startvm ${name} --type headless`);

describe('a machine with a disk', () => {
  let guest: TestCard;

  test('is saved with its progress told, is kept from changes, and goes on where it was', async () => {
    guest = await startTestCardWithDisk(home, 'card');
    await guest.diskWrite(7, 0x1234);
    const before = await still('card', guest);
    const ticks = await guest.tick();
    const { code, stderr } = await home.attempt('VBoxManage controlvm card savestate');
    expect([code, stderr]).toEqual([0, '0%...10%...20%...30%...40%...50%...60%...70%...80%...90%...100%\n']);
    expect((await home.info('card')).get('VMState')).toBe('saved');
    expect(await home.type('VBoxManage showvminfo card')).toMatch(/^State: +saved \(since /m);
    expect(await home.type('VBoxManage list runningvms')).toBe('');
    for (const line of ['modifyvm card --memory 64', 'storageattach card --storagectl "IDE Controller" --port 0 --device 0 --medium none', 'controlvm card savestate']) {
      const refused = await home.attempt(`VBoxManage ${line}`);
      expect(refused.code).toBe(1);
      expect(refused.stderr).toContain("machine 'card' is saved");
    }
    expect(await states('card')).toHaveLength(1);

    await start('card');
    expect(await states('card')).toEqual([]);
    guest = await home.testCard('card');
    await same('card', before);
    expect(await guest.diskRead(7)).toEqual({ value: 0x1234, uniform: true });
    await guest.diskWrite(8, 0x5678);
    // It was asleep, and counts on.
    expect(await guest.tick()).toBeGreaterThanOrEqual(ticks);
    await guest.echo(true);
    await home.type('VBoxManage controlvm card keyboardputscancode 1e 9e');
    await guest.key('1e');
  }, 180_000);

  test.each(['SIGTERM', 'SIGINT', 'SIGHUP'] as const)('%s to its process saves it', async (signal) => {
    process.kill(await machineProcess(home), signal);
    await home.untilState('card', 'saved', 60_000);
    await start('card');
    guest = await home.testCard('card');
    expect(await guest.diskRead(8)).toEqual({ value: 0x5678, uniform: true });
  }, 180_000);

  test('SIGTERM to VBoxHeadless saves it too', async () => {
    await home.type('VBoxManage controlvm card savestate');
    await home.type('VBoxHeadless --startvm card > headless.log 2>&1 & echo $! > headless.pid');
    await home.untilState('card', 'running', 60_000);
    process.kill(Number(readFileSync(join(home.folder, 'headless.pid'), 'utf8')), 'SIGTERM');
    await home.untilState('card', 'saved', 60_000);
  }, 180_000);

  test('a damaged state is refused with its reason, and the machine starts without it', async () => {
    const folder = join(dirname((await home.info('card')).get('CfgFile')!), 'Snapshots');
    const [name] = await states('card');
    const file = join(folder, name!);
    const bytes = readFileSync(file);
    await home.type(`cp "${file}" kept.sav`);
    bytes[Math.floor(statSync(file).size / 2)]! ^= 0x40;
    writeFileSync(file, bytes);
    const refused = await home.attempt('VBoxManage startvm card --type headless');
    expect(refused.code).toBe(1);
    expect(refused.stderr).toMatch(/checksum.*discardstate/);
    expect((await home.info('card')).get('VMState')).toBe('saved');
    await home.type('VBoxManage discardstate card');
    expect((await home.info('card')).get('VMState')).toBe('poweroff');
    expect((await home.attempt('VBoxManage adoptstate card headless.log')).stderr).toContain('no saved state');
    await home.type('VBoxManage adoptstate card kept.sav');
    await home.type('VBoxManage discardstate card');
    // Another machine's memory does not fit.
    await home.type('VBoxManage modifyvm card --memory 48');
    await home.type('VBoxManage adoptstate card kept.sav');
    expect((await home.attempt('VBoxManage startvm card --type headless')).stderr).toContain('memory: 32 MiB in the state, 48 MiB in the machine');
    await home.type('VBoxManage discardstate card');
    await start('card');
    guest = await home.testCard('card');
    expect(await guest.diskRead(8)).toEqual({ value: 0x5678, uniform: true });
  }, 180_000);

  test('a snapshot of it running brings back its memory and its disk, and unregistervm --delete takes all along', async () => {
    await guest.diskWrite(9, 1);
    const before = await still('card', guest);
    expect(await home.type('VBoxManage snapshot card take first --description "one was written"')).toMatch(/^Snapshot taken\. UUID: [0-9a-f-]{36}$/m);
    await guest.diskWrite(9, 2);
    await guest.diskFlush();
    await guest.text();
    await home.type('VBoxManage snapshot card take second --live');
    await guest.diskWrite(9, 3);
    expect(await guest.diskRead(9)).toEqual({ value: 3, uniform: true });
    expect((await home.attempt('VBoxManage snapshot card restore first')).stderr).toContain('is running');
    expect(await home.type('VBoxManage snapshot card list --machinereadable')).toMatch(
      /^SnapshotName="first"\nSnapshotUUID="[0-9a-f-]{36}"\nSnapshotDescription="one was written"\nSnapshotName-1="second"\nSnapshotUUID-1="[0-9a-f-]{36}"\nCurrentSnapshotName="second"\nCurrentSnapshotUUID="[0-9a-f-]{36}"\nCurrentSnapshotNode="SnapshotName-1"\n$/,
    );
    await home.type('VBoxManage controlvm card poweroff');
    await home.untilState('card', 'poweroff');
    await home.type('VBoxManage snapshot card restore first');
    expect((await home.info('card')).get('VMState')).toBe('saved');
    await start('card');
    guest = await home.testCard('card');
    await same('card', before);
    expect(await guest.diskRead(9)).toEqual({ value: 1, uniform: true });
    await home.type('VBoxManage controlvm card poweroff');
    await home.untilState('card', 'poweroff');
    await home.type('VBoxManage snapshot card restore second');
    await start('card');
    guest = await home.testCard('card');
    expect(await guest.diskRead(9)).toEqual({ value: 2, uniform: true });
    // What its own disk hangs on is merged while it runs.
    await home.type('VBoxManage snapshot card delete second');
    expect(await guest.diskRead(9)).toEqual({ value: 2, uniform: true });
    await home.type('VBoxManage controlvm card poweroff');
    await home.untilState('card', 'poweroff');
    await home.type('VBoxManage snapshot card delete first');
    expect((await home.attempt('VBoxManage snapshot card list')).stderr).toContain('does not have any snapshots');
    await start('card');
    guest = await home.testCard('card');
    expect(await guest.diskRead(9)).toEqual({ value: 2, uniform: true });
    await home.type('VBoxManage snapshot card take last');
    await home.type('VBoxManage controlvm card savestate');
    const folder = dirname((await home.info('card')).get('CfgFile')!);
    await home.type('VBoxManage unregistervm card --delete');
    expect((await home.attempt(`ls "${folder}"`)).code).not.toBe(0);
    expect(await home.type('VBoxManage list hdds')).toBe('');
  }, 240_000);
});

const iso = debianInstallerIso();
const reason = 'no image of the Debian installer: its packages could not be fetched at set-up';
if (iso === undefined) process.stderr.write(`skipped: saved states of a running installer: ${reason}\n`);
(iso === undefined ? describe.skip : describe)('a running installer', () => {
  test('is saved, and restored from a snapshot: the same picture, and keys go on', async () => {
    await home.type('VBoxManage createvm --name installer --ostype Debian --register');
    await home.type('VBoxManage modifyvm installer --memory 512 --boot1 dvd');
    await attachDvd(home, 'installer', iso!);
    await start('installer');
    // Drawn to its end when it has not changed for a while.
    let last: Picture | undefined;
    const dialog = await until('the first dialog', async () => {
      const picture = await home.screenshot('installer');
      const before = last;
      last = showsDialog(picture) && highlight(picture) ? picture : undefined;
      return before && last && comparePictures(before, last).pixels === 0 ? picture : undefined;
    }, { timeout: 600_000, interval: 4000 });
    await home.type('VBoxManage snapshot installer take dialog');
    await home.type('VBoxManage controlvm installer savestate');
    await start('installer');
    await same('installer', dialog);
    const down = async (): Promise<void> => {
      await home.type('VBoxManage controlvm installer keyboardputscancode e0 50 e0 d0');
      await until('the moved highlight', async () => {
        const picture = await home.screenshot('installer');
        const [here, there] = [highlight(picture), highlight(dialog)];
        return here && there && here.first > there.first ? true : undefined;
      }, { timeout: 60_000 });
    };
    await down();
    await home.type('VBoxManage controlvm installer poweroff');
    await home.untilState('installer', 'poweroff');
    await home.type('VBoxManage snapshot installer restorecurrent');
    await start('installer');
    await same('installer', dialog);
    await down();
    await home.type('VBoxManage controlvm installer poweroff');
  }, 900_000);
});
