/**
 * How well moving pictures are found on desktops of real programs.
 *
 * Run: `node dist/video-recordings.js [--rates 10,24,30,60] [--only WORD] [--keep FOLDER | --from FOLDER]`. Records each scene on a virtual
 * display (Xvfb), then plays the recording to the finder and prints what it did, counted in tiles and frames: of the tiles that were shown as video
 * those of films (precision), of the tiles of films that changed those shown as video (recall, the time until a film is found included), the time
 * until the first film was found, the longest that anything else was shown as video after it had stopped changing, and the finder's processor time.
 */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { onPath, VirtualDisplay } from '@belvedere/viewers';
import type { Region } from '@belvedere/video';
import { type Score, Scorer } from '@belvedere/video/testing';
import { record } from './recordings/recorder.js';
import { decodeRecording, draw, encodeRecording, type Recording } from './recordings/recording.js';
import { openStage, PROGRAMS, type Scene, scenes, SCREEN } from './recordings/scenes.js';

/** Records a scene. @param folder for films, and for what programs write */
async function recordScene(scene: Scene, folder: string): Promise<Recording> {
  const display = await VirtualDisplay.start(SCREEN);
  let films: Region = [];
  const stage = await openStage(display, folder, (region) => (films = region));
  try {
    await scene.prepare(stage);
    await display.park();
    const played = scene.play?.(stage);
    // An error is thrown below; until then it must not count as one that nobody takes.
    played?.catch(() => undefined);
    const recording = await record(display, (time) => time >= scene.length, () => films);
    await played;
    return recording;
  } finally {
    await stage.close();
    await display.close();
  }
}

/** Plays a recording to the finder. */
export function score({ width, height, frames }: Recording): Score {
  const scorer = new Scorer(width, height);
  const screen = new Uint32Array(width * height);
  for (const delta of frames) {
    draw(delta, screen, width);
    scorer.frame({ ...delta, pixels: screen });
  }
  return scorer.score;
}

const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;

export const line = (name: string, { frames, precision, recall, found, stale, mean, slow, streams, hits, misses, falseHits }: Score): string =>
  [
    name.padEnd(56),
    `${frames} frames`.padStart(11),
    `precision ${percent(precision)} (${falseHits} tiles of ${hits + falseHits} were no film)`.padEnd(54),
    `recall ${percent(recall)} (${misses} of ${hits + misses} missed)`.padEnd(38),
    `found after ${found === undefined ? '-' : `${Math.round(found)} ms`}`.padEnd(20),
    `stale ${Math.round(stale)} ms`.padEnd(13),
    `${streams} streams`,
    `${mean.toFixed(2)} ms of CPU a frame, ${slow.toFixed(2)} ms at 95 %`,
  ].join('  ');

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { rates: { type: 'string', default: '10,24,30,60' }, only: { type: 'string', default: '' }, keep: { type: 'string' }, from: { type: 'string' } } });
  if (values.from !== undefined) {
    for (const file of readdirSync(values.from).filter((name) => name.endsWith('.recording')).sort()) console.log(line(file.replace('.recording', ''), score(decodeRecording(readFileSync(join(values.from, file))))));
    return;
  }
  const missing = PROGRAMS.filter((program) => !onPath(program));
  if (missing.length > 0) throw new Error(`recording needs ${missing.join(', ')}: install them (on Debian: apt-get install xvfb xdotool openbox xterm x11-apps mousepad zenity mpv ffmpeg)`);
  const folder = mkdtempSync(join(tmpdir(), 'belvedere-recordings-'));
  try {
    if (values.keep !== undefined) mkdirSync(values.keep, { recursive: true });
    for (const scene of scenes(values.rates.split(',').map(Number)).filter(({ name }) => name.includes(values.only))) {
      const recording = await recordScene(scene, folder);
      if (values.keep !== undefined) writeFileSync(join(values.keep, `${scene.name.replaceAll('/', ' per ')}.recording`), encodeRecording(recording));
      console.log(line(scene.name, score(recording)));
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) await main();
