/** A client with a player of its own: its presentations from their beginning to their end, its pace, and what becomes of one that cannot play, or does not. */
import { describe, expect, test } from '@jest/globals';
import { Cursor } from '@belvedere/wire';
import { ClientChannels } from '../client/channels.js';
import { type PlayerOptions, VideoPlayer } from '../client/player.js';
import { DRDYNVC } from '../pdu/dynamicChannel.js';
import { SEND_DATA_INDICATION } from '../pdu/mcs.js';
import { decodeData } from '../pdu/x224.js';
import type { Rect, Region, VideoStream } from '../ports.js';
import { plainLayer } from '../security/index.js';
import { Channels } from './channels.js';
import { type Feature, Gate } from './policy.js';
import type { Link } from './state.js';
import { ChosenVideo, VideoRedirectionService } from './videoRedirection.js';

/** A server's channels and a client's, joined without a line between them. */
class Pair {
  readonly off = new Set<Feature>();
  readonly heard: string[] = [];
  readonly player: VideoPlayer;
  readonly client: ClientChannels;
  readonly channels: Channels;
  readonly service: VideoRedirectionService;
  /** How often the service has said that something changed. */
  changes = 0;
  private readonly toServer: Uint8Array[] = [];
  private readonly toClient: Uint8Array[] = [];

  constructor(options: Partial<PlayerOptions> & { readonly listens?: boolean } = {}) {
    const decode: PlayerOptions['decode'] = ([colour]) => ({ width: 64, height: 48, pixels: new Uint32Array(64 * 48).fill(colour) });
    this.player = new VideoPlayer({ decode, heard: (name) => void this.heard.push(name), ...options });
    this.client = new ClientChannels(options.listens === false ? [] : [this.player], (packet) => void this.toServer.push(packet));
    const link = { client: { channels: [{ id: 1004, name: DRDYNVC, options: 0, offered: true }] }, security: plainLayer('server') } as unknown as Link;
    this.channels = new Channels(link, new Gate((feature) => !this.off.has(feature)), (packets) => void this.toClient.push(...packets));
    this.channels.start([]);
    this.service = new VideoRedirectionService(this.channels, () => ({ width: 200, height: 150 }), () => void this.changes++);
    this.service.offer(true);
  }

  /** Brings everything to where it goes. */
  settle(): this {
    for (;;) {
      const indication = this.toClient.shift();
      const packet = indication ? undefined : this.toServer.shift();
      if (indication) this.client.receive(SEND_DATA_INDICATION.decode(new Cursor(decodeData(indication))).userData);
      else if (packet) this.channels.receive(DRDYNVC, packet);
      else return this;
    }
  }

  /** Shows a film's newest picture. @returns whether it was sent */
  show(film: Film): boolean {
    const sent = this.service.show(film);
    this.settle();
    return sent;
  }

  /** What was asked of the client since the last time. */
  get asked(): string[] {
    return this.heard.splice(0);
  }
}

/** A film whose pictures are longer than a channel's fragments. */
class Film implements VideoStream {
  rect: Rect = { x: 16, y: 24, width: 64, height: 48 };
  frames = 1;
  time = 100;
  readonly interval = 40;
  readonly quality = 75;

  constructor(readonly id = 1) {}

  get parts(): Region {
    return [this.rect];
  }
  jpeg(): Uint8Array {
    return Uint8Array.of(7, ...new Uint8Array(5000));
  }
}

const CHANNEL_SETUP = ['RIM_EXCHANGE_CAPABILITY_REQUEST', 'SET_CHANNEL_PARAMS', 'EXCHANGE_CAPABILITIES_REQ'];
const PRESENTATION = [...CHANNEL_SETUP, 'ON_NEW_PRESENTATION', 'CHECK_FORMAT_SUPPORT_REQ', 'SET_CHANNEL_PARAMS', 'ADD_STREAM', 'SET_TOPOLOGY_REQ', 'SET_VIDEO_WINDOW', 'ON_PLAYBACK_STARTED'];
const TEARDOWN = ['ON_END_OF_STREAM', 'ON_PLAYBACK_STOPPED', 'REMOVE_STREAM', 'SHUTDOWN_PRESENTATION_REQ'];

