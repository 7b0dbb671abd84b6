/** A Linux guest behind NAT, with a card of each kind: what it reaches, what reaches it, and what changes while it runs. As typed. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer as createHttpServer, request, type Server } from 'node:http';
import { type AddressInfo, createServer } from 'node:net';
import { networkInterfaces } from 'node:os';
import { linuxIso } from '@belvedere/guests';
import { until } from '@belvedere/viewers';
import { freePort, Home } from './home.js';
import { LinuxShell } from './linux-shell.js';
import { attachDvd, machineProcess } from './machines.js';

const iso = linuxIso();
/** An address of this host that is not its loopback's. */
const host = Object.values(networkInterfaces()).flat().find((place) => place && !place.internal && place.family === 'IPv4')?.address;
const reason = iso === undefined ? "no image of the small Linux guest: Debian's packages could not be fetched at set-up" : host === undefined ? 'this host has no address but its loopback' : undefined;
if (reason !== undefined) process.stderr.write(`skipped: a Linux guest behind NAT: ${reason}\n`);

const CARDS = ['virtio', 'NE2000'] as const;
type Card = (typeof CARDS)[number];
const MACS: Readonly<Record<Card, string>> = { virtio: '080027000001', NE2000: '080027000002' };
const NETWORKS: Readonly<Record<Card, string>> = { virtio: '10.0.2', NE2000: '10.0.3' };
/** What this host serves, and what each of many clients asks for. */
const whole = randomBytes(3_000_000);
const part = whole.subarray(0, 30_000);
const digest = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');
const AT_ONCE = 50;

