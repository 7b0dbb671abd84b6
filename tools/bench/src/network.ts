/**
 * What a Linux guest downloads from this host by NAT, by card, beside the same guest in bare v86 behind the same passt, in the same run.
 *
 * Run: `node dist/network.js [--size 40]`, MB. The median of three downloads, each compared by its checksum: during the first the engine still compiles the guest's code.
 */
import { spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { loadavg, networkInterfaces } from 'node:os';
import { Duplex } from 'node:stream';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { attachDvd, Home, LinuxShell } from '@belvedere/acceptance';
import { linuxIso } from '@belvedere/guests';
import { median } from './median.js';

const CARDS = ['virtio', 'NE2000'] as const;
type Card = (typeof CARDS)[number];

const ROUNDS = 3;

/** MB a second that were promised. */
const PROMISED: Readonly<Record<Card, number>> = { virtio: 8, NE2000: 2 };

export interface Throughput {
  readonly card: Card;
  /** MB a second. */
  readonly machine: number;
  readonly bare: number;
}

/** @param size bytes of the file. */
export async function networkThroughput(iso: string, host: string, size: number): Promise<Throughput[]> {
  const file = randomBytes(size);
  const digest = createHash('sha256').update(file).digest('hex');
  const server = createServer((_request, answer) => answer.end(file)).listen(0, '0.0.0.0');
  await once(server, 'listening');
  const url = `http://${host}:${(server.address() as AddressInfo).port}/`;
  /** MB a second. */
  const download = async (shell: LinuxShell): Promise<number> => {
    await shell.run('until ip route | grep -q default; do sleep 1; done');
    const rates: number[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      const start = performance.now();
      await shell.run(`wget -q -O /tmp/file ${url}`, 600_000);
      rates.push(size / 1e3 / (performance.now() - start));
      const sum = await shell.run('sha256sum /tmp/file', 600_000);
      if (!sum.includes(digest)) throw new Error(`the guest has another file than the host: ${sum}`);
    }
    return median(rates);
  };
  try {
    const results: Throughput[] = [];
    for (const card of CARDS) results.push({ card, bare: await withBareGuest(iso, card, download), machine: await withMachine(iso, card, download) });
    return results;
  } finally {
    server.close();
  }
}

async function withBareGuest(iso: string, card: Card, work: (shell: LinuxShell) => Promise<number>): Promise<number> {
  const child = spawn(process.execPath, [fileURLToPath(new URL('./bare-v86-network.js', import.meta.url)), iso, card], { stdio: ['pipe', 'pipe', 'inherit'] });
  try {
    return await work(await LinuxShell.over(Duplex.from({ readable: child.stdout, writable: child.stdin })));
  } finally {
    child.stdin.end();
    if (child.exitCode === null) await once(child, 'exit');
  }
}

async function withMachine(iso: string, card: Card, work: (shell: LinuxShell) => Promise<number>): Promise<number> {
  const home = new Home();
  try {
    await home.type('VBoxManage createvm --name bench --ostype Debian --register');
    await home.type(`VBoxManage modifyvm bench --memory 256 --boot1 dvd --nic1 nat --nictype1 ${card} --uart1 0x3F8 4 --uart2 0x2F8 3 --uartmode2 server "${home.serialPath('bench')}"`);
    await attachDvd(home, 'bench', iso);
    await home.type('VBoxManage startvm bench --type headless');
    const shell = await LinuxShell.open(home.serialPath('bench'));
    const result = await work(shell);
    shell.close();
    return result;
  } finally {
    await home.close();
  }
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const { values } = parseArgs({ options: { size: { type: 'string', default: '40' } } });
  const iso = linuxIso();
  if (iso === undefined) throw new Error('no image of the small Linux guest: run "npm run setup" where Debian packages can be fetched');
  const host = Object.values(networkInterfaces()).flat().find((place) => place && !place.internal && place.family === 'IPv4')?.address;
  if (host === undefined) throw new Error('this host has no address but its loopback');
  const results = await networkThroughput(iso, host, Number(values.size) * 1e6);
  for (const { card, machine, bare } of results) {
    process.stdout.write(`${card}: ${values.size} MB at ${machine.toFixed(1)} MB/s, bare v86 ${bare.toFixed(1)} MB/s (promised: ${PROMISED[card]} MB/s on a quiet host)\n`);
  }
  process.stdout.write(`load of the host: ${loadavg().map((load) => load.toFixed(1)).join(' ')}\n`);
  process.exitCode = results.every(({ card, machine }) => machine >= PROMISED[card]) ? 0 : 1;
}
