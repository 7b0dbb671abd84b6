/** The login dialog in sessions of our own client. */
import { describe, expect, jest, test } from '@jest/globals';
import { once } from 'node:events';
import { type ClientOptions, type Framebuffer, RdpClient } from '../client/index.js';
import { panel } from '../login/picture.js';
import type { Authenticator, Judgement, LogonAttempt } from '../ports.js';
import { patternColour, PatternScreen } from '../testing/pattern.js';
import { rdpServers } from '../testing/servers.js';
import type { RdpServerOptions } from './options.js';
import { RdpServer } from './server.js';

jest.setTimeout(60_000);

const rdp = rdpServers();

class Asked implements Authenticator {
  readonly needsCredentials = true;
  readonly attempts: LogonAttempt[] = [];
  async judge(attempt: LogonAttempt): Promise<Judgement> {
    this.attempts.push(attempt);
    return attempt.password === 'right' ? { granted: true } : { granted: false, reason: 'wrong password' };
  }
}

async function start(options: Partial<RdpServerOptions> = {}) {
  const [screen, authenticator] = [new PatternScreen(200, 150), new Asked()];
  const started = await rdp.start({ screens: [screen, new PatternScreen(640, 480)], authenticator, ...options });
  return { ...started, screen, authenticator };
}

const client = (server: RdpServer, options: Omit<ClientOptions, 'port'> = {}): RdpClient =>
  rdp.client(server, { user: '', password: '', width: 640, height: 480, ...options });

const at = ({ width, pixels }: Framebuffer, x: number, y: number): number => pixels[y * width + x];
/** Whether it is the dialog: its title and its ground. */
const dialog = (picture: Framebuffer): boolean => {
  const { x, y } = panel(picture);
  return at(picture, 1, 1) === 0x24323c && at(picture, x + 4, y + 4) === 0x2f5d80;
};
const guest = (width: number, height: number) => (picture: Framebuffer) =>
  picture.width === width && picture.height === height && at(picture, 70, 20) === patternColour(70, 20) && at(picture, 9, 9) === patternColour(9, 9);
const type = (viewer: RdpClient, text: string): void => {
  for (const character of text) viewer.character(character.charCodeAt(0), true);
};
/** Resolves when the dialog's picture, changed by what happens meanwhile, is another than before. */
const changed = (viewer: RdpClient): Promise<void> => {
  const before = viewer.framebuffer.pixels.slice();
  return viewer.picture(({ pixels }) => pixels.some((pixel, i) => pixel !== before[i]));
};

describe.each([
  ['TLS', {}],
  ['RDP security', { security: 'rdp' }],
  ['a client that cannot follow', { resizes: false }],
] as [string, Omit<ClientOptions, 'port'>][])('%s', (_name, options) => {
  test('who brings no credentials is asked for them, and sees the guest after the judgement', async () => {
    const { server, record, authenticator } = await start({ permits: (feature) => feature === 'display' });
    const viewer = client(server, options);
    await viewer.picture(dialog);
    expect([viewer.framebuffer.width, viewer.framebuffer.height, server.clients, authenticator.attempts]).toEqual([640, 480, [], []]);
    const connected = once(server, 'connected');
    type(viewer, 'OFFICE\\max\rright\r');
    await viewer.picture(options.resizes === false ? guest(640, 480) : guest(200, 150));
    const [info] = await connected;
    expect(info).toMatchObject({ user: 'max', domain: 'OFFICE' });
    expect(authenticator.attempts).toEqual([expect.objectContaining({ user: 'max', domain: 'OFFICE', password: 'right', address: '127.0.0.1' })]);
    expect(record.lines).toEqual([]);
  });
});

test('a screen of the size of the dialog follows it in the same share', async () => {
  const { server } = await start();
  const viewer = client(server);
  await viewer.picture(dialog);
  const { shareId } = await viewer.active();
  type(viewer, 'max\t@2\tright\r');
  await viewer.picture(guest(640, 480));
  expect(viewer.share?.shareId).toBe(shareId);
});

