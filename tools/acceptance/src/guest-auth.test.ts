/** Who may connect, by the accounts inside a Linux guest: its agent at a serial port is asked. Right, wrong, locked, expired, and before it is up. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { LINUX_PASSWORD, linuxIso } from '@belvedere/guests';
import { RdpClient } from '@belvedere/rdp/client';
import { available, comparePictures, startViewer, until, type Viewer, VirtualDisplay } from '@belvedere/viewers';
import { describeWith } from '@belvedere/viewers/testing';
import { attempt, expected, type Target } from './attempts.js';
import { freePort, Home } from './home.js';
import type { Judge } from './judges.js';
import { attachDvd } from './machines.js';
import { wayOf } from './ways.js';

const iso = linuxIso();
const reason = "no image of the small Linux guest: Debian's packages could not be fetched at set-up";
/** The guest's screen: text. */
const size = { width: 720, height: 400 };

interface Judgement {
  readonly user: string;
  readonly method: string;
  readonly granted: boolean;
  readonly reason: string;
}

if (iso === undefined) {
  if (process.env.CI === 'true' && process.getuid?.() === 0) throw new Error(reason);
  process.stderr.write(`skipped: logins judged by a Linux guest: ${reason}\n`);
  describe.skip('the accounts of a Linux guest', () => test('need the guest', () => undefined));
} else {
  describeWith(['xfreerdp'], 'the accounts of a Linux guest', () => {
    let home: Home;
    let display: VirtualDisplay;
    let port: number;

    beforeAll(async () => {
      home = new Home();
      display = await VirtualDisplay.start({ width: size.width + 40, height: size.height + 40 });
      port = await freePort();
      await home.type('VBoxManage createvm --name linux --ostype Debian --register');
      await attachDvd(home, 'linux', iso);
    }, 60_000);
    afterAll(async () => {
      await display.close();
      await home.close();
    }, 60_000);

    async function connect(user: string, password: string): Promise<Viewer> {
      // It would give up after 9 s of waiting for a judgement.
      const viewer = await startViewer(display, { program: 'xfreerdp', host: '127.0.0.1', port, user, password, security: 'tls', size, depth: 32, extra: ['/timeout:60000'] });
      await display.park();
      return viewer;
    }

    /** A login that must fail. @returns the record of it */
    async function refused(user: string, password: string): Promise<Judgement> {
      const before = (await home.info('linux')).get('VRDEClients');
      const viewer = await connect(user, password);
      expect((await viewer.exited).code).toBeGreaterThan(0);
      await viewer.close();
      // Nobody was let in: no picture was sent.
      expect((await home.info('linux')).get('VRDEClients')).toBe(before);
      return (await log()).at(-1)!;
    }

    const log = async (): Promise<Judgement[]> => (await home.type('belvedere vrde log linux --json')).split('\n').filter(Boolean).map((line) => JSON.parse(line) as Judgement);

    /** A login by our own client, which waits as long as the guest may take. @returns whether the guest granted it */
    async function isLetIn(user: string, password: string): Promise<boolean> {
      const client = new RdpClient({ port, user, password, ...size });
      await client.active().catch(() => undefined);
      client.close();
      return (await log()).at(-1)?.granted === true;
    }

    test('are asked once a serial port leads to the agent, and not before', async () => {
      const modify = `VBoxManage modifyvm linux --memory 128 --boot1 dvd --vrde on --vrde-port ${port} --vrde-address 127.0.0.1 --vrde-auth-type guest`;
      const { code, stderr } = await home.attempt(modify);
      expect(code).toBe(1);
      expect(stderr).toContain('VBoxManage modifyvm "linux" --uart1 0x3f8 4 --uart-mode1 guestagent');
      await home.type(`${modify} --uart1 0x3f8 4 --uart-mode1 guestagent`);
      const info = await home.info('linux');
      expect([info.get('uartmode1'), info.get('vrdeauthtype')]).toEqual(['guestagent', 'guest']);
      await home.type('VBoxManage startvm linux --type headless');
    }, 60_000);

    test('refuse while the guest cannot answer', async () => {
      await home.type('VBoxManage controlvm linux pause');
      expect(await refused('john', LINUX_PASSWORD)).toMatchObject({ user: 'john', method: 'guest', granted: false, reason: expect.stringContaining('the guest did not answer') });
      await home.type('VBoxManage controlvm linux resume');
    }, 60_000);

    test('let in who has the right password, to the picture', async () => {
      await until('the agent', async () => ((await isLetIn('john', LINUX_PASSWORD)) ? true : undefined), { timeout: 200_000 });
      const viewer = await connect('john', LINUX_PASSWORD);
      await until("the guest's picture", async () => {
        const [seen, shown] = [await viewer.picture(), await home.screenshot('linux')];
        return seen?.width === size.width && seen.height === size.height && comparePictures(seen, shown).pixels === 0 ? true : undefined;
      });
      expect(await home.type('VBoxManage showvminfo linux')).toMatch(/^User name: +john$/m);
      await viewer.close();
      expect((await log()).at(-1)).toMatchObject({ user: 'john', method: 'guest', granted: true });
    }, 240_000);

    describe.each(['xfreerdp /sec:rdp', 'rdesktop -5', 'remmina tls'].map((name) => [name, wayOf(name)] as const))('ask %s too', (_name, way) => {
      (available(way.program) === undefined ? test : test.skip)('for the password: in with the right one, refused with a wrong one', async () => {
        const judge: Judge = { name: 'guest', user: 'john', right: LINUX_PASSWORD, wrong: 'left zebra', method: 'guest' };
        const target: Target = { home, display, machine: 'linux', port, guest: () => home.screen('linux') };
        expect(await attempt(target, judge, way, 'right')).toEqual(expected(judge, way, 'right'));
        expect(await attempt(target, judge, way, 'wrong')).toEqual(expected(judge, way, 'wrong'));
      }, 300_000);
    });

    test.each([
      ['a wrong password', 'john', 'left zebra', 'wrong password'],
      ['a locked account', 'locked', LINUX_PASSWORD, 'the account is locked'],
      ['an expired account', 'expired', LINUX_PASSWORD, 'the account has expired'],
      ['an unknown user', 'nobody', LINUX_PASSWORD, 'unknown user'],
    ])('refuse %s, without a picture', async (_what, user, password, why) => {
      expect(await refused(user, password)).toMatchObject({ user, method: 'guest', granted: false, reason: expect.stringContaining(why) });
      expect(JSON.stringify(await log())).not.toContain(password);
    }, 60_000);
  });
}
