/** Several viewers of one machine, and who gets in. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { expectedPicture, type Mode, type TestCard } from '@belvedere/guests';
import { comparePictures, type Picture, startViewer, until, type Viewer, VirtualDisplay } from '@belvedere/viewers';
import { describeWith } from '@belvedere/viewers/testing';
import { Home } from './home.js';
import { startTestCard } from './machines.js';

const mode: Mode = { width: 640, height: 480, depth: 32 };
const drawn: Picture = { width: 640, height: 480, stride: 2560, data: expectedPicture(mode).pixels };
const shows = (wanted: Picture) => (picture: Picture): boolean => picture.width === wanted.width && picture.height === wanted.height && comparePictures(picture, wanted).pixels === 0;

describeWith(['xfreerdp', 'rdesktop'], 'two viewers', () => {
  let home: Home;
  const displays: VirtualDisplay[] = [];
  beforeAll(async () => {
    home = new Home();
    displays.push(await VirtualDisplay.start({ width: 700, height: 500 }), await VirtualDisplay.start({ width: 700, height: 500 }));
    for (const display of displays) await display.park();
  }, 60_000);
  afterAll(async () => {
    for (const display of displays) await display.close();
    await home.close();
  }, 60_000);

  async function start(name: string, settings: string): Promise<{ guest: TestCard; port: number }> {
    const port = await startTestCard(home, name, settings);
    const guest = await home.testCard(name);
    await guest.echo(false);
    await guest.mode(mode);
    return { guest, port };
  }
  async function connect(at: number, program: 'xfreerdp' | 'rdesktop', port: number): Promise<Viewer> {
    const display = displays[at]!;
    const viewer = await startViewer(display, { program, host: '127.0.0.1', port, user: `user${at}`, password: 'x', size: mode, depth: 32 });
    await display.park();
    return viewer;
  }

  test('see the same screen, and closing one leaves the other alone', async () => {
    const { guest, port } = await start('shared', '--vrde-multi-con on');
    const first = await connect(0, 'xfreerdp', port);
    await first.waitFor('the test card', shows(drawn));
    const second = await connect(1, 'rdesktop', port);
    await second.waitFor('the test card', shows(drawn));
    expect(await home.type('VBoxManage showvminfo shared')).toMatch(/^VRDE Connection: +active$/m);

    await guest.fill(100, 100, 200, 50, 0x123456);
    const changed = await until('the change in the engine', async () => {
      const picture = await home.screenshot('shared');
      return comparePictures(picture, drawn).pixels === 200 * 50 ? picture : undefined;
    });
    expect(comparePictures(changed, drawn).boxes).toEqual([{ x: 100, y: 100, width: 200, height: 50 }]);
    await Promise.all([first.waitFor('the change', shows(changed)), second.waitFor('the change', shows(changed))]);

    await first.close();
    await guest.picture();
    await second.waitFor('the picture after the first viewer has gone', shows(drawn));
    await displays[1]!.moveTo(320, 240);
    guest.forget();
    await displays[1]!.key('b');
    await guest.key('30');
    await displays[1]!.park();
    await second.close();
  }, 120_000);

  test('with multi-connection off, the second is refused and the first goes on', async () => {
    const { guest, port } = await start('single', '--vrde-multi-con off --vrde-reuse-con off');
    const first = await connect(0, 'xfreerdp', port);
    await first.waitFor('the test card', shows(drawn));
    const second = await connect(1, 'xfreerdp', port);
    const { code, output } = await second.exited;
    expect(code).toBeGreaterThan(0);
    expect(output).toContain('The server denied the connection.');
    await guest.fill(0, 0, 640, 480, 0x336699);
    await first.waitFor('the first session going on', (picture) => comparePictures(picture, drawn).pixels > 200_000);
    await second.close();
    await first.close();
  }, 120_000);

  test('with reuse on, the second takes over', async () => {
    const { port } = await start('taken', '--vrde-multi-con off --vrde-reuse-con on');
    const first = await connect(0, 'xfreerdp', port);
    await first.waitFor('the test card', shows(drawn));
    const second = await connect(1, 'xfreerdp', port);
    await second.waitFor('the test card', shows(drawn));
    expect((await first.exited).code).toBeGreaterThan(0);
    await first.close();
    await second.close();
  }, 120_000);
});
