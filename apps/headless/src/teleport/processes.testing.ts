/** Machine processes on one host, with viewers: for tests of machines that move between them. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { ControlClient, type ControlEvents, type ExitRecord, type MachineSpec, type TeleporterSpec, type TeleportRequest, type VrdeSpec } from '@belvedere/control';
import { createVdi } from '@belvedere/disk';
import { type ClientOptions, type Framebuffer, RdpClient } from '@belvedere/rdp/client';
import { PNG } from 'pngjs';
import { machineSpec } from '../machine-spec.testing.js';

const main = new URL('../main.js', import.meta.url).pathname;

export interface ProcessOptions {
  readonly hardware?: Partial<MachineSpec['hardware']>;
  /** It waits for a machine. */
  readonly arrival?: TeleporterSpec;
  readonly vrde?: Partial<VrdeSpec>;
}

/** Of one test: a folder with a disk image that all its machines have. */
export class Processes {
  private readonly children: ChildProcess[] = [];
  private readonly controls: ControlClient[] = [];
  private readonly viewers: RdpClient[] = [];

  private constructor(readonly folder: string) {}

  static async open(): Promise<Processes> {
    const folder = await mkdtemp(join(tmpdir(), 'headless-'));
    await createVdi(join(folder, 'disk.vdi'), { size: 4 * 1024 * 1024 });
    return new Processes(folder);
  }

  async close(): Promise<void> {
    for (const viewer of this.viewers) viewer.close();
    for (const control of this.controls) control.close();
    for (const child of this.children) {
      if (child.exitCode !== null || child.signalCode !== null) continue;
      child.kill('SIGKILL');
      await once(child, 'exit');
    }
    await rm(this.folder, { recursive: true });
  }

  async start(name: string, options: ProcessOptions = {}): Promise<Process> {
    const settings = this.spec(name, options);
    const child = spawn(process.execPath, [main], { stdio: ['pipe', 'ignore', 'inherit', 'pipe'] });
    this.children.push(child);
    child.stdin!.end(JSON.stringify(settings));
    const said = JSON.parse(await text(child.stdio[3] as Readable)) as { ready?: true };
    if (!said.ready) throw new Error(JSON.stringify(said));
    const control = await ControlClient.connect(settings.controlSocket);
    this.controls.push(control);
    return new Process(control, child);
  }

  /** A viewer of a machine's remote display, which is in. */
  async view(machine: Process, options: Omit<ClientOptions, 'port'> = {}): Promise<RdpClient> {
    const viewer = new RdpClient({ port: await machine.displayPort(), clientName: 'desk', ...options });
    this.viewers.push(viewer);
    await viewer.active();
    return viewer;
  }

  private spec(name: string, { hardware, ...changes }: ProcessOptions): MachineSpec {
    const disk = { path: join(this.folder, 'disk.vdi'), format: 'VDI', readOnly: false, parents: [] } as const;
    return machineSpec(this.folder, name, {
      ...changes,
      hardware: { drives: [{ bus: 'ide', controller: 'IDE', port: 0, device: 0, type: 'hdd', medium: disk }], ...hardware },
    });
  }
}

/** A process that has said that it is ready, and a line to it. */
export class Process {
  readonly states: ControlEvents['state'][] = [];
  readonly percents: number[] = [];
  readonly ended: Promise<ExitRecord>;
  /** Resolves when the process is gone. */
  readonly exited: Promise<unknown>;
  private events = 0;
  private wake: () => void = () => undefined;

  constructor(
    readonly control: ControlClient,
    readonly child: ChildProcess,
  ) {
    this.exited = once(child, 'exit');
    this.ended = new Promise((resolve) =>
      control.onEvent((event, data) => {
        if (event === 'state') this.states.push(data as ControlEvents['state']);
        if (event === 'progress') this.percents.push((data as ControlEvents['progress']).percent);
        if (event === 'ended') resolve(data as ExitRecord);
        this.events++;
        this.wake();
      }),
    );
  }

  /** Looks until `look` finds something, again after each event. */
  private async until<T>(look: () => Promise<T | undefined>): Promise<T> {
    for (;;) {
      const { events } = this;
      const found = await look();
      if (found !== undefined) return found;
      if (this.events === events) await new Promise<void>((resolve) => (this.wake = resolve));
    }
  }

  async reaches(state: string): Promise<void> {
    await this.until(async () => (this.states.at(-1)?.state === state || (await this.control.request('status', {})).state === state ? true : undefined));
  }

  /** The port of its remote display, once that is open. */
  displayPort(): Promise<number> {
    return this.until(async () => (await this.control.request('status', {})).vrde.port ?? undefined);
  }

  /** The port on which it waits. */
  async port(): Promise<number> {
    const { state, stateReason } = await this.control.request('status', {});
    if (state !== 'teleportingin') throw new Error(`the machine is ${state}, and does not wait`);
    return Number(/on port (\d+)$/.exec(stateReason!)![1]);
  }
}

/** The ground of the notice that a waiting machine shows. */
export const isNotice = (picture: Framebuffer): boolean => picture.at(1, 1) === 0x24323c && picture.at(1, picture.height - 2) === 0x24323c;

/** The engine's picture of a machine's screen, as 0x00RRGGBB. */
async function screenshot({ control }: Process): Promise<{ readonly width: number; readonly pixels: Uint32Array }> {
  const { png, width } = await control.request('screenshot', { screen: 0 });
  const { data } = PNG.sync.read(Buffer.from(png, 'base64'));
  return { width, pixels: Uint32Array.from({ length: data.length / 4 }, (_, at) => (data[4 * at] << 16) | (data[4 * at + 1] << 8) | data[4 * at + 2]) };
}

/** Waits until a viewer shows what the machine's screen shows; the guest may draw meanwhile. */
export async function showsMachine(viewer: RdpClient, machine: Process): Promise<void> {
  for (;;) {
    const { width, pixels } = await screenshot(machine);
    const { framebuffer } = viewer;
    if (framebuffer.width === width && Buffer.from(framebuffer.pixels.buffer).equals(Buffer.from(pixels.buffer))) return;
    if (viewer.closedBecause !== undefined) throw new Error(`the viewer was cut off: ${viewer.closedBecause}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

export const secret = (password = 'secret'): TeleporterSpec => ({ port: 0, address: '127.0.0.1', password });
export const request = (port: number, password = 'secret'): TeleportRequest => ({ host: '127.0.0.1', port, password, maxDowntime: 250 });
