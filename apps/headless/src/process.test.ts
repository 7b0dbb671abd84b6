/** A machine process from outside: settings in, control socket and RDP port out, and how it ends. The machine has no disk: its BIOS says so. */
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { type ChildProcess, spawn } from 'node:child_process';
import { createHash, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { type AddressInfo, connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { ControlClient, type ExitRecord, type MachineSpec } from '@belvedere/control';
import { createVdi, openImage, readImageInfo } from '@belvedere/disk';
import { ntHash } from '@belvedere/rdp';
import { RdpClient } from '@belvedere/rdp/client';
import { PNG } from 'pngjs';
import { type Changes, machineSpec } from './machine-spec.testing.js';

let folder: string;
let child: ChildProcess | undefined;
beforeEach(async () => void (folder = await mkdtemp(join(tmpdir(), 'headless-'))));
afterEach(async () => {
  if (child && child.exitCode === null && child.signalCode === null) {
    child.kill('SIGKILL');
    await once(child, 'exit');
  }
  child = undefined;
  await rm(folder, { recursive: true });
});

const spec = (changes: Changes = {}): MachineSpec => machineSpec(folder, 'm', { name: 'test machine', ...changes });

/** Starts the process and returns the line with which it says whether the machine runs. */
async function start(settings: MachineSpec): Promise<{ ready?: true; error?: { code: string; message: string } }> {
  child = spawn(process.execPath, [new URL('./main.js', import.meta.url).pathname], { stdio: ['pipe', 'ignore', 'inherit', 'pipe'] });
  child.stdin!.end(JSON.stringify(settings));
  return JSON.parse(await text(child.stdio[3] as Readable)) as { ready?: true };
}

const exitCode = async (): Promise<number | null> => child!.exitCode ?? ((await once(child!, 'exit')) as [number | null])[0];
const exitRecord = async (): Promise<ExitRecord> => JSON.parse(await readFile(join(folder, 'm.exit'), 'utf8')) as ExitRecord;

describe('a machine process', () => {
  test('runs, obeys its control socket, and ends on record', async () => {
    const settings = spec();
    expect(await start(settings)).toEqual({ ready: true });
    const control = await ControlClient.connect(settings.controlSocket);
    const status = await control.request('status', {});
    expect(status).toMatchObject({ uuid: settings.uuid, pid: child!.pid, state: 'running', notices: [], vrde: { clients: [] } });

    await control.request('pause', {});
    await expect(control.request('pause', {})).rejects.toMatchObject({ code: 'VBOX_E_INVALID_VM_STATE', message: 'cannot pause: the machine is paused, not running' });
    expect((await control.request('status', {})).state).toBe('paused');
    await control.request('resume', {});

    await control.request('putScancodes', { scancodes: [0xe0, 0x48, 0xe0, 0xc8] });
    await expect(control.request('putString', { text: 'é' })).rejects.toMatchObject({ code: 'E_INVALIDARG' });
    const shot = await control.request('screenshot', { screen: 0 });
    const png = PNG.sync.read(Buffer.from(shot.png, 'base64'));
    expect([png.width, png.height]).toEqual([shot.width, shot.height]);
    await expect(control.request('screenshot', { screen: 1 })).rejects.toThrow('there is no screen 1; the machine has 1, counted from 0');

    const ended = new Promise<ExitRecord>((resolve) => control.onEvent((event, data) => event === 'ended' && resolve(data as ExitRecord)));
    await control.request('powerOff', {});
    expect(await ended).toMatchObject({ state: 'poweroff' });
    expect(await exitCode()).toBe(0);
    expect(await exitRecord()).toMatchObject({ state: 'poweroff' });
    await expect(stat(settings.controlSocket)).rejects.toThrow('ENOENT');
  });

  test('opens, moves and closes its remote display while it runs', async () => {
    const settings = spec({ vrde: { enabled: false } });
    await start(settings);
    const control = await ControlClient.connect(settings.controlSocket);
    expect((await control.request('status', {})).vrde.port).toBeNull();
    const { port } = await control.request('setVrde', { vrde: { ...settings.vrde, enabled: true } });
    const socket = connect(port!, '127.0.0.1');
    await once(socket, 'connect');
    socket.destroy();

    // A port that is taken changes nothing: the one before is still open.
    const taken = createServer((stranger) => stranger.destroy()).listen(0, '127.0.0.1');
    await once(taken, 'listening');
    const busy = (taken.address() as AddressInfo).port;
    await expect(control.request('setVrde', { vrde: { ...settings.vrde, enabled: true, ports: [busy] } })).rejects.toThrow(`port ${busy}`);
    expect((await control.request('status', {})).vrde.port).not.toBeNull();
    taken.close();

    expect((await control.request('setVrde', { vrde: { ...settings.vrde, enabled: false } })).port).toBeNull();
    control.close();
    child!.kill('SIGTERM');
    expect(await exitCode()).toBe(0);
    expect(await exitRecord()).toMatchObject({ state: 'saved' });
  });

  test('saves its state when it is asked to, and goes on from it', async () => {
    const settings = spec();
    await start(settings);
    const control = await ControlClient.connect(settings.controlSocket);
    const percents: number[] = [];
    const states: string[] = [];
    const told = new Promise<ExitRecord>((resolve) =>
      control.onEvent((event, data) => {
        if (event === 'progress') percents.push((data as { percent: number }).percent);
        if (event === 'state') states.push((data as { state: string }).state);
        if (event === 'ended') resolve(data as ExitRecord);
      }),
    );
    const shot = async (from: ControlClient): Promise<string> => (await from.request('screenshot', { screen: 0 })).png;
    await control.request('pause', {});
    const before = await shot(control);
    await control.request('saveState', {});
    expect(await told).toMatchObject({ state: 'saved' });
    expect(await exitCode()).toBe(0);
    expect(states).toEqual(['paused', 'saving', 'saved']);
    expect(percents.at(-1)).toBe(100);
    expect(percents).toEqual([...percents].sort((a, b) => a - b));

    // It stands as it stood, and the state that it runs on from is gone.
    const next = spec({ restore: true, startPaused: true });
    expect(await start(next)).toEqual({ ready: true });
    expect((await readdir(folder)).filter((name) => name.endsWith('.sav'))).toEqual([]);
    const again = await ControlClient.connect(next.controlSocket);
    expect((await again.request('status', {})).state).toBe('paused');
    expect(await shot(again)).toBe(before);
    await again.request('resume', {});
    again.close();
  });

  test.each(['SIGTERM', 'SIGINT', 'SIGHUP'] as const)('saves its state on %s', async (signal) => {
    await start(spec());
    child!.kill(signal);
    expect(await exitCode()).toBe(0);
    expect(await exitRecord()).toMatchObject({ state: 'saved' });
    expect((await stat(join(folder, 'm.sav'))).size).toBeGreaterThan(1000);
  });

  test('takes a snapshot while it runs: its state in a file, its disk in a new image, all of it or nothing', async () => {
    const base = join(folder, 'base.vdi');
    const uuid = await createVdi(base, { size: 4 << 20 });
    const drive = { bus: 'ide' as const, controller: 'IDE', port: 0, device: 0, type: 'hdd' as const, medium: { path: base, format: 'VDI' as const, readOnly: false, parents: [] } };
    const settings = spec({ hardware: { drives: [drive] } });
    await start(settings);
    const control = await ControlClient.connect(settings.controlSocket);
    const child = { controller: 'IDE', port: 0, device: 0, uuid: randomUUID(), parent: uuid, path: join(folder, 'child.vdi') };
    const disks = async (): Promise<string[]> => (await control.request('status', {})).disks!.map(({ path }) => path);
    const stateFile = join(folder, 's.sav');
    await expect(control.request('takeSnapshot', { stateFile, branches: [{ ...child, path: join(folder, 'none', 'child.vdi') }] })).rejects.toMatchObject({ code: 'VBOX_E_FILE_ERROR' });
    expect(await disks()).toEqual([base]);
    await expect(stat(stateFile)).rejects.toThrow('ENOENT');
    expect((await control.request('status', {})).state).toBe('running');

    await control.request('takeSnapshot', { stateFile, branches: [child] });
    expect(await control.request('status', {})).toMatchObject({ state: 'running', disks: [{ path: child.path }] });
    expect((await stat(stateFile)).size).toBeGreaterThan(1000);
    expect((await readImageInfo(child.path)).parentUuid).toBe(uuid);
    // The parent is read, and written by nobody.
    await expect(openImage(base)).rejects.toThrow(/test machine/);
    await control.request('absorbParent', child);
    expect((await readImageInfo(child.path)).parentUuid).toBeUndefined();
    await (await openImage(base)).close();
    control.close();
  });

  test('goes on when its state cannot be saved', async () => {
    await writeFile(join(folder, 'file'), '');
    const settings = { ...spec(), stateFile: join(folder, 'file', 'm.sav') };
    await start(settings);
    const control = await ControlClient.connect(settings.controlSocket);
    await expect(control.request('saveState', {})).rejects.toMatchObject({ code: 'VBOX_E_FILE_ERROR', message: expect.stringContaining('could not make the file') });
    expect((await control.request('status', {})).state).toBe('running');
    await control.request('pause', {});
    control.close();
  });

  test('does not start from a state that it cannot take, which is kept', async () => {
    await start(spec());
    child!.kill('SIGTERM');
    await exitCode();
    const other = await start(spec({ restore: true, hardware: { memoryMiB: 64 } }));
    expect(other.error).toMatchObject({ code: 'VBOX_E_FILE_ERROR', message: expect.stringContaining('memory: 32 MiB in the state, 64 MiB in the machine') });
    await exitCode();
    const path = join(folder, 'm.sav');
    const bytes = await readFile(path);
    bytes[bytes.length >> 1]! ^= 1;
    await writeFile(path, bytes);
    expect((await start(spec({ restore: true }))).error).toMatchObject({ code: 'VBOX_E_FILE_ERROR', message: expect.stringContaining('checksum') });
    await exitCode();
    expect((await readdir(folder)).filter((name) => name.includes('.sav'))).toEqual(['m.sav']);
    bytes[bytes.length >> 1]! ^= 1;
    await writeFile(path, bytes);
    expect(await start(spec({ restore: true }))).toEqual({ ready: true });
  });

  test('may start paused', async () => {
    const settings = spec({ startPaused: true });
    await start(settings);
    const control = await ControlClient.connect(settings.controlSocket);
    expect((await control.request('status', {})).state).toBe('paused');
    control.close();
  });
});

describe('a machine that cannot start says why, and leaves nothing behind', () => {
  const drive = (path: string) => ({ bus: 'ide' as const, controller: 'IDE', port: 0, device: 0, type: 'hdd' as const, medium: { path, format: path.endsWith('.vdi') ? ('VDI' as const) : ('RAW' as const), readOnly: false, parents: [] } });

  test('a missing image', async () => {
    const path = join(folder, 'none.vdi');
    const { error } = await start(spec({ hardware: { drives: [drive(path)] } }));
    expect(error).toMatchObject({ code: 'VBOX_E_FILE_ERROR' });
    expect(error!.message).toContain(path);
    expect(error!.message).toContain("hdd at port 0, device 0 of 'IDE'");
    expect(await exitCode()).toBe(1);
    await expect(stat(join(folder, 'm.sock'))).rejects.toThrow('ENOENT');
  });

  test('ports that are all taken, each named; the image is free again', async () => {
    const taken = createServer((stranger) => stranger.destroy()).listen(0, '127.0.0.1');
    await once(taken, 'listening');
    const { port } = taken.address() as AddressInfo;
    const image = join(folder, 'd.img');
    await writeFile(image, Buffer.alloc(1 << 20));
    const { error } = await start(spec({ hardware: { drives: [drive(image)] }, vrde: { ports: [port] } }));
    taken.close();
    expect(error).toMatchObject({ code: 'VBOX_E_HOST_ERROR' });
    expect(error!.message).toContain(`port ${port}`);
    expect(await exitCode()).toBe(1);
    expect(await start(spec({ hardware: { drives: [drive(image)] } }))).toEqual({ ready: true });
  });

  test('but not a raw disk in which a guest wrote the header of another format', async () => {
    const image = join(folder, 'raw.img');
    const bytes = Buffer.alloc(1 << 20);
    bytes.writeUInt32LE(0xbeda107f, 0x40);
    await writeFile(image, bytes);
    expect(await start(spec({ hardware: { drives: [drive(image)] } }))).toEqual({ ready: true });
  });

  test('an authentication type that nobody can judge', async () => {
    const { error } = await start(spec({ vrde: { authType: 'guest' } }));
    expect(error).toMatchObject({ code: 'VBOX_E_NOT_SUPPORTED' });
    expect(await exitCode()).toBe(1);
  });
});

describe("the remote display's certificate", () => {
  const [certificate, key] = ['cert.pem', 'key.pem'];
  const make = async (name: string): Promise<void> => {
    const openssl = spawn('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-subj', `/CN=${name}`, '-keyout', key, '-out', certificate], { cwd: folder, stdio: 'ignore' });
    await once(openssl, 'exit');
  };
  const properties = () => ({ 'Security/ServerCertificate': join(folder, certificate), 'Security/ServerPrivateKey': join(folder, key) });
  /** The subject that a viewer is shown. */
  const shown = async (port: number): Promise<string | undefined> => {
    const viewer = new RdpClient({ port });
    await viewer.active();
    const subject = viewer.peerCertificate?.subject;
    viewer.close();
    return subject;
  };

  test("is the administrator's, and a renewed one is used for the next connection", async () => {
    await make('first');
    const settings = spec({ vrde: { properties: properties(), multiConnection: true } });
    expect(await start(settings)).toEqual({ ready: true });
    const control = await ControlClient.connect(settings.controlSocket);
    const { port } = (await control.request('status', {})).vrde;
    expect(await shown(port!)).toBe('CN=first');
    await make('second');
    expect(await shown(port!)).toBe('CN=second');
    control.close();
  });

  test.each([
    ['a file that is not there', () => properties(), () => `${join(folder, certificate)}: does not exist`],
    ['a certificate without a key', () => ({ 'Security/ServerCertificate': '/x' }), () => 'VRDE property Security/ServerPrivateKey is not set'],
    ['an unknown version of TLS', () => ({ 'Security/TLSMinVersion': '0.9' }), () => "VRDE property Security/TLSMinVersion is '0.9'; use 1.0, 1.1, 1.2 or 1.3"],
  ])('%s is an error when the server starts', async (_name, wrong, reason) => {
    const { error } = await start(spec({ vrde: { properties: wrong() } }));
    expect(error?.message).toContain(reason());
  });
});

test('a viewer that brings no credentials is asked for them where some are needed, and only there', async () => {
  const simpleUsers = { max: createHash('sha256').update('right').digest('hex') };
  const settings = spec({ vrde: { authType: 'external', authLibrary: 'VBoxAuthSimple', simpleUsers, multiConnection: true } });
  expect(await start(settings)).toEqual({ ready: true });
  const control = await ControlClient.connect(settings.controlSocket);
  const { port } = (await control.request('status', {})).vrde;
  const viewer = new RdpClient({ port: port!, user: '', password: '', width: 640, height: 480 });
  await viewer.active();
  expect((await control.request('status', {})).vrde.clients).toEqual([]);
  const connected = new Promise<void>((resolve) => control.onEvent((event) => event === 'judgement' && resolve()));
  for (const character of 'max\rright\r') viewer.character(character.charCodeAt(0), true);
  await connected;
  await viewer.picture(({ width, height }) => width !== 640 || height !== 480);
  expect((await control.request('status', {})).vrde.clients).toMatchObject([{ user: 'max' }]);
  viewer.close();
  await control.request('setVrde', { vrde: { ...settings.vrde, authType: 'null' } });
  const anyone = new RdpClient({ port: (await control.request('status', {})).vrde.port!, user: '', password: '', width: 640, height: 480 });
  await anyone.active();
  expect((await control.request('status', {})).vrde.clients.length).toBe(1);
  anyone.close();
  control.close();
});

const [PROTOCOL_SSL, PROTOCOL_HYBRID] = [1, 2];

/** What the server chooses for a client that offers TLS and Network Level Authentication. [MS-RDPBCGR] 2.2.1.1, 2.2.1.2 */
async function selectedProtocol(port: number): Promise<number> {
  const socket = connect(port, '127.0.0.1');
  socket.write(Buffer.from('030000130ee000000000000100080003000000', 'hex'));
  const [confirm] = (await once(socket, 'data')) as [Buffer];
  socket.destroy();
  return confirm.readUInt32LE(15);
}

test('Network Level Authentication comes and goes with the users, and a failed proof is on record', async () => {
  const nt = `$nt$${Buffer.from(ntHash('right')).toString('hex')}`;
  const settings = spec({ vrde: { authType: 'external', authLibrary: 'VBoxAuthSimple', simpleUsers: { max: nt }, multiConnection: true } });
  expect(await start(settings)).toEqual({ ready: true });
  const control = await ControlClient.connect(settings.controlSocket);
  const wrong = new RdpClient({ port: (await control.request('status', {})).vrde.port!, security: 'nla', user: 'max', password: 'guess' });
  await expect(wrong.active()).rejects.toThrow('closed before');
  for (const [simpleUsers, selected] of [
    [{ max: nt, moritz: nt }, PROTOCOL_HYBRID],
    [{ max: nt, moritz: 'a'.repeat(64) }, PROTOCOL_SSL],
    [{ max: nt }, PROTOCOL_HYBRID],
  ] as const) {
    const { port } = await control.request('setVrde', { vrde: { ...settings.vrde, simpleUsers } });
    expect(await selectedProtocol(port!)).toBe(selected);
    const viewer = new RdpClient({ port: port!, security: 'nla', user: 'max', password: 'right' });
    await viewer.active();
    viewer.close();
  }
  const records = (await readFile(settings.auditFile, 'utf8')).trim().split('\n').map((line) => JSON.parse(line) as { user: string; granted: boolean; reason: string });
  expect(records.map(({ user, granted, reason }) => [user, granted, reason])).toEqual([
    ['max', false, 'user name or password is wrong'],
    ...Array.from({ length: 3 }, () => ['max', true, 'VBoxAuthSimple grants']),
  ]);
  control.close();
});
