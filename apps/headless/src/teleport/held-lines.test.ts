/** Lines of a machine that runs already: what it has said is heard by who joins, once and in order. */
import { expect, test } from '@jest/globals';
import type { SerialPort } from '@belvedere/emulator';
import { HeldLines } from './held-lines.js';

class Port implements SerialPort {
  readonly index = 1;
  readonly listeners = new Set<(bytes: Uint8Array) => void>();
  write(): void {}
  onData(listener: (bytes: Uint8Array) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }
  say(text: string): void {
    for (const listener of [...this.listeners]) listener(Buffer.from(text));
  }
}

test('who joins hears what was said before, and then what is said', () => {
  const port = new Port();
  const held = new HeldLines([port]);
  port.say('one ');
  port.say('two ');
  let heard = '';
  held.ports[0].onData((bytes) => (heard += Buffer.from(bytes).toString()));
  port.say('three');
  held.release();
  port.say(' four');
  expect([heard, port.listeners.size]).toEqual(['one two three four', 1]);
});

test('nothing is kept for who joins late, and never more than 64 KiB', () => {
  const [late, full] = [new Port(), new Port()];
  const held = new HeldLines([late, full]);
  late.say('before');
  for (let i = 0; i < 100; i++) full.say('x'.repeat(1000));
  let heard = '';
  held.ports[1].onData((bytes) => (heard += Buffer.from(bytes).toString()));
  expect(heard.length).toBe(65_000);
  held.release();
  held.ports[0].onData((bytes) => (heard += Buffer.from(bytes).toString()));
  expect([heard.length, late.listeners.size]).toEqual([65_000, 1]);
});
