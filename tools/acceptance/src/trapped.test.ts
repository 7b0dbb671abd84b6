/** A guest that makes the engine trap: its machine is `aborted` with the reason, its viewer is told, and nobody else notices. */
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { expectedPicture, type Mode, type TestCard } from '@belvedere/guests';
import { comparePictures, type Picture, startViewer, VirtualDisplay } from '@belvedere/viewers';
import { describeWith } from '@belvedere/viewers/testing';
import { freePort, Home } from './home.js';
import { attachDvd, startTestCard } from './machines.js';

/** The part of the set-up that fetches Debian packages without root. */
interface Debian {
  debianPrefix(set: { readonly label: string; readonly packages: readonly string[] }): Promise<{ readonly path: string }>;
}

/** The ISO image of Debian's memtest86+, which traps v86 as soon as it runs; or why there is none. */
async function memtest(): Promise<{ iso?: string; reason?: string }> {
  const { debianPrefix } = (await import(new URL('../../setup/debian.mjs', import.meta.url).href)) as Debian;
  try {
    const { path } = await debianPrefix({ label: 'memtest86+', packages: ['memtest86+'] });
    return { iso: join(path, 'usr/lib/memtest86+/memtest86+ia32.iso') };
  } catch (error) {
    return { reason: (error as Error).message };
  }
}

const { iso, reason } = await memtest();
const mode: Mode = { width: 640, height: 480, depth: 32 };
const drawn: Picture = { width: 640, height: 480, stride: 2560, data: expectedPicture(mode).pixels };
const shows = (picture: Picture): boolean => picture.width === 640 && picture.height === 480 && comparePictures(picture, drawn).pixels === 0;

if (iso === undefined) {
  if (process.env.CI === 'true' && process.getuid?.() === 0) throw new Error(`a trapped engine cannot be tested: ${reason}`);
  process.stderr.write(`skipped: a trapped engine: ${reason}\n`);
  describe.skip('a trapped engine', () => test('needs memtest86+', () => undefined));
} else {
  describeWith(['xfreerdp'], 'a trapped engine', () => {
    let home: Home;
    let display: VirtualDisplay;
    let bystander: TestCard;
    let bystanderPort: number;
    beforeAll(async () => {
      home = new Home();
      display = await VirtualDisplay.start({ width: 800, height: 600 });
      bystanderPort = await startTestCard(home, 'bystander');
      bystander = await home.testCard('bystander');
      await bystander.echo(false);
      await bystander.mode(mode);
    }, 120_000);
    afterAll(async () => {
      await display.close();
      await home.close();
    }, 60_000);

    test('ends its own machine alone, which is aborted with the reason, and its viewer is told', async () => {
      const api = await home.status();
      const port = await freePort();
      await home.type('VBoxManage createvm --name victim --ostype Other --register');
      await home.type(`VBoxManage modifyvm victim --memory 64 --boot1 dvd --vrde on --vrde-port ${port} --vrde-address 127.0.0.1`);
      await attachDvd(home, 'victim', iso);
      // Paused before its first instruction, so that the viewer is there in time.
      await home.type('VBoxHeadless --startvm victim --start-paused > victim.log 2>&1 &');
      await home.untilState('victim', 'paused');
      const viewer = await startViewer(display, { program: 'xfreerdp', host: '127.0.0.1', port, user: 'u', password: 'p', size: { width: 720, height: 400 }, depth: 32 });
      await viewer.waitFor('a session', (picture) => picture.width === 720);
      await home.type('VBoxManage controlvm victim resume');

      const { code, output } = await viewer.exited;
      expect(code).toBeGreaterThan(0);
      expect(output).toMatch(/ERRINFO/);
      await home.untilState('victim', 'aborted');
      expect(await home.type('VBoxManage showvminfo victim')).toMatch(/^State reason: +.*memory access out of bounds/m);
      await viewer.close();

      expect((await home.status()).pid).toBe(api.pid);
      expect(await home.type('VBoxManage list runningvms')).toMatch(/^"bystander" /);
      await bystander.picture();
      const other = await startViewer(display, { program: 'xfreerdp', host: '127.0.0.1', port: bystanderPort, user: 'u', password: 'p', size: mode, depth: 32 });
      await display.park();
      await other.waitFor('the other machine', shows);
      await other.close();
    }, 120_000);

    test('is no obstacle to starting that machine again', async () => {
      await home.type('VBoxManage storageattach victim --storagectl "IDE Controller" --port 0 --device 1 --type dvddrive --medium emptydrive');
      await home.type('VBoxManage startvm victim --type headless');
      await home.untilState('victim', 'running');
      await home.type('VBoxManage controlvm victim poweroff');
      await home.untilState('victim', 'poweroff');
    }, 60_000);
  });
}
