// The test card's driver against a scripted line: what it makes of a card that starts anew while commands are under way.
import { Duplex } from 'node:stream';
import { expect, test } from '@jest/globals';
import { TestCard } from './testcard.js';

/** A line whose far end is the test: what the driver has sent, and how to answer. */
function line(): { serial: Duplex; sent: string[]; say(...lines: string[]): void } {
  const sent: string[] = [];
  const serial = new Duplex({
    read: () => undefined,
    write: (chunk: Buffer, _encoding, done) => {
      sent.push(chunk.toString('latin1'));
      done();
    },
  });
  return { serial, sent, say: (...lines) => void serial.push(lines.map((text) => `${text}\n`).join('')) };
}

test('an answer that comes after the card has started anew is not taken for a later command\'s', async () => {
  const { serial, sent, say } = line();
  const card = new TestCard(serial);
  const early = card.hello();
  say('ready testcard 1 e0');
  await expect(early).rejects.toThrow('started anew');
  const late = card.hello();
  const read = card.diskRead(5);
  expect(sent).toEqual(['hello\n', 'hello again-1\n', 'hello\n', 'disk read 5\n']);
  say('ok testcard 1 11 00', 'error unknown command', 'ok testcard 1 e0 03 again-1', 'ok testcard 1 e0 03', 'ok 0000002a uniform');
  expect(await late).toEqual({ version: 1, drive: 0xe0, mouse: 3 });
  expect(await read).toEqual({ value: 42, uniform: true });
});

test('the answer that ends a second start is the second greeting\'s', async () => {
  const { serial, sent, say } = line();
  const card = new TestCard(serial);
  const lost = [card.tick(), card.tick()];
  say('ready testcard 1 00');
  for (const command of lost) await expect(command).rejects.toThrow('started anew');
  say('ready testcard 1 80');
  await card.ready();
  await card.ready();
  const tick = card.tick();
  expect(sent.slice(2)).toEqual(['hello again-1\n', 'hello again-2\n', 'tick\n']);
  say('ok 7', 'ok testcard 1 00 00 again-1', 'ok testcard 1 80 00 again-2', 'ok 99');
  expect(await tick).toBe(99);
});

test('a start that nobody had asked anything before needs no greeting', async () => {
  const { serial, sent, say } = line();
  const card = new TestCard(serial);
  say('ready testcard 1 e0');
  expect((await card.ready()).drive).toBe(0xe0);
  const tick = card.tick();
  say('ok 3');
  expect(await tick).toBe(3);
  expect(sent).toEqual(['tick\n']);
});
