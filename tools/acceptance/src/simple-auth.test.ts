/** Who may connect, by the machine's own list of users: the manual's commands as typed, right and wrong passwords, the record of both, lock-outs. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Mode } from '@belvedere/guests';
import { RdpClient } from '@belvedere/rdp/client';
import { comparePictures, type Picture, startViewer, type Viewer, VirtualDisplay } from '@belvedere/viewers';
import { describeWith } from '@belvedere/viewers/testing';
import { Home } from './home.js';
import { SHA256 } from './judges.js';
import { startTestCard, testCardPicture } from './machines.js';

const mode: Mode = { width: 640, height: 480, depth: 32 };
const drawn = testCardPicture(mode);
const isDrawn = (picture: Picture): boolean => picture.width === mode.width && picture.height === mode.height && comparePictures(picture, drawn).pixels === 0;
const hasPicture = ({ width, pixels }: RdpClient['framebuffer']): boolean =>
  width === mode.width && pixels.every((pixel, at) => pixel === (drawn.data[4 * at]! | (drawn.data[4 * at + 1]! << 8) | (drawn.data[4 * at + 2]! << 16)));

interface Judgement {
  readonly user: string;
  readonly address: string;
  readonly clientName: string;
  readonly method: string;
  readonly granted: boolean;
  readonly reason: string;
}

describeWith(['xfreerdp'], 'VBoxAuthSimple', () => {
  let home: Home;
  let display: VirtualDisplay;
  let port: number;

  beforeAll(async () => {
    home = new Home();
    display = await VirtualDisplay.start({ width: 700, height: 500 });
    await home.type('VBoxManage setproperty vrdeauthlibrary "VBoxAuthSimple"');
    port = await startTestCard(home, 'judged', '--vrde-auth-type external');
    const guest = await home.testCard('judged');
    await guest.echo(false);
    await guest.mode(mode);
  }, 120_000);
  afterAll(async () => {
    await display.close();
    await home.close();
  }, 60_000);

  async function connect(user: string, password: string): Promise<Viewer> {
    const viewer = await startViewer(display, { program: 'xfreerdp', host: '127.0.0.1', port, user, password, security: 'tls', size: mode, depth: 32 });
    await display.park();
    return viewer;
  }

  const log = async (): Promise<Judgement[]> => (await home.type('belvedere vrde log judged --limit 1000 --json')).split('\n').filter(Boolean).map((line) => JSON.parse(line) as Judgement);

  /** A login by our own client. @returns why it was closed, or 'in' once it has the guest's picture */
  async function logIn(user: string, password: string): Promise<string> {
    const client = new RdpClient({ port, user, password, width: mode.width, height: mode.height });
    try {
      await client.picture(hasPicture);
      return 'in';
    } catch (error) {
      // Not one pixel of the guest, not even of a part.
      expect(client.framebuffer.pixels.every((pixel) => pixel === 0)).toBe(true);
      return (error as Error).message;
    } finally {
      client.close();
    }
  }

  test("users come by the manual's commands while the machine runs, and each by either hash", async () => {
    expect(await home.type('VBoxManage internalcommands passwordhash "secret"')).toBe(`Password hash: ${SHA256}\n`);
    await home.type(`VBoxManage setextradata judged "VBoxAuthSimple/users/john" ${SHA256}`);
    const salted = /^Password hash: (\$scrypt\$.*)\n$/.exec(await home.type("VBoxManage internalcommands passwordhash --algorithm scrypt 'Grüße an alle'"))![1]!;
    await home.type(`VBoxManage setextradata judged "VBoxAuthSimple/users/mary" '${salted}'`);
    for (const [user, password] of [['john', 'secret'], ['mary', 'Grüße an alle']] as const) {
      const viewer = await connect(user, password);
      await viewer.waitFor('the test card', isDrawn);
      expect(await home.type('VBoxManage showvminfo judged')).toMatch(new RegExp(`^User name: +${user}$`, 'm'));
      await viewer.close();
    }
    expect((await home.info('judged')).get('vrdeauthlibrary')).toBe('default');
    expect((await home.attempt('VBoxManage setextradata judged "VBoxAuthSimple/users/eve" secret')).stderr).toMatch(/VBoxManage internalcommands passwordhash/);
  }, 60_000);

  test('a wrong password is refused without a picture, and both are on record', async () => {
    const viewer = await connect('john', 'Secret');
    const { code } = await viewer.exited;
    expect(code).toBeGreaterThan(0);
    await viewer.close();
    const info = await home.info('judged');
    expect([info.get('VRDEActiveConnection'), info.get('VRDEClients')]).toEqual(['off', '2']);
    const records = await log();
    expect(records.map(({ user, granted, reason }) => [user, granted, reason])).toEqual([
      ['john', true, 'VBoxAuthSimple grants'],
      ['mary', true, 'VBoxAuthSimple grants'],
      ['john', false, 'wrong password'],
    ]);
    expect(records[0]).toMatchObject({ address: '127.0.0.1', method: 'VBoxAuthSimple', clientName: expect.stringMatching(/./) });
    expect(JSON.stringify(records)).not.toMatch(/Secret|secret/);
  }, 60_000);

  test('who guesses on is locked out, seen, and let in again by unlock', async () => {
    // Those at first wait their turn, longer each time; the rest are refused at once, and too many of them lock the address.
    const guesses = Array.from({ length: 5 }, () => logIn('eve', 'guess'));
    while (!(await home.type('belvedere vrde lockouts judged')).startsWith('address "127.0.0.1": ')) {
      for (const answer of await Promise.all(Array.from({ length: 30 }, () => logIn('eve', 'guess')))) expect(answer).not.toBe('in');
    }
    expect(await logIn('john', 'secret')).not.toBe('in');
    // Guesses that wait their turn are still being judged, so john's need not be the last.
    expect(await log()).toContainEqual(expect.objectContaining({ user: 'john', granted: false, reason: expect.stringContaining('the address is locked out') }));
    expect(await home.type('belvedere vrde unlock judged 127.0.0.1')).toBe('1 lock-out was lifted\n');
    expect(await home.type('belvedere vrde lockouts judged')).toBe('nobody is locked out\n');
    expect(await logIn('john', 'secret')).toBe('in');
    for (const answer of await Promise.all(guesses)) expect(answer).not.toBe('in');
  }, 60_000);
});
