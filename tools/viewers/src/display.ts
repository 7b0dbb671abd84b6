/**
 * A private X display without a monitor, its pixels, and a hand at its keyboard and mouse.
 *
 * Xvfb chooses a free display number itself and keeps its picture in a file (XWD format), which is read as it stands. Keys and pointer
 * go in by xdotool. There is no window manager: the window under the pointer has the keyboard. The pointer is drawn into the picture
 * like all else: `park` puts it where it disturbs nothing.
 */
import type { ChildProcess } from 'node:child_process';
import { execFile } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type Monitor, setMonitors } from './monitors.js';
import { type Picture, toPng } from './picture.js';
import { end, start } from './processes.js';

const run = promisify(execFile);

export interface Window {
  readonly id: string;
  readonly name: string;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** X's numbers of the mouse's buttons. */
export const Button = { left: 1, middle: 2, right: 3, wheelUp: 4, wheelDown: 5, back: 8, forward: 9 } as const;

export class VirtualDisplay {
  private readonly header: { readonly offset: number; readonly stride: number };

  private constructor(
    readonly name: string,
    readonly width: number,
    readonly height: number,
    private readonly server: ChildProcess,
    private readonly folder: string,
    private readonly framebuffer: number,
  ) {
    // XWDFileHeader: 25 big-endian words, then a name and `ncolors` entries of 12 bytes, then the rows.
    const words = Buffer.alloc(100);
    readSync(framebuffer, words, 0, words.length, 0);
    const [header_size, bytes_per_line, ncolors] = [0, 12, 19].map((word) => words.readUInt32BE(4 * word)) as [number, number, number];
    this.header = { offset: header_size + 12 * ncolors, stride: bytes_per_line };
  }

  static async start({ width, height }: { readonly width: number; readonly height: number }): Promise<VirtualDisplay> {
    const folder = mkdtempSync(join(tmpdir(), 'belvedere-display-'));
    let server: ChildProcess | undefined;
    try {
      const args = ['-displayfd', '3', '-screen', '0', `${width}x${height}x24`, '-fbdir', folder, '-nolisten', 'tcp', '-noreset', '-s', '0'];
      server = await start('Xvfb', args, { stdio: ['ignore', 'ignore', 'ignore', 'pipe'] });
      let number = '';
      for await (const text of server.stdio[3] as NodeJS.ReadableStream) {
        number += String(text);
        if (number.endsWith('\n')) break;
      }
      if (!number) throw new Error('Xvfb ended before its display was ready');
      return new VirtualDisplay(`:${number.trim()}`, width, height, server, folder, openSync(join(folder, 'Xvfb_screen0'), 'r'));
    } catch (error) {
      if (server) await end(server);
      rmSync(folder, { recursive: true, force: true });
      throw error;
    }
  }

  /** Of its X server. */
  get pid(): number {
    return this.server.pid!;
  }

  /** The whole display as it is now. */
  pixels(): Picture {
    const { offset, stride } = this.header;
    const data = new Uint8Array(stride * this.height);
    readSync(this.framebuffer, data, 0, data.length, offset);
    return { width: this.width, height: this.height, stride, data };
  }

  /** Writes the display as it is now to a PNG file. */
  screenshot(path: string): void {
    writeFileSync(path, toPng(this.pixels()));
  }

  /** Presses and releases keys, by X's names, each one or a chord: `Down`, `Return`, `ctrl+alt+F2`. */
  async key(...names: readonly string[]): Promise<void> {
    await this.xdotool('key', ...names);
  }
  async keyDown(name: string): Promise<void> {
    await this.xdotool('keydown', name);
  }
  async keyUp(name: string): Promise<void> {
    await this.xdotool('keyup', name);
  }
  /** Types text with the display's US keyboard. */
  async type(text: string): Promise<void> {
    await this.xdotool('type', '--delay', '20', '--', text);
  }
  async moveTo(x: number, y: number): Promise<void> {
    await this.xdotool('mousemove', '--', String(x), String(y));
  }
  /** Moves the pointer from place to place, as fast as the display takes it. */
  async walk(places: readonly (readonly [x: number, y: number])[]): Promise<void> {
    await this.xdotool(...places.flatMap(([x, y]) => ['mousemove', String(x), String(y)]));
  }
  async click(button: number = Button.left): Promise<void> {
    await this.xdotool('click', String(button));
  }
  async buttonDown(button: number): Promise<void> {
    await this.xdotool('mousedown', String(button));
  }
  async buttonUp(button: number): Promise<void> {
    await this.xdotool('mouseup', String(button));
  }
  /** Puts the pointer into the last corner, where its arrow has no room to show; a window that leaves this corner free loses the keyboard. */
  park(): Promise<void> {
    return this.moveTo(this.width - 1, this.height - 1);
  }

  /** The windows that can be seen and have a name (the background has none). */
  async windows(): Promise<Window[]> {
    const ids = await this.xdotool('search', '--onlyvisible', '--name', '.+').catch(() => '');
    const windows = ids.split('\n').filter(Boolean).map(async (id) => {
      const [geometry, name] = await Promise.all([this.xdotool('getwindowgeometry', '--shell', id), this.xdotool('getwindowname', id)]);
      const value = (key: string): number => Number(new RegExp(`^${key}=(.*)$`, 'm').exec(geometry)?.[1]);
      return { id, name: name.trim(), x: value('X'), y: value('Y'), width: value('WIDTH'), height: value('HEIGHT') };
    });
    // A window may go while it is asked about.
    const found = await Promise.allSettled(windows);
    return found.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
  }

  /** Gives a window another size, unless it has it, and the first corner: there is no window manager that would. */
  async resize({ id, width, height }: Window, size: { readonly width: number; readonly height: number }): Promise<void> {
    if (width === size.width && height === size.height) return;
    await this.xdotool('windowmove', id, '0', '0', 'windowsize', id, String(size.width), String(size.height));
  }

  /** Divides it into monitors; the first is the primary one. */
  async divide(monitors: readonly Monitor[]): Promise<void> {
    await setMonitors(this.name, monitors);
  }

  /** Ends the display, and with it whatever shows windows there. */
  async close(): Promise<void> {
    await end(this.server);
    closeSync(this.framebuffer);
    rmSync(this.folder, { recursive: true, force: true });
  }

  private async xdotool(...args: readonly string[]): Promise<string> {
    const { stdout } = await run('xdotool', args, { env: { ...process.env, DISPLAY: this.name } });
    return stdout;
  }
}
