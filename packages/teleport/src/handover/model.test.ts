/**
 * The hand-over's tables, every way through them: all interleavings of both sides, lost messages, cuts, failures of disks and records,
 * deaths and restarts, up to a number of faults. The tables are the ones that run; the world around them is modelled here.
 */
import { expect, test } from '@jest/globals';
import { next, SOURCE, type SourceAction, type SourceEvent, type SourceState, TARGET, type TargetAction, type TargetEvent, type TargetState } from './steps.js';

type Holder = 'source' | 'target' | null;
interface World {
  readonly source: SourceState | 'dead';
  readonly sourceDoes: SourceAction | null;
  readonly target: TargetState | 'receiving' | 'dead';
  readonly targetDoes: TargetAction | null;
  readonly line: boolean;
  readonly toTarget: string;
  readonly toSource: string;
  readonly lock: Holder;
  readonly record: Holder;
  /** The decision that a target without shared images keeps in mind. */
  readonly granted: boolean;
  readonly sourceRuns: boolean;
  readonly targetRuns: boolean;
  /** The target has had all of the machine, and has not thrown it away. */
  readonly targetWhole: boolean;
  readonly sourceKept: boolean;
  readonly targetKept: boolean;
  /** Who has gone on from the state that was handed over. A second time would be another life of the same machine. */
  readonly lives: number;
  readonly faults: number;
}

interface Setting {
  /** An image that both see: the record and the lock work. */
  readonly shared: boolean;
  /** A dead holder of a lock is recognised: both on one host. */
  readonly deathIsSeen: boolean;
  /** Nobody gives up while asking again may help. */
  readonly patient?: boolean;
  /** For the test of the test: what was decided is forgotten at once. */
  readonly forgetful?: boolean;
}

const START: World = {
  source: 'paused', sourceDoes: null, target: 'receiving', targetDoes: null, line: true, toTarget: '', toSource: '', lock: 'source', record: null,
  granted: false, sourceRuns: false, targetRuns: false, targetWhole: false, sourceKept: false, targetKept: false, lives: 0, faults: 0,
};

// Messages, a letter each: o(ffer) g(o) a(bort) b(ye); r(eady) x(refused) s(runs)
const post = (world: World, way: 'toTarget' | 'toSource', letter: string): World => (world.line ? { ...world, [way]: world[way] + letter } : world);

function source(world: World, event: SourceEvent, change: Partial<World> = {}): World {
  const [state, action] = next(SOURCE, world.source as SourceState, event);
  return { ...world, ...change, source: state, sourceDoes: action };
}
function target(world: World, event: TargetEvent, change: Partial<World> = {}): World {
  const [state, action] = next(TARGET, world.target as TargetState, event);
  return { ...world, ...change, target: state, targetDoes: action };
}
const fault = (world: World, change: Partial<World> = {}): World => ({ ...world, ...change, faults: world.faults + 1 });

/** Every world that one step leads to. */
function* after(world: World, setting: Setting, maxFaults: number): Generator<World> {
  const mayFail = world.faults < maxFaults;
  for (const step of [...sourceSteps(world, setting, mayFail), ...targetSteps(world, setting, mayFail)]) {
    const givesUp = (step.source !== world.source && step.sourceDoes === 'stop') || (step.target !== world.target && step.targetDoes === 'stop');
    if (!(setting.patient && givesUp)) yield step;
  }
  if (mayFail) yield* faults(world);
  yield* restarts(world, setting);
}

function* faults(world: World): Generator<World> {
  if (world.line) {
    // A cut loses any tail of what is under way.
    for (let t = 0; t <= world.toTarget.length; t++) for (let s = 0; s <= world.toSource.length; s++) {
      yield fault(world, { line: false, toTarget: world.toTarget.slice(0, t), toSource: world.toSource.slice(0, s) });
    }
  }
  // Killed: its ends of the line close, its lock stays behind.
  if (world.source !== 'dead') yield fault(world, { source: 'dead', sourceDoes: null, sourceRuns: false, line: false, toSource: '' });
  if (world.target !== 'dead') yield fault(world, { target: 'dead', targetDoes: null, targetRuns: false, targetWhole: false, line: false, toTarget: '' });
}

