/**
 * Faults on the way between two machine processes: the line cut, or either process killed, at points all over the stream. Never do two run it,
 * never does nobody but where its own process was killed, no image is damaged, and what runs can be teleported again at once.
 *
 * Run: `node dist/teleport-faults.js [--points 200] [--first 0]`.
 */
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { Home } from './home.js';
import { type Fault, FaultyRelay, MovingPair, otherThan, type Place, type Settled } from './moving-pair.js';

/** The points, spread over both ways and the three faults; every second one is where the machine changes hands. */
export function faults(count: number, line: { readonly toTarget: number; readonly toSource: number }): Fault[] {
  return Array.from({ length: count }, (_unused, index) => {
    const way = index % 2 === 0 ? 'toSource' : 'toTarget';
    const what = (['cut', 'source', 'cut', 'target'] as const)[Math.floor(index / 2) % 4]!;
    const share = (index * 0.618) % 1;
    // The target's words of the hand-over are its last few hundred bytes; the source's come after its last pages.
    const late = Math.floor(index / 8) % 2 === 1;
    const after = late ? line[way] - Math.floor(share * (way === 'toSource' ? 400 : 60_000)) : Math.floor(share * line[way]);
    return { way, what, after: Math.max(0, after) };
  });
}

export interface Struck {
  readonly fault: Fault;
  readonly happened: boolean;
  readonly settled: 'stayed' | 'moved' | Exclude<Settled, Place>;
}

/** @throws when a promise is broken */
export async function strike(home: Home, points: (line: { toTarget: number; toSource: number }) => readonly Fault[], told: (struck: Struck) => void = () => undefined): Promise<void> {
  const pair = await MovingPair.make(home);
  let place: Place = 'a';
  await pair.boot(place);
  const clean = await FaultyRelay.to(await pair.waits(otherThan(place)));
  await pair.move(place, clean.at);
  if ((await pair.settled(place, undefined)) !== otherThan(place)) throw new Error('a move without a fault failed');
  place = otherThan(place);
  await clean.close();
  for (const fault of points(clean.passed)) {
    const [from, to] = [place, otherThan(place)];
    const port = await pair.waits(to);
    const victim = fault.what === 'cut' ? undefined : fault.what === 'source' ? from : to;
    const pid = victim && (await pair.pid(victim));
    const relay = await FaultyRelay.to(port, fault, () => pid && process.kill(pid, 'SIGKILL'));
    await pair.move(from, relay.at).catch(() => undefined);
    const settled = await pair.settled(from, relay.happened ? victim : undefined);
    await relay.close();
    const is = (place: Settled): boolean => settled === place;
    told({ fault, happened: relay.happened, settled: is(from) ? 'stayed' : is(to) ? 'moved' : is('kept') ? 'kept' : 'killed' });
    if (settled === 'killed' || settled === 'kept') {
      await pair.allOff();
      pair.checkImage();
      await pair.boot('a');
      place = 'a';
      continue;
    }
    place = settled;
    if (settled === from) await pair.waitsNoLonger(to);
    // Again at once, and now nothing happens.
    await pair.go(place);
    place = otherThan(place);
  }
  await pair.judge(place);
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const { values } = parseArgs({ options: { points: { type: 'string', default: '200' }, first: { type: 'string', default: '0' } } });
  const counts = new Map<string, number>();
  const home = new Home();
  try {
    await strike(home, (line) => faults(200, line).slice(Number(values.first), Number(values.first) + Number(values.points)), ({ fault, happened, settled }) => {
      const kind = `${fault.what === 'cut' ? 'the line cut' : `the ${fault.what} killed`}${happened ? '' : ' (too late to matter)'}: ${settled}`;
      counts.set(kind, (counts.get(kind) ?? 0) + 1);
      process.stderr.write(`${fault.way} ${fault.after}: ${kind}\n`);
    });
    process.stdout.write(`never two, never none, no image damaged, teleported again at once\n${[...counts].map(([kind, count]) => `  ${kind}: ${count}\n`).join('')}`);
  } finally {
    await home.close();
  }
}
