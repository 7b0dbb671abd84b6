/**
 * A film for a client with a player of its own, as that of Windows 7: bytes and quality of what it plays, at each quality of the video channel.
 *
 * Run: `node dist/film-player.js [--seconds 5] [--rate 15] [--size 640x360]`. The client is ours and plays that part; a JPEG decoder that has nothing in common with the
 * encoder decodes each sample, which is compared with the screen of its time. Once the film has stopped the client's picture must be the screen's, exactly.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { RdpServer, serverIdentity } from '@belvedere/rdp';
import { type Decoder, RdpClient, VideoPlayer } from '@belvedere/rdp/client';
import { VideoFinder } from '@belvedere/video';
import { decode } from 'jpeg-js';
import { median } from './median.js';
import { Canvas, HEIGHT, WIDTH } from './screen.js';

const PASSWORD = 'a password';
const QUALITIES = [10, 50, 75, 100];
const RECENT = 3;

const decoder: Decoder = (jpeg) => {
  const { width, height, data } = decode(jpeg);
  const pixels = new Uint32Array(width * height);
  for (let at = 0; at < pixels.length; at++) pixels[at] = (data[4 * at] << 16) | (data[4 * at + 1] << 8) | data[4 * at + 2];
  return { width, height, pixels };
};

interface Rect {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** Signal to noise in decibels over all three colours: of a picture, and of the screen where it is. */
function psnr(picture: ReturnType<Decoder>, screen: Uint32Array, rect: Rect): number {
  let squares = 0;
  for (let y = 0; y < rect.height; y++) {
    for (let x = 0; x < rect.width; x++) {
      const [is, shouldBe] = [picture.pixels[y * picture.width + x], screen[(rect.y + y) * WIDTH + rect.x + x]];
      for (const shift of [0, 8, 16]) squares += (((is >> shift) & 0xff) - ((shouldBe >> shift) & 0xff)) ** 2;
    }
  }
  return 10 * Math.log10((255 * 255 * 3 * rect.width * rect.height) / squares);
}

/** Plays a film at a quality. @throws when the client has played nothing of it, or its picture is not exact afterwards */
async function play(film: Rect, { quality, seconds, rate }: { readonly quality: number; readonly seconds: number; readonly rate: number }): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'belvedere-player-'));
  const identity = await serverIdentity(folder, { commonName: 'player', altNames: [] });
  const canvas = new Canvas();
  canvas.desktop.fill({ x: 0, y: 0, width: WIDTH, height: HEIGHT }, 0x336699);
  const server = await RdpServer.listen({
    ports: [0], addresses: ['127.0.0.1'], machineId: '00000000-0000-0000-0000-000000000000', name: 'player', securityMethod: 'tls', multiConnection: false, reuseConnection: false,
    authenticator: { judge: ({ password }) => Promise.resolve(password === PASSWORD ? { granted: true } : { granted: false, reason: 'wrong password' }) },
    screens: [canvas], keyboard: { scancode: () => undefined }, pointer: { absolute: true, move: () => undefined, wheel: () => undefined },
    certificate: () => identity.tls, standard: identity.standard,
    permits: (feature) => ['display', 'input', 'dynamicChannels'].includes(feature),
    video: { enabled: true, finder: (width, height) => new VideoFinder(width, height, () => quality) },
  });
  /** The newest screens: a sample may be of one that has passed. */
  const screens: Uint32Array[] = [];
  const sizes: number[] = [];
  const likeness: number[] = [];
  const player: VideoPlayer = new VideoPlayer({
    decode: (jpeg) => {
      sizes.push(jpeg.length);
      return decoder(jpeg);
    },
    changed: () => {
      const [shown] = player.films;
      // Only whole films of their final size: what is found first may be a part.
      if (shown?.picture && sizes.length > likeness.length && shown.picture.width === shown.rect.width) likeness.push(Math.max(...screens.map((screen) => psnr(shown.picture!, screen, shown.rect))));
    },
  });
  const client = new RdpClient({ port: server.port, password: PASSWORD, width: WIDTH, height: HEIGHT, bitsPerPixel: 24, listeners: [player] });
  try {
    await client.active();
    const start = performance.now();
    for (let frame = 1; frame <= seconds * rate; frame++) {
      await setTimeout(Math.max(0, start + (frame * 1000) / rate - performance.now()));
      canvas.desktop.film(film, frame);
      screens.push(canvas.desktop.pixels.slice());
      if (screens.length > RECENT) screens.shift();
      canvas.changed(canvas.desktop.take());
    }
    await client.picture((framebuffer) => Buffer.compare(Buffer.from(framebuffer.pixels.buffer), Buffer.from(canvas.desktop.pixels.buffer)) === 0);
    if (likeness.length === 0) throw new Error(`the client has played nothing at quality ${quality}`);
    return `quality ${quality}: ${likeness.length} of ${seconds * rate} frames played, ${(median(sizes) / 1000).toFixed(1)} KB each, ${median(likeness).toFixed(1)} dB; exact after the film's end`;
  } finally {
    client.close();
    await server.close('the film is over');
    rmSync(folder, { recursive: true });
  }
}

const { values } = parseArgs({ options: { seconds: { type: 'string', default: '5' }, rate: { type: 'string', default: '15' }, size: { type: 'string', default: '640x360' } } });
const [width, height] = values.size.split('x').map(Number);
for (const quality of QUALITIES) console.log(await play({ x: 203, y: 107, width, height }, { quality, seconds: Number(values.seconds), rate: Number(values.rate) }));
