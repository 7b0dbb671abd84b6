/** Several screens of one machine, as typed and with real viewers: each on its own, and all in one session. */
import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { expectedPicture, type Mode, type TestCard } from '@belvedere/guests';
import { Button, comparePictures, type Picture, startViewer, until, type Viewer, type ViewerOptions, VirtualDisplay } from '@belvedere/viewers';
import { describeWith } from '@belvedere/viewers/testing';
import { Home } from './home.js';
import { startTestCard } from './machines.js';

/** Of different sizes, so that neither can pass for the other. */
const MODES: readonly Mode[] = [
  { width: 640, height: 480, depth: 32 },
  { width: 800, height: 600, depth: 32, screen: 1 },
];
const DESK = { width: 1440, height: 600 } as const;

const drawn = (mode: Mode): Picture => ({ width: mode.width, height: mode.height, stride: 4 * mode.width, data: expectedPicture(mode).pixels });
const SCREENS = MODES.map(drawn);

/** Both screens side by side, black below the smaller one. */
function together(): Picture {
  const data = new Uint8Array(4 * DESK.width * DESK.height);
  let left = 0;
  for (const { width, height, stride, data: pixels } of SCREENS) {
    for (let y = 0; y < height; y++) data.set(pixels.subarray(y * stride, y * stride + stride), 4 * (y * DESK.width + left));
    left += width;
  }
  return { ...DESK, stride: 4 * DESK.width, data };
}

const shows = (wanted: Picture) => (picture: Picture): boolean | string => {
  if (picture.width !== wanted.width || picture.height !== wanted.height) return `not ${wanted.width}x${wanted.height}`;
  const { pixels } = comparePictures(picture, wanted);
  return pixels === 0 || `${pixels} pixels differ`;
};

const PATIENCE = { timeout: 90_000 };

