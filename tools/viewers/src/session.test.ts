/** Each viewer with a session: the picture arrives in its window, keys and the pointer go back. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, jest, test } from '@jest/globals';
import { RdpServer, serverIdentity, type ServerIdentity } from '@belvedere/rdp';
import { Canvas, settings } from './canvas.testing.js';
import { Button, colourAt, comparePictures, type Picture, type Program, shownBy, startViewer, until, type Viewer, VirtualDisplay } from './index.js';
import { describeWith } from './testing.js';

jest.setTimeout(60_000); // for a busy host

const width = 640;
const height = 480;
const password = 'a password';

describeWith(['xfreerdp'], 'sessions', () => {
  let folder: string;
  let identity: ServerIdentity;
  let display: VirtualDisplay;
  let server: RdpServer;
  let canvas: Canvas;
  let viewer: Viewer | undefined;
  const keys: string[] = [];
  const pointers: string[] = [];

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'belvedere-sessions-'));
    identity = await serverIdentity(folder, { commonName: 'viewers', altNames: [] });
    // Larger than the session, so that the parked pointer is outside of it, and KRDC has room for the window around its picture.
    display = await VirtualDisplay.start({ width: width + 360, height: height + 160 });
    canvas = new Canvas(width, height);
    server = await RdpServer.listen({
      ...settings(password),
      screens: [canvas],
      keyboard: { scancode: (code, down) => void keys.push(`${code.toString(16)} ${down ? 'down' : 'up'}`) },
      pointer: { absolute: true, move: (x, y, buttons) => void pointers.push(`${x},${y} ${buttons}`), wheel: () => undefined },
      certificate: () => identity.tls,
      standard: identity.standard,
    });
  });
  afterAll(async () => {
    await server.close('the tests are over');
    await display.close();
    rmSync(folder, { recursive: true });
  });
  afterEach(async () => {
    await viewer?.close();
    viewer = undefined;
  });

  const connect = async (program: Program, options: object = {}): Promise<Viewer> => {
    viewer = await startViewer(display, { program, host: '127.0.0.1', port: server.port, user: 'someone', password, size: { width, height }, ...options });
    return viewer;
  };

  describeWith(['xfreerdp'], 'xfreerdp', () => {
    shows('xfreerdp', [[{ security: 'tls', depth: 32 }, 32], [{ security: 'rdp', depth: 32 }, 32], [{ security: 'tls', depth: 16 }, 16], [{ security: 'tls', depth: 15 }, 15]]);
    sends('xfreerdp');
  });
  describeWith(['rdesktop'], 'rdesktop', () => {
    shows('rdesktop', [[{ depth: 32 }, 32], [{ depth: 16 }, 16], [{ depth: 15, extra: ['-4'] }, 15], [{ depth: 16, extra: ['-5'] }, 16]]);
    sends('rdesktop');
  });
  describeWith(['remmina'], 'Remmina', () => {
    shows('remmina', [[{ security: 'tls', depth: 32 }, 32], [{ security: 'rdp', depth: 16 }, 16]]);
    sends('remmina');
  });
  describeWith(['krdc'], 'KRDC', () => {
    shows('krdc', [[{}, 32], [{ security: 'rdp' }, 32]]);
    sends('krdc');
  });

  function shows(program: Program, sessions: readonly (readonly [options: object, depth: 15 | 16 | 32])[]): void {
    test.each(sessions)('shows the picture exactly, and what changes: %j', async (options, depth) => {
      const session = await connect(program, options);
      await display.park();
      const same = (picture: Picture): boolean => picture.width === width && picture.height === height && comparePictures(picture, shownBy(program === 'rdesktop' ? program : 'freerdp', depth, canvas.picture())).pixels === 0;
      await session.waitFor('the picture', same, { timeout: 120_000 });
      canvas.fill(40, 40, 32, [colourAt(canvas.picture(), 40, 40) ? 0 : 255, 0, 255]);
      await session.waitFor('the square', same, { timeout: 120_000 });
      canvas.fill(40, 40, 32, [1, 2, 3]);
    }, 300_000);
  }

  function sends(program: Program): void {
    test('sends keys and the pointer', async () => {
      const session = await connect(program);
      await session.waitFor('the picture', (picture) => picture.width === width && picture.height === height && colourAt(picture, 300, 200) === colourAt(canvas.picture(), 300, 200), { timeout: 120_000 });
      const { x, y } = (await session.window())!;
      await display.moveTo(x + 100, y + 120);
      await until('the pointer', () => pointers.find((move) => move === '100,120 0'), { timeout: 60_000 });
      // Remmina shows a picture somewhat before it takes keys.
      await until('the keyboard', async () => {
        await display.key('Shift_L');
        return keys.includes('2a down') || undefined;
      }, { timeout: 60_000 });
      await display.key('Down', 'a');
      await until('the keys', () => ['e050 down', 'e050 up', '1e down', '1e up'].every((key) => keys.includes(key)) || undefined, { timeout: 60_000 });
      await display.click(Button.right);
      await until('the button', () => pointers.find((move) => move === '100,120 2'), { timeout: 60_000 });
      keys.length = pointers.length = 0;
    }, 300_000);
  }

  test('a wrong password shows no picture', async () => {
    const session = await connect('xfreerdp', { security: 'tls', password: 'wrong' });
    const { code } = await session.exited;
    expect(code).toBeGreaterThan(0);
  });
});
