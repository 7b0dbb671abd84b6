/** Viewers that log in before the session, by Network Level Authentication, or in it, in the server's own dialog. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, jest, test } from '@jest/globals';
import { type Authenticator, ntHash, RdpServer, type Screen, serverIdentity, type ServerIdentity } from '@belvedere/rdp';
import { settings } from './canvas.testing.js';
import { colourAt, type Picture, startViewer, until, type Viewer, VirtualDisplay } from './index.js';
import { describeWith } from './testing.js';

jest.setTimeout(60_000); // for a busy host

const size = { width: 640, height: 480 };
const password = 'a password';
/** The guest is one colour, which the dialog does not have. */
const GUEST = 0x40c0a0;
const TITLE = 0x2f5d80;

const screen = (): Screen => {
  const pixels = new Uint8Array(4 * size.width * size.height);
  new Uint32Array(pixels.buffer).fill(GUEST);
  return { ...size, stride: 4 * size.width, pixels, takeDamage: () => [], onDamage: () => () => undefined, onResize: () => () => undefined };
};

const refused: [user: string, reason: string][] = [];
const judged: string[] = [];
const accounts: Authenticator = {
  needsCredentials: true,
  judge: (attempt) => {
    judged.push(attempt.user);
    return Promise.resolve(attempt.password === password ? { granted: true } : { granted: false, reason: 'wrong password' });
  },
  ntHash: (user) => Promise.resolve(user === 'someone' ? ntHash(password) : undefined),
  refused: ({ user }, reason) => void refused.push([user, reason]),
};

describeWith(['xfreerdp'], 'logins', () => {
  let folder: string;
  let identity: ServerIdentity;
  let display: VirtualDisplay;
  let server: RdpServer;
  let viewer: Viewer | undefined;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'belvedere-logins-'));
    identity = await serverIdentity(folder, { commonName: 'viewers', altNames: [] });
    display = await VirtualDisplay.start(size);
    server = await RdpServer.listen({
      ...settings(password),
      screens: [screen()],
      keyboard: { scancode: () => undefined },
      pointer: { absolute: true, move: () => undefined, wheel: () => undefined },
      authenticator: accounts,
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
    refused.length = judged.length = 0;
  });

  const connect = async (options: object): Promise<Viewer> => {
    viewer = await startViewer(display, { program: 'xfreerdp', host: '127.0.0.1', port: server.port, user: 'someone', password, size, depth: 32, ...options });
    return viewer;
  };
  const guest = (picture: Picture): boolean => picture.width === size.width && colourAt(picture, 20, 20) === GUEST;
  const dialog = (picture: Picture): boolean => picture.width === size.width && colourAt(picture, 84, 112) === TITLE;

  test('a password that is proved shows the picture', async () => {
    await (await connect({ security: 'nla' })).waitFor('the picture', guest);
    expect([judged, refused]).toEqual([['someone'], []]);
  });

  test('a wrong one ends the viewer, before anyone is asked for a judgement', async () => {
    const { code } = await (await connect({ security: 'nla', password: 'wrong' })).exited;
    expect([code, judged, refused]).toEqual([expect.any(Number), [], [['someone', 'user name or password is wrong']]]);
    expect(code).toBeGreaterThan(0);
  });

  describeWith(['xfreerdp'], 'with xfreerdp', () => {
    logsInInTheDialog({ program: 'xfreerdp', security: 'tls' });
    logsInInTheDialog({ program: 'xfreerdp', security: 'rdp' });
  });
  describeWith(['rdesktop'], 'with rdesktop', () => {
    // It brings the name of the user who started it.
    logsInInTheDialog({ program: 'rdesktop' }, userInfo().username);
    logsInInTheDialog({ program: 'rdesktop', extra: ['-4'] }, userInfo().username);
  });
  describeWith(['remmina'], 'with Remmina', () => logsInInTheDialog({ program: 'remmina', security: 'tls' }));

  /** Remmina shows a picture somewhat before it takes keys: types into the name's field until that shows, and takes it back. */
  async function untilTyped(session: Viewer): Promise<void> {
    const hasText = async (): Promise<boolean> => {
      const picture = (await session.picture())!;
      // Behind the first letter, where the cursor of an empty field is not.
      for (let x = 270; x < 400; x++) if (colourAt(picture, x, 178) !== 0xffffff) return true;
      return false;
    };
    await until('typed letters in the dialog', async () => {
      await display.key('x');
      return (await hasText()) || undefined;
    }, { timeout: 60_000 });
    await until('an empty field again', async () => {
      await display.key('BackSpace');
      return (await hasText()) ? undefined : true;
    }, { timeout: 60_000 });
    await display.key('BackSpace', 'BackSpace', 'BackSpace'); // the letters before that place
  }

  function logsInInTheDialog(options: object, brought?: string): void {
    test(`who brings nothing logs in in the dialog: ${JSON.stringify(options)}`, async () => {
      const session = await connect({ ...options, user: '', password: '' });
      await session.waitFor('the dialog', dialog, { timeout: 60_000 });
      await display.park();
      if (brought === undefined) await untilTyped(session);
      if (brought === undefined) {
        await display.type('someone');
        await display.key('Tab', 'Tab');
      }
      await display.type('wrong');
      await display.key('Return');
      await until('the first judgement', () => judged.length === 1 || undefined, { timeout: 60_000 });
      await session.waitFor('the dialog again', dialog, { timeout: 60_000 });
      await display.type(password);
      await display.key('Return');
      await session.waitFor('the picture', guest, { timeout: 60_000 });
      const user = brought ?? 'someone';
      expect(judged).toEqual([user, user]);
    }, 300_000);
  }
});
