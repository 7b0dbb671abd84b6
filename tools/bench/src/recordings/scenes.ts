/**
 * What happens on the desktops that are recorded: real programs, and where their films are.
 *
 * Not pure: starts programs on a virtual display, and ends them. Films are encoded once (ffmpeg, H.264) and played by mpv.
 */
import type { ChildProcess } from 'node:child_process';
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { promisify } from 'node:util';
import { end, start, until, type VirtualDisplay } from '@belvedere/viewers';
import type { Rect, Region } from '@belvedere/video';

const run = promisify(execFile);

export const SCREEN = { width: 1024, height: 768 } as const;
export const PROGRAMS = ['Xvfb', 'xdotool', 'openbox', 'xterm', 'xclock', 'mousepad', 'zenity', 'mpv', 'ffmpeg'] as const;

/** Milliseconds that a scene lasts. */
const LENGTH = 7000;
const FILM: Rect = { x: 203, y: 107, width: 640, height: 360 };

/** A desktop while it is recorded. */
export interface Stage {
  readonly display: VirtualDisplay;
  /** Where films are, encoded. */
  readonly folder: string;
  /** Starts a program on the display; it ends with the stage. */
  start(program: string, ...args: readonly string[]): Promise<ChildProcess>;
  xdotool(...args: readonly string[]): Promise<string>;
  /** Says where films show from now on. */
  films(region: Region): void;
}

export interface Scene {
  readonly name: string;
  /** Milliseconds. */
  readonly length: number;
  /** Starts what is there from the beginning, and waits until it shows. */
  prepare(stage: Stage): Promise<void>;
  /** What happens while it is recorded. */
  play?(stage: Stage): Promise<void>;
}

/** A stage with nothing but a window manager. */
export async function openStage(display: VirtualDisplay, folder: string, films: (region: Region) => void): Promise<Stage & { close(): Promise<void> }> {
  const children: ChildProcess[] = [];
  const env = { ...process.env, DISPLAY: display.name, HOME: folder, XDG_CONFIG_HOME: folder, XDG_CACHE_HOME: folder, NO_AT_BRIDGE: '1', GSETTINGS_BACKEND: 'memory' };
  const stage = {
    display,
    folder,
    films,
    start: async (program: string, ...args: readonly string[]) => {
      const child = await start(program, args, { env, stdio: 'ignore' });
      children.push(child);
      return child;
    },
    xdotool: async (...args: readonly string[]) => (await run('xdotool', args, { env })).stdout,
    close: async () => {
      for (const child of children.reverse()) await end(child);
    },
  };
  await stage.start('openbox', '--sm-disable');
  return stage;
}

/** Resolves with a window's number once it shows. */
const windowOf = (stage: Stage, name: string): Promise<string> =>
  until(`a window called ${name}`, async () => {
    const found = await stage.xdotool('search', '--onlyvisible', '--name', name).catch(() => '');
    return found.trim().split('\n').findLast((id) => id !== '');
  });

const place = (stage: Stage, window: string, { x, y, width, height }: Rect): Promise<string> =>
  stage.xdotool('windowsize', '--sync', window, String(width), String(height), 'windowmove', window, String(x), String(y));

/** Encodes a film, once. */
async function encodeFilm(folder: string, kind: 'zoom' | 'pan', framesPerSecond: number): Promise<string> {
  const file = join(folder, `${kind}-${framesPerSecond}.mkv`);
  if (existsSync(file)) return file;
  const size = '640x360';
  const source =
    kind === 'zoom'
      ? `mandelbrot=size=${size}:rate=${framesPerSecond}:end_scale=0.02:end_pts=400`
      : `gradients=size=1280x720:rate=${framesPerSecond}:nb_colors=8:speed=0.01,crop=640:360:320+200*sin(t):180+100*cos(t)`;
  await run('ffmpeg', ['-v', 'error', '-y', '-f', 'lavfi', '-i', `${source},noise=alls=12:allf=t,format=yuv420p`, '-t', '12', '-c:v', 'libx264', '-preset', 'veryfast', '-crf', '23', file]);
  return file;
}

