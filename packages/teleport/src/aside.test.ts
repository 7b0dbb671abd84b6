/** What the programs on both sides tell each other beside the machine. */
import { afterEach, expect, jest, test } from '@jest/globals';
import { Pair } from './testing/pair.js';

jest.setTimeout(60_000);

let pair: Pair;
afterEach(() => pair.close());

test('each hears the other', async () => {
  const heard: unknown[] = [];
  pair = await Pair.of({ aside: (said) => (heard.push(said), { answer: 'there' }) });
  expect(await pair.teleport({ aside: { says: { question: 'where' }, hears: (answer) => heard.push(answer) } })).toMatchObject({ where: 'there' });
  expect(heard).toEqual([{ question: 'where' }, { answer: 'there' }]);
});

test.each([
  ['a target that knows of nothing', undefined],
  ['one that says nothing', () => undefined],
  ['one that says too much', () => ({ long: 'x'.repeat(2000) })],
])('%s: the machine moves, and the source hears nothing', async (_name, aside) => {
  pair = await Pair.of(aside ? { aside } : {});
  const heard: unknown[] = [];
  expect(await pair.teleport({ aside: { says: {}, hears: (answer) => heard.push(answer) } })).toMatchObject({ where: 'there' });
  expect(heard).toEqual([undefined]);
});

test('a source that says nothing is not answered', async () => {
  const heard: unknown[] = [];
  pair = await Pair.of({ aside: (said) => (heard.push(said), {}) });
  expect(await pair.teleport()).toMatchObject({ where: 'there' });
  expect(heard).toEqual([]);
});
