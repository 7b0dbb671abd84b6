/** Where a target's display is: what of an answer is believed, and which addresses come of it. */
import { expect, test } from '@jest/globals';
import { reachable, readWhereabouts, toldToViewers, type Whereabouts } from './whereabouts.js';

const where: Whereabouts = { port: 3389, addresses: [], certificate: 'a1'.repeat(32), viewerAddress: null };

test('an answer that makes sense', () => {
  expect(readWhereabouts({ display: where })).toEqual(where);
  expect(readWhereabouts({ display: { ...where, addresses: ['::1', '192.0.2.1'], certificate: null, viewerAddress: 'a.example', more: 1 } })).toEqual({ ...where, addresses: ['::1', '192.0.2.1'], certificate: null, viewerAddress: 'a.example' });
});

const nonsense: readonly (readonly [unknown])[] = [
  [undefined], [null], [7], [{}], [{ display: null }], [{ display: [] }],
  ...[{ port: 0 }, { port: 65536 }, { port: '1' }, { addresses: 'x' }, { addresses: ['name.example'] }, { addresses: Array(65).fill('::1') }, { certificate: 'a1' }, { certificate: undefined }, { viewerAddress: '' }, { viewerAddress: 'x'.repeat(254) }, { viewerAddress: undefined }]
    .map((change) => [{ display: { ...where, ...change } }] as const),
];
test.each(nonsense)('%j is no answer', (answer) => {
  expect(readWhereabouts(answer)).toBeUndefined();
});

test('a relay goes where the machine went, or to what the display listens on', async () => {
  expect(await reachable(where, '192.0.2.9')).toEqual(['192.0.2.9']);
  expect(await reachable({ ...where, addresses: ['0.0.0.0', '::'] }, '192.0.2.9')).toEqual(['192.0.2.9']);
  expect(await reachable({ ...where, addresses: ['198.51.100.1', '192.0.2.9'] }, '192.0.2.9')).toEqual(['192.0.2.9', '198.51.100.1']);
  expect(await reachable({ ...where, addresses: ['127.0.0.1', '198.51.100.1'] }, '192.0.2.9')).toEqual(['198.51.100.1']);
  expect(await reachable({ ...where, addresses: ['127.0.0.2'] }, '127.0.0.1')).toEqual(['127.0.0.2']);
});

test('viewers are told what the administrator says, or the address of the display alone, or where the machine went', async () => {
  expect(await toldToViewers(where, '192.0.2.9')).toEqual({ address: '192.0.2.9' });
  expect(await toldToViewers({ ...where, addresses: ['198.51.100.1'] }, '192.0.2.9')).toEqual({ address: '198.51.100.1' });
  expect(await toldToViewers({ ...where, addresses: ['198.51.100.1'], viewerAddress: '203.0.113.5' }, '192.0.2.9')).toEqual({ address: '203.0.113.5' });
  expect(await toldToViewers({ ...where, viewerAddress: 'localhost' }, '192.0.2.9')).toMatchObject({ hostName: 'localhost' });
});