/** Plays a film without borders. @returns its window */
async function playFilm(stage: Stage, rect: Rect, framesPerSecond: number, kind: 'zoom' | 'pan' = 'zoom'): Promise<string> {
  const file = await encodeFilm(stage.folder, kind, framesPerSecond);
  const title = `film ${rect.x} ${rect.y}`;
  await stage.start(
    'mpv', '--no-config', '--vo=x11', '--no-audio', '--no-osc', '--no-osd-bar', '--osd-level=0', '--no-border', '--loop=inf', '--no-keepaspect-window', '--no-keepaspect', '--no-input-default-bindings',
    '--hwdec=no', '--cursor-autohide=no', `--title=${title}`, `--geometry=${rect.width}x${rect.height}+${rect.x}+${rect.y}`, file,
  );
  const window = await windowOf(stage, title);
  await place(stage, window, rect);
  return window;
}

const terminal = async (stage: Stage, geometry: string, script: string, title = 'terminal'): Promise<string> => {
  await stage.start('xterm', '-fa', 'DejaVu Sans Mono', '-fs', '10', '-title', title, '-geometry', geometry, '-e', 'sh', '-c', script);
  return windowOf(stage, title);
};

const TEXT = 'The quick brown fox jumps over the lazy dog; (0123456789) { return a < b ? "x" : `y`; } ';

function without(film: Rect, window: Rect): Region {
  const left = Math.max(film.x, window.x);
  const top = Math.max(film.y, window.y);
  const right = Math.min(film.x + film.width, window.x + window.width);
  const bottom = Math.min(film.y + film.height, window.y + window.height);
  if (left >= right || top >= bottom) return [film];
  return [
    { x: film.x, y: film.y, width: film.width, height: top - film.y },
    { x: film.x, y: bottom, width: film.width, height: film.y + film.height - bottom },
    { x: film.x, y: top, width: left - film.x, height: bottom - top },
    { x: right, y: top, width: film.x + film.width - right, height: bottom - top },
  ].filter(({ width, height }) => width > 0 && height > 0);
}

/** Scenes without a film. */
const still: readonly Scene[] = [
  {
    name: 'typing in a terminal',
    length: LENGTH,
    prepare: async (stage) => void (await terminal(stage, '100x40+40+40', 'exec cat')),
    play: async (stage) => void (await stage.xdotool('windowfocus', await windowOf(stage, 'terminal'), 'type', '--delay', '40', TEXT.repeat(2))),
  },
  {
    name: 'typing in an editor',
    length: LENGTH,
    prepare: async (stage) => {
      await stage.start('mousepad', '--disable-server');
      await place(stage, await windowOf(stage, 'Mousepad'), { x: 60, y: 40, width: 800, height: 600 });
    },
    play: async (stage) => void (await stage.xdotool('windowfocus', await windowOf(stage, 'Mousepad'), 'type', '--delay', '40', TEXT.repeat(2))),
  },
  { name: 'a terminal that scrolls, line by line', length: LENGTH, prepare: async (stage) => void (await terminal(stage, '110x44+20+20', `i=0; while :; do i=$((i+1)); echo "$i ${TEXT.replaceAll(/["`$]/g, '')}"; sleep 0.03; done`)) },
  { name: 'a terminal that scrolls as fast as it can', length: LENGTH, prepare: async (stage) => void (await terminal(stage, '110x44+20+20', 'while :; do ls -lR /usr/share /usr/lib; done 2>/dev/null')) },
  {
    name: 'a clock with seconds, and another',
    length: LENGTH,
    prepare: async (stage) => {
      await stage.start('xclock', '-update', '1', '-geometry', '300x300+30+30');
      await stage.start('xclock', '-digital', '-update', '1', '-strftime', '%H:%M:%S', '-geometry', '200x60+400+30');
      await setTimeout(2000);
    },
  },
  {
    name: 'progress bars',
    length: LENGTH,
    prepare: async (stage) => {
      await stage.start('sh', '-c', '(i=0; while [ $i -lt 200 ]; do i=$((i+1)); echo $((i/2)); echo "# step $i"; sleep 0.04; done) | zenity --progress --title=percent --width=500');
      await stage.start('sh', '-c', 'sleep 60 | zenity --progress --pulsate --title=pulse --width=400');
      await stage.xdotool('windowmove', await windowOf(stage, 'percent'), '80', '80', 'windowmove', await windowOf(stage, 'pulse'), '300', '400');
    },
  },
];

