/** Viewers whose window is given another size ask the guest for it, and show the guest's picture whole in it. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, jest, test } from '@jest/globals';
import { RdpServer, serverIdentity } from '@belvedere/rdp';
import { Canvas, settings } from './canvas.testing.js';
import { comparePictures, type Picture, type Program, shownBy, startViewer, type Viewer, VirtualDisplay } from './index.js';
import { describeWith } from './testing.js';

jest.setTimeout(240_000); // for a busy host

const password = 'a password';

/** A guest that is told a size, and takes it. */
class ObedientCanvas extends Canvas {
  readonly asked: string[] = [];
  requestSize(width: number, height: number): void {
    this.asked.push(`${width}x${height}`);
    this.resize(width, height);
  }
}

describeWith(['xfreerdp'], 'another size', () => {
  let folder: string;
  let display: VirtualDisplay;
  let server: RdpServer | undefined;
  let viewer: Viewer | undefined;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'belvedere-resize-'));
    display = await VirtualDisplay.start({ width: 1300, height: 900 });
  });
  afterAll(async () => {
    await display.close();
    rmSync(folder, { recursive: true });
  });
  afterEach(async () => {
    await viewer?.close();
    await server?.close('the test is over');
  });

  async function connect(program: Program, canvas: Canvas, extra: string[]): Promise<Viewer> {
    const identity = await serverIdentity(folder, { commonName: 'viewers', altNames: [] });
    server = await RdpServer.listen({
      ...settings(password),
      screens: [canvas],
      keyboard: { scancode: () => undefined },
      pointer: { absolute: true, move: () => undefined, wheel: () => undefined },
      permits: (feature) => feature === 'display' || feature === 'dynamicChannels',
      certificate: () => identity.tls,
      standard: identity.standard,
    });
    viewer = await startViewer(display, { program, host: '127.0.0.1', port: server.port, user: 'someone', password, size: canvas.picture(), extra });
    await display.park();
    return viewer;
  }

  /** The guest's picture as it is now, in a window of its size. */
  const whole = (program: Program, canvas: Canvas) => (picture: Picture): boolean | string => {
    const wanted = shownBy(program === 'rdesktop' ? program : 'freerdp', 32, canvas.picture());
    return picture.width === wanted.width && picture.height === wanted.height ? comparePictures(picture, wanted).pixels === 0 : `not ${wanted.width}x${wanted.height}`;
  };

  test('xfreerdp /dynamic-resolution: the guest follows its window, larger and smaller', async () => {
    const canvas = new ObedientCanvas(640, 480);
    const session = await connect('xfreerdp', canvas, ['/dynamic-resolution']);
    await session.waitFor('the picture', whole('xfreerdp', canvas), { timeout: 100_000 });
    for (const size of [{ width: 900, height: 700 }, { width: 500, height: 400 }]) {
      const name = `${size.width}x${size.height}`;
      await display.resize((await session.window())!, size);
      await session.waitFor(`a picture of ${name}`, (picture) => (canvas.asked.at(-1) === name ? whole('xfreerdp', canvas)(picture) : `the guest was last asked for ${canvas.asked.at(-1)}`), { timeout: 60_000 });
    }
  });

  test('a guest that cannot be told is not asked, and its picture stays whole', async () => {
    const canvas = new Canvas(640, 480);
    const session = await connect('xfreerdp', canvas, ['/dynamic-resolution']);
    await session.waitFor('the picture', whole('xfreerdp', canvas), { timeout: 100_000 });
    await display.resize((await session.window())!, { width: 900, height: 700 });
    const inCorner = (picture: Picture): boolean => picture.width === 900 && comparePictures({ ...picture, width: 640, height: 480 }, shownBy('freerdp', 32, canvas.picture())).pixels === 0;
    canvas.fill(40, 40, 32, [255, 0, 255]);
    await session.waitFor('the picture in its corner', inCorner, { timeout: 60_000 });
    expect([canvas.width, canvas.height]).toEqual([640, 480]);
  });
});
