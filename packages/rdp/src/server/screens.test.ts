/** Which screens a session shows: one that was asked for, all of a machine side by side, or a notice that there is no such one. */
import { describe, expect, jest, test } from '@jest/globals';
import type { Framebuffer } from '../client/index.js';
import { PatternScreen } from '../testing/pattern.js';
import { rdpServers } from '../testing/servers.js';

// A busy machine takes its time.
jest.setTimeout(60_000);

const rdp = rdpServers();

/** A screen that stands somewhere, and may be off. */
class PlacedScreen extends PatternScreen {
  on = true;
  x: number | undefined;
  y: number | undefined;
  private readonly placed = new Set<() => void>();

  onPlace(listener: () => void): () => void {
    this.placed.add(listener);
    return () => this.placed.delete(listener);
  }

  place(x: number, y: number, on = true): void {
    [this.x, this.y, this.on] = [x, y, on];
    for (const listener of [...this.placed]) listener();
  }
}

/** Screens of one colour each. */
function screens(...sizes: readonly (readonly [width: number, height: number, colour: number])[]): PlacedScreen[] {
  return sizes.map(([width, height, colour]) => {
    const screen = new PlacedScreen(width, height);
    screen.fill({ x: 0, y: 0, width, height }, colour);
    return screen;
  });
}

const RED = 0xff0000;
const GREEN = 0x00ff00;
const two = (): PlacedScreen[] => screens([100, 80, RED], [60, 120, GREEN]);
const monitors = [{ width: 200, height: 200 }, { width: 200, height: 200 }];

/** Whether a picture of this size has these areas in one colour each. */
const has = (width: number, height: number, ...areas: readonly (readonly [x: number, y: number, width: number, height: number, colour: number])[]) => (shown: Framebuffer): boolean =>
  shown.width === width &&
  shown.height === height &&
  areas.every(([left, top, wide, high, colour]) => {
    for (let y = top; y < top + high; y++) for (let x = left; x < left + wide; x++) if (shown.pixels[y * width + x] !== colour) return false;
    return true;
  });

describe('one screen', () => {
  test.each([
    ['max', '', 100, 80, RED],
    ['max', '@1', 100, 80, RED],
    ['max', '@2', 60, 120, GREEN],
    ['max', 'CORP@2', 60, 120, GREEN],
    ['@2\\max', '', 60, 120, GREEN],
  ])('for user %j, domain %j', async (user, domain, width, height, colour) => {
    const { server } = await rdp.start({ screens: two() });
    const viewer = rdp.client(server, { user, domain, password: 'x' });
    await viewer.picture(has(width, height, [0, 0, width, height, colour]));
    expect(server.clients).toMatchObject([{ user: 'max', domain: domain.startsWith('CORP') ? 'CORP' : '' }]);
  });

  test('is where its viewers point, each on their own', async () => {
    const { server, record } = await rdp.start({ screens: two() });
    const [first, second] = [rdp.client(server), rdp.client(server, { domain: '@2' })];
    await first.picture(has(100, 80, [0, 0, 100, 80, RED]));
    await second.picture(has(60, 120, [0, 0, 60, 120, GREEN]));
    second.button(50, 110, 1, true);
    await record.seen('pointer 50,110 buttons 1 on screen 2');
    first.move(90, 70);
    await record.seen('pointer 90,70 buttons 0');
  });

  test.each(['@2', '@1'])('is what a client with several monitors gets that asks for %s', async (domain) => {
    const { server } = await rdp.start({ screens: two() });
    const [width, height, colour] = domain === '@2' ? [60, 120, GREEN] : [100, 80, RED];
    await rdp.client(server, { monitors, domain }).picture(has(width, height, [0, 0, width, height, colour]));
  });
});

