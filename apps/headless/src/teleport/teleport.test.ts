/** Two machine processes on one host: a running machine leaves the one and goes on in the other, with its disk. */
import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { ControlClient, type ControlEvents, type ExitRecord, type MachineSpec, type TeleporterSpec } from '@belvedere/control';
import { createVdi } from '@belvedere/disk';
import { type Framebuffer, RdpClient } from '@belvedere/rdp/client';
import { PNG } from 'pngjs';

jest.setTimeout(180_000);

let folder: string;
let children: ChildProcess[];
let controls: ControlClient[];
let viewers: RdpClient[];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'headless-'));
  [children, controls, viewers] = [[], [], []];
  await createVdi(join(folder, 'disk.vdi'), { size: 4 * 1024 * 1024 });
});
afterEach(async () => {
  for (const viewer of viewers) viewer.close();
  for (const control of controls) control.close();
  for (const child of children) {
    if (child.exitCode !== null || child.signalCode !== null) continue;
    child.kill('SIGKILL');
    await once(child, 'exit');
  }
  await rm(folder, { recursive: true });
});

const spec = (name: string, changes: Partial<MachineSpec['hardware']> = {}, arrival?: TeleporterSpec): MachineSpec => ({
  uuid: '6f1c2d9a-0000-4000-8000-000000000001',
  name,
  folder,
  controlSocket: join(folder, `${name}.sock`),
  exitFile: join(folder, `${name}.exit`),
  auditFile: join(folder, `${name}.audit`),
  identityFolder: join(folder, 'identity'),
  startPaused: false,
  stateFile: join(folder, `${name}.sav`),
  restore: false,
  ...(arrival ? { arrival } : {}),
  hardware: {
    engine: 'v86',
    memoryMiB: 32,
    vramMiB: 8,
    cpus: 1,
    monitorCount: 1,
    acpi: true,
    rtcUseUtc: true,
    boot: ['disk', 'none', 'none', 'none'],
    drives: [{ bus: 'ide', controller: 'IDE', port: 0, device: 0, type: 'hdd', medium: { path: join(folder, 'disk.vdi'), format: 'VDI', readOnly: false, parents: [] } }],
    serialPorts: [],
    adapters: [],
    ...changes,
  },
  vrde: { enabled: true, ports: [0], addresses: ['127.0.0.1'], authType: 'null', authLibrary: '', multiConnection: false, reuseConnection: false, simpleUsers: {}, properties: {} },
});

/** A process that has said that it is ready, and a line to it. */
class Process {
  readonly states: ControlEvents['state'][] = [];
  readonly percents: number[] = [];
  readonly ended: Promise<ExitRecord>;
  private wake: () => void = () => undefined;

  private constructor(readonly control: ControlClient) {
    this.ended = new Promise((resolve) =>
      control.onEvent((event, data) => {
        if (event === 'state') this.states.push(data as ControlEvents['state']);
        if (event === 'progress') this.percents.push((data as ControlEvents['progress']).percent);
        if (event === 'ended') resolve(data as ExitRecord);
        this.wake();
      }),
    );
  }

  static async start(settings: MachineSpec): Promise<Process> {
    const child = spawn(process.execPath, [new URL('../main.js', import.meta.url).pathname], { stdio: ['pipe', 'ignore', 'inherit', 'pipe'] });
    children.push(child);
    child.stdin!.end(JSON.stringify(settings));
    const said = JSON.parse(await text(child.stdio[3] as Readable)) as { ready?: true };
    if (!said.ready) throw new Error(JSON.stringify(said));
    const control = await ControlClient.connect(settings.controlSocket);
    controls.push(control);
    return new Process(control);
  }

  async reaches(state: string): Promise<void> {
    while (this.states.at(-1)?.state !== state && (await this.control.request('status', {})).state !== state) await new Promise<void>((resolve) => (this.wake = resolve));
  }

  /** The port on which it waits. */
  async port(): Promise<number> {
    const { state, stateReason } = await this.control.request('status', {});
    expect(state).toBe('teleportingin');
    return Number(/on port (\d+)$/.exec(stateReason!)![1]);
  }
}

/** A viewer of a machine's remote display. */
async function view({ control }: Process): Promise<RdpClient> {
  const opened = new Promise<number>((resolve) => control.onEvent((event, data) => event === 'vrde' && (data as ControlEvents['vrde']).port !== null && resolve((data as ControlEvents['vrde']).port!)));
  const port = (await control.request('status', {})).vrde.port ?? (await opened);
  const viewer = new RdpClient({ port, clientName: 'desk' });
  viewers.push(viewer);
  await viewer.active();
  return viewer;
}

