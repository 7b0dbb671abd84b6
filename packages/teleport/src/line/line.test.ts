import { Duplex, PassThrough } from 'node:stream';
import { expect, test } from '@jest/globals';
import { Line } from './line.js';
import { frameHeader, parseHeader, SECTIONS, type SectionName } from './sections.js';

/** Two streams that are each other's peer. */
function pair(): [Duplex, Duplex] {
  const [there, back] = [new PassThrough(), new PassThrough()];
  return [Duplex.from({ readable: back, writable: there }), Duplex.from({ readable: there, writable: back })];
}

const header = (name: string, length: number): Buffer => {
  const bytes = Buffer.concat([Buffer.from([name.length]), Buffer.from(name), Buffer.alloc(4)]);
  bytes.writeUInt32LE(length, 1 + name.length);
  return bytes;
};

test('every section arrives by its name, in pieces of any size', async () => {
  const wire = new PassThrough();
  const line = new Line(wire, 60_000);
  const names = Object.keys(SECTIONS) as SectionName[];
  const bytes = Buffer.concat(names.map((name) => Buffer.concat([frameHeader(name, Math.min(SECTIONS[name], 10)), Buffer.alloc(Math.min(SECTIONS[name], 10), 7)])));
  for (const byte of bytes) wire.write(Buffer.from([byte]));
  for (const name of names) expect(await line.receive()).toMatchObject({ name, contents: { length: Math.min(SECTIONS[name], 10) } });
  line.destroy();
});

test.each([
  ['an unknown section', header('memories', 0), 'unknown section "memories"'],
  ['a name of no bytes', Buffer.alloc(10), 'no section has a name of 0 bytes'],
  ['a name longer than any', Buffer.alloc(10, 0xff), 'no section has a name of 255 bytes'],
  ['a length beyond the bound', header('memory', SECTIONS.memory + 1), `at most ${SECTIONS.memory}`],
  ['a section without contents that has some', header('go', 1), 'at most 0'],
])('refused: %s', async (_name, bytes, message) => {
  const wire = new PassThrough();
  const line = new Line(wire, 60_000);
  wire.write(bytes);
  await expect(line.receive()).rejects.toThrow(message);
  line.destroy();
});

test('names are those of the table, not those of every object', () => {
  expect(() => parseHeader(header('constructor', 0))).toThrow('unknown section');
});

test('what was sent before a refusal and the refusal itself are read; then the line is broken', async () => {
  const [a, b] = pair();
  const [one, other] = [new Line(a, 60_000), new Line(b, 60_000)];
  await one.send('round-end');
  await one.send('refuse', Buffer.from('not today'));
  void one.end();
  expect((await other.receive()).name).toBe('round-end');
  expect(await other.lastWords()).toBe('not today');
  await expect(other.receive()).rejects.toThrow('the connection to the peer is lost');
  await expect(one.send('go')).rejects.toThrow();
});

test('silence has an end', async () => {
  const line = new Line(new PassThrough(), 10);
  await expect(line.receive()).rejects.toThrow('the peer said nothing for 0 s');
  line.destroy();
});

test('a peer that takes nothing has an end too', async () => {
  const stuck = new Duplex({ read() {}, write() {} });
  const line = new Line(stuck, 10);
  await expect(line.send('memory', new Uint8Array(SECTIONS.memory))).rejects.toThrow('the peer took nothing');
  line.destroy();
});

test('a section in the wrong place is named', async () => {
  const [a, b] = pair();
  const [one, other] = [new Line(a, 60_000), new Line(b, 60_000)];
  await one.send('memory', new Uint8Array(1));
  await expect(other.expect('go', 'bye')).rejects.toThrow('the peer sent "memory" where "go" or "bye" is due');
  one.destroy();
  other.destroy();
});
