/** A Linux guest behind NAT, with a card of each kind: what it reaches, what reaches it, and what changes while it runs. As typed. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer as createHttpServer, request, type Server } from 'node:http';
import { type AddressInfo, createServer } from 'node:net';
import { networkInterfaces } from 'node:os';
import { linuxIso } from '@belvedere/guests';
import { until } from '@belvedere/viewers';
import { freePort, Home } from './home.js';
import { LinuxShell } from './linux-shell.js';
import { attachDvd } from './machines.js';

const iso = linuxIso();
/** An address of this host that is not its loopback's. */
const host = Object.values(networkInterfaces()).flat().find((place) => place && !place.internal && place.family === 'IPv4')?.address;
const reason = iso === undefined ? "no image of the small Linux guest: Debian's packages could not be fetched at set-up" : host === undefined ? 'this host has no address but its loopback' : undefined;
if (reason !== undefined) {
  if (iso === undefined && process.env.CI === 'true' && process.getuid?.() === 0) throw new Error(reason);
  process.stderr.write(`skipped: a Linux guest behind NAT: ${reason}\n`);
}

const MACS = { virtio: '080027000001', NE2000: '080027000002' } as const;
/** The file that this host serves. */
const served = randomBytes(3_000_000);
const part = served.subarray(0, 100_000);
const digest = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