/** Whoever was killed, or ended with a kept state, and is started from it: first it asks what was decided. */
function* restarts(world: World, { shared }: Setting): Generator<World> {
  if (!shared) return;
  if (world.sourceKept && (world.source === 'dead' || (world.source === 'kept' && world.sourceDoes === null))) {
    yield { ...world, source: 'deciding', sourceDoes: 'decide', lock: world.lock === 'source' ? null : world.lock };
  }
  if (world.targetKept && (world.target === 'dead' || (world.target === 'kept' && world.targetDoes === null))) {
    yield { ...world, target: 'orphaned', targetDoes: 'lock', targetWhole: true, lock: world.lock === 'target' ? null : world.lock };
  }
}

function canLock(world: World, side: 'source' | 'target', setting: Setting): boolean {
  const other = side === 'source' ? 'target' : 'source';
  return world.lock === null || world.lock === side || (setting.deathIsSeen && world[other] === 'dead') || !setting.shared;
}

function* sourceSteps(world: World, setting: Setting, mayFail: boolean): Generator<World> {
  const { source: state, sourceDoes: action } = world;
  if (state === 'dead') return;
  const idle = { ...world, sourceDoes: null };
  switch (action) {
    case 'offer':
      return yield post(idle, 'toTarget', 'o');
    case 'unlock':
      yield source(world, 'done', { lock: null });
      if (mayFail) for (const lock of ['source', null] as const) yield fault(source(world, 'failed', { lock }));
      return;
    case 'grant':
      return yield { ...post(idle, 'toTarget', 'g'), granted: true };
    case 'decide':
      return yield* sourceDecides(world, setting, mayFail);
    case 'keep':
      yield { ...idle, sourceKept: true };
      if (mayFail) yield fault(idle);
      return;
    case 'lock':
      if (canLock(world, 'source', setting)) yield source(world, 'done', { lock: 'source' });
      else yield source(world, 'failed');
      if (mayFail) yield fault(source(world, 'failed'));
      return;
    case 'resume':
      return yield { ...post(idle, 'toTarget', 'a'), sourceRuns: true, sourceKept: false, lives: world.lives + 1 };
    case 'ask':
      if (world.target === 'running' && world.targetRuns) yield source(world, 'runs');
      else if (['empty', 'returned'].includes(world.target)) yield source(world, 'refused');
      else yield source(world, 'unknown');
      if (mayFail) yield fault(source(world, 'unknown'));
      return;
    case 'farewell':
      return yield { ...post(idle, 'toTarget', 'b'), sourceKept: false, record: setting.shared ? null : world.record };
    case 'stop':
      return yield { ...idle, line: false };
    case null:
  }
  const lost = !world.line && world.toSource === '';
  const letter = world.toSource[0];
  const taken = { toSource: world.toSource.slice(1) };
  if (state === 'paused') {
    yield source(world, 'done');
    if (mayFail) yield fault(source(world, 'failed', { line: false }));
  }
  if (state === 'offered' && letter === 'r') yield source(world, 'ready', taken);
  if ((state === 'offered' || state === 'granted') && letter === 'x') yield source(world, 'refused', taken);
  if (state === 'granted' && letter === 's') yield source(world, 'runs', taken);
  if (state === 'offered' || state === 'granted') {
    if (lost) yield source(world, 'lost');
    else if (mayFail) yield fault(source(world, 'lost', { line: false, toSource: '' })); // silence for too long
  }
  if (['doubtful', 'lockless', 'unheard'].includes(state)) {
    yield source(world, 'again');
    if (world.sourceKept) yield source(world, 'enough');
  }
}

function* sourceDecides(world: World, setting: Setting, mayFail: boolean): Generator<World> {
  if (setting.shared) {
    const record = world.record ?? 'source';
    yield source(world, record, { record });
    if (mayFail) for (const written of [world.record, record]) yield fault(source(world, 'unknown', { record: written }));
    return;
  }
  if (!world.granted) return yield source(world, 'source'); // `go` was never sent
  const { target: state } = world;
  const answered: World[] = [];
  if (state === 'ready' || state === 'stranded') answered.push(target(world, 'back'));
  else if (state === 'loading' || state === 'receiving') answered.push({ ...world, target: 'empty', targetDoes: null, targetWhole: false });
  else if (state === 'empty' || state === 'returned') answered.push(world);
  for (const heard of answered) {
    yield source(heard, 'source');
    if (mayFail) yield fault(source(heard, 'unknown')); // the answer is lost
  }
  if (state === 'running' && world.targetRuns) yield source(world, 'target');
  else if (answered.length === 0) yield source(world, 'unknown');
  if (mayFail) yield fault(source(world, 'unknown'));
}

