/** The display and the viewers' processes, against servers that refuse and that say nothing. */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { available, fromPng, startViewer, until, VirtualDisplay } from './index.js';
import { describeWith } from './testing.js';

jest.setTimeout(60_000); // for a busy host

/** Whether a process runs; one that nobody has waited for yet does not. */
const isAlive = (pid: number): boolean => {
  try {
    return !/\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
};

test('a viewer that is not installed is named with its packages', () => {
  const path = process.env.PATH;
  process.env.PATH = '/nowhere';
  try {
    expect(available('rdesktop')).toBe("rdesktop needs Debian's packages xvfb xdotool rdesktop");
    expect(available('krdc')).toBe("krdc needs Debian's packages xvfb xdotool krdc freerdp2-x11 dbus-daemon");
  } finally {
    process.env.PATH = path;
  }
});

test('waiting ends when it is in vain, or too long', async () => {
  await expect(until('rain', () => undefined, { timeout: 60 })).rejects.toThrow('waited 60 ms in vain for rain');
  await expect(until('rain', () => undefined, { failed: () => 'no clouds' })).rejects.toThrow('waited in vain for rain: no clouds');
  let looks = 0;
  expect(await until('three', () => (++looks === 3 ? looks : undefined))).toBe(3);
});

describeWith(['xfreerdp', 'rdesktop'], 'viewers on a virtual display', () => {
  let display: VirtualDisplay;
  beforeAll(async () => void (display = await VirtualDisplay.start({ width: 640, height: 480 })));
  afterAll(() => display.close());

  /** A server on a free port, and the first connection to it. */
  async function silentServer(): Promise<{ server: Server; port: number; connected: Promise<Socket> }> {
    const server = createServer();
    const connected = once(server, 'connection').then(([socket]) => socket as Socket);
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return { server, port: (server.address() as AddressInfo).port, connected };
  }

  test('the display has the size asked for, a pointer that moves, and can be kept as a picture', async () => {
    const { width, height, stride } = display.pixels();
    expect([width, height, stride]).toEqual([640, 480, 2560]);
    await display.moveTo(123, 45);
    const place = execFileSync('xdotool', ['getmouselocation'], { env: { ...process.env, DISPLAY: display.name }, encoding: 'utf8' });
    expect(place).toMatch(/^x:123 y:45 /);
    await display.park();
    const folder = mkdtempSync(join(tmpdir(), 'belvedere-viewers-'));
    display.screenshot(join(folder, 'a.png'));
    expect(fromPng(readFileSync(join(folder, 'a.png')))).toMatchObject({ width: 640, height: 480 });
    rmSync(folder, { recursive: true });
    expect(await display.windows()).toEqual([]);
  });

  test('a display ends with the process that started it', async () => {
    const index = new URL('./index.js', import.meta.url).href;
    const script = `const { VirtualDisplay } = await import('${index}'); console.log((await VirtualDisplay.start({ width: 64, height: 64 })).pid); setInterval(() => undefined, 1000);`;
    const owner = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
    const [text] = (await once(owner.stdout, 'data')) as [Buffer];
    const pid = Number(String(text));
    expect(isAlive(pid)).toBe(true);
    owner.kill('SIGKILL');
    await until('the end of Xvfb', () => (isAlive(pid) ? undefined : true));
  });

  test('two displays do not disturb each other', async () => {
    const other = await VirtualDisplay.start({ width: 320, height: 200 });
    expect(other.name).not.toBe(display.name);
    await other.close();
    expect(display.pixels().width).toBe(640);
  });

  test.each(['xfreerdp', 'rdesktop'] as const)('%s tells why it ended', async (program) => {
    const { server, port } = await silentServer();
    server.close();
    await once(server, 'close'); // nobody listens there now
    const viewer = await startViewer(display, { program, host: '127.0.0.1', port, user: 'u', password: 'p' });
    await expect(viewer.waitFor('a session', () => true)).rejects.toThrow(new RegExp(`waited in vain for a session in ${program}: ${program} ended with code [1-9].*([Cc]onnect|CONNECT)`, 's'));
    expect((await viewer.exited).code).toBeGreaterThan(0);
    await viewer.close();
  });

  test.each(['xfreerdp', 'rdesktop'] as const)('%s can be ended while it waits for its server', async (program) => {
    const { server, port, connected } = await silentServer();
    const viewer = await startViewer(display, { program, host: '127.0.0.1', port, user: 'u', password: 'p' });
    const socket = await connected;
    expect(isAlive(viewer.pid)).toBe(true);
    await viewer.close();
    expect(isAlive(viewer.pid)).toBe(false);
    socket.destroy();
    server.close();
  });
});