/** Scenes with films, at a number of frames a second. */
const moving = (framesPerSecond: number): readonly Scene[] => [
  {
    name: 'a film',
    length: LENGTH,
    prepare: async (stage) => {
      await playFilm(stage, FILM, framesPerSecond);
      stage.films([FILM]);
    },
  },
  {
    name: 'two films, and a terminal that scrolls',
    length: LENGTH,
    prepare: async (stage) => {
      const films = [{ x: 17, y: 21, width: 420, height: 236 }, { x: 530, y: 77, width: 480, height: 270 }];
      await playFilm(stage, films[0], framesPerSecond);
      await playFilm(stage, films[1], framesPerSecond, 'pan');
      await terminal(stage, '90x18+40+420', `i=0; while :; do i=$((i+1)); echo "$i ${TEXT.replaceAll(/["`$]/g, '')}"; sleep 0.1; done`);
      stage.films(films);
    },
  },
  {
    name: 'a film behind a window that moves',
    length: LENGTH,
    prepare: async (stage) => {
      await playFilm(stage, FILM, framesPerSecond);
      const window = await terminal(stage, '30x8+700+480', `echo "${TEXT.replaceAll(/["`$]/g, '')}"; exec sleep 60`, 'moving');
      await stage.xdotool('windowraise', window);
      stage.films([FILM]);
    },
    play: async (stage) => {
      const window = await windowOf(stage, 'moving');
      for (let step = 0; step <= 40; step++) {
        await stage.xdotool('windowmove', window, String(700 - 8 * step), String(480 - 6 * step));
        stage.films(without(FILM, await outline(stage, window)));
        await setTimeout(60);
      }
    },
  },
  {
    name: 'a film that is moved, then stopped',
    length: LENGTH,
    prepare: async (stage) => {
      await playFilm(stage, { ...FILM, x: 60 }, framesPerSecond);
      stage.films([{ ...FILM, x: 60 }]);
    },
    play: async (stage) => {
      const window = await windowOf(stage, 'film 60');
      await setTimeout(2000);
      for (let step = 0; step <= 40; step++) {
        const x = 60 + 6 * step;
        await stage.xdotool('windowmove', window, String(x), String(FILM.y));
        stage.films([{ ...FILM, x }]);
        await setTimeout(40);
      }
      await setTimeout(1000);
      const pid = Number(await stage.xdotool('getwindowpid', window));
      process.kill(pid, 'SIGSTOP');
      stage.films([]);
    },
  },
];

/** A window with its frame, as openbox draws it: on the screen's pixels. */
async function outline(stage: Stage, window: string): Promise<Rect> {
  const text = await stage.xdotool('getwindowgeometry', '--shell', window);
  const value = (key: string): number => Number(new RegExp(`^${key}=(.*)$`, 'm').exec(text)?.[1]);
  const [x, y, width, height] = ['X', 'Y', 'WIDTH', 'HEIGHT'].map(value);
  return { x: x - 2, y: y - 24, width: width + 4, height: height + 28 };
}

export const scenes = (rates: readonly number[]): readonly Scene[] => [
  ...still,
  ...rates.flatMap((rate) => moving(rate).map((scene) => ({ ...scene, name: `${scene.name}, ${rate} frames/s` }))),
];
