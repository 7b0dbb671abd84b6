/**
 * One guest moves back and forth between two machines: it loses nothing, does nothing twice, and its clock is the host's.
 *
 * Run: `node dist/teleport-soak.js [--moves 50]`.
 */
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { Home } from './home.js';
import { MovingPair, otherThan, type Place } from './moving-pair.js';

/** The BIOS's ticks, a second. */
const TICKS = 1_193_182 / 65_536;

export interface Soaked {
  /** Milliseconds that the guest stood still, move by move. */
  readonly downtimes: readonly number[];
  readonly sectors: number;
  /** Milliseconds that the guest's clock is ahead of the host's, after all moves; and after the same time without one. */
  readonly clock: number;
  readonly unmoved: number;
}

/** @throws when anything is lost, done twice or damaged */
export async function soak(home: Home, moves: number, unmovedFor: number): Promise<Soaked> {
  const pair = await MovingPair.make(home);
  let place: Place = 'a';
  await pair.boot(place);
  const drift = async (began: Look): Promise<number> => {
    const now = await look(home, place);
    return ((now.tick - began.tick) / TICKS) * 1000 - (now.at - began.at);
  };
  let began = await look(home, place);
  await new Promise((resolve) => setTimeout(resolve, unmovedFor));
  const unmoved = await drift(began);
  began = await look(home, place);
  const downtimes: number[] = [];
  for (let move = 0; move < moves; move++) {
    downtimes.push(await pair.go(place));
    place = otherThan(place);
  }
  const clock = await drift(began);
  return { downtimes, clock, unmoved, sectors: await pair.judge(place) };
}

interface Look {
  readonly tick: number;
  /** Milliseconds of the host's clock. */
  readonly at: number;
}

/** The guest's clock at the instant of a tick, since it counts whole ones only: of some, the one that is known best when it was. */
async function look(home: Home, place: Place): Promise<Look> {
  const card = await home.testCard(place);
  let found = { tick: 0, at: 0, doubt: Infinity };
  let [last, asked] = [await card.tick(), performance.now()];
  for (let ticks = 0; ticks < TICKS_SEEN; ) {
    const [asking, tick, told] = [performance.now(), await card.tick(), performance.now()];
    // One, that came after the question before was asked, and before this one was answered.
    if (tick === last + 1 && told - asked < found.doubt) found = { tick, at: (asked + told) / 2, doubt: told - asked };
    if (tick !== last) ticks++;
    [last, asked] = [tick, asking];
  }
  return found;
}

/** Ticks that a look lasts. */
const TICKS_SEEN = 40;

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const { values } = parseArgs({ options: { moves: { type: 'string', default: '50' } } });
  const home = new Home();
  try {
    const { downtimes, clock, unmoved, sectors } = await soak(home, Number(values.moves), 30_000);
    const sorted = [...downtimes].sort((a, b) => a - b);
    process.stdout.write(
      `${downtimes.length} moves back and forth: ${sectors} sectors in their order, none lost, none twice; memory as it must be; the image clean\n` +
        `downtime ${sorted[0]} to ${sorted.at(-1)} ms, median ${sorted[Math.floor(sorted.length / 2)]} ms; the guest's clock is ${clock.toFixed(0)} ms ahead of the host's (in 30 s without a move: ${unmoved.toFixed(0)} ms)\n`,
    );
    process.exitCode = Math.abs(clock) < 100 ? 0 : 1;
  } finally {
    await home.close();
  }
}
