import { readdir } from 'node:fs/promises';
import { connect as connectTcp, type Socket } from 'node:net';
import { connect } from 'node:tls';
import { afterEach, expect, test } from '@jest/globals';
import { PAGE_SIZE, type Progress } from './ports.js';
import { Pair, type PairOptions } from './testing/pair.js';

let pair: Pair;
const start = async (options: PairOptions = {}): Promise<Pair> => (pair = await Pair.of(options));
afterEach(async () => {
  await pair.close();
  expect(pair.stage.problems).toEqual([]);
});

const write = (memory: Uint8Array, page: number, value: number): void => void memory.fill(value, page * PAGE_SIZE, page * PAGE_SIZE + 100);

test('a machine moves: its memory and state as at the pause, its disks, nothing left behind', async () => {
  let round = 0;
  const { machine, destination, stage, waiting, folder } = await start({
    guest: (memory) => write(memory, 3 + round++, 0x40 + round),
    state: () => new Uint8Array(50_001).fill(round, 4000, 9000),
  });
  for (let page = 0; page < 64; page += 2) write(machine.memory, page, page % 8);
  const progress: Progress[] = [];
  const outcome = await pair.teleport({ progress: (step) => progress.push(step) });
  expect(outcome).toMatchObject({ where: 'there', authenticated: true, slowed: 0 });
  expect(await waiting.outcome).toMatchObject({ where: 'here', authenticated: true });
  expect([...stage.running]).toEqual(['target']);
  expect(stage.holder).toBe('target');
  expect(Buffer.from(destination.memory).equals(stage.atPause!.memory)).toBe(true);
  expect(Buffer.from(destination.final).equals(stage.atPause!.state)).toBe(true);
  expect(destination.behind).toBeGreaterThan(0);
  await waiting.closed;
  expect(await readdir(folder)).toEqual(['disk.vdi']);
  expect(progress.map(({ phase }) => phase).filter((phase, index, all) => phase !== all[index - 1])).toEqual(['connected', 'preparing', 'memory', 'handingOver', 'running']);
});

test("the guest's clocks make up for what they were behind at the source, and for the move", async () => {
  const { destination } = await start({ behind: 5000 });
  expect(await pair.teleport()).toMatchObject({ where: 'there' });
  expect(destination.behind).toBeGreaterThan(5000);
});

test('without an image the hand-over works by word alone', async () => {
  const { stage } = await start({ diskless: true });
  expect(await pair.teleport()).toMatchObject({ where: 'there' });
  expect([...stage.running]).toEqual(['target']);
});

test('zero pages, repeated pages and pages that did not change cost nothing', async () => {
  let looks = 0;
  // The same bytes are written again, after others that nobody sees: changed, and yet the same.
  const { machine, destination, stage } = await start({ pages: 4096, guest: (memory) => write(memory, 9, looks++ % 2 === 0 ? 1 : 2) });
  for (let page = 100; page < 4000; page++) write(machine.memory, page, 0x55);
  const outcome = await pair.teleport();
  expect(outcome).toMatchObject({ where: 'there' });
  expect((outcome as { bytes: number }).bytes).toBeLessThan(200_000);
  expect(Buffer.from(destination.memory).equals(stage.atPause!.memory)).toBe(true);
});

test.each([
  ['other hardware', { targetDescription: { hardware: { cpus: 2, drives: [] } } }, 'cpus is 1 at the source and 2 at the target'],
  ['other memory', { targetDescription: { memoryBytes: 65 * PAGE_SIZE } }, `memoryBytes is ${64 * PAGE_SIZE} at the source and ${65 * PAGE_SIZE} at the target`],
  ['another engine', { targetDescription: { engine: { name: 'other', version: '1' } } }, 'engine.name is "fake" at the source and "other" at the target'],
  ['other firmware', { targetDescription: { firmware: { bios: '01' } } }, 'firmware.bios is "00" at the source and "01" at the target'],
  ['snapshots', { targetDescription: { snapshots: 2 } }, 'the target has 2 snapshots'],
  ['a lesser processor', { targetDescription: { features: ['fpu'] } }, 'processor features that the guest has seen are missing at the target: sse2'],
] as const)('refused before anything is touched: %s', async (_name, options, message) => {
  const { stage, destination, machine } = await start(options);
  const outcome = await pair.teleport();
  expect(outcome).toMatchObject({ where: 'here', error: { failure: 'refused', message: expect.stringContaining(message) } });
  expect([...stage.running]).toEqual(['source']);
  expect([stage.holder, destination.discarded, destination.memory.length, machine.speed]).toEqual(['source', 0, 0, 1]);
});

test('refused: an image that is a copy, in another folder', async () => {
  const [{ stage }, other] = [await start(), await Pair.of()];
  try {
    const outcome = await pair.teleport({ port: other.waiting.port });
    expect(outcome).toMatchObject({ where: 'here', error: { failure: 'refused', message: expect.stringContaining('the image at ide0-0 is not the same file on both sides') } });
    expect([...stage.running]).toEqual(['source']);
    expect(await readdir(pair.folder)).toEqual(['disk.vdi']);
  } finally {
    await other.close();
  }
});

