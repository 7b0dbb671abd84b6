/** A real RDP viewer on a virtual display: started with a home folder of its own, watched, ended. */
import type { ChildProcess } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { VirtualDisplay, Window } from './display.js';
import { crop, type Picture, type Rect } from './picture.js';
import { end, hasPlugin, onPath, start } from './processes.js';
import { commandLine, needs, refusals, type Program, type Session } from './programs.js';
import { until } from './until.js';

export interface ViewerOptions extends Session {
  readonly program: Program;
}

/** Whether a picture is the one that is waited for, or what is wrong with it. */
export type Verdict = boolean | string;

export interface Exit {
  /** Its exit code; null when a signal ended it. */
  readonly code: number | null;
  /** The last 64 KiB of what it printed, on either stream. */
  readonly output: string;
}

const outputLimit = 1 << 16;

/** Starts a viewer and puts the pointer, and with it the keyboard, into the middle of its window-to-be. */
export async function startViewer(display: VirtualDisplay, options: ViewerOptions): Promise<Viewer> {
  const home = mkdtempSync(join(tmpdir(), 'belvedere-viewer-'));
  try {
    const session = { user: '', password: '', domain: '', size: { width: display.width, height: display.height }, depth: 32, extra: [], ...options } as Required<ViewerOptions>;
    const { command, args, input, files, asks, environment: further } = commandLine(options.program, session, home);
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(dirname(join(home, name)), { recursive: true });
      writeFileSync(join(home, name), text, { mode: 0o600 });
    }
    await display.moveTo(Math.floor(session.size.width / 2), Math.floor(session.size.height / 2));
    const child = await start(command, args, { env: { ...environment(display, home), ...further }, cwd: home, stdio: 'pipe' });
    child.stdin!.on('error', () => undefined); // it may end without reading
    child.stdin!.write(input);
    const viewer = new Viewer(display, session, child, home);
    if (asks) await viewer.answer(asks.title, asks.answer);
    return viewer;
  } catch (error) {
    rmSync(home, { recursive: true, force: true });
    throw error;
  }
}

/** Nothing of the user's own session: no settings, certificates, buses or Wayland. */
const environment = (display: VirtualDisplay, home: string): NodeJS.ProcessEnv => ({
  PATH: process.env.PATH,
  DISPLAY: display.name,
  HOME: home,
  XDG_RUNTIME_DIR: home,
  XDG_CONFIG_HOME: join(home, '.config'),
  XDG_DATA_HOME: join(home, '.local/share'),
  XDG_CACHE_HOME: join(home, '.cache'),
  QT_QPA_PLATFORM: 'xcb',
  GDK_BACKEND: 'x11',
  NO_AT_BRIDGE: '1',
  LC_ALL: 'C.UTF-8',
});

export class Viewer {
  /** Resolves when the program has ended. */
  readonly exited: Promise<Exit>;
  private printed = '';
  private exit: Exit | undefined;

  constructor(
    private readonly display: VirtualDisplay,
    private readonly session: Pick<Required<ViewerOptions>, 'program' | 'size'>,
    private readonly child: ChildProcess,
    private readonly home: string,
  ) {
    for (const stream of [child.stdout!, child.stderr!]) {
      stream.setEncoding('utf8').on('data', (text: string) => (this.printed = (this.printed + text).slice(-outputLimit)));
    }
    this.exited = new Promise((resolve) => {
      child.once('close', (code) => {
        this.exit = { code, output: this.printed };
        resolve(this.exit);
      });
    });
  }

  get program(): Program {
    return this.session.program;
  }

  /** What it has printed so far. */
  get output(): string {
    return this.printed;
  }

  /** How it has told that the server refused its login: in its own words, else by ending; undefined as long as it has not. */
  get refusal(): string | undefined {
    return refusals[this.program].exec(this.printed)?.[0] ?? (this.exit && `it ended with code ${this.exit.code}`);
  }

  get pid(): number {
    return this.child.pid!;
  }

