/** A guest behind NAT and another host: two network namespaces, the machine in one of them. Echoes go out where the host lets them. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { afterAll, expect, test } from '@jest/globals';
import { linuxIso } from '@belvedere/guests';
import { until } from '@belvedere/viewers';
import { Home } from './home.js';
import { LinuxShell } from './linux-shell.js';
import { attachDvd } from './machines.js';

const run = (line: string): boolean => spawnSync('sh', ['-c', line], { stdio: 'ignore' }).status === 0;
const [here, there] = [`bv${process.pid}n`, `bv${process.pid}o`];
const OTHER = '10.78.0.2';
const makeHosts = [
  `ip netns add ${here}`,
  `ip netns add ${there}`,
  `ip link add ${here} netns ${here} type veth peer name ${there} netns ${there}`,
  ...([[here, '10.78.0.1'], [there, OTHER]] as const).flatMap(([name, address]) => [`ip -n ${name} link set lo up`, `ip -n ${name} link set ${name} up`, `ip -n ${name} address add ${address}/24 dev ${name}`]),
].join(' && ');
const removeHosts = (): void => void [here, there].forEach((name) => run(`ip netns delete ${name}`));
/** Who of the host's groups may send echo requests; passt gives up root's rights. */
const letEchoes = (groups: string): boolean => run(`ip netns exec ${here} sh -c 'echo "${groups}" > /proc/sys/net/ipv4/ping_group_range'`);
const NOBODY = '1 0';
const EVERYBODY = '0 2147483647';

const iso = linuxIso();
const hosts = iso !== undefined && process.getuid?.() === 0 && run(makeHosts) && letEchoes(NOBODY);
const ends: (() => Promise<unknown> | unknown)[] = [removeHosts];
if (!hosts) process.stderr.write('skipped: a guest and another host: no image of the small Linux guest, or no network namespaces (they need root and iproute2)\n');
afterAll(async () => {
  for (const end of ends.splice(0).reverse()) await end();
}, 120_000);

/** Serves a text on the other host. @returns its port */
async function serveThere(text: string): Promise<number> {
  const program = `const server = require('node:http').createServer((_, answer) => answer.end(${JSON.stringify(text)})).listen(0, () => console.log(server.address().port))`;
  const child = spawn('ip', ['netns', 'exec', there, process.execPath, '-e', program], { stdio: ['ignore', 'pipe', 'inherit'] });
  ends.push(async () => {
    child.kill();
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  });
  const [said] = (await once(child.stdout, 'data')) as [Buffer];
  return Number(said.toString());
}

(hosts ? test : test.skip)('a guest reaches another host, and its echoes do where the host lets them', async () => {
  const port = await serveThere('the other host');
  const home = new Home(['ip', 'netns', 'exec', here]);
  ends.push(() => home.close());
  await home.type('VBoxManage createvm --name net --ostype Debian --register');
  await attachDvd(home, 'net', iso!);
  await home.type(`VBoxManage modifyvm net --memory 128 --boot1 dvd --nic1 nat --nictype1 virtio --uart1 0x3F8 4 --uart2 0x2F8 3 --uartmode2 server "${home.serialPath('net')}"`);
  await home.type('VBoxManage startvm net --type headless');
  const guest = await LinuxShell.open(home.serialPath('net'));
  ends.push(() => guest.close());
  await until('the way out', async () => ((await guest.run('ip route')).includes('default via 10.0.2.2') ? true : undefined), { timeout: 120_000, interval: 500 });
  expect(await guest.run(`wget -q -O - http://${OTHER}:${port}/`)).toContain('the other host');
  const echo = `ping -c 1 -W 2 ${OTHER}`;
  expect((await guest.attempt(echo)).output).toContain('0 packets received');
  expect(letEchoes(EVERYBODY)).toBe(true);
  await until('an echo', async () => ((await guest.attempt(echo)).code === 0 ? true : undefined), { timeout: 120_000, interval: 500 });
}, 600_000);
