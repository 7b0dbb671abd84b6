import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ApiError, Client, findHome, NoAnswer, startApi } from './index.js';

let folder: string;
let socketPath: string;
let server: Server | undefined;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'client-'));
  socketPath = join(folder, 'api.sock');
});
afterEach(async () => {
  server?.closeAllConnections();
  await new Promise((resolve) => (server ? server.close(resolve) : resolve(undefined)));
  server = undefined;
  await rm(folder, { recursive: true });
});

async function serve(listener: RequestListener, where: string | number = socketPath): Promise<void> {
  server = createServer(listener);
  await new Promise<void>((resolve) => server!.listen(where, () => resolve()));
}
const bodyOf = async (request: IncomingMessage): Promise<string> => {
  let text = '';
  for await (const part of request) text += String(part);
  return text;
};

describe('requests', () => {
  test('fill path, query and body, each value in its own place', async () => {
    const seen: string[] = [];
    await serve((request, response) => {
      void bodyOf(request).then((body) => {
        seen.push(`${request.method} ${request.url} ${body}`);
        response.setHeader('content-type', 'application/json; charset=utf-8').end('[]');
      });
    });
    const client = new Client({ door: { socketPath } });
    await client.request('GET /machines');
    await client.request('GET /machines', { query: { state: 'running' } });
    await client.request('GET /machines/{ref}', { path: { ref: '../a b/?ü' } });
    await client.request('GET /machines/{ref}', { path: { ref: '..' } });
    await client.request('PUT /extradata/{key}', { path: { key: 'A/b' }, body: { value: null } });
    expect(seen).toEqual([
      'GET /machines ',
      'GET /machines?state=running ',
      'GET /machines/..%2Fa%20b%2F%3F%C3%BC ',
      'GET /machines/.. ',
      'PUT /extradata/A%2Fb {"value":null}',
    ]);
  });

  test('answers come back as JSON, as bytes, or as nothing', async () => {
    const answers: Record<string, [number, string, string]> = {
      '/machines': [200, 'application/json', '[{"name":"x"}]'],
      '/machines/png': [200, 'image/png', '\x89PNG'],
      '/machines/none': [204, '', ''],
    };
    await serve((request, response) => {
      const [status, type, body] = answers[request.url ?? ''] ?? [500, '', ''];
      response.writeHead(status, type ? { 'content-type': type } : {}).end(Buffer.from(body, 'latin1'));
    });
    const client = new Client({ door: { socketPath } });
    expect(await client.request('GET /machines')).toEqual([{ name: 'x' }]);
    expect(await client.request('GET /machines/{ref}', { path: { ref: 'png' } })).toEqual(Buffer.from('\x89PNG', 'latin1'));
    expect(await client.request('GET /machines/{ref}', { path: { ref: 'none' } })).toBeUndefined();
  });

  test('a refusal carries code, message and request; an answer of something else is still an error', async () => {
    const bodies = [
      '{"code":"VBOX_E_OBJECT_NOT_FOUND","message":"no machine \'x\'","interface":"IVirtualBox","details":["one",2]}',
      '<html>',
      '{"code":"toString","message":""}',
    ];
    await serve((_, response) => void response.writeHead(404).end(bodies.shift()));
    const client = new Client({ door: { socketPath } });
    const failure = () =>
      client.request('POST /machines/{ref}/pause', { path: { ref: 'x' } }).then(
        () => expect(true).toBe(false),
        (error: unknown) => error as ApiError,
      );
    expect(await failure()).toMatchObject({
      name: 'ApiError',
      status: 404,
      code: 'VBOX_E_OBJECT_NOT_FOUND',
      message: "no machine 'x'",
      interfaceName: 'IVirtualBox',
      request: 'POST /machines/x/pause',
      details: ['one'],
    });
    const vague = { code: 'E_FAIL', message: 'the API answered POST /machines/x/pause with HTTP status 404 and no reason' };
    expect(await failure()).toMatchObject(vague);
    expect(await failure()).toMatchObject(vague);
  });

  test('over TCP each request carries the token', async () => {
    let authorization: string | undefined;
    await serve((request, response) => {
      authorization = request.headers.authorization;
      response.setHeader('content-type', 'application/json').end('[]');
    }, 0);
    const url = `http://localhost:${(server!.address() as AddressInfo).port}/`;
    expect(await new Client({ door: { url, token: 't0' } }).request('GET /machines')).toEqual([]);
    expect(authorization).toBe('Bearer t0');
    await expect(new Client({ door: { url: 'https://localhost/', token: 't0' } }).request('GET /machines')).rejects.toThrow('must begin with http://');
  });

  test('an answer that breaks off is an error', async () => {
    await serve((request, response) => {
      response.writeHead(200, { 'content-length': 100 });
      response.write('x', () => request.socket.destroy());
    });
    await expect(new Client({ door: { socketPath } }).request('GET /machines')).rejects.toThrow();
  });
});

