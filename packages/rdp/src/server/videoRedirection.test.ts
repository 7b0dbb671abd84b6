/** A client with a player of its own: its presentations from their beginning to their end, its pace, and that it never loses a pixel by it. */
import { expect, jest, test } from '@jest/globals';
import { VideoPlayer, type PlayerOptions } from '../client/player.js';
import type { Rect, VideoFinder, VideoRedirection, VideoStream } from '../ports.js';
import { PatternScreen } from '../testing/pattern.js';
import { rdpServers } from '../testing/servers.js';
import type { Feature } from './policy.js';

jest.setTimeout(180_000);

const rdp = rdpServers();

/** The place of the film that is found as soon as it is on. */
const PLACE: Rect = { x: 16, y: 24, width: 64, height: 48 };

/** Finds one film where a test says that it is, and makes its pictures of one colour: three bytes instead of a JPEG. */
class Cinema implements VideoRedirection, VideoFinder {
  enabled = true;
  readonly wake = undefined;
  rect: Rect = PLACE;
  on = true;
  private stream: (VideoStream & { frames: number; time: number; rect: Rect; parts: Rect[] }) | undefined;
  private pixels = new Uint32Array(0);
  private width = 0;
  private ids = 1;

  finder(width: number): VideoFinder {
    this.width = width;
    this.stream = undefined;
    return this;
  }

  frame(changed: readonly Rect[], pixels: Uint32Array, now: number): { streams: VideoStream[]; released: Rect[] } {
    this.pixels = pixels;
    const before = this.stream?.parts ?? [];
    if (!this.on) {
      this.stream = undefined;
      return { streams: [], released: before };
    }
    const moved = this.stream?.rect !== this.rect;
    this.stream ??= {
      id: this.ids++,
      rect: this.rect,
      parts: [this.rect],
      frames: 0,
      time: now,
      interval: 40,
      quality: 75,
      jpeg: ({ x, y }: Rect) => {
        const colour = this.pixels[y * this.width + x];
        return Uint8Array.of(colour >> 16, (colour >> 8) & 255, colour & 255);
      },
    };
    if (moved) [this.stream.rect, this.stream.parts] = [this.rect, [this.rect]];
    if (changed.length > 0) {
      this.stream.frames++;
      this.stream.time = now;
    }
    return { streams: [this.stream], released: moved ? before : [] };
  }
}

/** A picture of one colour, of the film's size. */
const decode: PlayerOptions['decode'] = ([red, green, blue]) => {
  const colour = (red << 16) | (green << 8) | blue;
  return { width: 64, height: 48, pixels: new Uint32Array(64 * 48).fill(colour) };
};

/** A player, who says what it was asked for, and who waits for it. */
function player(options: Partial<PlayerOptions> = {}) {
  const heard: string[] = [];
  const waiting = new Set<() => void>();
  const changed = (): void => [...waiting].forEach((check) => check());
  const made = new VideoPlayer({ decode, heard: (name) => void heard.push(name), changed, ...options });
  const until = (done: () => boolean): Promise<void> =>
    new Promise((resolve) => {
      const check = (): void => {
        if (!done()) return;
        waiting.delete(check);
        resolve();
      };
      waiting.add(check);
      check();
    });
  return { player: made, heard, until };
}

async function start(options: Partial<PlayerOptions> = {}) {
  const off = new Set<Feature>();
  const cinema = new Cinema();
  const screen = new PatternScreen(200, 150);
  const { server } = await rdp.start({ screens: [screen], video: cinema, permits: (feature) => !off.has(feature) });
  const watched = player(options);
  const viewer = rdp.client(server, { listeners: [watched.player] });
  /** The guest's picture, exactly. */
  const exact = (): Promise<void> => viewer.picture(({ pixels }) => pixels.every((pixel, at) => pixel === (new Uint32Array(screen.pixels.buffer)[at] & 0xffffff)));
  /** Shows another picture of the film until the player has it. */
  const plays = async (colour: number): Promise<void> => {
    let tries = 0;
    const shown = (): boolean => watched.player.films.some(({ picture }) => picture?.pixels[0] === colour);
    while (!shown()) {
      screen.fill(cinema.rect, colour - 1 - (tries++ & 1));
      screen.fill(cinema.rect, colour);
      await new Promise((resolve) => setImmediate(resolve));
    }
  };
  return { server, screen, cinema, viewer, off, exact, plays, ...watched };
}

