/** The manual's list, typed; the Debian installer's first dialog in each viewer's own window; Down, and the highlight moves. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { debianInstallerIso } from '@belvedere/guests';
import { comparePictures, type Picture, shownBy, startViewer, until, type Viewer, VirtualDisplay } from '@belvedere/viewers';
import { describeWith } from '@belvedere/viewers/testing';
import { freePort, Home } from './home.js';
import { highlight, showsDialog } from './installer.js';

const iso = debianInstallerIso();
const reason = 'no image of the Debian installer: its packages could not be fetched at set-up';

if (iso === undefined) {
  if (process.env.CI === 'true' && process.getuid?.() === 0) throw new Error(reason);
  process.stderr.write(`skipped: the manual's list with an installer: ${reason}\n`);
  describe.skip("the manual's list", () => test('needs the installer', () => undefined));
} else {
  describeWith(['xfreerdp', 'rdesktop'], "the manual's list", () => {
    let home: Home;
    let display: VirtualDisplay;
    let port: number;
    let viewer: Viewer | undefined;
    beforeAll(async () => {
      home = new Home();
      display = await VirtualDisplay.start({ width: 1100, height: 850 });
      port = await freePort();
    }, 60_000);
    afterEach(async () => {
      await viewer?.close();
      viewer = undefined;
    });
    afterAll(async () => {
      await display.close();
      await home.close();
    }, 60_000);

    test('works as typed', async () => {
      expect(await home.type('VBoxManage createvm --name "Windows XP" --ostype WindowsXP --register')).toMatch(
        /^Virtual machine 'Windows XP' is created and registered\.\nUUID: [0-9a-f-]{36}\nSettings file: '.*Windows XP\.vbox'\n$/,
      );
      expect(await home.type('VBoxManage list ostypes')).toMatch(/^ID: +WindowsXP$/m);
      await home.type('VBoxManage modifyvm "Windows XP" --memory 256 --acpi on --boot1 dvd --nic1 nat');
      expect(await home.type('VBoxManage createhd --filename "WinXP.vdi" --size 10000')).toMatch(/^Medium created\. UUID: [0-9a-f-]{36}$/m);
      await home.type('VBoxManage storagectl "Windows XP" --name "IDE Controller" --add ide --controller PIIX4');
      await home.type('VBoxManage storageattach "Windows XP" --storagectl "IDE Controller" --port 0 --device 0 --type hdd --medium "WinXP.vdi"');
      await home.type(`VBoxManage storageattach "Windows XP" --storagectl "IDE Controller" --port 0 --device 1 --type dvddrive --medium "${iso}"`);
      await home.type('VBoxManage modifyvm "Windows XP" --vrde on');
      // The list is for Windows XP; Debian's installer asks for more memory.
      await home.type('VBoxManage modifyvm "Windows XP" --memory 512');
      await home.type(`VBoxManage modifyvm "Windows XP" --vrde-port ${port} --vrde-multi-con on`);
      expect(await home.type('VBoxManage list vms')).toMatch(/^"Windows XP" \{[0-9a-f-]{36}\}\n$/);
      expect(await home.type('VBoxManage list runningvms')).toBe('');
    }, 60_000);

    test('starts the machine in the foreground, with its port told', async () => {
      await home.type('VBoxHeadless --startvm "Windows XP" > headless.log 2>&1 &');
      await until('the port', async () => ((await home.attempt('cat headless.log')).stdout.includes(`VRDE server is listening on port ${port}.`) ? true : undefined));
      expect(await home.type('VBoxManage showvminfo "Windows XP"')).toMatch(new RegExp(`^VRDE port: +${port}$`, 'm'));
      expect(await home.type('VBoxManage list runningvms')).toMatch(/^"Windows XP" /);
    }, 60_000);

    test('and the installer comes to its first dialog', async () => {
      await until('the first dialog', async () => {
        const picture = await home.screenshot('Windows XP');
        return showsDialog(picture) && highlight(picture) ? true : undefined;
      }, { timeout: 600_000, interval: 2000 });
    }, 610_000);

    test.each([
      ['xfreerdp', 32, ['/sec:tls']],
      ['xfreerdp', 32, ['/sec:rdp']],
      ['rdesktop', 16, ['-4']],
      ['rdesktop', 16, ['-5']],
      ['rdesktop', 16, ['-N']],
    ] as const)('which %s shows at %i bits with %j, and whose highlight moves by Down', async (program, depth, extra) => {
      const before = await home.screenshot('Windows XP');
      viewer = await startViewer(display, { program, host: '127.0.0.1', port, user: 'someone', password: 'anything', size: before, depth, extra });
      await display.park();
      const look = program === 'xfreerdp' ? 'freerdp' : program;
      // The guest draws while one looks: what the viewer shows is compared with what the engine shows after it.
      let after = before;
      const shows = (wanted: (engine: Picture) => boolean) => async (picture: Picture): Promise<boolean | string> => {
        after = await home.screen('Windows XP');
        if (!wanted(after)) return 'the engine does not show it yet';
        if (picture.width !== after.width || picture.height !== after.height) return `the engine's screen is ${after.width}x${after.height}`;
        const { pixels, boxes } = comparePictures(picture, shownBy(look, depth, after));
        return pixels === 0 || `${pixels} pixels are not the engine's, in ${JSON.stringify(boxes.slice(0, 3))}`;
      };
      await viewer.waitFor("the engine's picture", shows(() => true));

      await display.moveTo(Math.floor(before.width / 2), Math.floor(before.height / 2));
      await display.key('Down');
      await display.park();
      await viewer.waitFor('the moved highlight', shows((engine) => {
        const [here, there] = [highlight(engine), highlight(before)];
        return here !== undefined && there !== undefined && here.first > there.first;
      }), { timeout: 60_000 });
      expect(highlight(after)!.last - highlight(after)!.first).toBe(highlight(before)!.last - highlight(before)!.first);
    }, 120_000);

    test('ends when it is told', async () => {
      await home.type('VBoxManage controlvm "Windows XP" poweroff');
      await home.untilState('Windows XP', 'poweroff');
      await until('the end of VBoxHeadless', async () => ((await home.attempt('cat headless.log')).stdout.includes('VRDE server is inactive.') ? true : undefined));
      await home.type('VBoxManage unregistervm "Windows XP" --delete');
      expect(await home.type('VBoxManage list vms')).toBe('');
      expect(await home.type('ls')).not.toContain('WinXP.vdi');
    }, 60_000);
  });
}
