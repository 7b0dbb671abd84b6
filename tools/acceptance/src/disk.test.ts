/** What a guest has flushed is on the host's disk: the machine's process is killed, and nothing of it is lost. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { openImage } from '@belvedere/disk';
import { TESTCARD_ISO } from '@belvedere/guests';
import { until } from '@belvedere/viewers';
import { Home } from './home.js';
import { attachDvd } from './machines.js';

const hasQemu = spawnSync('qemu-img', ['--version']).status === 0;
if (!hasQemu) process.stderr.write('skipped: qemu-img\'s judgement of a killed machine\'s disk: it is not installed (Debian: qemu-utils)\n');

let home: Home;
beforeAll(() => void (home = new Home()));
afterAll(() => home.close(), 60_000);

test.each(['Standard', 'Fixed'])('a %s image has what was flushed before the machine was killed', async (variant) => {
  const name = `disk-${variant}`;
  const image = join(home.folder, `${name}.vdi`);
  await home.type(`VBoxManage createvm --name ${name} --ostype Other --register`);
  await home.type(`VBoxManage modifyvm ${name} --memory 32 --boot1 dvd --uart1 0x3F8 4 --uartmode1 server "${home.serialPath(name)}"`);
  await home.type(`VBoxManage createhd --filename ${name}.vdi --size 64 --variant ${variant}`);
  await attachDvd(home, name, TESTCARD_ISO);
  await home.type(`VBoxManage storageattach ${name} --storagectl "IDE Controller" --port 0 --device 0 --type hdd --medium ${name}.vdi`);
  await home.type(`VBoxManage startvm ${name} --type headless`);
  const guest = await home.testCard(name);

  const written = new Map<number, number>();
  const write = async (block: number, value: number): Promise<void> => {
    await guest.diskWrite(block, value);
    written.set(block, value);
  };
  for (let i = 0; i < 40; i++) await write((i * 4099) % 131_072, 0x1000 + i);
  await guest.diskFlush();
  expect(await guest.diskRead(4099)).toEqual({ value: 0x1001, uniform: true });

  // A second opener is kept out while the machine lives.
  await expect(openImage(image)).rejects.toThrow(/is open for writing by/);
  const { pid: api } = await home.status();
  const [machine, ...others] = home.processes().filter((pid) => pid !== api && readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('headless'));
  expect(others).toEqual([]);
  process.kill(machine!, 'SIGKILL');
  await until('the end of the machine', () => (home.processes().includes(machine!) ? undefined : true));
  await home.untilState(name, 'aborted');

  if (hasQemu) {
    const check = spawnSync('qemu-img', ['check', '-f', 'vdi', image], { encoding: 'utf8' });
    expect(check.stdout).toContain('No errors were found');
  }
  const disk = await openImage(image);
  for (const [block, value] of written) {
    const sector = await disk.read(block * 512, 512);
    expect(new Uint32Array(sector.buffer)).toEqual(new Uint32Array(128).fill(value));
  }
  await disk.close();

  await home.type(`VBoxManage startvm ${name} --type headless`);
  const again = await home.testCard(name);
  expect(await again.diskRead(4099)).toEqual({ value: 0x1001, uniform: true });
  await home.type(`VBoxManage controlvm ${name} poweroff`);
  await home.untilState(name, 'poweroff');
}, 120_000);
