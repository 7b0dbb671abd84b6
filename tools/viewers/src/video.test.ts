/** A moving picture in xfreerdp's window: shown in NSCodec while it moves, exactly once it has ended. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { RdpServer, serverIdentity, type VideoChanges, type VideoStream } from '@belvedere/rdp';
import { Canvas, settings } from './canvas.testing.js';
import { comparePictures, startViewer, type Viewer, VirtualDisplay } from './index.js';
import { describeWith } from './testing.js';

jest.setTimeout(180_000); // for a busy host

const width = 640;
const height = 480;
const password = 'a password';
const FILM = { x: 83, y: 61, width: 203, height: 203 };

/** Blue, green, red of its frames: NSCodec shows each a little otherwise. */
const COLOURS = [[3, 100, 200], [9, 60, 150], [17, 90, 222], [5, 77, 180]] as const;

describeWith(['xfreerdp'], 'a moving picture', () => {
  let folder: string;
  let display: VirtualDisplay;
  let server: RdpServer;
  let canvas: Canvas;
  let viewer: Viewer;
  let frames = 0;
  let isOver = false;
  let enabled = true;

  const stream = (): VideoStream => ({ id: 1, rect: FILM, parts: [FILM], frames, time: 0, interval: 40, quality: 75, jpeg: () => new Uint8Array(0) });
  const find = (): VideoChanges => (frames === 0 ? { streams: [], released: [] } : isOver ? { streams: [], released: [FILM] } : { streams: [stream()], released: [] });

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'belvedere-video-'));
    const identity = await serverIdentity(folder, { commonName: 'viewers', altNames: [] });
    display = await VirtualDisplay.start({ width: width + 20, height: height + 20 });
    canvas = new Canvas(width, height);
    server = await RdpServer.listen({
      ...settings(password),
      screens: [canvas],
      keyboard: { scancode: () => undefined },
      pointer: { absolute: true, move: () => undefined, wheel: () => undefined },
      certificate: () => identity.tls,
      standard: identity.standard,
      video: {
        get enabled() {
          return enabled;
        },
        finder: () => ({ frame: find, wake: undefined }),
      },
    });
    viewer = await startViewer(display, { program: 'xfreerdp', host: '127.0.0.1', port: server.port, user: 'someone', password, size: { width, height }, extra: ['/nsc'] });
    await display.park();
  });
  afterAll(async () => {
    await viewer.close();
    await server.close('the tests are over');
    await display.close();
    rmSync(folder, { recursive: true });
  });

  const play = () => canvas.fill(FILM.x, FILM.y, FILM.width, COLOURS[frames - 1]);
  const shows = (what: string, tolerance: number) => viewer.waitFor(what, (picture) => comparePictures(picture, canvas.picture(), { tolerance }).pixels === 0, { timeout: 60_000 });

  test('is there nearly while it moves, and exactly once it has ended or is switched off', async () => {
    await shows('the whole picture', 0);
    for (const number of [1, 2, 3]) {
      frames = number;
      play();
      const picture = await shows(`frame ${number}`, 24);
      // It came in the codec, not as a bitmap.
      expect(comparePictures(picture, canvas.picture()).pixels).toBeGreaterThan(0);
    }
    enabled = false;
    server.policyChanged();
    await shows('the frame exactly, switched off', 0);
    enabled = true;
    frames = 4;
    play();
    await shows('frame 4', 24);
    isOver = true;
    canvas.fill(600, 400, 16, [1, 2, 3]);
    await shows('the last frame exactly', 0);
  });
});
