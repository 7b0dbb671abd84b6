/** A running machine moves from one machine of a home to another, as the manual types it: its guest, its disk and its lines go on there. */
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { TESTCARD_ISO } from '@belvedere/guests';
import { freePort, Home } from './home.js';
import { attachDvd } from './machines.js';

const hasQemu = spawnSync('qemu-img', ['--version']).status === 0;
if (!hasQemu) process.stderr.write("skipped: qemu-img's judgement of a disk that changed hands: it is not installed (Debian: qemu-utils)\n");

let home: Home;
beforeAll(() => void (home = new Home()));
afterAll(() => home.close(), 60_000);

test('localhost to localhost: refused with a wrong password, then moved, with its disk', async () => {
  const port = await freePort();
  await home.type('VBoxManage createhd --filename shared.vdi --size 64');
  for (const name of ['source', 'target']) {
    await home.type(`VBoxManage createvm --name ${name} --ostype Other --register`);
    await home.type(`VBoxManage modifyvm ${name} --memory 64 --boot1 dvd --uart1 0x3F8 4 --uartmode1 server "${home.serialPath(name)}" --vrde on --vrde-port ${await freePort()} --vrde-address 127.0.0.1`);
    await attachDvd(home, name, TESTCARD_ISO);
    await home.type(`VBoxManage storageattach ${name} --storagectl "IDE Controller" --port 0 --device 0 --type hdd --medium shared.vdi`);
  }
  writeFileSync(join(home.folder, 'secret'), 'open sesame\n');
  writeFileSync(join(home.folder, 'wrong'), 'Open Sesame\n');
  await home.type(`VBoxManage modifyvm target --teleporter on --teleporter-port ${port} --teleporter-address 127.0.0.1 --teleporter-password-file secret`);

  await home.type('VBoxManage startvm source --type headless');
  const there = await home.testCard('source');
  for (let block = 0; block < 20; block++) await there.diskWrite(block * 4099, 0x1000 + block);

  // Other hardware is refused with both values, and the target waits on.
  const move = (password: string): string => `VBoxManage controlvm source teleport --host localhost --port ${port} --max-downtime 500 --password-file ${password}`;
  await home.type('VBoxManage modifyvm target --memory 32');
  await home.type('VBoxManage startvm target --type headless');
  const other = await home.attempt(move('secret'));
  expect([other.code, other.stderr]).toEqual([1, expect.stringMatching(/goes on here: .*memory is "64 MiB" at the source and "32 MiB" at the target/)]);
  expect([(await home.info('source')).get('VMState'), (await home.info('target')).get('VMState')]).toEqual(['running', 'teleportingin']);
  await home.type('VBoxManage controlvm target poweroff');
  await home.untilState('target', 'poweroff');
  await home.type('VBoxManage modifyvm target --memory 64');

  // The source writes its disk still; the target only looks at it.
  await home.type('VBoxManage startvm target --type headless');
  const waiting = await home.info('target');
  expect([waiting.get('VMState'), waiting.get('teleporterenabled'), waiting.get('teleporterport')]).toEqual(['teleportingin', 'on', String(port)]);
  expect(waiting.get('VMStateReason')).toBe(`waiting for a machine on port ${port}`);

  const refused = await home.attempt(move('wrong'));
  expect([refused.code, refused.stderr]).toEqual([1, expect.stringContaining('the machine was not teleported, and goes on here: wrong password')]);
  expect((await home.info('source')).get('VMState')).toBe('running');
  expect((await home.info('target')).get('VMState')).toBe('teleportingin');
  await there.diskWrite(7, 0x7777);

  const moved = await home.attempt(move('secret'));
  expect([moved.code, moved.stderr]).toEqual([0, '0%...10%...20%...30%...40%...50%...60%...70%...80%...90%...100%\n']);
  await home.untilState('target', 'running');
  expect((await home.info('source')).get('VMState')).toBe('teleported');
  expect(await home.port('target')).toBeGreaterThan(0);

  const here = await home.testCard('target');
  for (let block = 0; block < 20; block++) expect(await here.diskRead(block * 4099)).toEqual({ value: 0x1000 + block, uniform: true });
  expect(await here.diskRead(7)).toEqual({ value: 0x7777, uniform: true });
  await here.diskWrite(8, 0x8888);
  await here.diskFlush();

  // The disk is the target's now: the source cannot have it.
  expect((await home.attempt('VBoxManage startvm source --type headless')).code).toBe(1);
  await home.type('VBoxManage controlvm target poweroff');
  await home.untilState('target', 'poweroff');
  if (hasQemu) expect(spawnSync('qemu-img', ['check', '-f', 'vdi', join(home.folder, 'shared.vdi')], { encoding: 'utf8' }).stdout).toContain('No errors were found');
}, 180_000);

test('what is missing is said, and changes nothing', async () => {
  await home.type('VBoxManage createvm --name lonely --ostype Other --register');
  expect((await home.attempt('VBoxManage modifyvm lonely --teleporter on')).stderr).toContain('the teleporter has no port');
  expect((await home.attempt('VBoxManage controlvm lonely teleport --host localhost')).stderr).toContain("'teleport' needs --host and --port");
  expect((await home.attempt('VBoxManage controlvm lonely teleport --host localhost --port 6000 --password x')).code).toBe(1);
  await home.type(`VBoxManage modifyvm lonely --teleporter on --teleporter-port ${await freePort()}`);
  await home.type('VBoxManage startvm lonely --type headless');
  expect((await home.attempt('VBoxManage controlvm lonely pause')).code).toBe(1);
  await home.type('VBoxManage controlvm lonely poweroff');
  await home.untilState('lonely', 'poweroff');
}, 120_000);
