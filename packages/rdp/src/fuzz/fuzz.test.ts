/** A slice of the fuzzer's run; `main.ts` runs a million. */
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fuzz } from './fuzz.js';
import { Handshakes, KINDS } from './handshakes.js';
import { mutated, Random } from './random.js';

// Thousands of handshakes, on machines that may be busy.
jest.setTimeout(240_000);

let folder: string;
beforeAll(async () => void (folder = await mkdtemp(join(tmpdir(), 'belvedere-fuzz-'))));
afterAll(() => rm(folder, { recursive: true }));

test('mutated handshakes end in time and in few bytes, against the steps and over sockets; the server is well afterwards', async () => {
  const { ends, sockets } = await fuzz({ count: 8000, seed: 1, sockets: 300, folder });
  for (const kind of KINDS) expect(Object.keys(ends).some((end) => end.startsWith(`${kind}: `))).toBe(true);
  // Far enough in: handshakes that a change did not stop, and those that it did.
  expect(Object.keys(ends)).toEqual(expect.arrayContaining(['credssp: authenticated', 'credssp: refused', 'stream: WireError', 'stream: ProtocolError', 'stream: active', 'sealed: ProtocolError', 'channels: heard', 'channels: WireError', 'channels: ProtocolError']));
  expect(sockets.connections).toBe(300);
});

test('a seed makes the same handshake each time', async () => {
  const seed = Buffer.from('a handshake of some length');
  const twice = [1, 2].map(() => Array.from({ length: 200 }, (_, i) => Buffer.from(mutated(seed, new Random(i))).toString('hex')));
  expect(twice[0]).toEqual(twice[1]);
  expect(new Set(twice[0]).size).toBeGreaterThan(150);
  const handshakes = new Handshakes();
  for (let at = 0; at < 50; at++) expect((await handshakes.run(at)).kind).toBe((await handshakes.run(at)).kind);
});
