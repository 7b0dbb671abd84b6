/**
 * A film and xfreerdp: what it costs on the line, and how much of it is seen, with video redirection off and on.
 *
 * Run: `node dist/film-viewer.js [--seconds 8] [--rate 30] [--size 640x360] [--recording FILE]`. The film is drawn with grain, or is a desktop that
 * `video-recordings.js --keep` has recorded. xfreerdp knows NSCodec (`/nsc`). Frames are counted in its window, by a square of its own colour
 * for each frame; the window is compared with the screen once the film has stopped: a film that stands still is exact again.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { RdpServer, serverIdentity } from '@belvedere/rdp';
import { VideoFinder } from '@belvedere/video';
import { colourAt, comparePictures, startViewer, VirtualDisplay } from '@belvedere/viewers';
import { decodeRecording, draw } from './recordings/recording.js';
import { Canvas, HEIGHT, MARK, markOf, WIDTH } from './screen.js';

const PASSWORD = 'a password';
export interface Figures {
  /** Frames drawn, and those of them seen in the viewer's window. */
  readonly drawn: number;
  readonly seen: number;
  /** Sent while the film ran. */
  readonly bytes: number;
  /** Milliseconds of processor time of this process: the film's drawing and the server. */
  readonly processor: number;
  /** Milliseconds after the film's end until the window was exactly the screen. */
  readonly exactAfter: number;
}

/** Draws a frame, and says what it has drawn. */
type Film = (canvas: Canvas, number: number) => void;

const drawn =
  (rect: { x: number; y: number; width: number; height: number }): Film =>
  (canvas, number) =>
    canvas.desktop.film(rect, number);

/** A recording's frames, over and over. */
function recorded(file: string): Film {
  const { width, height, frames } = decodeRecording(readFileSync(file));
  if (width !== WIDTH || height !== HEIGHT) throw new Error(`${file} is of ${width}x${height} pixels; ${WIDTH}x${HEIGHT} are needed`);
  return (canvas, number) => draw(frames[number % frames.length], canvas.desktop.pixels, WIDTH);
}

/** Shows a film to xfreerdp. */
export async function show(film: Film, { seconds, rate, video }: { readonly seconds: number; readonly rate: number; readonly video: boolean }): Promise<Figures> {
  const folder = mkdtempSync(join(tmpdir(), 'belvedere-film-'));
  const canvas = new Canvas();
  canvas.desktop.fill({ x: 0, y: 0, width: WIDTH, height: HEIGHT }, 0x336699);
  const identity = await serverIdentity(folder, { commonName: 'film', altNames: [] });
  const display = await VirtualDisplay.start({ width: WIDTH + 20, height: HEIGHT + 20 });
  const server = await RdpServer.listen({
    ports: [0], addresses: ['127.0.0.1'], machineId: '00000000-0000-0000-0000-000000000000', name: 'film', securityMethod: 'tls', multiConnection: false, reuseConnection: false,
    authenticator: { judge: ({ password }) => Promise.resolve(password === PASSWORD ? { granted: true } : { granted: false, reason: 'wrong password' }) },
    screens: [canvas], keyboard: { scancode: () => undefined }, pointer: { absolute: true, move: () => undefined, wheel: () => undefined },
    certificate: () => identity.tls, standard: identity.standard,
    video: { enabled: video, finder: (width, height) => new VideoFinder(width, height, () => 75) },
  });
  const viewer = await startViewer(display, { program: 'xfreerdp', host: '127.0.0.1', port: server.port, user: 'someone', password: PASSWORD, size: { width: WIDTH, height: HEIGHT }, extra: ['/nsc', '/network:lan'] });
  try {
    const exact = () => viewer.waitFor("the screen's exact picture", (picture) => comparePictures(picture, { width: WIDTH, height: HEIGHT, stride: canvas.stride, data: canvas.pixels }).pixels === 0);
    await display.park();
    await exact();
    const before = server.clients[0].bytesOut;
    const processor = process.cpuUsage();
    const start = performance.now();
    const total = seconds * rate;
    const seen = new Set<number>();
    for (let number = 1; number <= total; ) {
      const due = start + (number * 1000) / rate;
      await setTimeout(Math.max(0, Math.min(due - performance.now(), 8)));
      const picture = display.pixels();
      seen.add(colourAt(picture, MARK.x + 8, MARK.y + 8));
      if (performance.now() < due) continue;
      film(canvas, number);
      canvas.desktop.fill(MARK, markOf(number));
      canvas.changed(canvas.desktop.take());
      number++;
    }
    const { user, system } = process.cpuUsage(processor);
    const bytes = server.clients[0].bytesOut - before;
    const stopped = performance.now();
    await exact();
    const known = Array.from({ length: total }, (_, index) => markOf(index + 1));
    return { drawn: total, seen: known.filter((mark) => seen.has(mark)).length, bytes, processor: (user + system) / 1000, exactAfter: performance.now() - stopped };
  } finally {
    await viewer.close();
    await server.close('the film is over');
    await display.close();
    rmSync(folder, { recursive: true });
  }
}

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { seconds: { type: 'string', default: '8' }, rate: { type: 'string', default: '30' }, size: { type: 'string', default: '640x360' }, recording: { type: 'string' } } });
  const [width, height] = values.size.split('x').map(Number);
  const film = values.recording === undefined ? drawn({ x: 203, y: 107, width, height }) : recorded(values.recording);
  for (const video of [false, true]) {
    const { drawn: all, seen, bytes, processor, exactAfter } = await show(film, { seconds: Number(values.seconds), rate: Number(values.rate), video });
    console.log(
      `video ${video ? 'on ' : 'off'}: ${seen} of ${all} frames seen, ${(bytes / 1e6).toFixed(1)} MB (${(bytes / 1e3 / Math.max(1, seen)).toFixed(0)} KB for each frame seen), ${(processor / all).toFixed(1)} ms of processor time a frame, the drawing included; exact ${exactAfter.toFixed(0)} ms after the end`,
    );
  }
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) await main();
