/** Judgements and lock-outs as `belvedere vrde` and `belvedere logins` print them. */
import type { Judgement, Lockout } from '@belvedere/client';
import type { Output } from '../edge/output.js';
import { option, word } from '../table/command.js';
import { named, whole } from '../table/value.js';

export interface LogRequest {
  name?: string;
  limit: number;
  json: boolean;
}

export const freshLog = (): LogRequest => ({ limit: 100, json: false });
export const json = option({ name: 'json', help: 'one JSON object a line', set: (request: LogRequest) => (request.json = true) });
export const limit = option({ name: 'limit', letter: 'n', value: whole('count', 1, 1_000_000, '20'), help: 'how many, 100 when not given', set: (request: LogRequest, limit) => (request.limit = limit) });
export const offender = word({ value: named('address|user', 'john'), optional: true, set: (request: LogRequest, name) => (request.name = name) });

interface Page {
  readonly judgements: Judgement[];
  readonly next: string | null;
}

/** Most judgements that the API gives at once. */
const PAGE = 1000;

/** Prints the newest judgements, the newest last. @param title what stands before a judgement's user */
export async function printLog({ limit, json }: LogRequest, output: Output, read: (query: { limit: number; before?: string }) => Promise<Page>, title: (judgement: Judgement) => string = () => ''): Promise<void> {
  const found: Judgement[] = [];
  for (let before: string | null | undefined; before !== null && found.length < limit; ) {
    const page = await read({ limit: Math.min(PAGE, limit - found.length), ...(before === undefined ? {} : { before }) });
    found.push(...page.judgements);
    before = page.next;
  }
  for (const judgement of found.reverse()) output.line(json ? JSON.stringify(judgement) : describe(judgement, title(judgement)));
}

/** Names are the client's own words: quoted, they cannot be taken for ours. */
function describe({ at, user, domain, address, clientName, method, granted, reason }: Judgement, title: string): string {
  const who = domain ? `${domain}\\${user}` : user;
  const why = granted ? '' : `: ${reason}`;
  return `${at}  ${granted ? 'granted' : 'refused'}  ${title}${JSON.stringify(who)} from ${address} (${JSON.stringify(clientName)}) by ${method}${why}`;
}

export function printLockouts(found: readonly Lockout[], { json }: LogRequest, output: Output): void {
  for (const lockout of found) output.line(json ? JSON.stringify(lockout) : describeLockout(lockout));
  if (found.length === 0 && !json) output.line('nobody is locked out');
}

const describeLockout = ({ kind, name, failures, since, until }: Lockout): string => `${kind} ${JSON.stringify(name)}: ${failures} wrong passwords, locked out from ${since} until ${until}`;

export const printLifted = (lifted: number, output: Output): void => output.line(`${lifted === 0 ? 'no lock-out was' : lifted === 1 ? '1 lock-out was' : `${lifted} lock-outs were`} lifted`);
