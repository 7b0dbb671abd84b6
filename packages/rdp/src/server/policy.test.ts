/** What clients may use: no pixel of the guest and no key to it once it may not be, on any kind of line, and channels that are not there. */
import { describe, expect, jest, test } from '@jest/globals';
import { once } from 'node:events';
import { type ClientOptions, RdpClient } from '../client/index.js';
import type { Framebuffer } from '../client/framebuffer.js';
import { NoticeScreen } from '../notice/notice.js';
import { ENCRYPTION_METHOD } from '../security/index.js';
import { NoiseScreen } from '../testing/noise.js';
import { PatternScreen } from '../testing/pattern.js';
import { rdpServers } from '../testing/servers.js';
import type { RdpServerOptions } from './options.js';
import { type Feature, featureOf, Gate } from './policy.js';
import type { RdpServer } from './server.js';

jest.setTimeout(120_000);

const rdp = rdpServers();

/** What is permitted, and who is told when that changes. */
class Switches {
  readonly off = new Set<Feature>();
  server: RdpServer | undefined;
  readonly permits = (feature: Feature): boolean => !this.off.has(feature);

  turn(feature: Feature, on: boolean): void {
    if (on) this.off.delete(feature);
    else this.off.add(feature);
    this.server!.policyChanged();
  }
}

async function start<S extends PatternScreen>(screen: S, options: Partial<RdpServerOptions> = {}) {
  const switches = new Switches();
  const started = await rdp.start({ screens: [screen], permits: switches.permits, ...options });
  switches.server = started.server;
  return { ...started, screen, switches };
}

/** A client that keeps in mind all that it hears. */
function client(server: RdpServer, options: Omit<ClientOptions, 'port'> = {}): { viewer: RdpClient; heard: Uint8Array[] } {
  const heard: Uint8Array[] = [];
  return { viewer: rdp.client(server, { width: 640, height: 480, bitsPerPixel: 24, overhear: (bytes) => void heard.push(Uint8Array.from(bytes)), ...options }), heard };
}

/** The picture of a screen, on a desktop of its size. */
const shows = (screen: { readonly width: number; readonly height: number; readonly pixels: Uint8Array }) => {
  return ({ width, height, pixels }: Framebuffer): boolean => {
    const wanted = new Uint32Array(screen.pixels.buffer);
    return width === screen.width && height === screen.height && pixels.every((pixel, at) => pixel === (wanted[at] & 0xffffff));
  };
};

/** The notice in place of a guest, on a desktop of that size. */
const notice = (width: number, height: number) =>
  shows(new NoticeScreen({ title: 'a machine', lines: ['The display is switched off for viewers.', 'It appears here once it is on again.'] }, { width, height }));

/** Resolves once the server has taken all that the client has sent; its picture must be still. */
async function taken(viewer: RdpClient): Promise<void> {
  const drawn = once(viewer, 'update');
  viewer.refresh(0, 0, 8, 8);
  await drawn;
}

const LINES: [string, Omit<ClientOptions, 'port'>][] = [
  ['TLS', { security: 'tls' }],
  ['RC4, 128 bits', { security: 'rdp', encryptionMethods: ENCRYPTION_METHOD['128BIT'] }],
  ['FIPS', { security: 'rdp', encryptionMethods: ENCRYPTION_METHOD.FIPS }],
  ['no negotiation, slow path', { security: 'none', fastPathOutput: false, fastPathInput: false }],
];