describe('a screen that is not to be had', () => {
  const notice = ({ width, height, pixels }: Framebuffer): boolean => width === 720 && height === 400 && pixels.includes(0xffffff) && !pixels.includes(RED) && !pixels.includes(GREEN);

  test.each([
    ['that does not exist', { multiConnection: true }, '@3', /screen 3 does not exist: there are 2/],
    ['number 0', { multiConnection: true }, '@0', /screen 0 does not exist/],
    ['where one connection is permitted', { multiConnection: false }, '@2', /screen 2 was asked for/],
  ])('%s is refused with a notice', async (_name, options, domain, reason) => {
    const { server, record, log } = await rdp.start({ screens: two(), ...options });
    const viewer = rdp.client(server, { domain });
    await viewer.picture(notice);
    expect(log.join('\n')).toMatch(reason);
    expect(server.clients).toEqual([]);
    // It neither types nor points.
    viewer.key(0x1e, true);
    viewer.button(5, 5, 1, true);
    const other = rdp.client(server);
    await other.picture(has(100, 80, [0, 0, 100, 80, RED]));
    other.key(0x30, true);
    await record.seen('key 30 down');
    expect(record.lines).toEqual(['key 30 down']);
  });

  test('is refused so after the login dialog too', async () => {
    const { server } = await rdp.start({ screens: two(), authenticator: { needsCredentials: true, judge: async () => ({ granted: true }) } });
    const viewer = rdp.client(server, { domain: '@3', user: 'max', password: '', autologon: false, width: 640, height: 480 });
    await viewer.picture(({ width, pixels }) => width === 640 && pixels.includes(0x24323c));
    for (const character of 'x\r') viewer.character(character.charCodeAt(0), true);
    await viewer.picture(notice);
  });
});

describe('all screens', () => {
  test('stand side by side in one session, with black where there is none', async () => {
    const { server, record } = await rdp.start({ screens: two() });
    const viewer = rdp.client(server, { monitors });
    await viewer.picture(has(160, 120, [0, 0, 100, 80, RED], [100, 0, 60, 120, GREEN], [0, 80, 100, 40, 0]));
    viewer.button(130, 100, 1, true);
    await record.seen('pointer 30,100 buttons 1 on screen 2');
    viewer.button(130, 100, 1, false);
    // Beside every screen: the nearest place on one.
    viewer.move(20, 110);
    await record.seen('pointer 20,79 buttons 0');
  });

  test('show what changes, and follow a screen that changes its size, place, or is switched off', async () => {
    const shown = two();
    const { server } = await rdp.start({ screens: shown });
    const viewer = rdp.client(server, { monitors });
    await viewer.picture(has(160, 120, [0, 0, 100, 80, RED], [100, 0, 60, 120, GREEN]));
    shown[1].fill({ x: 10, y: 20, width: 8, height: 8 }, 0x0000ff);
    await viewer.picture(has(160, 120, [110, 20, 8, 8, 0x0000ff], [118, 20, 8, 8, GREEN]));
    shown[1].place(0, 80);
    await viewer.picture(has(100, 200, [0, 0, 100, 80, RED], [0, 80, 10, 120, GREEN], [60, 80, 40, 120, 0]));
    shown[0].resize(60, 80);
    shown[0].fill({ x: 0, y: 0, width: 60, height: 80 }, RED);
    await viewer.picture(has(60, 200, [0, 0, 60, 80, RED], [0, 80, 10, 120, GREEN]));
    shown[1].place(0, 80, false);
    await viewer.picture(has(60, 80, [0, 0, 60, 80, RED]));
  });

  test('are as many as the client has monitors', async () => {
    const { server } = await rdp.start({ screens: screens([100, 80, RED], [60, 120, GREEN], [10, 10, 0xffffff]) });
    await rdp.client(server, { monitors }).picture(has(160, 120, [0, 0, 100, 80, RED], [100, 0, 60, 120, GREEN]));
  });

  test('stand side by side where they are too far apart for a desktop', async () => {
    const shown = two();
    shown[1].place(30_000, 0);
    const { server } = await rdp.start({ screens: shown });
    await rdp.client(server, { monitors }).picture(has(160, 120, [0, 0, 100, 80, RED], [100, 0, 60, 120, GREEN]));
  });

  test('are one for a machine that has one, and for a client that has one monitor', async () => {
    const { server } = await rdp.start({ screens: screens([100, 80, RED]) });
    await rdp.client(server, { monitors }).picture(has(100, 80, [0, 0, 100, 80, RED]));
    const { server: other } = await rdp.start({ screens: two() });
    await rdp.client(other, { monitors: monitors.slice(0, 1) }).picture(has(100, 80, [0, 0, 100, 80, RED]));
  });
});