  /** The window with the session's picture, else the largest that can be seen; undefined before there is one. */
  async window(): Promise<Window | undefined> {
    const windows = (await this.display.windows()).filter((window) => window.width > 100 && window.height > 100);
    const session = windows.find((window) => window.name.startsWith('FreeRDP: '));
    const [largest] = windows.sort((a, b) => b.width * b.height - a.width * a.height);
    // krdc lets xfreerdp draw into a window inside its own, which hides its edges until it is larger.
    const frame = this.program === 'krdc' && session ? windows.find(({ name }) => name.endsWith(' — KRDC')) : undefined;
    if (frame) await this.display.resize(frame, this.display);
    return session ?? largest;
  }

  /** Waits for one of its dialogs, types into it and confirms. */
  async answer(title: string, text: string): Promise<void> {
    const dialog = async (): Promise<Window | undefined> => (await this.display.windows()).find((window) => window.name === title);
    const failed = (): string | undefined => this.exit && `it ended with code ${this.exit.code} and printed: ${this.exit.output.trim()}`;
    const { x, y, width, height } = await until(`the dialog "${title}"`, dialog, { failed });
    await this.display.moveTo(Math.floor(x + width / 2), Math.floor(y + height / 2));
    await this.display.type(text);
    await this.display.key('Return');
  }

  /** What its window shows now, as far as the display has it; undefined before it has a window. */
  async picture(): Promise<Picture | undefined> {
    const window = await this.window();
    // Remmina's window fills the display, with the session's picture in its first corner (on displays of 1200x750 a pixel below it).
    const inside = window && visiblePart(this.program === 'remmina' ? { ...window, ...this.session.size } : window, this.display);
    return inside && crop(this.display.pixels(), inside);
  }

  /**
   * Looks at the viewer's window until its picture is as wanted.
   * @param what names it in the error
   * @param wanted true for the picture that is waited for; a text says what is wrong with this one, for the error
   * @throws when the viewer ends first, with its output, or the time is over
   */
  async waitFor(what: string, wanted: (picture: Picture) => Verdict | Promise<Verdict>, { timeout = 30_000 } = {}): Promise<Picture> {
    let last = 'its window never showed';
    const look = async (): Promise<Picture | undefined> => {
      const picture = await this.picture();
      if (!picture) return undefined;
      last = `its window is ${picture.width}x${picture.height}`;
      const verdict = await wanted(picture);
      if (typeof verdict === 'string') last += `, ${verdict}`;
      return verdict === true ? picture : undefined;
    };
    const failed = (): string | undefined => this.exit && `${this.program} ended with code ${this.exit.code} and printed: ${this.exit.output.trim()}`;
    return until(`${what} in ${this.program}`, look, { timeout, failed }).catch((error: unknown) => {
      throw new Error(`${(error as Error).message}; ${last}; it printed: ${this.printed.trim().slice(-2000)}`, { cause: error });
    });
  }

  /** Ends the viewer and all that it started, and removes its home. */
  async close(): Promise<Exit> {
    await end(this.child);
    const exit = await this.exited;
    rmSync(this.home, { recursive: true, force: true });
    return exit;
  }
}

function visiblePart(window: Rect, display: { readonly width: number; readonly height: number }): Rect | undefined {
  const x = Math.max(window.x, 0);
  const y = Math.max(window.y, 0);
  const width = Math.min(window.x + window.width, display.width) - x;
  const height = Math.min(window.y + window.height, display.height) - y;
  return width > 0 && height > 0 ? { x, y, width, height } : undefined;
}

/** Why a viewer cannot be used on this host: the packages that are missing; undefined where it can. */
export function available(program: Program): string | undefined {
  const wanted: Readonly<Record<string, string>> = { Xvfb: 'xvfb', xdotool: 'xdotool', ...needs[program] };
  const missing = Object.entries(wanted).filter(([name]) => !(name.endsWith('.so') ? hasPlugin(name) : onPath(name))).map(([, name]) => name);
  return missing.length ? `${program} needs Debian's packages ${missing.join(' ')}` : undefined;
}
