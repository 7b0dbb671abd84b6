/** Everything that can judge a login, asked by several viewers with a right and a wrong password; what a native library is told; accounts that are no longer good. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Mode } from '@belvedere/guests';
import { available, until, VirtualDisplay } from '@belvedere/viewers';
import { describeWith } from '@belvedere/viewers/testing';
import { attempt, expected, type Target } from './attempts.js';
import { Home } from './home.js';
import { HostAccount } from './host-account.js';
import { type Judge, judgeNames, setJudge, setLibrary, unavailable } from './judges.js';
import { logIn } from './logins.js';
import { startTestCard, testCardPicture } from './machines.js';
import { NativeLibrary } from './native-library.js';
import { wayOf } from './ways.js';

const mode: Mode = { width: 640, height: 480, depth: 32 };
const drawn = testCardPicture(mode);
/** Each viewer's own, and Standard RDP Security as well as TLS; the others differ in what is before the judgement only. */
const asking = ['xfreerdp /sec:tls', 'xfreerdp /sec:rdp', 'rdesktop -5', 'remmina tls'].map(wayOf);
const machine = 'judged';

describeWith(['xfreerdp', 'rdesktop'], 'a machine of which', () => {
  let target: Target;

  beforeAll(async () => {
    const home = new Home();
    const display = await VirtualDisplay.start({ width: 800, height: 600 });
    target = { home, display, machine, guest: () => drawn, port: await startTestCard(home, machine) };
    const card = await home.testCard(machine);
    await card.echo(false);
    await card.mode(mode);
  }, 120_000);
  afterAll(async () => {
    await target.display.close();
    await target.home.close();
  }, 60_000);

  const records = async () => (await target.home.client.request('GET /machines/{ref}/judgements', { path: { ref: machine } })).judgements;

  // The NT hash has a test of its own, with every viewer.
  for (const name of judgeNames.filter((each) => each !== 'VBoxAuthSimple, NT hash')) {
    const lacking = unavailable(name);
    if (lacking !== undefined) process.stderr.write(`skipped: logins judged by ${name}: ${lacking}\n`);
    (lacking === undefined ? describe : describe.skip)(`${name} is the judge`, () => {
      let judge: Judge;
      beforeAll(async () => void (judge = await setJudge(target.home, machine, name)), 60_000);
      afterAll(() => judge.close?.());

      for (const way of asking) {
        (available(way.program) === undefined ? test : test.skip)(way.name, async () => {
          expect(await attempt(target, judge, way, 'right')).toEqual(expected(judge, way, 'right'));
          expect(await attempt(target, judge, way, 'wrong')).toEqual(expected(judge, way, 'wrong'));
        }, 300_000);
      }
    });
  }

  const noAccount = HostAccount.unavailable();
  if (noAccount !== undefined) process.stderr.write(`skipped: accounts of the host that are locked or expired: ${noAccount}\n`);
  (noAccount === undefined ? describe : describe.skip)('an account of the host', () => {
    const password = 'a host password';
    test.each([
      ['locked', (account: HostAccount) => account.lock(), /locked/],
      ['expired', (account: HostAccount) => account.expire(), /expired/],
    ] as const)('has been %s: in before, refused after', async (kind, spoil, why) => {
      const account = new HostAccount(kind[0]!, password);
      try {
        await setLibrary(target.home, machine, 'VBoxAuth');
        const judge: Judge = { name: kind, user: account.user, right: password, wrong: '', method: 'VBoxAuth' };
        const way = wayOf('xfreerdp /sec:tls');
        expect(await attempt(target, judge, way, 'right')).toEqual(expected(judge, way, 'right'));
        spoil(account);
        for (const each of [way, wayOf('rdesktop -5')]) {
          // The password is still the right one.
          expect(await attempt(target, { ...judge, wrong: password }, each, 'wrong')).toEqual(expected(judge, each, 'wrong'));
          expect((await records())[0]).toMatchObject({ user: account.user, granted: false, reason: expect.stringMatching(why) });
        }
      } finally {
        account.remove();
      }
    }, 300_000);
  });

  const noCompiler = NativeLibrary.unavailable();
  if (noCompiler !== undefined) process.stderr.write(`skipped: what a native library is told: ${noCompiler}\n`);
  (noCompiler === undefined ? test : test.skip)('a native library is told what the SDK promises, at the login and at the end', async () => {
    const { home } = target;
    const library = new NativeLibrary(home.folder, 'noting', 'mary', 'a secret');
    await setLibrary(home, machine, library.path);
    const way = wayOf('xfreerdp /sec:tls');
    const office = { ...way, options: { ...way.options, domain: 'OFFICE' } };
    expect(await logIn(target, office, { user: 'mary', password: 'a secret' })).toEqual({ shown: true });
    await until('the end of the session, told to the library', () => library.calls()[1], { timeout: 60_000 });
    expect(await logIn(target, office, { user: 'mary', password: 'guess' })).toMatchObject({ shown: false, glimpsed: false });
    await until('the record of both', async () => ((await records())[0]?.user === 'mary' && !(await records())[0]!.granted ? true : undefined), { timeout: 60_000 });
    const { uuid } = await home.client.request('GET /machines/{ref}', { path: { ref: machine } });
    const [wrong, right] = await records();
    const called = (user: string, password: string, domain: string, logon: number, client: number): string => ['vrde', guid(uuid), 0, user, password, domain, logon, client].join('|');
    expect(library.calls()).toEqual([
      called('mary', 'a secret', 'OFFICE', 1, right!.clientId),
      called('', '', '', 0, right!.clientId),
      called('mary', 'guess', 'OFFICE', 1, wrong!.clientId),
    ]);
    expect(wrong!.clientId).not.toBe(right!.clientId);
  }, 300_000);
});

/** A UUID's bytes as a GUID has them in memory: its first three groups little-endian. In hexadecimal. */
function guid(uuid: string): string {
  const [a, b, c, ...rest] = uuid.split('-') as [string, string, string, ...string[]];
  return [a, b, c].map((group) => Buffer.from(group, 'hex').reverse().toString('hex')).join('') + rest.join('');
}