test('keys of the dialog stay there, and later ones are the guest’s', async () => {
  const { server, record } = await start();
  const viewer = client(server, { user: 'max', autologon: false });
  await viewer.picture(dialog);
  for (const code of [0x13, 0x17, 0x22, 0x23, 0x14]) [true, false].forEach((down) => viewer.key(code, down));
  viewer.key(0x1c, true);
  await viewer.picture(guest(200, 150));
  viewer.key(0x1c, false);
  viewer.key(0x1e, true);
  await record.seen('key 1e down');
  expect(record.lines).toEqual(['key 1e down']);
});

test('three attempts are all there are', async () => {
  const { server, screen, authenticator } = await start();
  const viewer = client(server);
  await viewer.picture(dialog);
  screen.fill({ x: 0, y: 0, width: 200, height: 150 }, 0xffffff);
  screen.resize(100, 100);
  const colours = new Set<number>();
  viewer.on('update', () => viewer.framebuffer.pixels.forEach((pixel) => colours.add(pixel)));
  type(viewer, 'max\rone\r');
  const { x, y } = panel(viewer.framebuffer);
  /** The refusal's text. */
  const refused = (picture: Framebuffer): boolean => {
    for (let row = y + 178; row < y + 196; row++) for (let column = x + 24; column < x + 400; column++) if (at(picture, column, row) === 0xa02020) return true;
    return false;
  };
  await viewer.picture(refused);
  type(viewer, 'two\r');
  await viewer.picture((picture) => authenticator.attempts.length === 2 && refused(picture));
  type(viewer, 'three\r');
  await viewer.ended();
  expect(viewer.errorInfo).toBe(9);
  expect(authenticator.attempts.map(({ password }) => password)).toEqual(['one', 'two', 'three']);
  expect(server.clients).toEqual([]);
  expect([viewer.framebuffer.width, viewer.framebuffer.height]).toEqual([640, 480]);
  // Only the dialog's colours were ever there: nothing of the guest.
  expect(colours.size).toBeLessThan(12);
  expect(colours.has(0x0000ff)).toBe(false);
});

test('Esc ends the session', async () => {
  const { server } = await start();
  const viewer = client(server);
  await viewer.picture(dialog);
  viewer.key(0x01, true);
  await viewer.ended();
  expect(viewer.errorInfo).toBe(0xc);
});

test('nobody is waited for without end', async () => {
  const { server } = await start({ dialogTimeout: 200 });
  const viewer = client(server);
  await viewer.ended();
  expect(viewer.errorInfo).toBe(4);
});

test('the oldest of many dialogs gives way', async () => {
  const { server } = await start();
  const first = client(server);
  await first.picture(dialog);
  const others = Array.from({ length: 16 }, () => client(server, { width: 320, height: 200 }));
  await first.ended();
  expect(first.errorInfo).toBe(4);
  await Promise.all(others.map((other) => other.active()));
});

describe('no dialog is shown', () => {
  test('to who brings a password, right or wrong', async () => {
    const { server, authenticator } = await start();
    await client(server, { user: 'max', password: 'right', autologon: false }).picture(guest(200, 150));
    await client(server, { user: 'max', password: 'no', autologon: false }).ended();
    expect(authenticator.attempts.length).toBe(2);
  });
  test('to who wants an empty password judged', async () => {
    const { server, authenticator } = await start();
    const viewer = client(server, { user: 'max' });
    await viewer.ended();
    expect([viewer.errorInfo, authenticator.attempts.length]).toEqual([9, 1]);
  });
  test('where no credentials are needed', async () => {
    const { server } = await start({ authenticator: { judge: async () => ({ granted: true }) } });
    await client(server).picture(guest(200, 150));
  });
});

test('what is typed is seen', async () => {
  const { server } = await start();
  const viewer = client(server);
  await viewer.picture(dialog);
  const seen = changed(viewer);
  type(viewer, 'm');
  await seen;
});
