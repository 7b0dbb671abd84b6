/**
 * Locks of images in a folder that two hosts share over the network, as typed: a second writer is refused, the lock of a holder that died elsewhere counts until it is
 * broken by the command for that, and each host frees what its own dead held.
 *
 * Run as root: `node dist/network-folder.js`. A host is a name space of mounts and of host names, with a machine-id and a boot of its own. Each has the folder by a mount of its own,
 * over SFTP and TCP, with that file system's own cache: it asks no more of the kernel than FUSE. Needs sshfs, socat and OpenSSH's SFTP server.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { until } from '@belvedere/viewers';
import { freePort, Home } from './home.js';

const SFTP_SERVER = '/usr/lib/openssh/sftp-server';

/** A host of its own name, with the shared folder. Ends with its process. */
class Host {
  readonly home: Home;

  private constructor(
    readonly name: string,
    private readonly process: ChildProcess,
  ) {
    this.home = new Home(['nsenter', '--target', String(process.pid), '--mount', '--uts', '--']);
  }

  static async make(name: string, base: string, folder: string, port: number): Promise<Host> {
    const [id, boot, place] = [`${name}.machine-id`, `${name}.boot-id`, `${name}.mount`].map((file) => join(base, file));
    writeFileSync(id!, randomUUID().replaceAll('-', ''));
    writeFileSync(boot!, randomUUID());
    mkdirSync(place!);
    // The mount is seen in this name space alone, at the path that the folder has everywhere.
    const begin = [
      `hostname ${name}`,
      `mount --bind ${id} /etc/machine-id`,
      `mount --bind ${boot} /proc/sys/kernel/random/boot_id`,
      `sshfs -o directport=${port} 127.0.0.1:${folder} ${place}`,
      `mount --bind ${place} ${folder}`,
      'echo ready',
      'exec cat',
    ].join(' && ');
    const process = spawn('unshare', ['--mount', '--propagation', 'private', '--uts', 'sh', '-c', begin], { stdio: ['pipe', 'pipe', 'inherit'] });
    const ended = once(process, 'exit').then(() => Promise.reject(new Error(`host ${name} could not be made`)));
    ended.catch(() => undefined);
    await Promise.race([once(process.stdout!, 'data'), ended]);
    return new Host(name, process);
  }

  async close(): Promise<void> {
    await this.home.close().catch((error: unknown) => process.stderr.write(`${String(error)}\n`));
    this.process.stdin!.end();
    if (this.process.exitCode === null) await once(this.process, 'exit');
  }
}

/** @throws Error for what is not as promised */
function expect(what: string, is: boolean, seen: unknown): void {
  if (!is) throw new Error(`${what}: ${JSON.stringify(seen)}`);
  process.stdout.write(`${what}\n`);
}

/** Kills a host's API and machines at once, as a power cut does. */
async function cut({ home }: Host): Promise<void> {
  for (const pid of home.processes()) process.kill(pid, 'SIGKILL');
  await until('the end of its processes', () => (home.processes().length === 0 ? true : undefined), { timeout: 60_000 });
}

const start = 'VBoxManage startvm machine --type headless';

async function sharedFolder(one: Host, two: Host, folder: string): Promise<void> {
  const disk = join(folder, 'disk.vdi');
  await one.home.type(`VBoxManage createmedium disk --filename ${disk} --size 16`);
  for (const { home } of [one, two]) {
    await home.type('VBoxManage createvm --name machine --ostype Other --register');
    await home.type('VBoxManage modifyvm machine --memory 32 --nic1 none');
    await home.type('VBoxManage storagectl machine --name IDE --add ide');
    await home.type(`VBoxManage storageattach machine --storagectl IDE --port 0 --device 0 --type hdd --medium ${disk}`);
  }
  await one.home.type(start);
  const second = await two.home.attempt(start);
  expect('a second writer on another host is refused, with who has the image and where', second.code === 1 && /machine "machine" \(process \d+ on one\)/.test(second.stderr), second);

  await cut(one);
  const dead = await two.home.attempt(start);
  expect('a holder that died elsewhere is not judged dead', dead.code === 1 && dead.stderr.includes('on one'), dead);
  const doubt = await two.home.attempt(`belvedere medium unlock ${disk}`);
  expect('its lock is not broken without --yes', doubt.code === 1 && doubt.stderr.includes('--yes'), doubt);
  await two.home.type(`belvedere medium unlock --yes ${disk}`);
  await two.home.type(start);
  expect('broken by the command, it lets the other host write', (await two.home.info('machine')).get('VMState') === 'running', undefined);
  const back = await one.home.attempt(start);
  expect('the first host is refused now', back.code === 1 && /machine "machine" \(process \d+ on two\)/.test(back.stderr), back);

  await cut(two);
  await two.home.type(start);
  expect('a holder that died on the same host frees the image by itself', (await two.home.info('machine')).get('VMState') === 'running', undefined);
  await two.home.type('VBoxManage controlvm machine poweroff');
  await two.home.untilState('machine', 'poweroff', 60_000);
  await one.home.type(start);
  expect('an image that was let go changes hosts', (await one.home.info('machine')).get('VMState') === 'running', undefined);

  // Both want it at the same time, again and again: one has it, or none, and never both.
  await one.home.type('VBoxManage controlvm machine poweroff');
  await one.home.untilState('machine', 'poweroff', 60_000);
  let won = 0;
  for (let turn = 0; turn < 5; turn++) {
    const results = await Promise.all([one, two].map(async (host) => ({ host, ...(await host.home.attempt(start)) })));
    const winners = results.filter(({ code }) => code === 0);
    if (winners.length > 1) throw new Error(`both hosts write the image, in turn ${turn}`);
    for (const { host } of winners) {
      won++;
      await host.home.type('VBoxManage controlvm machine poweroff');
      await host.home.untilState('machine', 'poweroff', 60_000);
    }
  }
  expect(`of five starts on both hosts at once none had two winners (${won} had one)`, true, undefined);
}

const base = mkdtempSync(join(tmpdir(), 'belvedere-hosts-'));
const folder = join(base, 'shared');
mkdirSync(folder);
const port = await freePort();
const server = spawn('socat', [`TCP-LISTEN:${port},bind=127.0.0.1,fork,reuseaddr`, `EXEC:${SFTP_SERVER}`], { stdio: 'inherit' });
const hosts: Host[] = [];
try {
  // It listens: 0A is the state, the address is 127.0.0.1.
  const listens = new RegExp(`0100007F:${port.toString(16).toUpperCase().padStart(4, '0')} 00000000:0000 0A`);
  await until('the server of the folder', () => (listens.test(readFileSync('/proc/net/tcp', 'utf8')) ? true : undefined), { timeout: 60_000 });
  for (const name of ['one', 'two']) hosts.push(await Host.make(name, base, folder, port));
  await sharedFolder(hosts[0]!, hosts[1]!, folder);
} finally {
  for (const host of hosts) await host.close();
  server.kill();
  rmSync(base, { recursive: true, force: true });
}
