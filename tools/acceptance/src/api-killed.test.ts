/** Machines outlive the API: killed at once, it leaves sessions alone, and the next command finds them. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { expectedPicture, type Mode } from '@belvedere/guests';
import { comparePictures, type Picture, startViewer, until, VirtualDisplay } from '@belvedere/viewers';
import { describeWith } from '@belvedere/viewers/testing';
import { Home } from './home.js';
import { startTestCard } from './machines.js';

const mode: Mode = { width: 640, height: 480, depth: 32 };
const drawn: Picture = { width: 640, height: 480, stride: 2560, data: expectedPicture(mode).pixels };
const shows = (wanted: Picture) => (picture: Picture): boolean => picture.width === wanted.width && picture.height === wanted.height && comparePictures(picture, wanted).pixels === 0;

describeWith(['xfreerdp'], 'the API, killed', () => {
  let home: Home;
  let display: VirtualDisplay;
  beforeAll(async () => {
    home = new Home();
    display = await VirtualDisplay.start({ width: 700, height: 500 });
  });
  afterAll(async () => {
    await display.close();
    await home.close();
  }, 60_000);

  test('its machine runs on with its viewer, and the next command finds it', async () => {
    const port = await startTestCard(home, 'survivor');
    const guest = await home.testCard('survivor');
    await guest.echo(false);
    await guest.mode(mode);
    const viewer = await startViewer(display, { program: 'xfreerdp', host: '127.0.0.1', port, user: 'u', password: 'p', size: mode, depth: 32 });
    await display.park();
    await viewer.waitFor('the test card', shows(drawn));

    const { pid } = await home.status();
    process.kill(pid, 'SIGKILL');
    await until('the end of the API', () => (home.processes().includes(pid) ? undefined : true));

    await guest.fill(0, 0, 640, 480, 0x00ff00);
    await viewer.waitFor('what the guest drew without an API', (picture) => comparePictures(picture, { ...drawn, data: new Uint8Array(drawn.data.length).fill(0).map((_, i) => (i % 4 === 1 ? 255 : 0)) }).pixels === 0);

    expect(await home.type('VBoxManage list runningvms')).toMatch(/^"survivor" \{[0-9a-f-]{36}\}\n$/);
    expect((await home.status()).pid).not.toBe(pid);
    expect(await home.port('survivor')).toBe(port);
    await guest.picture();
    await viewer.waitFor('the picture after the API has come back', shows(drawn));
    await home.type('VBoxManage controlvm survivor poweroff');
    await viewer.exited;
    await home.untilState('survivor', 'poweroff');
    await viewer.close();
  }, 120_000);
});