test('a presentation is set up in order, shows the film where it is, moves with it, and is taken down; then the picture is exact', async () => {
  const { screen, cinema, viewer, exact, plays, player: shown, heard, until } = await start();
  await viewer.active();
  await plays(0x204060);
  expect(heard.filter((name) => name !== 'ON_SAMPLE').slice(0, 11)).toEqual([
    // The question whether there is a player.
    'RIM_EXCHANGE_CAPABILITY_REQUEST', 'SET_CHANNEL_PARAMS', 'EXCHANGE_CAPABILITIES_REQ',
    // The presentation's control channel, then its stream's.
    'RIM_EXCHANGE_CAPABILITY_REQUEST', 'SET_CHANNEL_PARAMS', 'EXCHANGE_CAPABILITIES_REQ', 'ON_NEW_PRESENTATION', 'CHECK_FORMAT_SUPPORT_REQ',
    'SET_CHANNEL_PARAMS', 'ADD_STREAM', 'SET_TOPOLOGY_REQ',
  ]);
  expect(heard.filter((name) => name !== 'ON_SAMPLE').slice(11)).toEqual(['SET_VIDEO_WINDOW', 'ON_PLAYBACK_STARTED', 'UPDATE_GEOMETRY_INFO']);
  const [film] = shown.films;
  expect(film).toMatchObject({ rect: PLACE, visible: [{ x: 0, y: 0, width: 64, height: 48 }] });
  expect(film.end - film.start).toBe(400_000n);
  // Over the session's picture, as its user sees it.
  const seen = shown.over(viewer.framebuffer);
  expect([seen[24 * 200 + 16], seen[71 * 200 + 79]]).toEqual([0x204060, 0x204060]);

  cinema.rect = { ...PLACE, x: 100, y: 90 };
  await plays(0x305070);
  expect(shown.films.map(({ rect }) => rect)).toEqual([cinema.rect]);

  const before = shown.films[0].start;
  await plays(0x406080);
  expect(shown.films[0].start).toBeGreaterThan(before);

  cinema.on = false;
  screen.fill({ x: 0, y: 0, width: 1, height: 1 }, 0x010203);
  await until(() => heard.includes('SHUTDOWN_PRESENTATION_REQ'));
  expect(heard.slice(-4)).toEqual(['ON_END_OF_STREAM', 'ON_PLAYBACK_STOPPED', 'REMOVE_STREAM', 'SHUTDOWN_PRESENTATION_REQ']);
  expect(shown.films).toEqual([]);
  await exact();
});

test('a film of another size gets a presentation of its own', async () => {
  const { cinema, viewer, plays, player: shown, heard } = await start();
  await viewer.active();
  await plays(0x204060);
  cinema.rect = { x: 8, y: 8, width: 32, height: 32 };
  await plays(0x305070);
  expect(shown.films.map(({ rect }) => rect)).toEqual([cinema.rect]);
  expect(heard.filter((name) => name === 'ON_NEW_PRESENTATION').length).toBe(2);
  expect(heard.filter((name) => name === 'SHUTDOWN_PRESENTATION_REQ').length).toBe(1);
});

test('a player that does not say that it has played gets two pictures and no more, and after a while sees the film as all others do', async () => {
  let acknowledges = true;
  const { screen, viewer, exact, plays, heard } = await start({ acknowledges: () => acknowledges });
  const samples = (): number => heard.filter((name) => name === 'ON_SAMPLE').length;
  await viewer.active();
  await plays(0x204060);
  acknowledges = false;
  const had = samples();
  for (let at = 0; at < 40; at++) {
    screen.fill(PLACE, 0x300000 + at);
    await new Promise((resolve) => setImmediate(resolve));
  }
  // Something else reaches the client after all that.
  screen.fill({ x: 190, y: 140, width: 4, height: 4 }, 0x0a0b0c);
  await viewer.picture((picture) => picture.at(191, 141) === 0x0a0b0c);
  expect(samples()).toBeLessThanOrEqual(had + 2);
  for (let at = 0; viewer.framebuffer.at(20, 30) >> 8 !== 0x5000; at++) {
    screen.fill(PLACE, 0x500000 + (at & 255));
    await new Promise((resolve) => setImmediate(resolve));
  }
  await exact();
});

test('a client without a player, or with one that cannot play this, sees it all exactly, film and all', async () => {
  const { screen, viewer, exact, heard } = await start({ supported: false });
  await viewer.active();
  for (let at = 0; at < 5; at++) {
    screen.fill(PLACE, 0x400000 + at);
    await exact();
  }
  expect(heard).not.toContain('ON_SAMPLE');
  const plain = await rdp.start({ screens: [screen], video: new Cinema(), permits: () => true });
  const other = rdp.client(plain.server, { channels: ['drdynvc'] });
  await other.picture(({ pixels }) => pixels.every((pixel, at) => pixel === (new Uint32Array(screen.pixels.buffer)[at] & 0xffffff)));
});

test('the setting, and the switch of the display: what plays is taken down at once, and the client sees what it may', async () => {
  const { server, cinema, viewer, exact, plays, player: shown, off, until } = await start();
  await viewer.active();
  await plays(0x204060);
  cinema.enabled = false;
  server.policyChanged();
  await until(() => shown.films.length === 0);
  await exact();
  cinema.enabled = true;
  server.policyChanged();
  await plays(0x305070);
  off.add('display');
  server.policyChanged();
  await until(() => shown.films.length === 0);
  off.delete('display');
  server.policyChanged();
  await plays(0x406080);
});