describe.each(LINES)('%s', (_name, line) => {
  test('the display: not a pixel from the next update on, whatever the client asks for, and all of them again', async () => {
    const { server, screen, switches } = await start(new NoiseScreen());
    const { viewer, heard } = client(server, line);
    await viewer.picture(shows(screen));
    expect(screen.piecesIn(heard)).toBeGreaterThan(100);

    switches.turn('display', false);
    // Whatever is new from here on was never sent before.
    screen.forget();
    screen.change(2);
    await viewer.picture(notice(64, 48));
    viewer.refresh(0, 0, 64, 48);
    viewer.suppressOutput(true);
    viewer.suppressOutput(false);
    await taken(viewer);
    screen.resize(80, 60);
    screen.change(3);
    await viewer.picture(notice(80, 60));
    viewer.refresh(0, 0, 80, 60);
    await taken(viewer);
    const late = client(server, line);
    await late.viewer.picture(notice(80, 60));
    expect([heard, late.heard].map((bytes) => screen.piecesIn(bytes))).toEqual([0, 0]);

    switches.turn('display', true);
    await Promise.all([viewer.picture(shows(screen)), late.viewer.picture(shows(screen))]);
    expect([heard, late.heard].map((bytes) => screen.piecesIn(bytes) > 100)).toEqual([true, true]);
  });

  test('the keyboard and the pointer: nothing from the switch on, and what was held down is let go', async () => {
    const { server, screen, record, switches } = await start(new PatternScreen(200, 150));
    record.indicators = 0;
    const { viewer } = client(server, line);
    await viewer.picture(shows(screen));
    viewer.key(0x1e, true);
    viewer.character(0x20ac, true);
    viewer.button(20, 30, 1, true);
    await record.seen('pointer 20,30 buttons 1');
    record.lines.length = 0;

    switches.turn('input', false);
    const released = ['key 1e up', 'character € up', 'pointer 20,30 buttons 0'];
    // At once, and not only when the client sends something.
    expect(record.lines).toEqual(released);
    for (const down of [true, false]) {
      viewer.key(0x1f, down);
      viewer.key(0xe01d, down);
      viewer.character(0x41, down);
      viewer.button(1, 2, 3, down);
      viewer.button(1, 2, 4, down);
    }
    viewer.move(5, 6);
    viewer.wheel(120);
    viewer.wheel(-240, true);
    viewer.synchronize(7);
    viewer.key(0x20, true);
    await taken(viewer);
    expect(record.lines).toEqual(released);
    expect(server.clients.map(({ dropped }) => dropped)).toEqual([[{ feature: 'input', messages: 15 }]]);

    switches.turn('input', true);
    viewer.key(0x20, false);
    viewer.key(0x21, true);
    viewer.move(7, 8);
    await record.seen('pointer 7,8 buttons 0');
    expect(record.lines).toEqual([...released, 'key 21 down', 'pointer 7,8 buttons 0']);
  });

  test('channels: what may not be used is not there, and what is said in it all the same is dropped and counted', async () => {
    const { server, screen, switches } = await start(new PatternScreen(200, 150));
    switches.turn('clipboard', false);
    switches.turn('otherChannels', false);
    const { viewer } = client(server, { ...line, channels: ['cliprdr', 'rdpsnd', 'novel'] });
    await viewer.picture(shows(screen));
    const { state } = viewer;
    expect('line' in state && state.line.channels).toEqual([0, 1005, 0]);
    const say = (): void => [1004, 1005, 1006, 0, 1].forEach((id) => viewer.say(id, Uint8Array.of(1, 2, 3)));
    say();
    await taken(viewer);
    const dropped = (): [string, number][] => server.clients.flatMap((each) => each.dropped.map(({ feature, messages }): [string, number] => [feature, messages]));
    expect(dropped()).toEqual([['clipboard', 1], ['otherChannels', 3]]);
    // Also in a channel that was there when the client came.
    switches.turn('audio', false);
    say();
    await taken(viewer);
    expect(dropped()).toEqual([['clipboard', 2], ['otherChannels', 6], ['audio', 1]]);
    const next = client(server, { ...line, channels: ['rdpsnd', 'cliprdr'] });
    await next.viewer.picture(shows(screen));
    expect('line' in next.viewer.state && next.viewer.state.line.channels).toEqual([0, 0]);
  });
});

test('in the middle of a picture: the update that is under way is the last one', async () => {
  const screen = new NoiseScreen(320, 200);
  let sent = (): number => 0;
  /** Until so many bytes are out: more than one update of this picture, less than all. */
  const LIMIT = 50_000;
  const { server } = await rdp.start({ screens: [screen], permits: (feature) => feature !== 'display' || sent() < LIMIT });
  sent = () => server.clients[0]?.bytesOut ?? 0;
  const { viewer, heard } = client(server, { security: 'rdp' });
  while (sent() < LIMIT) await once(viewer, 'update');
  server.policyChanged();
  await viewer.picture(notice(320, 200));
  const pieces = screen.piecesIn(heard);
  expect(pieces).toBeGreaterThan(1000);
  expect(pieces).toBeLessThan(3 * (LIMIT + (48 << 10)));
  expect(heard.reduce((total, bytes) => total + bytes.length, 0)).toBeLessThan(3 * 3 * 320 * 200);
  const before = heard.length;
  screen.change(2);
  viewer.refresh(0, 0, 320, 200);
  await taken(viewer);
  expect(screen.piecesIn(heard.slice(before))).toBe(0);
});

