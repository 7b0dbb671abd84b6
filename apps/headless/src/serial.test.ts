import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { joinSerial } from './serial.js';

let folder: string;
beforeEach(async () => void (folder = await mkdtemp(join(tmpdir(), 'serial-'))));
afterEach(() => rm(folder, { recursive: true }));

function port() {
  const listeners = new Set<(bytes: Uint8Array) => void>();
  let heard: (text: string) => void;
  return {
    next: () => new Promise<string>((resolve) => (heard = resolve)),
    send: (text: string) => listeners.forEach((listener) => listener(Buffer.from(text))),
    write: (bytes: Uint8Array) => heard(Buffer.from(bytes).toString()),
    onData: (listener: (bytes: Uint8Array) => void) => (listeners.add(listener), () => void listeners.delete(listener)),
  };
}
const spec = (mode: 'server' | 'client' | 'file', path: string | null) => ({ slot: 1, ioBase: 0x3f8, irq: 4, mode, path });

test('a socket is offered, private, and replaced by a later peer', async () => {
  const path = join(folder, 's');
  const line = port();
  const close = await joinSerial(spec('server', path), line);
  expect((await stat(path)).mode & 0o777).toBe(0o600);
  const first = connect(path);
  const heard = line.next();
  first.write('hello');
  expect(await heard).toBe('hello');
  line.send('guest');
  expect(String((await once(first, 'data'))[0])).toBe('guest');
  const gone = once(first, 'close');
  const second = connect(path);
  await gone;
  second.resume();
  await close();
  await expect(stat(path)).rejects.toThrow('ENOENT');
});

test('a dead socket is replaced, a living one and a file are left alone', async () => {
  const path = join(folder, 's');
  const alive = createServer((socket) => socket.resume()).listen(path);
  await once(alive, 'listening');
  await expect(joinSerial(spec('server', path), port())).rejects.toThrow(`cannot open ${path} as server`);
  alive.close();
  await once(alive, 'close');
  await writeFile(path, 'data');
  await expect(joinSerial(spec('server', path), port())).rejects.toThrow('EADDRINUSE');
  expect(await readFile(path, 'utf8')).toBe('data');
});

test('a file is appended to', async () => {
  const path = join(folder, 'log');
  await writeFile(path, 'before ');
  const line = port();
  const close = await joinSerial(spec('file', path), line);
  line.send('one ');
  line.send('two');
  await close();
  expect(await readFile(path, 'utf8')).toBe('before one two');
});

test('a missing path is an error that names it', async () => {
  await expect(joinSerial(spec('client', join(folder, 'none')), port())).rejects.toThrow(/serial port 1: cannot open .*none as client/);
  await expect(joinSerial(spec('file', null), port())).rejects.toThrow("mode 'file' but no path");
});