(reason === undefined ? describe : describe.skip)('a Linux guest behind NAT', () => {
  let home: Home;
  let server: Server;
  let port: number;
  let guest: LinuxShell;
  const web = { port: 0, more: 0 };
  /** The guest's names of its cards. */
  const cards = { virtio: '', NE2000: '' };

  beforeAll(async () => {
    home = new Home();
    server = createHttpServer(({ url }, answer) => answer.end(url === '/part' ? part : served)).listen(0, '0.0.0.0');
    await once(server, 'listening');
    port = (server.address() as AddressInfo).port;
    web.port = await freePort();
    web.more = await freePort();
    await home.type('VBoxManage createvm --name net --ostype Debian --register');
    await attachDvd(home, 'net', iso!);
    await home.type(`VBoxManage modifyvm net --memory 128 --boot1 dvd --uart1 0x3F8 4 --uart2 0x2F8 3 --uartmode2 server "${home.serialPath('net')}"`);
  }, 120_000);
  afterAll(async () => {
    guest?.close();
    server?.close();
    await home?.close();
  }, 120_000);

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
        answer.on('data', (part: Buffer) => parts.push(part));
        answer.on('end', () => resolve(Buffer.concat(parts)));
        answer.on('error', reject);
      });
      asked.on('timeout', () => asked.destroy(new Error('no answer in time')));
      asked.on('error', reject);
      asked.end();
    });

  /** Sends what the guest has for this host by way of one of its cards. */
  const by = (card: keyof typeof cards): Promise<string> => guest.run(`ip route replace ${host} via ${card === 'virtio' ? '10.0.2.2' : '10.0.3.2'} dev ${cards[card]}`);

  test('has the cards and rules that were typed, and none that the engine lacks', async () => {
    expect((await home.info('net')).get('nictype1')).toBe('NE2000');
    // The system's usual card may be named; another stands for it.
    await home.type('VBoxManage modifyvm net --nictype1 82540EM');
    expect((await home.info('net')).get('nictype1')).toBe('NE2000');
    expect(await refused('VBoxManage modifyvm net --nictype1 82545EM')).toContain("the embedded engine has no card of type '82545EM': use one of NE2000, virtio");
    await home.type(`VBoxManage modifyvm net --nic1 nat --nictype1 virtio --macaddress1 ${MACS.virtio} --nic2 nat --nictype2 NE2000 --macaddress2 ${MACS.NE2000} --nat-localhostreachable2 on`);
    await home.type(`VBoxManage modifyvm net --natpf1 "web,tcp,127.0.0.1,${web.port},,80" --natpf1 gone,udp,,5353,10.0.2.15,53`);
    expect(await forwardings()).toEqual(['Forwarding(0)="gone,udp,,5353,10.0.2.15,53"', `Forwarding(1)="web,tcp,127.0.0.1,${web.port},,80"`]);
    expect(await refused('VBoxManage modifyvm net --natpf1 web,tcp,,1,,1')).toContain('A NAT rule of this name already exists');
    await home.type('VBoxManage modifyvm net --natpf1 delete gone');
    expect(await forwardings()).toEqual([`Forwarding(0)="web,tcp,127.0.0.1,${web.port},,80"`]);
    expect(await refused('VBoxManage modifyvm net --natpf1 delete gone')).toContain("has no port forwarding rule 'gone'");
  }, 120_000);

  test('does not start while a port that leads to it is in use, and says which', async () => {
    const other = createServer().listen(web.port, '127.0.0.1');
    await once(other, 'listening');
    expect(await refused('VBoxManage startvm net --type headless')).toContain(`port forwarding rule 'web': tcp port ${web.port} of 127.0.0.1 is in use`);
    other.close();
    await once(other, 'close');
    await home.type('VBoxManage startvm net --type headless');
    guest = await LinuxShell.open(home.serialPath('net'));
    const names = await until("the guest's addresses", async () => {
      const shown = await guest.run('for card in eth0 eth1; do echo $card $(cat /sys/class/net/$card/address) $(ip -4 addr show $card | grep -o "inet [0-9.]*"); done');
      return shown.match(/inet/g)?.length === 2 ? shown : undefined;
    }, { timeout: 120_000, interval: 500 });
    for (const card of ['virtio', 'NE2000'] as const) {
      const [, name, address] = new RegExp(`(eth[01]) ${MACS[card].replace(/..(?=.)/g, '$&:')} inet (\\S+)`).exec(names)!;
      cards[card] = name!;
      expect(address).toBe(card === 'virtio' ? '10.0.2.15' : '10.0.3.15');
    }
  }, 360_000);

  test.each(['virtio', 'NE2000'] as const)('downloads by %s, and sends as much', async (card) => {
    await by(card);
    await guest.run(`wget -q -O /tmp/got http://${host}:${port}/`);
    expect(await guest.run('sha256sum /tmp/got')).toContain(digest(served));
    expect(await guest.run(`grep -c . /proc/net/arp; ip route get ${host}`)).toContain(cards[card]);
  }, 300_000);

  test("reaches the host's own loopback by the card that may, and by no other", async () => {
    const local = createHttpServer((_request, answer) => answer.end('the loopback')).listen(0, '127.0.0.1');
    await once(local, 'listening');
    const { port: own } = local.address() as AddressInfo;
    expect(await guest.run(`wget -q -T 30 -O - http://10.0.3.2:${own}/`)).toContain('the loopback');
    expect((await guest.attempt(`wget -q -T 5 -O - http://10.0.2.2:${own}/`)).output).not.toContain('the loopback');
    local.close();
  }, 180_000);

  test('serves fifty clients of the host at once, by a port that leads to it', async () => {
    await guest.run('mkdir -p /tmp/www && head -c 100000 /tmp/got > /tmp/www/part && httpd -p 80 -h /tmp/www');
    const parts = await Promise.all(Array.from({ length: 50 }, () => get('/part')));
    expect(parts.filter((got) => got.equals(part)).length).toBe(50);
    // And asks fifty times at once.
    await by('virtio');
    // A guest that a busy host lets stand for seconds has its connections broken off by passt: a person would try again, too.
    await guest.run(`get() { for attempt in 1 2 3 4 5; do wget -q -O /tmp/part$1 http://${host}:${port}/part 2>/dev/null && break; done; }`);
    expect(await guest.run(`for i in $(seq 50); do get $i & done; wait; sha256sum /tmp/part* | grep -c ${digest(part)}`, 280_000)).toMatch(/^50$/m);
  }, 400_000);

  test('has its ports changed while it runs: opened, refused where one is in use, closed', async () => {
    await home.type(`VBoxManage controlvm net natpf1 more,tcp,127.0.0.1,${web.more},,80`);
    expect((await get('/part', web.more)).length).toBe(100_000);
    expect(await forwardings()).toEqual([`Forwarding(0)="more,tcp,127.0.0.1,${web.more},,80"`, `Forwarding(1)="web,tcp,127.0.0.1,${web.port},,80"`]);
    expect(await refused(`VBoxManage controlvm net natpf2 busy,tcp,127.0.0.1,${port},,80`)).toContain(`port forwarding rule 'busy': tcp port ${port} of 127.0.0.1 is in use`);
    await home.type('VBoxManage controlvm net natpf1 delete more');
    await expect(get('/part', web.more)).rejects.toThrow('ECONNREFUSED');
    expect(await forwardings()).toEqual([`Forwarding(0)="web,tcp,127.0.0.1,${web.port},,80"`]);
  }, 180_000);

  test('sees its cable pulled and plugged in again, and goes on from a saved state', async () => {
    const carrier = (wanted: string): Promise<true> => until(`carrier ${wanted}`, async () => ((await guest.run(`cat /sys/class/net/${cards.virtio}/carrier`)).includes(wanted) ? true : undefined), { timeout: 60_000 });
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
    for (const card of ['virtio', 'NE2000'] as const) {
      await by(card);
      await guest.run(`wget -q -O /tmp/again http://${host}:${port}/`);
      expect(await guest.run('sha256sum /tmp/again')).toContain(digest(served));
    }
    expect((await get('/part')).length).toBe(100_000);
    await home.type('VBoxManage controlvm net poweroff');
    await expect(get('/part')).rejects.toThrow('ECONNREFUSED');
  }, 400_000);
});