describe('events', () => {
  test('arrive in order, however the bytes are cut, until the API ends', async () => {
    await serve((_, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      const text = Buffer.from(': hello\n\nevent: machine\r\ndata: {"type":"machine",\r\ndata:  "name":"ü"}\r\n\r\ndata:{"type":"vrde"}\n\ndata: {"cut');
      for (const byte of text) response.write(Buffer.of(byte));
      response.end();
    });
    const events = [];
    for await (const event of await new Client({ door: { socketPath } }).events()) events.push(event);
    expect(events).toEqual([{ type: 'machine', name: 'ü' }, { type: 'vrde' }]);
  });

  test('one without end is refused; a signal or a lost connection ends the stream', async () => {
    const connections: Socket[] = [];
    await serve((request, response) => {
      connections.push(request.socket);
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write(`data: 1\n\n${connections.length === 1 ? `data: ${'x'.repeat(2 << 20)}` : ''}`);
    });
    const client = new Client({ door: { socketPath } });
    const long = await client.events();
    await long.next();
    await expect(long.next()).rejects.toThrow('longer than 1048576 bytes');

    const abort = new AbortController();
    const aborted = await client.events(abort.signal);
    expect(await aborted.next()).toEqual({ done: false, value: 1 });
    abort.abort();
    expect(await aborted.next()).toEqual({ done: true, value: undefined });

    const broken = await client.events();
    await broken.next();
    connections[2]!.destroy();
    expect(await broken.next()).toEqual({ done: true, value: undefined });
  });
});

/** Stands for the API's program: opens the door, or says why it does not. */
const program = (behaviour: string): string => `
import { createServer } from 'node:http';
import { appendFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
const home = process.env.BELVEDERE_HOME;
const report = (value) => writeSync(3, JSON.stringify(value) + '\\n');
console.log('started');
appendFileSync(join(home, 'pids'), process.pid + '\\n');
${behaviour}
`;
const listening = `
const server = createServer((request, response) => {
  response.setHeader('content-type', 'application/json').end(JSON.stringify({ pid: process.pid, home }));
  if (request.method === 'POST') server.close();
});
server.on('error', (error) => { report({ error: error.code }); process.exit(1); });
server.listen(join(home, 'api.sock'), () => report({ ready: true }));
`;

describe('starting the API', () => {
  const main = () => join(folder, 'main.mjs');
  const home = () => ({ ...findHome({ BELVEDERE_HOME: folder }), socket: socketPath });
  const client = () => new Client({ door: { socketPath }, start: () => startApi(home(), main()) });
  const shutDown = () => client().request('POST /machines/{ref}/pause', { path: { ref: 'x' } });

  test('nothing answers and none may be started', async () => {
    await expect(new Client({ door: { socketPath } }).request('GET /status')).rejects.toBeInstanceOf(NoAnswer);
  });

  test('happens when none answers, in the background, with its output in a private log', async () => {
    await writeFile(main(), program(listening));
    const status = await client().request('GET /status');
    expect(status).toMatchObject({ home: folder });
    expect(status.pid).not.toBe(process.pid);
    expect((await client().request('GET /status')).pid).toBe(status.pid);
    expect(await readFile(home().apiLog, 'utf8')).toBe('started\n');
    expect((await stat(home().apiLog)).mode & 0o777).toBe(0o600);
    await shutDown();
  });

  test('two at once end with one API that both use', async () => {
    await writeFile(main(), program(listening));
    const [one, two] = await Promise.all([client().request('GET /status'), client().request('GET /status')]);
    expect(one.pid).toBe(two.pid);
    await shutDown();
  });

  test('its own reason is passed on, or where its log is', async () => {
    await writeFile(main(), program(`report({ error: 'no room on the disk' });`));
    await expect(client().request('GET /status')).rejects.toThrow('could not start the API: no room on the disk; its log is');
    await writeFile(main(), program(`process.exit(3);`));
    await expect(client().request('GET /status')).rejects.toThrow('it ended before it was ready');
  });

  test('ends in an error when it takes too long', async () => {
    // It ends by itself a little later.
    await writeFile(main(), program(`setTimeout(() => {}, 1000);`));
    await expect(startApi(home(), main(), 200)).rejects.toThrow('the API was not ready after 0.2 s; its log is');
  });
});

describe('the home folder', () => {
  test.each([
    [{ BELVEDERE_HOME: '/srv/b' }, 'linux', '/srv/b'],
    [{ XDG_DATA_HOME: '/x', HOME: '/home/u' }, 'linux', '/x/belvedere'],
    [{ HOME: '/home/u' }, 'linux', '/home/u/.local/share/belvedere'],
    [{ HOME: '/Users/u' }, 'darwin', '/Users/u/Library/Application Support/belvedere'],
  ] as const)('%j on %s', (env, platform, path) => {
    expect(findHome(env, platform)).toMatchObject({ folder: path, socket: `${path}/run/api.sock`, tokenFile: `${path}/run/api.token` });
  });

  test('is refused when no socket fits into it', () => {
    expect(() => findHome({ BELVEDERE_HOME: `/${'x'.repeat(100)}` })).toThrow('choose a shorter BELVEDERE_HOME');
  });
});