function* targetSteps(world: World, setting: Setting, mayFail: boolean): Generator<World> {
  const { target: state, targetDoes: action } = world;
  if (state === 'dead') return;
  const idle = { ...world, targetDoes: null };
  const free = { targetWhole: false, targetKept: false, lock: world.lock === 'target' ? null : world.lock, record: setting.shared && world.record === 'source' ? null : world.record };
  switch (action) {
    case 'sayReady':
      return yield post(idle, 'toSource', 'r');
    case 'sayRuns':
      return yield post(idle, 'toSource', 's');
    case 'sayRefused':
      return yield post(idle, 'toSource', 'x');
    case 'refuse':
      return yield post({ ...idle, ...free }, 'toSource', 'x');
    case 'discard':
      return yield { ...idle, ...free };
    case 'lock':
      if (canLock(world, 'target', setting)) yield target(world, 'done', { lock: 'target' });
      else yield target(world, 'failed');
      if (mayFail) yield fault(target(world, 'failed'));
      return;
    case 'decide': {
      const record = setting.shared ? (world.record ?? 'target') : 'target';
      yield target(world, record, setting.shared ? { record } : {});
      if (mayFail && setting.shared) for (const written of [world.record, record]) yield fault(target(world, 'unknown', { record: written }));
      return;
    }
    case 'run':
      yield target(world, 'done', { targetRuns: true, targetKept: false, lives: world.lives + 1 });
      if (mayFail) yield fault(target(world, 'failed', { targetKept: false }));
      return;
    case 'keep':
      yield { ...idle, targetKept: true };
      if (mayFail) yield fault(idle);
      return;
    case 'giveBack':
      yield target(world, 'done', { record: setting.shared ? 'source' : world.record, lock: null });
      if (mayFail) yield fault(target(world, 'failed', { lock: null }));
      return;
    case 'look':
      return yield target(world, world.record === 'source' ? 'source' : 'unknown');
    case 'stop':
      return yield { ...idle, line: false, lock: world.lock === 'target' ? null : world.lock };
    case null:
  }
  const letter = world.toTarget[0];
  const taken = { toTarget: world.toTarget.slice(1) };
  const lost = !world.line && world.toTarget === '';
  if (state === 'receiving') {
    if (letter === 'o') yield { ...world, ...taken, target: 'loading' };
    else if (lost || letter === 'a') yield { ...world, ...taken, target: 'empty' };
  }
  if (state === 'loading') {
    yield target(world, 'done', { targetWhole: true });
    if (mayFail) yield fault(target(world, 'failed'));
  }
  if (state === 'ready') {
    if (letter === 'g') yield target(world, 'go', taken);
    else if (letter === 'a') yield target(world, 'back', taken);
    else if (lost) yield target(world, setting.shared ? 'lost' : 'stranded');
    else if (mayFail) {
      yield fault(target(world, setting.shared ? 'lost' : 'stranded', { line: false, toTarget: '' }));
      yield fault(target(world, 'cancelled'));
    }
  }
  if (state === 'returned' && letter === 'a') yield target(world, 'back', taken);
  if (['undecided', 'waiting', 'failing', 'returned', 'stranded'].includes(state)) {
    if (state !== 'returned' || lost || !world.targetKept) yield target(world, 'again');
    if (world.targetKept && (state !== 'returned' || lost)) yield target(world, 'enough');
  }
}

const ended = (world: World): boolean =>
  world.sourceDoes === null && world.targetDoes === null && ['here', 'there', 'kept', 'dead'].includes(world.source) && ['running', 'empty', 'kept', 'dead'].includes(world.target);

const brief = (world: World): string =>
  `${world.source}/${world.sourceDoes ?? '-'} ${world.target}/${world.targetDoes ?? '-'} line ${world.line} [${world.toTarget}] [${world.toSource}] lock ${world.lock} record ${world.record} ` +
  `runs ${world.sourceRuns}/${world.targetRuns} kept ${world.sourceKept}/${world.targetKept}`;