(reason === undefined ? describe : describe.skip)('a Linux guest behind NAT', () => {
  let home: Home;
  let server: Server;
  let guest: LinuxShell;
  const web = { port: 0, more: 0 };
  /** The guest's names of its cards. */
  const names = { virtio: '', NE2000: '' };
  /** What one test has opened. */
  const ends: (() => unknown)[] = [];

  beforeAll(async () => {
    home = new Home();
    server = await serve('0.0.0.0', (url) => (url === '/part' ? part : whole));
    web.port = await freePort();
    web.more = await freePort();
    await home.type('VBoxManage createvm --name net --ostype Debian --register');
    await attachDvd(home, 'net', iso!);
    await home.type(`VBoxManage modifyvm net --memory 128 --boot1 dvd --uart1 0x3F8 4 --uart2 0x2F8 3 --uartmode2 server "${home.serialPath('net')}"`);
  }, 300_000);
  afterEach(async () => {
    for (const end of ends.splice(0)) await end();
  });
  afterAll(async () => {
    guest?.close();
    close(server);
    await home?.close();
  }, 120_000);

  async function serve(address: string, answerTo: (url: string) => Buffer): Promise<Server> {
    const opened = createHttpServer(({ url = '' }, answer) => answer.end(answerTo(url))).listen(0, address);
    await once(opened, 'listening');
    return opened;
  }
  const close = (opened?: Server): void => {
    opened?.close();
    opened?.closeAllConnections();
  };
  const portOf = (opened: Server): number => (opened.address() as AddressInfo).port;

  const refused = async (line: string): Promise<string> => {
    const { code, stderr } = await home.attempt(line);
    expect([line, code]).toEqual([line, 1]);
    return stderr;
  };
  const forwardings = async (): Promise<string[]> => (await home.type('VBoxManage showvminfo net --machinereadable')).split('\n').filter((line) => line.startsWith('Forwarding('));

  /** What the guest's web server answers to this host. */
  const get = (path: string, from = web.port): Promise<Buffer> =>
    new Promise((resolve, reject) => {
      const asked = request({ host: '127.0.0.1', port: from, path, agent: false, timeout: 120_000 }, (answer) => {
        const parts: Buffer[] = [];
        answer.on('data', (bytes: Buffer) => parts.push(bytes));
        answer.on('end', () => resolve(Buffer.concat(parts)));
        answer.on('error', reject);
      });
      asked.on('timeout', () => asked.destroy(new Error('no answer in time')));
      asked.on('error', reject);
      asked.end();
    });

  /** Sends what the guest has for this host by way of one of its cards. */
  const by = (card: Card): Promise<string> => guest.run(`ip route replace ${host} via ${NETWORKS[card]}.2 dev ${names[card]}`);
  const downloads = async (): Promise<void> => {
    await guest.run(`wget -q -O /tmp/got http://${host}:${portOf(server)}/`);
    expect(await guest.run('sha256sum /tmp/got')).toContain(digest(whole));
  };

  test('has the cards and rules that were typed, and none that the engine lacks', async () => {
    expect((await home.info('net')).get('nictype1')).toBe('NE2000');
    // The system's usual card may be named; another stands for it.
    await home.type('VBoxManage modifyvm net --nictype1 82540EM');
    expect((await home.info('net')).get('nictype1')).toBe('NE2000');
    expect(await refused('VBoxManage modifyvm net --nictype1 82545EM')).toContain("the embedded engine has no card of type '82545EM': use one of NE2000, virtio");
    for (const other of ['bridged', 'hostonly', 'intnet', 'natnetwork']) expect(await refused(`VBoxManage modifyvm net --nic3 ${other}`)).toContain(`'${other}' is not supported by this version of Belvedere; use none, null or nat`);
    await home.type(`VBoxManage modifyvm net --nic1 nat --nictype1 virtio --macaddress1 ${MACS.virtio} --nic2 nat --nictype2 NE2000 --macaddress2 ${MACS.NE2000} --nat-localhostreachable2 on --nic3 null --nic4 none`);
    await home.type(`VBoxManage modifyvm net --natpf1 "web,tcp,127.0.0.1,${web.port},,80" --natpf1 gone,udp,,5353,10.0.2.15,53`);
    expect(await forwardings()).toEqual(['Forwarding(0)="gone,udp,,5353,10.0.2.15,53"', `Forwarding(1)="web,tcp,127.0.0.1,${web.port},,80"`]);
    expect(await refused('VBoxManage modifyvm net --natpf1 web,tcp,,1,,1')).toContain('A NAT rule of this name already exists');
    await home.type('VBoxManage modifyvm net --natpf1 delete gone');
    expect(await forwardings()).toEqual([`Forwarding(0)="web,tcp,127.0.0.1,${web.port},,80"`]);
    expect(await refused('VBoxManage modifyvm net --natpf1 delete gone')).toContain("has no port forwarding rule 'gone'");
  }, 300_000);

  test('does not start while a port that leads to it is in use, and says which', async () => {
    const other = createServer().listen(web.port, '127.0.0.1');
    ends.push(() => other.close());
    await once(other, 'listening');
    expect(await refused('VBoxManage startvm net --type headless')).toContain(`port forwarding rule 'web': tcp port ${web.port} of 127.0.0.1 is in use`);
    other.close();
    await once(other, 'close');
    await home.type('VBoxManage startvm net --type headless');
    guest = await LinuxShell.open(home.serialPath('net'));
    const shown = await until("the guest's addresses", async () => {
      const said = await guest.run('for card in eth0 eth1 eth2; do echo $card $(cat /sys/class/net/$card/address) $(ip -4 addr show $card | grep -o "inet [0-9.]*"); done');
      return said.match(/inet/g)?.length === 2 ? said : undefined;
    }, { timeout: 120_000, interval: 500 });
    for (const card of CARDS) {
      const [, name, address] = new RegExp(`(eth[0-2]) ${MACS[card].replace(/..(?=.)/g, '$&:')} inet (\\S+)`).exec(shown)!;
      names[card] = name!;
      expect(address).toBe(`${NETWORKS[card]}.15`);
    }
  }, 600_000);

  test.each(CARDS)('downloads by %s', async (card) => {
    await by(card);
    expect(await guest.run(`ip route get ${host}`)).toContain(names[card]);
    await downloads();
  }, 300_000);

  test("reaches the host's own loopback by the card that may, and by no other", async () => {
    const loopback = await serve('127.0.0.1', () => Buffer.from('the loopback'));
    ends.push(() => close(loopback));
    const asks = (card: Card): Promise<{ readonly code: number; readonly output: string }> => guest.attempt(`wget -q -O - http://${NETWORKS[card]}.2:${portOf(loopback)}/`);
    expect(await asks('NE2000')).toMatchObject({ code: 0, output: expect.stringContaining('the loopback') });
    expect(await asks('virtio')).toMatchObject({ code: 1, output: expect.stringContaining('Connection refused') });
  }, 300_000);

  test(`serves ${AT_ONCE} clients of the host at once, by a port that leads to it`, async () => {
    await guest.run(`mkdir -p /tmp/www && head -c ${part.length} /tmp/got > /tmp/www/part && httpd -p 80 -h /tmp/www`);
    const parts = await Promise.all(Array.from({ length: AT_ONCE }, () => get('/part')));
    expect(parts.filter((got) => got.equals(part)).length).toBe(AT_ONCE);
  }, 300_000);

  test.each(CARDS)(`asks for ${AT_ONCE} parts at once by %s`, async (card) => {
    await by(card);
    await guest.run('rm -f /tmp/part*');
    await guest.run(`for i in $(seq ${AT_ONCE}); do wget -q -O /tmp/part$i http://${host}:${portOf(server)}/part & done; wait`, 280_000);
    expect(await guest.run(`sha256sum /tmp/part* | grep -c ${digest(part)}`)).toMatch(new RegExp(`^${AT_ONCE}$`, 'm'));
  }, 300_000);

  test('has its ports changed while it runs: opened, refused where one is in use, closed', async () => {
    const busy = portOf(server);
    await home.type(`VBoxManage controlvm net natpf1 more,tcp,127.0.0.1,${web.more},,80`);
    expect((await get('/part', web.more)).equals(part)).toBe(true);
    expect(await forwardings()).toEqual([`Forwarding(0)="more,tcp,127.0.0.1,${web.more},,80"`, `Forwarding(1)="web,tcp,127.0.0.1,${web.port},,80"`]);
    expect(await refused(`VBoxManage controlvm net natpf2 busy,tcp,127.0.0.1,${busy},,80`)).toContain(`port forwarding rule 'busy': tcp port ${busy} of 127.0.0.1 is in use`);
    await home.type('VBoxManage controlvm net natpf1 delete more');
    await expect(get('/part', web.more)).rejects.toThrow('ECONNREFUSED');
    expect(await forwardings()).toEqual([`Forwarding(0)="web,tcp,127.0.0.1,${web.port},,80"`]);
  }, 300_000);

  test('sees its cable pulled and plugged in again, and goes on from a saved state', async () => {
    const carrier = (wanted: string): Promise<true> => until(`carrier ${wanted}`, async () => ((await guest.run(`cat /sys/class/net/${names.virtio}/carrier`)).includes(wanted) ? true : undefined), { timeout: 60_000 });
    await carrier('1');
    await home.type('VBoxManage controlvm net setlinkstate1 off');
    await carrier('0');
    expect((await home.info('net')).get('cableconnected1')).toBe('off');
    await home.type('VBoxManage controlvm net savestate');
    guest.close();
    await home.type('VBoxManage startvm net --type headless');
    guest = await LinuxShell.open(home.serialPath('net'));
    await carrier('0');
    await home.type('VBoxManage controlvm net setlinkstate1 on');
    await carrier('1');
    for (const card of CARDS) {
      await by(card);
      await downloads();
    }
    expect((await get('/part')).equals(part)).toBe(true);
  }, 600_000);

  test('has its networks end with it, when its process is killed too', async () => {
    const machine = await machineProcess(home);
    const isAlive = (pid: string): boolean => {
      try {
        return !/^\d+ \(.*\) Z/s.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
      } catch {
        return false; // it has ended
      }
    };
    const children = readFileSync(`/proc/${machine}/task/${machine}/children`, 'utf8').trim().split(' ');
    const helpers = children.filter((pid) => readFileSync(`/proc/${pid}/comm`, 'utf8').startsWith('passt'));
    expect(helpers.filter(isAlive).length).toBe(CARDS.length);
    process.kill(machine, 'SIGKILL');
    await until('the end of passt', () => (helpers.some(isAlive) ? undefined : true), { timeout: 120_000 });
    await expect(get('/part')).rejects.toThrow('ECONNREFUSED');
    await home.untilState('net', 'aborted', 120_000);
  }, 300_000);
});
