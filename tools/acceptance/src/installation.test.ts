/**
 * What an unattended installation stands on, in small: a guest fetches from the mirror on this host, over an NE2000 and NAT. The installation itself takes the
 * embedded engine too long for a test: `install.js` does it.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { debianMirror, linuxIso, MIRROR_DIRECTORY, serveMirror } from '@belvedere/guests';
import { Home } from './home.js';
import { GATEWAY } from './installation.js';
import { attachDvd } from './machines.js';
import { PROMPT, SerialLine } from './serial-line.js';

const folder = debianMirror();
const iso = linuxIso();
if (folder === undefined || iso === undefined) process.stderr.write("skipped: a guest that fetches from the mirror: the mirror, which npm test builds where Debian's packages can be had\n");

let home: Home;
beforeAll(() => void (home = new Home()));
afterAll(() => home.close(), 120_000);

(folder === undefined || iso === undefined ? test.skip : test)("a guest fetches the mirror's index and a package that is as the index says", async () => {
  const index = readFileSync(join(folder!, 'dists/bookworm/main/debian-installer/binary-i386/Packages'), 'utf8');
  const [name, sum] = ['Filename', 'SHA256'].map((field) => new RegExp(`^${field}: (.*)$`, 'm').exec(index)![1]!);
  const mirror = await serveMirror(folder!, '127.0.0.1');
  try {
    await home.type('VBoxManage createvm --name fetcher --ostype Debian --register');
    await home.type(`VBoxManage modifyvm fetcher --memory 128 --boot1 dvd --nic1 nat --nictype1 NE2000 --nat-localhostreachable1 on --uart2 0x2F8 3 --uartmode2 server "${home.serialPath('fetcher')}"`);
    await attachDvd(home, 'fetcher', iso!);
    await home.type('VBoxManage startvm fetcher --type headless');
    const line = await SerialLine.open(home.serialPath('fetcher'));
    await line.said(PROMPT, 600_000);
    const url = `http://${GATEWAY}:${mirror.port}${MIRROR_DIRECTORY}`;
    // its address comes when DHCP has answered
    line.write(`until wget -q -O /release ${url}/dists/bookworm/Release; do sleep 1; done\n`);
    line.write(`wget -q -O /package ${url}/${name} && sha256sum /package\n`);
    await line.said(/^[0-9a-f]{64} {2}\/package\r*\n/m, 600_000);
    expect(/^([0-9a-f]{64}) {2}\/package/m.exec(line.text)?.[1]).toBe(sum);
    expect(mirror.sent).toEqual(['/dists/bookworm/Release', `/${name}`]);
    line.close();
  } finally {
    await mirror.close();
  }
}, 1_500_000);