test.each([
  ['another one', 'secret', 'Secret'],
  ['none here', '', 'secret'],
  ['none there', 'secret', ''],
])('a wrong password is slow, logged and tells nothing: %s', async (_name, password, targetPassword) => {
  const { stage, logs } = await start({ password, targetPassword });
  const outcome = await pair.teleport();
  expect(outcome).toMatchObject({ where: 'here', error: { failure: 'password', message: 'wrong password' } });
  expect([...stage.running]).toEqual(['source']);
  expect(logs.some((line) => line.startsWith('warn teleport: wrong password from 127.0.0.1:'))).toBe(true);
  expect(logs.join('\n')).not.toContain(targetPassword || 'secret');
  await pair.targetWaits();
  expect(await pair.teleport({ password: targetPassword })).toMatchObject({ where: 'there', authenticated: targetPassword !== '' });
});

test('without a password it works, and both sides say what that means', async () => {
  const { waiting, logs } = await start({ password: '' });
  expect(await pair.teleport()).toMatchObject({ where: 'there', authenticated: false });
  expect(await waiting.outcome).toMatchObject({ where: 'here', authenticated: false });
  expect(logs.filter((line) => line.startsWith('warn')).join()).toContain('who is at its other end is not proved');
});

test('one source at a time: the second is refused and stays where it is', async () => {
  let second: Promise<unknown> | undefined;
  const { stage } = await start({
    guest: async () => {
      second ??= pair.teleport();
      await second;
    },
  });
  expect(await pair.teleport()).toMatchObject({ where: 'there' });
  expect(await second).toMatchObject({ where: 'here', error: { failure: 'refused' } });
  expect(stage.holder).toBe('target');
  // Both fakes share one machine here: the second move left it where the first had taken it.
  expect(stage.running.has('target')).toBe(true);
});

test.each(['prepare', 'write', 'finish', 'resume'] as const)('a target that cannot %s: the machine runs on at the source, and the target is empty', async (fails) => {
  const { stage, folder } = await start({ fails, guest: (memory) => write(memory, 1, 1) });
  expect(await pair.teleport()).toMatchObject({ where: 'here', error: { message: expect.stringContaining(`${fails}: out of memory`) } });
  expect([...stage.running]).toEqual(['source']);
  await pair.targetWaits();
  expect([stage.holder, [...stage.kept]]).toEqual(['source', []]);
  expect(await readdir(folder)).toEqual(['disk.vdi']);
});

test('a disk that cannot be flushed: the machine runs on at the source', async () => {
  const { stage } = await start({ guest: () => void (stage.holder = undefined) });
  const moved = pair.teleport();
  stage.holder = 'source';
  const outcome = await moved;
  expect(outcome).toMatchObject({ where: 'here', error: { message: 'flush without the lock' } });
  stage.problems = []; // the fake's lock was taken away behind its back
});

test('cancelled at the source while memory is copied', async () => {
  const stop = new AbortController();
  const { stage } = await start({ guest: () => stop.abort() });
  expect(await pair.teleport({ signal: stop.signal })).toMatchObject({ where: 'here', error: { failure: 'cancelled' } });
  expect([...stage.running]).toEqual(['source']);
  await pair.targetWaits();
  expect(await pair.teleport()).toMatchObject({ where: 'there' });
});

test('cancelled at the target while memory is copied', async () => {
  const { stage, waiting } = await start({ guest: () => void waiting.cancel() });
  expect(await pair.teleport()).toMatchObject({ where: 'here', error: { message: 'the target was cancelled' } });
  expect(await waiting.outcome).toEqual({ where: 'cancelled' });
  await waiting.closed;
  expect([...stage.running]).toEqual(['source']);
});

test('too late to cancel, on both sides', async () => {
  const stop = new AbortController();
  const { stage, waiting } = await start();
  const outcome = await pair.teleport({ signal: stop.signal, progress: ({ phase }) => phase === 'handingOver' && stop.abort() });
  expect(outcome).toMatchObject({ where: 'there' });
  expect(waiting.cancel()).toBe(false);
  expect([...stage.running]).toEqual(['target']);
});

test('a guest that is too busy is slowed until it fits, and is given up when even that does not help', async () => {
  let seed = 1;
  const busy = (memory: Uint8Array, speed: number): void => {
    for (let page = 0; page < 1500 * speed; page++) memory.set(Buffer.from(`${seed++}`), (page + 1) * PAGE_SIZE);
  };
  const { machine, stage } = await start({ pages: 2048, guest: busy });
  const given = await pair.teleport({ maxDowntime: 0.01, longestDowntime: 0.02 });
  expect(given).toMatchObject({ where: 'here', error: { failure: 'convergence', message: expect.stringContaining('the guest changes memory faster than it can be sent') } });
  expect([...stage.running, machine.speed]).toEqual(['source', 1]);
  await pair.targetWaits();
  expect(await pair.teleport({ maxDowntime: 0.01, longestDowntime: 60_000 })).toMatchObject({ where: 'there', slowed: 0.95 });
});

test('the port tells strangers nothing, and survives them', async () => {
  const { waiting, stage } = await start();
  const closed = (socket: Socket): Promise<string> =>
    new Promise((resolve) => {
      let said = '';
      socket.on('data', (data) => (said += data.toString('latin1')));
      socket.on('error', () => {});
      socket.on('close', () => resolve(said));
    });
  const plain = connectTcp(waiting.port, '127.0.0.1');
  plain.end('GET / HTTP/1.0\r\n\r\n');
  await closed(plain);
  const secure = connect({ port: waiting.port, host: '127.0.0.1', rejectUnauthorized: false });
  secure.write('x'.repeat(1000));
  expect(await closed(secure)).toBe('');
  expect(await pair.teleport()).toMatchObject({ where: 'there' });
  expect([...stage.running]).toEqual(['target']);
});
