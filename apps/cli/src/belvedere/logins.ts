/** `belvedere logins`: who logged in to the HTTP API, and who is locked out of it. */
import { type AnyCommand, command } from '../table/command.js';
import { freshLog as fresh, json, limit, type LogRequest, offender, printLifted, printLockouts, printLog } from './judgements.js';

const log = command<LogRequest>({
  name: 'log',
  summary: 'Every login that was judged, the newest last',
  fresh,
  words: [],
  options: [limit, json],
  run: (request, { client, output }) => printLog(request, output, (query) => client.request('GET /judgements', { query: { ...query, to: 'api' } })),
});

const lockouts = command<LogRequest>({
  name: 'lockouts',
  summary: 'Addresses and users that guessed too often',
  fresh,
  words: [],
  options: [json],
  async run(request, { client, output }) {
    printLockouts(await client.request('GET /logins/lockouts'), request, output);
  },
});

const unlock = command<LogRequest>({
  name: 'unlock',
  summary: 'Forgive wrong passwords: of one address or user, or without a name of everybody',
  fresh,
  words: [offender],
  async run({ name }, { client, output }) {
    printLifted((await client.request('POST /logins/unlock', { body: name === undefined ? {} : { name } })).lifted, output);
  },
});

export const logins: AnyCommand = command<LogRequest>({
  name: 'logins',
  summary: 'Logins to the HTTP API: the record of them, and who is locked out',
  fresh,
  words: [],
  actions: [log, lockouts, unlock],
  run: () => Promise.reject(new Error('logins has only actions')),
});