describeWith(['xfreerdp', 'rdesktop'], 'two screens', () => {
  let home: Home;
  let guest: TestCard;
  let port: number;
  const displays: VirtualDisplay[] = [];
  const viewers: Viewer[] = [];

  beforeAll(async () => {
    home = new Home();
    port = await startTestCard(home, 'two', '--vrde-multi-con on --monitorcount 2');
    guest = await home.testCard('two');
    await guest.echo(false);
    await guest.mouse('absolute');
    for (const [index, mode] of MODES.entries()) {
      await guest.screen(index + 1);
      await guest.mode(mode);
    }
  }, 180_000);
  afterEach(async () => {
    for (const viewer of viewers.splice(0)) await viewer.close();
    for (const display of displays.splice(0)) await display.close();
  }, 60_000);
  afterAll(() => home.close(), 60_000);

  const display = async (size: { readonly width: number; readonly height: number }): Promise<VirtualDisplay> => {
    const made = await VirtualDisplay.start(size);
    displays.push(made);
    return made;
  };
  const connect = async (on: VirtualDisplay, options: Pick<ViewerOptions, 'program'> & Partial<ViewerOptions>): Promise<Viewer> => {
    const viewer = await startViewer(on, { host: '127.0.0.1', port, user: 'someone', password: 'x', depth: 32, ...options });
    viewers.push(viewer);
    await on.park();
    return viewer;
  };
  /** Clicks on a display, and waits for the guest to see it at a place of its desk. */
  const clicks = async (on: VirtualDisplay, at: readonly [number, number], desk: readonly [number, number]): Promise<void> => {
    await on.moveTo(...at);
    guest.forget();
    await on.buttonDown(Button.left);
    const seen = await guest.pointer(({ buttons }) => buttons === 1);
    expect([seen.x, seen.y]).toEqual(desk);
    await on.buttonUp(Button.left);
    await guest.pointer(({ buttons }) => buttons === 0);
  };

  test('are in the engine as the guest drew them, and in showvminfo', async () => {
    for (const [index, wanted] of SCREENS.entries()) {
      await until(`screen ${index} in the engine`, async () => (comparePictures(await home.screenshot('two', index), wanted).pixels === 0 ? true : undefined), PATIENCE);
    }
    const info = await home.type('VBoxManage showvminfo two --machinereadable');
    expect(info).toContain('monitorcount=2\nVMState');
    expect(info).toContain('VideoMode="640,480,32"@0,0 1\nVideoMode="800,600,32"@640,0 1\n');
  }, 120_000);

  test('each have a viewer at once: rdesktop with @1 and @2', async () => {
    const sides = await Promise.all(MODES.map((mode) => display({ width: mode.width + 60, height: mode.height + 20 })));
    const seen: Viewer[] = [];
    for (const [index, on] of sides.entries()) seen.push(await connect(on, { program: 'rdesktop', domain: `@${index + 1}`, size: MODES[index]! }));
    for (const [index, viewer] of seen.entries()) await viewer.waitFor(`screen ${index + 1}`, shows(SCREENS[index]!), PATIENCE);
    await clicks(sides[1]!, [123, 456], [640 + 123, 456]);
    await clicks(sides[0]!, [321, 54], [321, 54]);
    await clicks(sides[1]!, [799, 599], [640 + 799, 599]);
  }, 240_000);

  test('are one desktop in xfreerdp with /multimon', async () => {
    // Larger than its monitors, so that the parked pointer is outside of them.
    const on = await display({ width: DESK.width + 60, height: DESK.height + 20 });
    await on.divide([{ x: 0, y: 0, width: 640, height: 480 }, { x: 640, y: 0, width: 800, height: 600 }]);
    const viewer = await connect(on, { program: 'xfreerdp', size: DESK, extra: ['/multimon'] });
    await viewer.waitFor('both screens', shows(together()), PATIENCE);
    await clicks(on, [640 + 200, 500], [640 + 200, 500]);
    await clicks(on, [200, 300], [200, 300]);
  }, 240_000);

  test('and no third: its viewer reads why', async () => {
    const on = await display({ width: 800, height: 450 });
    const viewer = await connect(on, { program: 'xfreerdp', domain: '\\@3', size: { width: 720, height: 400 } });
    const white = (picture: Picture): boolean => {
      let count = 0;
      for (let at = 0; at < picture.data.length; at += 4) if (picture.data[at] === 255 && picture.data[at + 1] === 255 && picture.data[at + 2] === 255) count++;
      return picture.width === 720 && count > 20 && count < 20_000;
    };
    await viewer.waitFor('the notice', white, PATIENCE);
    expect(await home.type('VBoxManage showvminfo two')).toMatch(/^VRDE Connection: +not active$/m);
  }, 240_000);

  test('take sizes and places, and refuse what cannot be', async () => {
    await home.type('VBoxManage controlvm two setvideomodehint 1280 800 32 1');
    await home.type('VBoxManage controlvm two setscreenlayout 1 on 0 480 800 600 32');
    await until('the new place', async () => ((await home.type('VBoxManage showvminfo two --machinereadable')).includes('VideoMode="800,600,32"@0,480 1') ? true : undefined), PATIENCE);
    expect((await home.attempt('VBoxManage controlvm two setvideomodehint 1024 768 32 0')).stderr).toContain('no way to ask the guest for another size');
    expect((await home.attempt('VBoxManage controlvm two screenshotpng x.png 2')).stderr).toContain('has no screen 2: it has 2, counted from 0');
    expect((await home.attempt('VBoxManage modifyvm two --monitorcount 3')).code).not.toBe(0);
  }, 120_000);

  test('are at most four, and are set while the machine is off', async () => {
    await home.type('VBoxManage createvm --name off --register');
    expect((await home.attempt('VBoxManage modifyvm off --monitorcount 5')).stderr).toContain('5 is not between 1 and 4, the range');
    await home.type('VBoxManage modifyvm off --monitorcount 4');
    expect(await home.type('VBoxManage showvminfo off')).toMatch(/^Monitor count: +4$/m);
  }, 120_000);
});
