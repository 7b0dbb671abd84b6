/** One login by a real viewer to a running machine, as the viewer, the machine and its record tell it, and what they should tell. */
import { isDeepStrictEqual } from 'node:util';
import type { Judgement, Machine } from '@belvedere/client';
import { until } from '@belvedere/viewers';
import type { Home } from './home.js';
import { forgive, type Judge } from './judges.js';
import { logIn, type Place } from './logins.js';
import type { Way } from './ways.js';

export interface Report {
  readonly outcome: 'picture' | 'refusal';
  /** How the viewer told a refusal: in words that it has for one, or by ending with an error. */
  readonly told?: 'words' | 'end';
  /** Whether a part of the guest's picture was on the display before the refusal. */
  readonly glimpsed?: boolean;
  /** What the machine said of the viewer while the picture was there. */
  readonly user?: string;
  readonly line?: string;
  /** New in the record. */
  readonly judgements: readonly { readonly user: string; readonly granted: boolean; readonly method: string }[];
  /** Viewers that were let in. */
  readonly letIn: number;
}

export interface Target extends Place {
  readonly home: Home;
  readonly machine: string;
}

export async function attempt(target: Target, judge: Judge, way: Way, password: 'right' | 'wrong'): Promise<Report> {
  const { home, machine } = target;
  await forgive(home, machine);
  const before = await stateOf(target);
  let seen: Pick<Report, 'user' | 'line'> = {};
  const outcome = await logIn(target, way, { user: judge.user, password: judge[password] }, async () => {
    const { client } = await stateOf(target);
    seen = { user: client?.user ?? 'nobody', line: client?.encryption.replace(/^TLSv1\.[23]$/, 'TLS') ?? 'no line' };
  });
  const wanted = expected(judge, way, password);
  // The record is written by one process and kept by another: what is still to come is waited for, and what should not come is not.
  const after = await until(`the record of ${judge.user}'s login`, async () => {
    const state = await stateOf(target);
    return state.client === undefined && state.judgements.length - before.judgements.length >= wanted.judgements.length ? state : undefined;
  }, { interval: 50 });
  return {
    outcome: outcome.shown ? 'picture' : 'refusal',
    ...(!outcome.shown && { told: outcome.words.startsWith('it ended with code ') ? 'end' : 'words', glimpsed: outcome.glimpsed }),
    ...seen,
    judgements: after.judgements.slice(0, after.judgements.length - before.judgements.length).map(({ user, granted, method }) => ({ user, granted, method })),
    letIn: after.letIn - before.letIn,
  };
}

/** What should become of a login. */
export function expected({ user, method, anyone, nla }: Judge, way: Way, password: 'right' | 'wrong'): Report {
  // A viewer that insists on proving its password goes where nobody could judge the proof.
  if (way.nla && !nla) return { outcome: 'refusal', told: 'words', glimpsed: false, judgements: [], letIn: 0 };
  if (password === 'right' || anyone) return { outcome: 'picture', user, line: way.line, judgements: [{ user, granted: true, method }], letIn: 1 };
  return { outcome: 'refusal', told: way.mute ? 'end' : 'words', glimpsed: false, judgements: [{ user, granted: false, method }], letIn: 0 };
}

export const isAsExpected = (report: Report, judge: Judge, way: Way, password: 'right' | 'wrong'): boolean => isDeepStrictEqual(report, expected(judge, way, password));

interface State {
  /** The newest first. */
  readonly judgements: readonly Judgement[];
  readonly letIn: number;
  readonly client: NonNullable<Machine['run']>['vrde']['clients'][number] | undefined;
}

async function stateOf({ home, machine }: Target): Promise<State> {
  const path = { ref: machine };
  const { run } = await home.client.request('GET /machines/{ref}', { path });
  const { judgements } = await home.client.request('GET /machines/{ref}/judgements', { path, query: { limit: 1000 } });
  return { judgements, letIn: run?.vrde.clientsSoFar ?? 0, client: run?.vrde.clients[0] };
}
