/**
 * What finding moving pictures costs: processor time a frame at 1024×768, and what their JPEG costs.
 *
 * Run: `node dist/video.js [--seconds 20]` (seconds of film each). Films of 640×360 and of the whole screen, text that scrolls, and a screen where
 * little changes, at 10, 24, 30 and 60 frames/s. What is found is verified. Frames are drawn beforehand: only the finder is measured.
 */
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { encodeJpeg, type Rect, type Region, VideoFinder } from '@belvedere/video';
import { Desktop } from '@belvedere/video/testing';

const WIDTH = 1024;
const HEIGHT = 768;
const SCREEN: Rect = { x: 0, y: 0, width: WIDTH, height: HEIGHT };
const FILM: Rect = { x: 203, y: 107, width: 640, height: 360 };
/** Frames that are drawn beforehand, and repeat. */
const DRAWN = 12;

interface Scene {
  readonly name: string;
  readonly film: Rect | undefined;
  draw(desktop: Desktop, number: number): void;
}

const SCENES: readonly Scene[] = [
  { name: 'film of 640x360', film: FILM, draw: (desktop, number) => desktop.film(FILM, number) },
  { name: 'film of the whole screen', film: SCREEN, draw: (desktop, number) => desktop.film(SCREEN, number) },
  { name: 'text that scrolls', film: undefined, draw: (desktop, number) => desktop.text({ x: 40, y: 40, width: 800, height: 640 }, number) },
  { name: 'a cursor', film: undefined, draw: (desktop, number) => desktop.fill({ x: 300, y: 300, width: 2, height: 16 }, number % 2 ? 0xffffff : 0) },
];

/** Milliseconds of processor time that this process has used. */
const processorTime = (): number => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
};

/** Milliseconds of the finder's processor time a frame. @throws Error if it does not find what there is */
export function measure({ name, film, draw }: Scene, rate: number, seconds: number): number {
  const desktop = new Desktop(WIDTH, HEIGHT);
  desktop.take();
  const frames: { readonly changed: Region; readonly pixels: Uint32Array }[] = [];
  for (let number = 0; number < DRAWN; number++) {
    draw(desktop, number);
    frames.push({ changed: desktop.take(), pixels: desktop.pixels.slice() });
  }
  const finder = new VideoFinder(WIDTH, HEIGHT, () => 75);
  const play = (from: number, count: number): Region => {
    let rects: Region = [];
    for (let number = from; number < from + count; number++) {
      const { changed, pixels } = frames[number % DRAWN];
      rects = finder.frame(changed, pixels, (number * 1000) / rate).streams.map(({ rect }) => rect);
    }
    return rects;
  };
  // Until what the engine compiles is compiled.
  const warm = 600;
  const count = seconds * rate;
  play(0, warm);
  const start = processorTime();
  const rects = play(warm, count);
  const spent = processorTime() - start;
  if (JSON.stringify(rects) !== JSON.stringify(film ? [film] : [])) throw new Error(`${name} at ${rate} frames/s: found ${JSON.stringify(rects)}`);
  return spent / count;
}

function main(): void {
  const { values } = parseArgs({ options: { seconds: { type: 'string', default: '20' } } });
  for (const scene of SCENES) {
    const figures = [10, 24, 30, 60].map((rate) => `${measure(scene, rate, Number(values.seconds)).toFixed(3)} at ${rate} frames/s`);
    console.log(`${scene.name.padEnd(26)} ${figures.join(', ')} (ms of processor time a frame)`);
  }
  const desktop = new Desktop(WIDTH, HEIGHT);
  desktop.film(SCREEN, 1);
  for (const quality of [10, 50, 75, 100]) {
    let bytes = 0;
    const start = processorTime();
    for (let round = 0; round < 50; round++) bytes = encodeJpeg(desktop.pixels, WIDTH, FILM, quality).length;
    console.log(`JPEG of 640x360, quality ${String(quality).padStart(3)}   ${((processorTime() - start) / 50).toFixed(2)} ms, ${(bytes / 1000).toFixed(1)} KB`);
  }
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) main();
