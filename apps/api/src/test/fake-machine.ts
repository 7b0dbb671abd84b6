/**
 * A machine's process for tests: it speaks the control protocol and runs nothing.
 *
 * A word after a colon in the machine's name says what it does wrong: `fail`, `crash`, `slow`, `deaf`, `unsaved`, `killed`, `unrestored`.
 *
 * Its remote display judges: whoever connects and sends a user's name and a password, on one line with a space between, is let in with the
 * password `right`, and locked out with any other.
 */
import { checkParams, ControlError, type ControlHandlers, type DrivePlace, type ExitRecord, type JudgementRecord, type Lockout, type MachineSpec, type MachineState, type MachineStatus, type MediumSpec, serveControl, type VrdeSpec, type VrdeStatus } from '@belvedere/control';
import { absorbParent, createVdi, openImage } from '@belvedere/disk';
import { v7 as uuidv7 } from 'uuid';
import { appendFileSync, existsSync, mkdirSync, rmSync, readFileSync, writeFileSync, writeSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { dirname, join } from 'node:path';
import { whenFolderChanges } from '../concurrency/waiting.js';

const spec = JSON.parse(readFileSync(0, 'utf8')) as MachineSpec;
const asked = spec.name.split(':')[1] ?? '';

function report(word: object): void {
  try {
    writeSync(3, `${JSON.stringify(word)}\n`);
  } catch {
    // Whoever started this process is gone.
  }
}

if (asked === 'fail') {
  report({ error: { code: 'VBOX_E_NOT_SUPPORTED', message: `the engine does not take ${spec.hardware.memoryMiB} MiB` } });
  process.exit(1);
}
if (spec.restore && asked === 'unrestored') {
  report({ error: { code: 'VBOX_E_FILE_ERROR', message: 'the state is damaged' } });
  process.exit(1);
}
if (asked === 'crash') process.exit(3);
if (asked === 'slow') {
  // Says that it has its settings, and goes on when a test says so.
  const go = join(spec.folder, 'go');
  writeFileSync(join(spec.folder, 'waiting'), '');
  await whenFolderChanges(spec.folder, async () => existsSync(go) || undefined, AbortSignal.timeout(60_000));
}

let state: MachineState = spec.startPaused ? 'paused' : 'running';
let stateReason: string | undefined;
let ejected: DrivePlace[] = [];
let current: VrdeSpec = spec.vrde;
let listener: Server | undefined;
let vrde: VrdeStatus = { port: null, clients: [], clientsSoFar: 0 };
const drives: { port: number; device: number; type: string; medium: MediumSpec | null }[] = spec.hardware.drives.map((drive) => ({ ...drive }));
const typed: string[] = [];
const lockouts = new Map<string, Lockout>();

/** The record is on file before it is told, as a real machine does it. */
function judge(line: string, socket: Socket): void {
  const [user = '', password] = line.trim().split(' ');
  const granted = password === 'right';
  const at = new Date().toISOString();
  const record: JudgementRecord = { id: uuidv7(), at, user, domain: '', address: socket.remoteAddress ?? '', clientName: 'desk', clientId: 1, machineId: spec.uuid, method: current.authLibrary, granted, reason: granted ? current.authLibrary : 'wrong password' };
  if (!granted) lockouts.set(user, { kind: 'user', name: user, failures: 1, since: at, until: '2100-01-01T00:00:00.000Z' });
  appendFileSync(spec.auditFile, `${JSON.stringify(record)}\n`);
  server.emit('judgement', record);
  socket.end(granted ? 'granted' : 'denied');
}

async function listen(next: VrdeSpec): Promise<void> {
  listener?.close();
  listener = undefined;
  current = next;
  // What it was told, for tests to see.
  writeFileSync(join(spec.folder, 'vrde.json'), JSON.stringify(next));
  vrde = { port: null, clients: [], clientsSoFar: 0 };
  if (!next.enabled) return;
  for (const port of next.ports) {
    const server = createServer((socket) => socket.once('data', (line) => judge(String(line), socket)).on('error', () => undefined));
    const bound = await new Promise<boolean>((resolve) => server.once('error', () => resolve(false)).listen(port, '127.0.0.1', () => resolve(true)));
    if (!bound) continue;
    listener = server;
    vrde = { ...vrde, port };
    return;
  }
  throw new ControlError('VBOX_E_HOST_ERROR', `no port is free for the remote display: tried ${next.ports.join(', ')}`);
}

const status = (): MachineStatus => ({ uuid: spec.uuid, pid: process.pid, state, ...(stateReason === undefined ? {} : { stateReason }), ejected, disks: drives.flatMap(({ port, device, type, medium }) => (type === 'hdd' && medium ? [{ controller: '', port, device, path: medium.path }] : [])), vrde, screens: Array.from({ length: spec.hardware.monitorCount }, (_unused, index) => ({ width: 720, height: 400, x: 720 * index, y: 0, on: index === 0 })), notices: typed.length ? [`typed ${typed.join(' ')}`] : [] });

const handlers: ControlHandlers = {
  status: async () => status(),
  pause: () => change('paused'),
  resume: () => change('running'),
  reset: async () => null,
  teleport: async ({ host }) => {
    if (host !== '127.0.0.1' && host !== '::1') throw new ControlError('VBOX_E_VM_ERROR', `the machine was not teleported, and goes on here: ${host} cannot be reached`);
    server.emit('state', { state: 'teleporting' });
    server.emit('progress', { operation: 'teleport', percent: 50 });
    // At one of them the viewers are relayed.
    setImmediate(() => void end({ state: 'teleported', at: new Date().toISOString(), ...(host === '::1' ? { relay: process.pid, reason: `process ${process.pid} relays` } : {}) }));
    return { downtime: 12, parts: { pause: 1, pages: 2, devices: 2, load: 3, handOver: 4 }, total: 345, bytes: 6789, rounds: 2, authenticated: true };
  },
  saveState: async () => {
    server.emit('state', { state: 'saving' });
    server.emit('progress', { operation: 'saveState', percent: 50 });
    if (asked === 'unsaved') {
      await change('running');
      throw new ControlError('VBOX_E_FILE_ERROR', 'the state could not be saved, and the machine goes on: no space');
    }
    mkdirSync(dirname(spec.stateFile), { recursive: true });
    writeFileSync(spec.stateFile, 'a state');
    if (asked === 'killed') process.kill(process.pid, 'SIGKILL');
    setImmediate(() => void end({ state: 'saved', at: new Date().toISOString() }));
    return null;
  },
  takeSnapshot: async ({ stateFile, branches }) => {
    if (asked === 'unsaved') throw new ControlError('VBOX_E_FILE_ERROR', 'the snapshot was not taken: no space');
    mkdirSync(dirname(stateFile), { recursive: true });
    writeFileSync(stateFile, 'a state');
    for (const branch of branches) {
      const drive = drives.find((known) => known.port === branch.port && known.device === branch.device)!;
      const parent = { uuid: branch.parent, path: drive.medium!.path, format: drive.medium!.format };
      await createVdi(branch.path, { uuid: branch.uuid, parent: { path: parent.path, uuid: parent.uuid, format: parent.format } });
      drive.medium = { path: branch.path, format: 'VDI', readOnly: false, parents: [parent, ...drive.medium!.parents] };
    }
    if (asked === 'killed') process.kill(process.pid, 'SIGKILL');
    return null;
  },
  absorbParent: async ({ port, device }) => {
    const { path, parents } = drives.find((known) => known.port === port && known.device === device)!.medium!;
    const image = await openImage(path, { resolveParent: (uuid) => parents.find((parent) => parent.uuid === uuid) });
    await absorbParent(image);
    await image.close();
    return null;
  },
  powerOff: async () => {
    if (asked === 'deaf') return new Promise(() => undefined);
    setImmediate(() => void end({ state: 'poweroff', at: new Date().toISOString() }));
    return null;
  },
  powerButton: async () => {
    setImmediate(() => void end({ state: 'poweroff', at: new Date().toISOString() }));
    return null;
  },
  putScancodes: async ({ scancodes }) => {
    typed.push(scancodes.map((code) => code.toString(16)).join(','));
    return null;
  },
  putString: async ({ text }) => {
    typed.push(text);
    return null;
  },
  screenshot: async ({ screen }) => ({ png: Buffer.from(`png of screen ${screen}`).toString('base64'), width: 720, height: 400 }),
  changeScreen: async ({ screen, size, place }) => {
    typed.push(`screen ${screen}${size ? ` ${size.width}x${size.height}` : ''}${place ? ` ${place.on ? `at ${place.x},${place.y}` : 'off'}` : ''}`);
    return null;
  },
  setVrde: async ({ vrde: next }) => {
    const before = current;
    try {
      await listen(next);
    } catch (error) {
      await listen(before);
      throw error;
    }
    server.emit('vrde', vrde);
    return vrde;
  },
  setAdapter: async ({ slot, cableConnected, forwards }) => {
    const busy = forwards.find(({ hostPort }) => hostPort === 1);
    if (busy) throw new ControlError('VBOX_E_HOST_ERROR', `port forwarding rule '${busy.name}': tcp port 1 is in use`);
    typed.push(`adapter ${slot} ${cableConnected ? 'on' : 'off'} ${forwards.map(({ name }) => name).join(',')}`);
    return null;
  },
  disconnectClient: async ({ id }) => {
    throw new ControlError('VBOX_E_OBJECT_NOT_FOUND', `there is no client ${id}`);
  },
  lockouts: async () => [...lockouts.values()],
  unlock: async ({ name }) => {
    if (name !== undefined) return Number(lockouts.delete(name));
    const { size } = lockouts;
    lockouts.clear();
    return size;
  },
  setMedium: async ({ medium, force }) => {
    if (asked === 'locked' && !force) throw new ControlError('VBOX_E_OBJECT_IN_USE', 'the guest has locked the tray');
    ejected = [];
    typed.push(medium ? `medium ${medium.path}` : 'no medium');
    return null;
  },
};

async function change(next: MachineState, reason?: string): Promise<null> {
  state = next;
  stateReason = reason;
  server.emit('state', { state, ...(reason === undefined ? {} : { reason }) });
  return null;
}

async function end(record: ExitRecord): Promise<void> {
  writeFileSync(spec.exitFile, JSON.stringify(record));
  server.emit('ended', record);
  await server.close();
  if (record.relay === undefined) process.exit(0);
  listener?.close();
  setInterval(() => undefined, 60_000);
}

try {
  await listen(spec.vrde);
} catch (error) {
  report({ error: { code: (error as ControlError).code, message: (error as ControlError).message } });
  process.exit(1);
}
const server = await serveControl(spec.controlSocket, handlers, checkParams);
// The host has no room for what the guest writes; the guest ejects what is in the second drive of the controller IDE.
process.on('SIGURG', () => void change('paused', 'no space left'));
process.on('SIGWINCH', () => {
  ejected = [{ controller: 'IDE', port: 1, device: 0 }];
  server.emit('ejected', ejected[0]!);
});
// A guest that switches itself off, or traps, does so when a test says so.
process.on('SIGUSR2', () => void end({ state: 'poweroff', at: '2026-01-02T03:04:05.000Z' }));
process.on('SIGHUP', () => void end({ state: 'aborted', reason: 'the engine failed: memory access out of bounds', at: new Date().toISOString() }));
if (spec.restore) rmSync(spec.stateFile);
report({ ready: true });
