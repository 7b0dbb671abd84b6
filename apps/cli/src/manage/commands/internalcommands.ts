/** `internalcommands`: what needs no API. */
import { type HashAlgorithm, hashPassword } from '@belvedere/password';
import { command, option, word } from '../../table/command.js';
import { choice, text } from '../../table/value.js';

interface Request {
  password: string;
  algorithm: HashAlgorithm;
}

const fresh = (): Request => ({ password: '', algorithm: 'sha256' });

export const internalcommands = command<Request>({
  name: 'internalcommands',
  summary: 'Tools for administrators',
  fresh,
  words: [],
  actions: [
    command<Request>({
      name: 'passwordhash',
      summary: "The hash of a password, as 'VBoxAuthSimple/users/...' takes it; with '--algorithm scrypt' one that is slow to guess, with '--algorithm nt' one for Network Level Authentication. A password that begins with a dash comes after '--'",
      fresh,
      words: [word({ value: text('password', 'secret'), set: (request: Request, password) => (request.password = password) })],
      options: [
        option({
          name: 'algorithm',
          value: choice(['scrypt', 'sha256', 'nt']),
          help: "scrypt: salted, and slow to guess; sha256: VirtualBox's own, the default; nt: an NT hash, fast to guess and to a thief the password itself, for machines whose viewers must have Network Level Authentication",
          set: (request: Request, algorithm) => (request.algorithm = algorithm),
        }),
      ],
      async run({ password, algorithm }, { output }) {
        output.line(`Password hash: ${await hashPassword(password, algorithm)}`);
      },
    }),
  ],
  unsupportedActions: [
    ...['loadmap', 'loadsyms', 'sethduuid', 'sethdparentuuid', 'dumphdinfo', 'listpartitions', 'createrawvmdk', 'modinstall', 'moduninstall', 'debuglog', 'gueststats'],
    ...['repairhd', 'converthd', 'converttoraw'],
  ],
  run: () => Promise.reject(new Error('internalcommands has only actions')),
});
