/** Network Level Authentication with a real viewer: the user's NT hash stored by setextradata, right and wrong proofs, the record of each. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Mode } from '@belvedere/guests';
import { comparePictures, type Picture, startViewer, VirtualDisplay } from '@belvedere/viewers';
import { describeWith } from '@belvedere/viewers/testing';
import { Home } from './home.js';
import { NT_HASH, SHA256 } from './judges.js';
import { startTestCard, testCardPicture } from './machines.js';

const mode: Mode = { width: 640, height: 480, depth: 32 };
const drawn = testCardPicture(mode);
const isDrawn = (picture: Picture): boolean => picture.width === mode.width && picture.height === mode.height && comparePictures(picture, drawn).pixels === 0;

describeWith(['xfreerdp'], 'Network Level Authentication', () => {
  let home: Home;
  let display: VirtualDisplay;
  let port: number;

  beforeAll(async () => {
    home = new Home();
    display = await VirtualDisplay.start({ width: 700, height: 500 });
    port = await startTestCard(home, 'proved', '--vrde-auth-type external --vrde-auth-library VBoxAuthSimple');
    const guest = await home.testCard('proved');
    await guest.echo(false);
    await guest.mode(mode);
  }, 120_000);
  afterAll(async () => {
    await display.close();
    await home.close();
  }, 60_000);

  /** A login without a session. @returns the viewer's exit code */
  const prove = async (password: string): Promise<number> => (await home.attempt(`DISPLAY=${display.name} HOME="$PWD" xfreerdp /v:127.0.0.1:${port} /cert:ignore /u:john /p:${password} /sec:nla +auth-only`)).code;
  const records = async (): Promise<unknown[]> =>
    (await home.type('belvedere vrde log proved --limit 100 --json')).split('\n').filter(Boolean).map((line) => {
      const { user, granted, reason } = JSON.parse(line) as { user: string; granted: boolean; reason: string };
      return [user, granted, reason];
    });

  test('is refused where no user can prove a password, and offered from the next connection on', async () => {
    await home.type(`VBoxManage setextradata proved "VBoxAuthSimple/users/john" ${SHA256}`);
    expect(await prove('secret')).toBeGreaterThan(0);
    expect(await home.type('VBoxManage internalcommands passwordhash --algorithm nt secret')).toBe(`Password hash: ${NT_HASH}\n`);
    await home.type(`VBoxManage setextradata proved "VBoxAuthSimple/users/john" '${NT_HASH}'`);
    expect(await prove('secret')).toBe(0);
  }, 30_000);

  test('a right proof shows the picture, a wrong one ends the viewer; each is on record once', async () => {
    const before = (await records()).length;
    expect([134, 147]).toContain(await prove('guess'));
    const viewer = await startViewer(display, { program: 'xfreerdp', host: '127.0.0.1', port, user: 'john', password: 'secret', security: 'nla', size: mode, depth: 32 });
    await display.park();
    await viewer.waitFor('the test card', isDrawn);
    expect(await home.type('VBoxManage showvminfo proved')).toMatch(/^User name: +john$/m);
    await viewer.close();
    expect((await records()).slice(before)).toEqual([
      ['john', false, 'user name or password is wrong'],
      ['john', true, 'VBoxAuthSimple grants'],
    ]);
  }, 30_000);
});