/** The ground of the notice that a waiting machine shows. */
const isNotice = (picture: Framebuffer): boolean => picture.at(1, 1) === 0x24323c && picture.at(1, picture.height - 2) === 0x24323c;

/** The engine's picture of a machine's screen, as 0x00RRGGBB. */
async function screenshot({ control }: Process): Promise<{ readonly width: number; readonly pixels: Uint32Array }> {
  const { png, width } = await control.request('screenshot', { screen: 0 });
  const { data } = PNG.sync.read(Buffer.from(png, 'base64'));
  return { width, pixels: Uint32Array.from({ length: data.length / 4 }, (_, at) => (data[4 * at] << 16) | (data[4 * at + 1] << 8) | data[4 * at + 2]) };
}

/** Waits until a viewer shows what the machine's screen shows; the guest may draw meanwhile. */
async function showsMachine(viewer: RdpClient, machine: Process): Promise<void> {
  for (;;) {
    const { width, pixels } = await screenshot(machine);
    const { framebuffer } = viewer;
    if (framebuffer.width === width && Buffer.from(framebuffer.pixels.buffer).equals(Buffer.from(pixels.buffer))) return;
    if (viewer.closedBecause !== undefined) throw new Error(`the viewer was cut off: ${viewer.closedBecause}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

const secret = (password = 'secret'): TeleporterSpec => ({ port: 0, address: '127.0.0.1', password });
const request = (port: number, password = 'secret') => ({ host: '127.0.0.1', port, password, maxDowntime: 250 });

test('a running machine goes to another process, with its disk, and on to a third', async () => {
  const source = await Process.start(spec('source'));
  const target = await Process.start(spec('target', {}, secret()));
  await expect(target.control.request('pause', {})).rejects.toMatchObject({ code: 'VBOX_E_INVALID_VM_STATE', message: expect.stringContaining('waits to be teleported here') });

  const result = await source.control.request('teleport', request(await target.port()));
  expect(result).toMatchObject({ authenticated: true });
  expect(result.downtime).toBeGreaterThan(0);
  expect(await source.ended).toMatchObject({ state: 'teleported' });
  expect(source.states.map(({ state }) => state)).toEqual(['teleporting', 'teleported']);
  expect(source.percents.at(-1)).toBe(100);
  await target.reaches('running');
  expect((await target.control.request('status', {})).vrde.port).not.toBeNull();

  // It obeys.
  await target.control.request('pause', {});
  await target.control.request('resume', {});
  const back = await Process.start(spec('back', {}, secret('')));
  expect(await target.control.request('teleport', request(await back.port(), ''))).toMatchObject({ authenticated: false });
  await back.reaches('running');
  expect((await back.control.request('screenshot', { screen: 0 })).width).toBe(720);
  await back.control.request('powerOff', {});
  expect(await back.ended).toMatchObject({ state: 'poweroff' });
  expect((await readdir(folder)).filter((name) => /teleport-|lock-|kept/.test(name))).toEqual([]);
});

test('a viewer of a waiting machine sees how far it is, and then the guest, in one session', async () => {
  const source = await Process.start(spec('source'));
  const target = await Process.start(spec('target', {}, secret()));
  const viewer = await view(target);
  await viewer.picture(isNotice);
  // Whatever is typed meanwhile is typed nowhere.
  viewer.key(0x1e, true);
  viewer.key(0x1e, false);
  expect((await target.control.request('status', {})).vrde.clients).toHaveLength(1);
  await source.control.request('teleport', request(await target.port()));
  await target.reaches('running');
  await showsMachine(viewer, target);
  expect((await target.control.request('status', {})).vrde.clients).toHaveLength(1);

  const again = await Process.start(spec('again', {}, secret()));
  const left = await view(again);
  await again.control.request('powerOff', {});
  await left.ended();
  await again.ended;
});

test('what stands against a move leaves the machine running where it is, and the target waiting', async () => {
  const source = await Process.start(spec('source'));
  const target = await Process.start(spec('target', { vramMiB: 16 }, secret()));
  const port = await target.port();
  await expect(source.control.request('teleport', request(port))).rejects.toThrow('video memory is "8 MiB" at the source and "16 MiB" at the target');
  await expect(source.control.request('teleport', request(port, 'Secret'))).rejects.toThrow('wrong password');
  await expect(source.control.request('teleport', request(1))).rejects.toThrow('cannot be reached');
  expect((await source.control.request('status', {})).state).toBe('running');
  expect(await target.port()).toBe(port);

  // A target that gives up.
  await target.control.request('powerOff', {});
  expect(await target.ended).toMatchObject({ state: 'poweroff' });
  expect(JSON.parse(await readFile(join(folder, 'target.exit'), 'utf8'))).toMatchObject({ state: 'poweroff' });
});
