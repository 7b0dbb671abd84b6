/** Each viewer with each security for the line, to the guest's picture by a right password and to a refusal by a wrong one. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Mode } from '@belvedere/guests';
import { type Program, VirtualDisplay } from '@belvedere/viewers';
import { describeWith } from '@belvedere/viewers/testing';
import { attempt, expected, type Target } from './attempts.js';
import { Home } from './home.js';
import { type Judge, setJudge } from './judges.js';
import { startTestCard, testCardPicture } from './machines.js';
import { ways } from './ways.js';

const mode: Mode = { width: 640, height: 480, depth: 32 };
const drawn = testCardPicture(mode);

describeWith(['xfreerdp'], 'with an NT hash of the password', () => {
  let target: Target;
  let judge: Judge;

  beforeAll(async () => {
    const home = new Home();
    // Room for the window that krdc has around its picture.
    const display = await VirtualDisplay.start({ width: 1000, height: 700 });
    target = { home, display, machine: 'viewed', guest: () => drawn, port: await startTestCard(home, 'viewed') };
    const card = await home.testCard('viewed');
    await card.echo(false);
    await card.mode(mode);
    judge = await setJudge(home, 'viewed', 'VBoxAuthSimple, NT hash');
  }, 120_000);
  afterAll(async () => {
    await target.display.close();
    await target.home.close();
  }, 60_000);

  describeWith(['xfreerdp'], 'xfreerdp', () => logins('xfreerdp'));
  describeWith(['rdesktop'], 'rdesktop', () => logins('rdesktop'));
  describeWith(['remmina'], 'Remmina', () => logins('remmina'));
  describeWith(['krdc'], 'KRDC', () => logins('krdc'));

  function logins(program: Program): void {
    test.each(ways.filter((way) => way.program === program).map((way) => [way.name, way] as const))('%s', async (_name, way) => {
      expect(await attempt(target, judge, way, 'right')).toEqual(expected(judge, way, 'right'));
      expect(await attempt(target, judge, way, 'wrong')).toEqual(expected(judge, way, 'wrong'));
    }, 300_000);
  }
});
