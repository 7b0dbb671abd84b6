/** Dynamic channels of real sessions: who is offered them, what the switches do to them, and a client that asks for another size. */
import { expect, jest, test } from '@jest/globals';
import { once } from 'node:events';
import { encode } from '@belvedere/wire';
import type { ClientChannel, ClientListener } from '../client/channels.js';
import type { RdpClient } from '../client/index.js';
import * as disp from '../pdu/displayControl.js';
import { PatternScreen } from '../testing/pattern.js';
import { rdpServers } from '../testing/servers.js';
import type { Feature } from './policy.js';
import type { RdpServer } from './server.js';

jest.setTimeout(120_000);

const rdp = rdpServers();

/** A guest that can be told a size, and follows. */
class ObedientScreen extends PatternScreen {
  readonly asked: string[] = [];
  requestSize(width: number, height: number): void {
    this.asked.push(`${width}x${height}`);
    this.resize(width, height);
  }
}

/** Listens for a channel, and keeps in mind what came. */
class Listener implements ClientListener {
  readonly heard: string[] = [];
  private say: ((message: Uint8Array) => void) | undefined;
  private waiting: (() => void)[] = [];

  constructor(readonly name: string = disp.DISPLAY_CONTROL) {}

  opened(say: (message: Uint8Array) => void): ClientChannel {
    this.say = say;
    this.add('opened');
    return { message: (message) => this.add(Buffer.from(message).toString('hex')), closed: () => this.add('closed') };
  }
  send(message: Uint8Array): void {
    this.say!(message);
  }

  /** Resolves once so many things have happened. */
  async happened(count: number): Promise<string[]> {
    while (this.heard.length < count) await new Promise<void>((resolve) => this.waiting.push(resolve));
    return this.heard;
  }

  private add(what: string): void {
    this.heard.push(what);
    for (const resolve of this.waiting.splice(0)) resolve();
  }
}

const layout = (...monitors: Partial<disp.MonitorLayout>[]): Uint8Array => {
  const plain = { Flags: 0, Left: 0, Top: 0, Width: 640, Height: 480, PhysicalWidth: 0, PhysicalHeight: 0, Orientation: 0, DesktopScaleFactor: 100, DeviceScaleFactor: 100 };
  const body = encode(disp.DISPLAYCONTROL_MONITOR_LAYOUT_PDU, { Monitors: monitors.map((each) => ({ ...plain, ...each })) });
  return encode(disp.DISPLAYCONTROL_HEADER, { Type: disp.DisplayControlType.MONITOR_LAYOUT, body });
};

/** DISPLAYCONTROL_CAPS_PDU: 16 monitors of 8192 by 8192. */
const CAPS = '0500000014000000100000000020000000200000';

async function start(screen: PatternScreen, off = new Set<Feature>()) {
  const started = await rdp.start({ screens: [screen], permits: (feature) => !off.has(feature) });
  const listener = new Listener();
  const viewer = rdp.client(started.server, { listeners: [listener], security: 'rdp' });
  return { ...started, screen, off, listener, viewer };
}

/** Resolves once the server has taken all that the client has sent; its picture must be still. */
async function taken(viewer: RdpClient): Promise<void> {
  const drawn = once(viewer, 'update');
  viewer.refresh(0, 0, 8, 8);
  await drawn;
}

const shown = (viewer: RdpClient, { width, height }: PatternScreen): Promise<void> => viewer.picture((picture) => picture.width === width && picture.height === height && picture.at(width - 1, height - 1) !== 0);

test('a client asks for another size, and sees the guest in it, whole', async () => {
  const screen = new ObedientScreen(200, 150);
  const { listener, viewer } = await start(screen);
  await viewer.active();
  expect(await listener.happened(2)).toEqual(['opened', CAPS]);
  const active = once(viewer, 'active');
  listener.send(layout({ Flags: disp.DISPLAYCONTROL_MONITOR_PRIMARY, Width: 802, Height: 602 }));
  await active;
  expect(viewer.share).toMatchObject({ width: 802, height: 602 });
  await shown(viewer, screen);
  // The channel is still there in the new share; the primary monitor counts.
  const again = once(viewer, 'active');
  listener.send(layout({ Left: 1024, Width: 700, Height: 500 }, { Flags: disp.DISPLAYCONTROL_MONITOR_PRIMARY, Width: 1024, Height: 768 }));
  await again;
  expect(screen.asked).toEqual(['802x602', '1024x768']);
});

