/** What viewers may do, switched while two of them look: seen in their windows and in the guest. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { CardEvent, Mode, TestCard } from '@belvedere/guests';
import { Button, comparePictures, type Picture, startViewer, until, type Viewer, VirtualDisplay } from '@belvedere/viewers';
import { describeWith } from '@belvedere/viewers/testing';
import { Home } from './home.js';
import { startTestCard, testCardPicture } from './machines.js';

const mode: Mode = { width: 640, height: 480, depth: 32 };
const drawn = testCardPicture(mode);
/** Generous: hosts are busy. */
const patience = { timeout: 90_000 };

const shows = (wanted: Picture) => (picture: Picture): boolean => picture.width === wanted.width && picture.height === wanted.height && comparePictures(picture, wanted).pixels === 0;

/** Each colour, 0xRRGGBB, and how many pixels have it. */
function colours({ width, height, stride, data }: Picture): Map<number, number> {
  const counts = new Map<number, number>();
  for (let y = 0; y < height; y++) {
    for (let x = 0, at = y * stride; x < width; x++, at += 4) {
      const colour = (data[at + 2]! << 16) | (data[at + 1]! << 8) | data[at]!;
      counts.set(colour, (counts.get(colour) ?? 0) + 1);
    }
  }
  return counts;
}

/** The ground of the notice, and what is written on it. */
const [GROUND, ...WRITING] = [0x24323c, 0xffffff, 0xc4d0d8, 0x8a98a2];

/** A picture of the guest's size with a text on a plain ground, and nothing else. The test card has none of these grounds. */
function notice(picture: Picture): boolean | string {
  if (picture.width !== mode.width || picture.height !== mode.height) return 'of another size';
  const counts = colours(picture);
  const [ground = 0, ...writing] = [GROUND, ...WRITING].map((colour) => counts.get(colour!) ?? 0);
  if (counts.size !== 1 + WRITING.length) return `with ${counts.size} colours`;
  return ground > 0.9 * mode.width * mode.height && writing.every((pixels) => pixels > 100);
}

