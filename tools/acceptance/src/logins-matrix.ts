/**
 * Every viewer, every security, every judge, a right and a wrong password: `node tools/acceptance/dist/logins-matrix.js [judge...]`.
 *
 * Takes ten minutes or so. Prints a table; ends with 1 when a cell is not as it should be, with what was seen instead. What a host lacks is
 * left out, with the reason.
 */
import { linuxIso, LINUX_PASSWORD, type Mode } from '@belvedere/guests';
import { available, VirtualDisplay } from '@belvedere/viewers';
import { attempt, expected, isAsExpected, type Report, type Target } from './attempts.js';
import { Home } from './home.js';
import { type Judge, judgeNames, setJudge, unavailable } from './judges.js';
import { startLinux, startTestCard, testCardPicture } from './machines.js';
import { type Way, ways } from './ways.js';

const mode: Mode = { width: 640, height: 480, depth: 32 };
const drawn = testCardPicture(mode);
const GUEST = 'guest';

const asked = process.argv.slice(2);
const wanted = (name: string): boolean => asked.length === 0 || asked.includes(name);
const unknown = asked.filter((name) => name !== GUEST && !judgeNames.includes(name));
if (unknown.length > 0) throw new Error(`there is no judge ${unknown.join(', ')}: there are ${[...judgeNames, GUEST].join(', ')}`);

const usable = ways.filter(({ program }) => available(program) === undefined);
for (const reason of new Set(ways.map(({ program }) => available(program)))) if (reason !== undefined) console.log(`left out: ${reason}`);

const cells = new Map<string, string>();
const faults: string[] = [];
const home = new Home();
const display = await VirtualDisplay.start({ width: 1040, height: 700 });
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => void display.close().then(() => home.close()).finally(() => process.exit(1)));
}
try {
  for (const name of judgeNames.filter(wanted)) await judgedByHost(name);
  if (wanted(GUEST)) await judgedByGuest();
} finally {
  await display.close();
  await home.close();
}
print();
for (const fault of faults) console.log(fault);
process.exitCode = faults.length === 0 ? 0 : 1;

async function judgedByHost(name: string): Promise<void> {
  const lacking = unavailable(name);
  if (lacking !== undefined) return console.log(`left out: ${name}: ${lacking}`);
  const machine = `machine of ${name}`;
  const port = await startTestCard(home, machine);
  const card = await home.testCard(machine);
  await card.echo(false);
  await card.mode(mode);
  const judge = await setJudge(home, machine, name);
  await all({ home, machine, display, port, guest: () => drawn }, judge);
  judge.close?.();
  await home.type(`VBoxManage controlvm "${machine}" poweroff`);
}

async function judgedByGuest(): Promise<void> {
  if (linuxIso() === undefined) return console.log(`left out: ${GUEST}: there is no image of the small Linux guest`);
  const port = await startLinux(home, 'linux');
  const judge: Judge = { name: GUEST, user: 'john', right: LINUX_PASSWORD, wrong: 'left zebra', method: 'guest' };
  await all({ home, machine: 'linux', display, port, guest: () => home.screen('linux') }, judge);
  await home.type('VBoxManage controlvm linux poweroff');
}

async function all(target: Target, judge: Judge): Promise<void> {
  for (const way of usable) {
    for (const password of ['right', 'wrong'] as const) {
      const cell = `${judge.name}, ${way.name}, ${password}`;
      const began = performance.now();
      const report = await attempt(target, judge, way, password).catch((error: unknown) => error as Error);
      const good = !(report instanceof Error) && isAsExpected(report, judge, way, password);
      cells.set(`${judge.name}\n${way.name}\n${password}`, `${word(report, way, judge)}${good ? '' : ' !'}`);
      if (!good) faults.push(`${cell}: ${report instanceof Error ? report.message : `${JSON.stringify(report)} is not ${JSON.stringify(expected(judge, way, password))}`}`);
      process.stderr.write(`${cell}: ${cells.get(`${judge.name}\n${way.name}\n${password}`)}, ${((performance.now() - began) / 1000).toFixed(1)} s\n`);
    }
  }
}

function word(report: Report | Error, way: Way, judge: Judge): string {
  if (report instanceof Error) return 'neither';
  if (report.outcome === 'picture') return 'picture';
  return way.nla && !judge.nla && report.judgements.length === 0 ? 'not offered' : 'refused';
}

/** A row for each way, a column for each judge: what became of the right password / of the wrong one. */
function print(): void {
  const names = [...judgeNames, GUEST].filter((name) => [...cells.keys()].some((key) => key.startsWith(`${name}\n`)));
  const rows = [['', ...names], ...usable.map((way) => [way.name, ...names.map((name) => ['right', 'wrong'].map((password) => cells.get(`${name}\n${way.name}\n${password}`) ?? 'not run').join(' / '))])];
  for (const row of rows) console.log(`| ${row.join(' | ')} |`);
}
