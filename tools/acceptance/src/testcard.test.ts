/** The test card's picture, pixel by pixel: what the guest drew, what the engine holds, what a viewer's window shows. */
import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { expectedPicture, type Mode, type TestCard } from '@belvedere/guests';
import { Button, comparePictures, type Picture, type Program, shownBy, startViewer, until, type Viewer, VirtualDisplay } from '@belvedere/viewers';
import { describeWith } from '@belvedere/viewers/testing';
import { Home } from './home.js';
import { startTestCard } from './machines.js';

const card: Mode = { width: 800, height: 600, depth: 32 };
const drawn = (mode: Mode): Picture => {
  const { width, height, pixels } = expectedPicture(mode);
  return { width, height, stride: 4 * width, data: pixels };
};

describeWith(['xfreerdp', 'rdesktop'], 'the test card', () => {
  let home: Home;
  let display: VirtualDisplay;
  let guest: TestCard;
  let port: number;
  let viewer: Viewer | undefined;

  beforeAll(async () => {
    home = new Home();
    // Larger than any picture here, so that the parked pointer is outside of it.
    display = await VirtualDisplay.start({ width: 1100, height: 850 });
    port = await startTestCard(home, 'card');
    guest = await home.testCard('card');
    await guest.echo(false);
    await guest.mode(card);
  }, 120_000);
  afterAll(async () => {
    await display.close();
    await home.close();
  }, 60_000);
  afterEach(async () => {
    await viewer?.close();
    viewer = undefined;
  });

  const connect = async (program: Program, options: object): Promise<Viewer> => {
    viewer = await startViewer(display, { program, host: '127.0.0.1', port, user: 'someone', password: 'anything', ...options });
    return viewer;
  };
  const shows = (wanted: Picture) => (picture: Picture): boolean => picture.width === wanted.width && picture.height === wanted.height && comparePictures(picture, wanted).pixels === 0;

  test('is in the engine as the guest drew it', async () => {
    // The engine looks at video memory some times a second: the first look may be one before the picture.
    await until('the test card in the engine', async () => (shows(drawn(card))(await home.screenshot('card')) ? true : undefined));
  }, 30_000);

  test.each([
    ['xfreerdp', 'tls', 32],
    ['xfreerdp', 'tls', 16],
    ['xfreerdp', 'tls', 15],
    ['xfreerdp', 'rdp', 32],
    ['rdesktop', undefined, 32],
    ['rdesktop', undefined, 16],
    ['rdesktop', undefined, 15],
  ] as const)('is exact in %s (%s) at %i bits', async (program, security, depth) => {
    const session = await connect(program, { security, depth, size: card });
    await display.park();
    await session.waitFor('the test card', shows(shownBy(program === 'xfreerdp' ? 'freerdp' : program, depth, drawn(card))));
  }, 60_000);

  test('a moved rectangle leaves nothing behind', async () => {
    const session = await connect('xfreerdp', { security: 'tls', depth: 32, size: card });
    await display.park();
    await session.waitFor('the test card', shows(drawn(card)));
    await guest.rectStart();
    await session.waitFor('the rectangle', (picture) => !shows(drawn(card))(picture));
    await guest.rectStop();
    await session.waitFor('the resting rectangle', shows(await home.screenshot('card')));
    await guest.picture();
    await session.waitFor('the test card again', shows(drawn(card)));
  }, 60_000);

  test('a change of the resolution reaches a connected viewer', async () => {
    const session = await connect('xfreerdp', { security: 'tls', depth: 32, size: card });
    await display.park();
    await session.waitFor('the test card', shows(drawn(card)));
    for (const mode of [{ width: 1024, height: 768, depth: 32 }, { width: 640, height: 480, depth: 16 }, card]) {
      await guest.mode(mode);
      await session.waitFor(`${mode.width}x${mode.height}`, shows(drawn(mode)));
    }
    await guest.text();
    const text = await session.waitFor('text mode', (picture) => picture.width === 720 && picture.height === 400);
    expect(text.height).toBe(400);
    await guest.mode(card);
  }, 60_000);

  test('keys and the pointer reach the guest, from each viewer', async () => {
    for (const program of ['xfreerdp', 'rdesktop'] as const) {
      const session = await connect(program, { depth: 32, size: card });
      await guest.mouse('absolute');
      await session.waitFor('the test card', (picture) => picture.width === card.width && picture.height === card.height);
      await display.moveTo(400, 300);
      guest.forget();
      await display.key('Down', 'a');
      for (const code of ['e050', 'e0d0', '1e', '9e']) await guest.key(code);
      await display.moveTo(123, 45);
      await guest.pointer(({ x, y, buttons }) => x === 123 && y === 45 && buttons === 0);
      await display.buttonDown(Button.right);
      await guest.pointer(({ buttons }) => buttons === 2);
      await display.buttonUp(Button.right);
      await guest.pointer(({ buttons }) => buttons === 0);
      await session.close();
    }
    await guest.mouse('relative');
  }, 60_000);
});