describe('a presentation', () => {
  test('is set up in order, plays where the film is, moves with it, and is taken down', () => {
    const pair = new Pair();
    expect(pair.service.ready).toBe(false);
    pair.settle();
    expect(pair.service.ready).toBe(true);
    expect(pair.asked).toEqual(CHANNEL_SETUP);
    const film = new Film();
    expect(pair.show(film)).toBe(false);
    expect(pair.asked).toEqual(PRESENTATION);
    expect(pair.show(film)).toBe(true);
    expect(pair.asked).toEqual(['UPDATE_GEOMETRY_INFO', 'ON_SAMPLE']);
    expect(pair.player.films).toMatchObject([{ rect: film.rect, visible: [{ x: 0, y: 0, width: 64, height: 48 }], samples: 1, bytes: 5001, start: 0n, end: 400_000n }]);
    film.time = 180;
    expect(pair.show(film)).toBe(true);
    expect(pair.asked).toEqual(['ON_SAMPLE']);
    expect(pair.player.films).toMatchObject([{ samples: 2, start: 800_000n, end: 1_200_000n }]);
    // Beyond the client's desktop it does not show.
    film.rect = { ...film.rect, x: 180 };
    expect(pair.show(film)).toBe(true);
    expect(pair.player.films).toMatchObject([{ rect: { x: 180 }, visible: [{ x: 0, y: 0, width: 20, height: 48 }] }]);
    pair.heard.length = 0;
    pair.service.end(film.id);
    pair.settle();
    expect(pair.asked).toEqual(TEARDOWN);
    expect(pair.player.films).toEqual([]);
    expect(pair.service.ready).toBe(true);
  });

  test('is another one for a film of another size', () => {
    const pair = new Pair().settle();
    const film = new Film();
    pair.show(film);
    expect(pair.show(film)).toBe(true);
    pair.heard.length = 0;
    film.rect = { ...film.rect, width: 32 };
    expect(pair.show(film)).toBe(false);
    expect(pair.asked).toEqual([...TEARDOWN, ...PRESENTATION]);
    expect(pair.show(film)).toBe(true);
    expect(pair.player.films).toMatchObject([{ rect: film.rect }]);
  });

  test('stands beside others, and all go when the display is switched off; they begin again after that', () => {
    const pair = new Pair().settle();
    const films = [new Film(5), new Film(6)];
    for (const sent of [false, true]) expect(films.map((film) => pair.show(film))).toEqual([sent, sent]);
    expect(pair.player.films.length).toBe(2);
    pair.off.add('display');
    pair.channels.policyChanged();
    expect(pair.service.ready).toBe(false);
    pair.settle();
    expect(pair.player.films).toEqual([]);
    pair.off.delete('display');
    pair.channels.policyChanged();
    expect(pair.settle().service.ready).toBe(true);
    pair.show(films[0]);
    expect(pair.show(films[0])).toBe(true);
    expect(pair.player.films.length).toBe(1);
  });
});

test('no more than two pictures wait to be played; a client that plays none for too long is shown films otherwise', () => {
  let acknowledges = true;
  const pair = new Pair({ acknowledges: () => acknowledges }).settle();
  const film = new Film();
  pair.show(film);
  acknowledges = false;
  expect([pair.show(film), pair.show(film), pair.show(film)]).toEqual([true, true, false]);
  film.time = 3100;
  expect([pair.show(film), pair.service.ready]).toEqual([false, true]);
  film.time = 3101;
  expect([pair.show(film), pair.service.ready]).toEqual([false, false]);
  expect(pair.player.films).toEqual([]);
});

test('a picture that is played makes room for another', () => {
  const pair = new Pair().settle();
  const film = new Film();
  pair.show(film);
  const before = pair.changes;
  for (let at = 0; at < 10; at++) expect(pair.show(film)).toBe(true);
  expect(pair.changes).toBe(before + 10);
  expect(pair.player.films).toMatchObject([{ samples: 10 }]);
});

test('a client without a player, with one that cannot play this, or that closes its channel is shown films otherwise', () => {
  expect(new Pair({ listens: false }).settle().service.ready).toBe(false);
  const unable = new Pair({ supported: false }).settle();
  expect(unable.show(new Film())).toBe(false);
  expect(unable.service.ready).toBe(false);
  unable.service.offer(true);
  expect(unable.settle().service.ready).toBe(false);
  const gone = new Pair().settle();
  gone.client.close('TSMF');
  expect(gone.settle().service.ready).toBe(false);
});

test('the setting takes the player back, and asks for it again', () => {
  const pair = new Pair().settle();
  const film = new Film();
  pair.show(film);
  pair.show(film);
  pair.service.offer(false);
  expect(pair.service.ready).toBe(false);
  expect(pair.settle().player.films).toEqual([]);
  pair.service.offer(true);
  expect(pair.settle().service.ready).toBe(true);
});

test('a player comes before a codec, as long as there is one', () => {
  const log: string[] = [];
  const sink = (name: string) => ({ ready: true, show: () => log.push(name) > 0, end: () => void log.push(`${name} ends`) });
  const [player, surface] = [sink('player'), sink('surface')];
  const chosen = new ChosenVideo(() => player, surface);
  const pixels = new Uint32Array(0);
  chosen.show(new Film(), pixels, 0);
  player.ready = false;
  chosen.show(new Film(), pixels, 0);
  chosen.end(1);
  expect(log).toEqual(['player', 'surface', 'player ends', 'surface ends']);
  expect(new ChosenVideo(() => undefined, surface).ready).toBe(true);
  expect(new ChosenVideo(() => player, undefined).ready).toBe(false);
});
