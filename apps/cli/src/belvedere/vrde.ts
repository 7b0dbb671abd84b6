/** `belvedere vrde`: who logged in to remote displays, and who is locked out. */
import type { Judgement, Lockout } from '@belvedere/client';
import type { Context } from '../edge/context.js';
import { type AnyCommand, command, option, word } from '../table/command.js';
import { machine, named, whole } from '../table/value.js';

interface Request {
  ref?: string;
  name?: string;
  limit: number;
  json: boolean;
}

const fresh = (): Request => ({ limit: 100, json: false });
const of = { value: machine, set: (request: Request, ref: string): void => void (request.ref = ref) };
const json = option({ name: 'json', help: 'one JSON object a line', set: (request: Request) => (request.json = true) });

/** Most judgements that the API gives at once. */
const PAGE = 1000;

const log = command<Request>({
  name: 'log',
  summary: 'Every login that was judged, the newest last: of one machine, or of all',
  fresh,
  words: [word({ ...of, optional: true })],
  options: [option({ name: 'limit', letter: 'n', value: whole('count', 1, 1_000_000, '20'), help: 'how many, 100 when not given', set: (request: Request, limit) => (request.limit = limit) }), json],
  async run({ ref, limit, json }, { client, output }) {
    const found: Judgement[] = [];
    for (let before: string | null | undefined; before !== null && found.length < limit; ) {
      const query: { limit: number; before?: string } = { limit: Math.min(PAGE, limit - found.length), ...(before === undefined ? {} : { before }) };
      const page: { judgements: Judgement[]; next: string | null } = ref === undefined ? await client.request('GET /judgements', { query }) : await client.request('GET /machines/{ref}/judgements', { path: { ref }, query });
      found.push(...page.judgements);
      before = page.next;
    }
    for (const judgement of found.reverse()) output.line(json ? JSON.stringify(judgement) : describe(judgement, ref === undefined));
  },
});

/** Names are the client's own words: quoted, they cannot be taken for ours. */
function describe({ at, machineName, user, domain, address, clientName, method, granted, reason }: Judgement, all: boolean): string {
  const who = domain ? `${domain}\\${user}` : user;
  const why = granted ? '' : `: ${reason}`;
  return `${at}  ${granted ? 'granted' : 'refused'}  ${all ? `${JSON.stringify(machineName)}  ` : ''}${JSON.stringify(who)} from ${address} (${JSON.stringify(clientName)}) by ${method}${why}`;
}

const lockouts = command<Request>({
  name: 'lockouts',
  summary: 'Addresses and users that guessed too often at a running machine',
  fresh,
  words: [word(of)],
  options: [json],
  async run({ ref = '', json }, { client, output }: Context) {
    const found = await client.request('GET /machines/{ref}/vrde/lockouts', { path: { ref } });
    for (const lockout of found) output.line(json ? JSON.stringify(lockout) : describeLockout(lockout));
    if (found.length === 0 && !json) output.line('nobody is locked out');
  },
});

const describeLockout = ({ kind, name, failures, since, until }: Lockout): string => `${kind} ${JSON.stringify(name)}: ${failures} wrong passwords, locked out from ${since} until ${until}`;

const unlock = command<Request>({
  name: 'unlock',
  summary: 'Forgive wrong passwords: of one address or user, or without a name of everybody',
  fresh,
  words: [word(of), word({ value: named('address|user', 'john'), optional: true, set: (request: Request, name) => (request.name = name) })],
  async run({ ref = '', name }, { client, output }: Context) {
    const { lifted } = await client.request('POST /machines/{ref}/vrde/unlock', { path: { ref }, body: name === undefined ? {} : { name } });
    output.line(`${lifted === 0 ? 'no lock-out was' : lifted === 1 ? '1 lock-out was' : `${lifted} lock-outs were`} lifted`);
  },
});

export const vrde: AnyCommand = command<Request>({
  name: 'vrde',
  summary: 'Logins to remote displays: the record of them, and who is locked out',
  fresh,
  words: [],
  actions: [log, lockouts, unlock],
  run: () => Promise.reject(new Error('vrde has only actions')),
});
