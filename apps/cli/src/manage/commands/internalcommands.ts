/** `internalcommands`: what needs no API. */
import { createHash, randomBytes, scrypt } from 'node:crypto';
import { command, option, word } from '../../table/command.js';
import { choice, text } from '../../table/value.js';

interface Request {
  password: string;
  algorithm: 'sha256' | 'scrypt';
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
      summary: "The hash of a password, as 'VBoxAuthSimple/users/...' takes it; with '--algorithm scrypt' one that is slow to guess. A password that begins with a dash comes after '--'",
      fresh,
      words: [word({ value: text('password', 'secret'), set: (request: Request, password) => (request.password = password) })],
      options: [
        option({
          name: 'algorithm',
          value: choice(['scrypt', 'sha256']),
          help: "scrypt: salted, and slow to guess; sha256: VirtualBox's own, the default",
          set: (request: Request, algorithm) => (request.algorithm = algorithm),
        }),
      ],
      async run({ password, algorithm }, { output }) {
        output.line(`Password hash: ${algorithm === 'scrypt' ? await scryptHash(password) : createHash('sha256').update(password, 'utf8').digest('hex')}`);
      },
    }),
  ],
  unsupportedActions: [
    ...['loadmap', 'loadsyms', 'sethduuid', 'sethdparentuuid', 'dumphdinfo', 'listpartitions', 'createrawvmdk', 'modinstall', 'moduninstall', 'debuglog', 'gueststats'],
    ...['repairhd', 'converthd', 'converttoraw'],
  ],
  run: () => Promise.reject(new Error('internalcommands has only actions')),
});

/** N = 2^LN: one of the costs that OWASP recommends, some 0.3 s of one core and 32 MiB. */
const [LN, R, P] = [15, 8, 3];

/** `$scrypt$ln=,r=,p=$salt$hash`, the PHC string form. RFC 7914. */
async function scryptHash(password: string): Promise<string> {
  const salt = randomBytes(16);
  const hash = await new Promise<Buffer>((resolve, reject) => {
    scrypt(password, salt, 32, { N: 2 ** LN, r: R, p: P, maxmem: 2 ** 28 }, (error, key) => (error ? reject(error) : resolve(key)));
  });
  const base64 = (bytes: Buffer): string => bytes.toString('base64').replace(/=+$/, '');
  return `$scrypt$ln=${LN},r=${R},p=${P}$${base64(salt)}$${base64(hash)}`;
}