test('sizes that the standard does not allow are not asked for; a message that is none ends the session', async () => {
  const screen = new ObedientScreen(200, 150);
  const { listener, viewer } = await start(screen);
  await viewer.active();
  await listener.happened(2);
  for (const wrong of [{ Width: 199 }, { Width: 641 }, { Width: 8194 }, { Height: 199 }, { Height: 8193 }, { Width: 0, Height: 0 }]) listener.send(layout(wrong));
  listener.send(encode(disp.DISPLAYCONTROL_HEADER, { Type: 99, body: new Uint8Array(3) }));
  await taken(viewer);
  expect(screen.asked).toEqual([]);
  const ended = viewer.ended();
  listener.send(layout());
  await ended;
  const second = await start(screen);
  await second.viewer.active();
  await second.listener.happened(2);
  const over = second.viewer.ended();
  second.listener.send(layout({}).subarray(0, 40));
  await over;
  expect(screen.asked).toEqual([]);
});

test('nobody is asked for a size where the guest cannot be told one, and nobody before the login is judged', async () => {
  const { listener, viewer } = await start(new PatternScreen(200, 150));
  await viewer.active();
  await taken(viewer);
  expect(listener.heard).toEqual([]);
  const refused = await rdp.start({ screens: [new ObedientScreen(200, 150)], permits: () => true, authenticator: { judge: async () => ({ granted: false, reason: 'no' }) } });
  const stranger = new Listener();
  await rdp.client(refused.server, { listeners: [stranger] }).ended();
  expect(stranger.heard).toEqual([]);
});

test('the switches: a channel closes at once, what is said in it is dropped and counted, and it opens again', async () => {
  const off = new Set<Feature>();
  const screen = new ObedientScreen(200, 150);
  const { server, listener, viewer } = await start(screen, off);
  const turn = (feature: Feature, on: boolean, of: RdpServer = server): void => {
    if (on) off.delete(feature);
    else off.add(feature);
    of.policyChanged();
  };
  await viewer.active();
  await listener.happened(2);
  await shown(viewer, screen);
  turn('display', false);
  // On its way when the channel closes.
  listener.send(layout({ Width: 802 }));
  expect((await listener.happened(3))[2]).toBe('closed');
  await taken(viewer);
  expect(screen.asked).toEqual([]);
  expect(server.clients[0].dropped).toEqual([{ feature: 'display', messages: 1 }]);
  turn('display', true);
  expect((await listener.happened(5)).slice(3)).toEqual(['opened', CAPS]);
  turn('dynamicChannels', false);
  expect((await listener.happened(6))[5]).toBe('closed');
  const late = new Listener();
  const next = rdp.client(server, { listeners: [late] });
  await next.active();
  await taken(next);
  expect(late.heard).toEqual([]);
});

test('what is no channel of this client, and garbage in the carrier', async () => {
  const { server, listener, viewer, off } = await start(new ObedientScreen(200, 150));
  off.add('otherChannels');
  await viewer.active();
  await listener.happened(2);
  const { state } = viewer;
  const carrier = 'line' in state ? state.line.channels[0] : 0;
  // A first and last chunk of two bytes: data in channel 9.
  viewer.say(carrier, Uint8Array.of(2, 0, 0, 0, 3, 0, 0, 0, 0x30, 9));
  await taken(viewer);
  expect(server.clients[0].dropped).toEqual([{ feature: 'otherChannels', messages: 1 }]);
  const ended = viewer.ended();
  viewer.say(carrier, Uint8Array.of(2, 0));
  await ended;
});
