import { Duplex, PassThrough } from 'node:stream';
import { expect, test } from '@jest/globals';
import { Line } from './line/line.js';
import { PAGE_SIZE } from './ports.js';
import { confirmation, generator, type Message, scalar, sessionKey, share, sharedPoint } from './secure/cpace.js';
import { checkSource } from './secure/proof.js';
import { tryStreams } from './testing/mutants.js';
import { numbersFrom } from './testing/mutations.js';
import { tell, written } from './testing/recorded.js';
import { streamVersion1 } from './testing/stream-version-1.js';
import { streamVersion2 } from './testing/stream-version-2.js';

test.each([
  ['the stored stream of version 1', 1, streamVersion1],
  ['the stored stream of version 2', 2, streamVersion2],
  ['a stream as version 1 is written now', 1, () => written(1)],
  ['a stream as it is written now', 2, () => written(2)],
])('%s is understood', async (_name, version, stream) => {
  const { outcome, destination, stage } = await tell(await stream(), version);
  expect(outcome).toMatchObject({ where: 'here' });
  expect([...stage.running]).toEqual(['target']);
  const values = Array.from({ length: destination.memory.length / PAGE_SIZE }, (_, page) => destination.memory[page * PAGE_SIZE]);
  expect(values).toEqual([1, 0, 4, 0, 1, 2, 0, 3]);
  expect(destination.memory.filter((byte) => byte !== 0)).toHaveLength(5 * 64);
  expect(Buffer.from(destination.final).equals(Buffer.alloc(6000).fill(2, 5000))).toBe(true);
  // Version 2 tells how far the guest's clocks are behind.
  if (version > 1) expect(destination.behind).toBeGreaterThanOrEqual(123);
});

test('a stream that ends anywhere before `go` starts nothing', async () => {
  const whole = streamVersion2();
  const end = whole.length - 2 * 5 - 'gobye'.length;
  for (let length = 1; length <= end; length += 97) {
    const told = await tell(whole.subarray(0, length), 2).catch(() => undefined);
    expect(told?.stage.running.size ?? 0).toBe(0);
  }
});

test('mutated streams: no crash, no more memory than was agreed, and what does not run leaves nothing', async () => {
  const { problems } = await tryStreams(0, 400);
  expect(problems).toEqual([]);
});

test('a proof of which one bit is another is none', async () => {
  const [binding, password, channel] = [new Uint8Array(32).fill(9), Buffer.from('secret'), Buffer.from('Belvedere teleport: source to target')];
  for (let seed = 0; seed < 60; seed++) {
    const [toTarget, toSource] = [new PassThrough(), new PassThrough()];
    const source = new Line(Duplex.from({ readable: toSource, writable: toTarget }), 60_000);
    const target = new Line(Duplex.from({ readable: toTarget, writable: toSource }), 60_000);
    const checked = checkSource(target, { password: 'secret', binding });
    const secret = scalar(new Uint8Array(32).fill(seed + 1));
    const own: Message = { share: share(generator(password, channel, binding), secret), data: Buffer.from('source') };
    const number = numbersFrom(seed);
    const flip = (bytes: Uint8Array): Uint8Array => bytes.map((byte, index, all) => (index === seed % all.length ? byte ^ (1 << number(8)) : byte));
    await source.send('cpace-share', seed % 3 === 1 ? flip(own.share) : own.share);
    const peer: Message = { share: (await source.expect('cpace-share')).contents, data: Buffer.from('target') };
    const proof = confirmation(sessionKey(binding, sharedPoint(secret, peer.share)!, own, peer), binding, own);
    await source.send('cpace-proof', seed % 3 === 2 ? flip(proof) : proof);
    expect((await checked) === undefined).toBe(seed % 3 !== 0);
    source.destroy();
    target.destroy();
  }
});
