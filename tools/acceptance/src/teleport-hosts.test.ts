/** A running machine moves from one home to another, and from one host to another: two network namespaces. There over IPv4, and back over IPv6. */
import { spawnSync } from 'node:child_process';
import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, test } from '@jest/globals';
import { freePort, Home } from './home.js';
import { makeMovable } from './machines.js';

const ends: (() => Promise<unknown> | unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
}, 120_000);

function newHome(within?: readonly string[]): Home {
  const home = new Home(within);
  ends.push(() => home.close());
  return home;
}

/** What the source is told. */
const move = (host: string, port: number): string => `VBoxManage controlvm machine teleport --host ${host} --port ${port} --max-downtime 1000 --password "open sesame"`;

/** The machine of `from` goes to `to`, with the disk that both have. */
async function moves(from: Home, to: Home, address: string): Promise<void> {
  const port = await freePort();
  await to.type(`VBoxManage modifyvm machine --teleporter on --teleporter-port ${port} --teleporter-address ${address} --teleporter-password "open sesame"`);
  await to.type('VBoxManage startvm machine --type headless');
  expect(await from.attempt(move(address, port))).toMatchObject({ code: 0, stderr: expect.stringMatching(/100%\n$/) });
  await to.untilState('machine', 'running', 60_000);
  await from.untilState('machine', 'teleported', 60_000);
}

/** There and back, and the guest, its memory and its disk are what they were. */
async function thereAndBack(here: Home, there: Home, addresses: { readonly here: string; readonly there: string }): Promise<void> {
  await here.type('VBoxManage createhd --filename shared.vdi --size 64');
  const disk = join(here.folder, 'shared.vdi');
  for (const home of [here, there]) await makeMovable(home, 'machine', disk);
  await here.type('VBoxManage startvm machine --type headless');
  const before = await here.testCard('machine');
  await before.diskWrite(4099, 0x1234);
  await before.dirtyStart(8, 5);
  await moves(here, there, addresses.there);
  expect((await here.attempt('VBoxManage startvm machine --type headless')).stderr).toContain('shared.vdi');
  const meanwhile = await there.testCard('machine');
  expect(await meanwhile.diskRead(4099)).toEqual({ value: 0x1234, uniform: true });
  await meanwhile.diskWrite(4100, 0x5678);
  await moves(there, here, addresses.here);
  const after = await here.testCard('machine');
  expect(await after.diskRead(4100)).toEqual({ value: 0x5678, uniform: true });
  expect(await after.dirtyStop()).toMatchObject({ errors: 0 });
}

test('between two homes: a disk that is a copy is refused, the shared one changes hands', async () => {
  const [here, there] = [newHome(), newHome()];
  await thereAndBack(here, there, { here: '::1', there: '127.0.0.1' });

  // A disk of the same contents and the same identifier, under the same name, elsewhere: it is not the file that the source writes.
  const copy = join(there.folder, 'shared.vdi');
  await there.type('VBoxManage storageattach machine --storagectl "IDE Controller" --port 0 --device 0 --type hdd --medium none');
  await there.type(`VBoxManage closemedium disk "${join(here.folder, 'shared.vdi')}"`);
  copyFileSync(join(here.folder, 'shared.vdi'), copy);
  await there.type(`VBoxManage storageattach machine --storagectl "IDE Controller" --port 0 --device 0 --type hdd --medium "${copy}"`);
  const port = await freePort();
  await there.type(`VBoxManage modifyvm machine --teleporter on --teleporter-port ${port} --teleporter-address 127.0.0.1`);
  await there.type('VBoxManage startvm machine --type headless');
  expect(await here.attempt(move('127.0.0.1', port))).toMatchObject({ code: 1, stderr: expect.stringContaining('the image at ide0-0 is not the same file on both sides') });
  expect((await here.info('machine')).get('VMState')).toBe('running');
  expect((await there.info('machine')).get('VMState')).toBe('teleportingin');
}, 300_000);

const run = (line: string): boolean => spawnSync('sh', ['-c', line], { stdio: 'ignore' }).status === 0;
const [here, there] = [`bv${process.pid}a`, `bv${process.pid}b`];
const makeHosts = [
  `ip netns add ${here}`,
  `ip netns add ${there}`,
  `ip link add ${here} netns ${here} type veth peer name ${there} netns ${there}`,
  ...([[here, 1], [there, 2]] as const).flatMap(([name, number]) => [
    `ip -n ${name} link set lo up`,
    `ip -n ${name} link set ${name} up`,
    `ip -n ${name} address add 10.77.0.${number}/24 dev ${name}`,
    `ip -n ${name} address add fd77::${number}/64 dev ${name} nodad`,
  ]),
].join(' && ');
const removeHosts = (): void => void [here, there].forEach((name) => run(`ip netns delete ${name}`));

const hosts = process.getuid?.() === 0 && run(makeHosts);
if (!hosts) {
  removeHosts();
  process.stderr.write('skipped: teleporting between two hosts: network namespaces cannot be made here (they need root and iproute2)\n');
}

(hosts ? test : test.skip)('between two hosts', async () => {
  ends.push(removeHosts);
  await thereAndBack(newHome(['ip', 'netns', 'exec', here]), newHome(['ip', 'netns', 'exec', there]), { here: 'fd77::1', there: '10.77.0.2' });
}, 300_000);
