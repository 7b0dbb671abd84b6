/** A host's file system that is full stops the guest that writes to it, with its reason, and costs it nothing: it goes on once there is room. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { openImage } from '@belvedere/disk';
import { TESTCARD_ISO } from '@belvedere/guests';
import { until } from '@belvedere/viewers';
import { Home } from './home.js';
import { attachDvd } from './machines.js';

/** A file system of 8 MiB. @returns undefined where this user may not mount one */
function smallFolder(): string | undefined {
  const folder = mkdtempSync(join(tmpdir(), 'belvedere-small-'));
  if (spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=8m', 'belvedere-test', folder]).status === 0) return folder;
  rmdirSync(folder);
  process.stderr.write('skipped: a full file system under a real guest: this user may not mount one\n');
  return undefined;
}

const small = smallFolder();
const testHere = small === undefined ? test.skip : test;
let home: Home;
beforeAll(() => void (home = new Home()));
afterAll(async () => {
  try {
    await home.close();
  } finally {
    if (small !== undefined) {
      spawnSync('umount', ['-l', small]);
      rmdirSync(small);
    }
  }
}, 120_000);

testHere('a guest that writes to a full file system waits, paused, and loses nothing', async () => {
  const image = join(String(small), 'full.vdi');
  const ballast = join(String(small), 'ballast');
  await home.type('VBoxManage createvm --name full --ostype Other --register');
  await home.type(`VBoxManage modifyvm full --memory 32 --boot1 dvd --uart1 0x3F8 4 --uartmode1 server "${home.serialPath('full')}"`);
  await home.type(`VBoxManage createhd --filename "${image}" --size 64`);
  await attachDvd(home, 'full', TESTCARD_ISO);
  await home.type(`VBoxManage storageattach full --storagectl "IDE Controller" --port 0 --device 0 --type hdd --medium "${image}"`);
  await home.type('VBoxManage startvm full --type headless');
  await home.type('belvedere events > events.log 2>&1 &');
  const guest = await home.testCard('full');
  const written = new Map<number, number>();
  const write = async (block: number, value: number): Promise<void> => {
    await guest.diskWrite(block, value);
    written.set(block, value);
  };
  for (let i = 0; i < 8; i++) await write(i * 4096 + 5, 0x1000 + i);
  await guest.diskFlush();

  await home.attempt(`cat /dev/zero > "${ballast}"`);
  const waiting = write(99 * 1024, 0x2000);
  await home.untilState('full', 'paused', 60_000);
  const info = await home.info('full');
  expect(info.get('VMStateReason')).toMatch(/full\.vdi.*no space left/);
  expect(await home.type('VBoxManage showvminfo full')).toMatch(/^State reason: .*no space left/m);
  await until('the event', async () => (/"state":"paused","reason":".*no space left/.test(await home.type('cat events.log')) ? true : undefined), { timeout: 60_000 });
  const early = await home.attempt('VBoxManage controlvm full resume');
  expect([early.code, early.stderr]).toEqual([1, expect.stringMatching(/cannot resume: .*no space left.*make room/)]);
  expect((await home.info('full')).get('VMState')).toBe('paused');

  const kept = await home.attempt('VBoxManage controlvm full savestate');
  expect([kept.code, kept.stderr]).toEqual([1, expect.stringMatching(/could not be saved.*waits for a write to its disk/)]);
  expect((await home.info('full')).get('VMState')).toBe('paused');
  expect((await home.info('full')).get('VMStateReason')).toMatch(/no space left/);

  rmSync(ballast);
  await home.type('VBoxManage controlvm full resume');
  await waiting;
  expect((await home.info('full')).get('VMStateReason')).toBeUndefined();
  await write(3, 0x3000);
  for (const [block, value] of written) expect(await guest.diskRead(block)).toEqual({ value, uniform: true });
  await guest.diskFlush();
  await home.type('VBoxManage controlvm full poweroff');
  await home.untilState('full', 'poweroff');
  const disk = await openImage(image, { readOnly: true });
  for (const [block, value] of written) expect(new Uint32Array((await disk.read(block * 512, 512)).buffer)).toEqual(new Uint32Array(128).fill(value));
  await disk.close();
}, 240_000);