test('a client that cannot follow the guest to another size sees a notice all over its desktop, and then what fits', async () => {
  const { server, screen, switches } = await start(new NoiseScreen());
  const { viewer, heard } = client(server, { resizes: false, security: 'rdp' });
  await viewer.picture(shows(screen));
  screen.resize(32, 24);
  switches.turn('display', false);
  await viewer.picture(notice(64, 48));
  const before = heard.length;
  screen.change(4);
  await taken(viewer);
  expect(screen.piecesIn(heard.slice(before))).toBe(0);
  switches.turn('display', true);
  const wanted = new Uint32Array(screen.pixels.buffer);
  await viewer.picture(({ width, pixels }) => width === 64 && wanted.every((pixel, at) => pixels[Math.floor(at / 32) * 64 + (at % 32)] === (pixel & 0xffffff)));
});

test("the pointer's shape is the guest's too", async () => {
  const { server, screen, switches } = await start(new PatternScreen(200, 150));
  server.pointerShape = 'hidden';
  const { viewer } = client(server);
  await viewer.picture(shows(screen));
  expect(viewer.pointer).toBe('hidden');
  switches.turn('display', false);
  await viewer.picture(notice(200, 150));
  expect(viewer.pointer).toBe('picture');
  server.pointerShape = 'default';
  await taken(viewer);
  expect(viewer.pointer).toBe('picture');
  switches.turn('display', true);
  await viewer.picture(shows(screen));
  expect(viewer.pointer).toBe('default');
});

test('positions are the same where the display is off: the notice has the size of the guest', async () => {
  const { server, screen, record, switches } = await start(new PatternScreen(200, 150));
  switches.turn('display', false);
  const { viewer } = client(server);
  await viewer.picture(notice(200, 150));
  viewer.button(199, 149, 1, true);
  await record.seen('pointer 199,149 buttons 1');
  switches.turn('display', true);
  await viewer.picture(shows(screen));
});

test('what waits while a machine moves is dropped by the switch, and is not pressed again', async () => {
  const { server, screen, record, switches } = await start(new PatternScreen(200, 150));
  const { viewer } = client(server);
  await viewer.picture(shows(screen));
  viewer.key(0x2a, true);
  await record.seen('key 2a down');
  server.hold();
  viewer.key(0x1e, true);
  await taken(viewer);
  switches.turn('input', false);
  viewer.key(0x1f, true);
  await taken(viewer);
  switches.turn('input', true);
  server.goOn();
  viewer.key(0x20, true);
  await record.seen('key 20 down');
  expect(record.lines).toEqual(['key 2a down', 'key 2a up', 'key 20 down']);
  expect(server.clients[0].dropped).toEqual([{ feature: 'input', messages: 2 }]);
});

test('a client may see and type, and nothing else, where nobody says what it may', async () => {
  const { server, record } = await rdp.start();
  const { viewer } = client(server, { channels: ['rdpsnd', 'drdynvc', 'cliprdr', 'rdpdr'] });
  await viewer.active();
  expect('line' in viewer.state && viewer.state.line.channels).toEqual([0, 0, 0, 0]);
  viewer.key(0x1e, true);
  await record.seen('key 1e down');
});

test('each channel has its feature by name; one without a name that is known belongs to the others', () => {
  expect(['cliprdr', 'rdpsnd', 'AUDIO_INPUT', 'URBDRC', 'rdpdr', 'Microsoft::Windows::RDS::Graphics', 'Microsoft::Windows::RDS::Input'].map(featureOf)).toEqual([
    'clipboard', 'audio', 'upstreamAudio', 'usb', 'deviceRedirection', 'display', 'input',
  ]);
  for (const name of ['', 'CLIPRDR', 'cliprdr2', 'constructor', '__proto__', 'toString']) expect(featureOf(name)).toBe('otherChannels');
});

test('a gate asks each time, and counts what it stops', () => {
  let open = true;
  const gate = new Gate(() => open);
  expect([gate.passes('usb', 3), gate.dropped]).toEqual([true, []]);
  open = false;
  expect([gate.passes('usb', 3), gate.passes('usb', 2), gate.passes('input', 0), gate.opens('usb'), gate.dropped]).toEqual([false, false, false, false, [{ feature: 'usb', messages: 5 }]]);
});