describeWith(['xfreerdp', 'rdesktop'], 'the switches', () => {
  let home: Home;
  const displays: VirtualDisplay[] = [];
  let viewers: Viewer[] = [];
  let guest: TestCard;
  beforeAll(async () => {
    home = new Home();
    for (let i = 0; i < 2; i++) displays.push(await VirtualDisplay.start({ width: 700, height: 500 }));
    const channels = ['Audio', 'UpstreamAudio', 'Clipboard', 'USB'].map((what) => `--vrde-property Client/Disable${what}=1`).join(' ');
    const port = await startTestCard(home, 'switched', `--vrde-multi-con on ${channels}`);
    guest = await home.testCard('switched');
    await guest.echo(false);
    await guest.mode(mode);
    const session = { host: '127.0.0.1', port, password: 'x', size: mode, depth: 32 } as const;
    // Both ask for channels that are not offered to them.
    viewers = [
      await startViewer(displays[0]!, { ...session, program: 'xfreerdp', user: 'xfreerdp', extra: ['+clipboard', '/sound:sys:fake'] }),
      await startViewer(displays[1]!, { ...session, program: 'rdesktop', user: 'rdesktop', extra: ['-r', 'clipboard:CLIPBOARD'] }),
    ];
    for (const display of displays) await display.park();
    for (const viewer of viewers) await viewer.waitFor('the test card', shows(drawn), patience);
  }, 600_000);
  afterAll(async () => {
    for (const viewer of viewers) await viewer.close();
    for (const display of displays) await display.close();
    await home.close();
  }, 180_000);

  const property = (text: string): Promise<string> => home.type(`VBoxManage controlvm switched vrdeproperty ${text}`);

  /** How much of a viewer's input was dropped so far. */
  async function dropped(program: string): Promise<number> {
    const { run } = await home.client.request('GET /machines/{ref}', { path: { ref: 'switched' } });
    return run!.vrde.clients.find(({ user }) => user === program)!.dropped.find(({ feature }) => feature === 'input')?.messages ?? 0;
  }

  test('are kept and shown as VirtualBox shows them; wrong ones are refused', async () => {
    const info = await home.info('switched');
    expect(['Display', 'Audio', 'USB'].map((what) => info.get(`vrdeproperty[Client/Disable${what}]`))).toEqual(['<not set>', '1', '1']);
    const text = await home.type('VBoxManage showvminfo switched');
    expect(text).toMatch(/^VRDE property +: Client\/DisableClipboard = "1"$/m);
    expect(text).toMatch(/^VRDE channels: +none: audio, upstream audio, clipboard, USB and device redirection are not there yet/m);
    for (const wrong of ['Client/DisableInput=yes', 'Client/DisablePrinter=1']) {
      const { code, stderr } = await home.attempt(`VBoxManage controlvm switched vrdeproperty ${wrong}`);
      expect([code, stderr]).toEqual([1, expect.stringMatching(/Client\/DisableInput: 'yes' is neither 1|unknown VRDE property 'Client\/DisablePrinter'/)]);
    }
    expect((await home.attempt('VBoxManage modifyvm switched --vrde-property Client/DisableInput=1')).stderr).toContain('running');
    for (const what of ['Audio', 'UpstreamAudio', 'Clipboard', 'USB']) await property(`Client/Disable${what}=`);
    expect((await home.info('switched')).get('vrdeproperty[Client/DisableAudio]')).toBe('<not set>');
  }, 120_000);

  test('the display: both viewers see a text instead of the guest, whatever it draws, and then all of it', async () => {
    await property('Client/DisableDisplay=1');
    for (const viewer of viewers) await viewer.waitFor('the notice', notice, patience);
    await guest.fill(100, 100, 200, 50, 0x123456);
    const changed = await until('the change in the engine', async () => {
      const picture = await home.screen('switched');
      return comparePictures(picture, drawn).pixels === 200 * 50 ? picture : undefined;
    }, patience);
    for (const viewer of viewers) expect(notice((await viewer.picture())!)).toBe(true);
    await property('Client/DisableDisplay=');
    for (const viewer of viewers) await viewer.waitFor('the guest again', shows(changed), patience);
  }, 300_000);

  test('the input: what is held down is let go, and nothing reaches the guest until it is on again', async () => {
    const [left, right] = displays as [VirtualDisplay, VirtualDisplay];
    for (const [display, code] of [[left, '20'], [right, '1e']] as const) {
      await display.moveTo(320, 240);
      await display.key(code === '20' ? 'd' : 'a');
      await guest.key(code);
    }
    // Neither repeats while it is held.
    await right.keyDown('Shift_L');
    await guest.key('2a');
    await right.buttonDown(Button.left);
    await guest.pointer(({ buttons }) => buttons === 1);

    await home.client.request('PATCH /machines/{ref}/vrde', { path: { ref: 'switched' }, body: { properties: { 'Client/DisableInput': '1' } } });
    const released = new Set<string>();
    await guest.next((event) => {
      if (event.kind === 'key') released.add(event.code);
      else if (event.kind === 'mouse' && event.buttons === 0) released.add('buttons');
      return released.has('aa') && released.has('buttons');
    });
    expect((await home.info('switched')).get('vrdeproperty[Client/DisableInput]')).toBe('1');
    await right.buttonUp(Button.left);
    await right.keyUp('Shift_L');
    for (const display of displays) {
      await display.key('c');
      await display.click();
    }
    // A key and a button, down and up, of each; what the second viewer let go came before.
    await until('all of it at the server', async () => ((await dropped('xfreerdp')) >= 4 && (await dropped('rdesktop')) >= 6 ? true : undefined), patience);
    expect(await home.type('VBoxManage showvminfo switched')).toMatch(/^Dropped: +\d+ of input$/m);

    await property('Client/DisableInput=');
    const told: CardEvent[] = [];
    for (const [display, code, key] of [[left, '30', 'b'], [right, '31', 'n']] as const) {
      await display.key(key);
      await guest.next((event) => (told.push(event), event.kind === 'key' && event.code === code));
    }
    const pressed = told.flatMap((event) => (event.kind === 'key' && parseInt(event.code, 16) < 0x80 ? [event.code] : event.kind === 'mouse' && event.buttons !== 0 ? ['button'] : []));
    expect(pressed).toEqual(['30', '31']);
    for (const display of displays) await display.park();
  }, 300_000);
});
