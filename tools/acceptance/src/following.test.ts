/** Real viewers of a machine that is teleported: each follows as it can, and what is typed while it moves arrives once and in order. */
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { until } from '@belvedere/viewers';
import { describeWith } from '@belvedere/viewers/testing';
import { Move, Typist, type Watched } from './following.js';
import { Home } from './home.js';

/** What a relay says of itself as `clientVersion`. */
const RELAY = 2600;
const patience = { timeout: 120_000 };

describeWith(['xfreerdp', 'rdesktop'], 'viewers of a machine that moves', () => {
  let home: Home;
  const watching: Watched[] = [];
  beforeEach(() => void (home = new Home()));
  afterEach(async () => {
    for (const watched of watching.splice(0)) await watched.close();
    await home.close();
  }, 60_000);

  test('xfreerdp is redirected and rdesktop -4 relayed, without a login, and nothing that they type is lost or repeated', async () => {
    const move = await Move.prepare(home);
    const [redirected, relayed] = [await move.watch('xfreerdp'), await move.watch('rdesktop -4')];
    watching.push(redirected, relayed);
    const typists = [new Typist(redirected, 'qwertyuiop'), new Typist(relayed, 'asdfghjkl')];
    const heard = (): readonly (readonly string[] | string)[] => typists.map((typist) => typist.heard(move.keys));
    const hears = (more: number, from = heard().map(({ length }) => length)): Promise<true> =>
      until('keys at the guest', () => (heard().every(({ length }, at) => length >= from[at]! + more) ? true : undefined), patience);
    await hears(5);

    await move.go();
    // The picture goes on for both, at the target: one in a session of its own there, the other in its old one.
    for (const { changes, viewer } of [redirected, relayed]) {
      const before = changes.length;
      await until('a picture that goes on', () => (changes.length > before + 50 ? true : undefined), { ...patience, failed: () => viewer.refusal });
    }
    await until('the redirected viewer at the target', async () => {
      const { run } = await home.client.request('GET /machines/{ref}', { path: { ref: 'target' } });
      return run?.vrde.clients.some(({ clientVersion }) => clientVersion !== RELAY) ? true : undefined;
    }, patience);
    await hears(5);
    for (const typist of typists) await typist.stop();
    await until('the last keys', () => (heard().every(({ length }, at) => length >= typists[at]!.typed.length) ? true : undefined), patience);
    expect(heard()).toEqual(typists.map(({ typed }) => typed));
  }, 300_000);
});
