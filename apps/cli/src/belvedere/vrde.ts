/** `belvedere vrde`: who logged in to remote displays, and who is locked out. */
import { type AnyCommand, command, word } from '../table/command.js';
import { machine } from '../table/value.js';
import { freshLog, json, limit, type LogRequest, offender, printLifted, printLockouts, printLog } from './judgements.js';

interface Request extends LogRequest {
  ref?: string;
}

const fresh: () => Request = freshLog;
const of = { value: machine, set: (request: Request, ref: string): void => void (request.ref = ref) };

const log = command<Request>({
  name: 'log',
  summary: 'Every login that was judged, the newest last: of one machine, or of all',
  fresh,
  words: [word({ ...of, optional: true })],
  options: [limit, json],
  async run(request, { client, output }) {
    const { ref } = request;
    if (ref === undefined) await printLog(request, output, (query) => client.request('GET /judgements', { query: { ...query, to: 'machines' } }), ({ machineName }) => `${JSON.stringify(machineName)}  `);
    else await printLog(request, output, (query) => client.request('GET /machines/{ref}/judgements', { path: { ref }, query }));
  },
});

const lockouts = command<Request>({
  name: 'lockouts',
  summary: 'Addresses and users that guessed too often at a running machine',
  fresh,
  words: [word(of)],
  options: [json],
  async run(request, { client, output }) {
    printLockouts(await client.request('GET /machines/{ref}/vrde/lockouts', { path: { ref: request.ref ?? '' } }), request, output);
  },
});

const unlock = command<Request>({
  name: 'unlock',
  summary: 'Forgive wrong passwords: of one address or user, or without a name of everybody',
  fresh,
  words: [word(of), offender],
  async run({ ref = '', name }, { client, output }) {
    printLifted((await client.request('POST /machines/{ref}/vrde/unlock', { path: { ref }, body: name === undefined ? {} : { name } })).lifted, output);
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