function explore(setting: Setting, maxFaults: number): { worlds: number; ends: World[]; problems: string[]; way(world: World): string[] } {
  const seen = new Map<string, World>();
  const leadsTo = new Map<string, string[]>();
  const queue: World[] = [START];
  const problems = new Set<string>();
  const name = (world: World): string => JSON.stringify(world);
  seen.set(name(START), START);
  const cameFrom = new Map<string, string>();
  while (queue.length > 0) {
    const world = queue.pop()!;
    const key = name(world);
    if (world.sourceRuns && world.targetRuns) problems.add(`two run: ${key}`);
    if (world.lives > 1) problems.add(`two lives: ${key}`);
    if (setting.shared && world.sourceRuns && world.lock === 'target') problems.add(`the source runs without its disks: ${key}`);
    if (setting.shared && world.targetRuns && world.lock !== 'target') problems.add(`the target runs without its disks: ${key}`);
    const following = [...after(world, setting, maxFaults)].map((step) => (setting.forgetful ? { ...step, record: null } : step));
    leadsTo.set(key, following.map(name));
    for (const step of following) {
      const stepName = name(step);
      if (seen.has(stepName)) continue;
      seen.set(stepName, step);
      cameFrom.set(stepName, key);
      queue.push(step);
    }
  }
  const ends = [...seen.values()].filter(ended);
  // From everywhere an end is reached.
  const reaching = new Set(ends.map(name));
  const back = new Map<string, string[]>();
  for (const [from, all] of leadsTo) for (const to of all) back.set(to, [...(back.get(to) ?? []), from]);
  const open = [...reaching];
  while (open.length > 0) {
    for (const from of back.get(open.pop()!) ?? []) {
      if (reaching.has(from)) continue;
      reaching.add(from);
      open.push(from);
    }
  }
  for (const key of seen.keys()) if (!reaching.has(key)) problems.add(`no end can be reached: ${key}`);
  const way = (world: World): string[] => {
    const steps: string[] = [];
    for (let key: string | undefined = name(world); key !== undefined; key = cameFrom.get(key)) steps.unshift(brief(seen.get(key)!));
    return steps;
  };
  return { worlds: seen.size, ends, problems: [...problems], way };
}

/** A machine process that was killed while it ran, or before the other side had the machine, is lost as any killed machine is. */
const wasKilled = (world: World): boolean => world.source === 'dead' || world.target === 'dead';

forEachSetting([
  ['images shared, one host', { shared: true, deathIsSeen: true }],
  ['images shared, two hosts', { shared: true, deathIsSeen: false }],
  ['no image shared', { shared: false, deathIsSeen: false }],
]);

function forEachSetting(settings: readonly (readonly [string, Setting])[]): void {
  test.each(settings)('%s: never two running, never none without a kept state, and always an end', (_name, setting) => {
    const { worlds, ends, problems, way } = explore(setting, 3);
    expect(problems.slice(0, 3)).toEqual([]);
    expect(worlds).toBeGreaterThan(1000);
    const lost = ends.filter((world) => !world.sourceRuns && !world.targetRuns && !world.sourceKept && !world.targetKept && !wasKilled(world));
    expect(lost.slice(0, 1).flatMap(way)).toEqual([]);
    for (const world of ends) {
      // The side that does not run has nothing left of it, unless it was killed or knows of no other.
      if (world.sourceRuns && world.target === 'empty') expect([world.targetKept, world.targetWhole]).toEqual([false, false]);
      if (world.targetRuns && world.source === 'there' && world.line) expect(world.sourceKept).toBe(false);
    }
  });

  test.each(settings)('%s: without a fault it runs at the target, and the source is clean', (_name, setting) => {
    const { ends } = explore(setting, 0);
    expect(ends).toHaveLength(1);
    expect(ends[0]).toMatchObject({ source: 'there', target: 'running', targetRuns: true, sourceKept: false, targetKept: false });
  });

  test.each(settings)('%s: one fault, and no process killed, ends with the machine running', (_name, setting) => {
    const { ends } = explore({ ...setting, patient: true }, 1);
    for (const world of ends.filter((end) => !wasKilled(end))) {
      expect([world.sourceRuns, world.targetRuns].filter(Boolean)).toHaveLength(1);
    }
  });
}

test('one host: a source that is killed once the target has the machine loses nothing', () => {
  const { ends } = explore({ shared: true, deathIsSeen: true }, 1);
  const killed = ends.filter((world) => world.source === 'dead' && world.targetWhole);
  expect(killed.length).toBeGreaterThan(0);
  for (const world of killed) expect(world.targetRuns || world.targetKept).toBe(true);
});

test('the search finds what is wrong: were the lock all there is, and no record kept, two states of one machine would run', () => {
  const { problems } = explore({ shared: true, deathIsSeen: true, forgetful: true }, 2);
  expect(problems.some((problem) => problem.startsWith('two lives'))).toBe(true);
});
