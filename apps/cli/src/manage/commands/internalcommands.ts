/** `internalcommands`: what needs no API. */
import { createHash } from 'node:crypto';
import { command, word } from '../../table/command.js';
import { text } from '../../table/value.js';

interface Request {
  password: string;
}

const fresh = (): Request => ({ password: '' });

export const internalcommands = command<Request>({
  name: 'internalcommands',
  summary: 'Tools for administrators',
  fresh,
  words: [],
  actions: [
    command<Request>({
      name: 'passwordhash',
      summary: "The hash of a password, as 'VBoxAuthSimple/users/...' takes it",
      fresh,
      words: [word({ value: text('password', 'secret'), set: (request: Request, password) => (request.password = password) })],
      async run({ password }, { output }) {
        output.line(`Password hash: ${createHash('sha256').update(password, 'utf8').digest('hex')}`);
      },
    }),
  ],
  unsupportedActions: [
    ...['loadmap', 'loadsyms', 'sethduuid', 'sethdparentuuid', 'dumphdinfo', 'listpartitions', 'createrawvmdk', 'modinstall', 'moduninstall', 'debuglog', 'gueststats'],
    ...['repairhd', 'converthd', 'converttoraw'],
  ],
  run: () => Promise.reject(new Error('internalcommands has only actions')),
});
