/** `controlvm teleport`: a running machine goes to another host. */
import { command, option, UsageError } from '../../table/command.js';
import { path, text, whole } from '../../table/value.js';

/** `controlvm` begins it, with the machine; the rest is there where it was given. */
interface Request {
  ref: string;
  host?: string;
  port?: number;
  maxDowntime?: number;
  password?: string;
  passwordFile?: string;
}

export const teleport = command<Request>({
  name: 'teleport',
  summary: 'Move the running machine to a target that waits for it',
  fresh: () => ({ ref: '' }),
  words: [],
  options: [
    option({ name: 'host', value: text('hostname', 'localhost'), help: 'where the target waits', set: (request: Request, host) => (request.host = host) }),
    option({ name: 'port', value: whole('port', 1, 65535, '6000'), help: 'on which port', set: (request: Request, port) => (request.port = port) }),
    option({ name: 'max-downtime', also: ['maxdowntime'], value: whole('msec', 1, 3_600_000, '250'), help: 'how long the guest may stand still; default: 250', set: (request: Request, limit) => (request.maxDowntime = limit) }),
    option({ name: 'password', value: text('password', 'secret'), help: "the target's password; others on this host can see it while the command runs", set: (request: Request, password) => (request.password = password) }),
    option({ name: 'password-file', also: ['passwordfile'], value: path('filename', 'teleporter.password'), help: 'a file whose first line it is', set: (request: Request, file) => (request.passwordFile = file) }),
  ],
  unsupported: ['with-storage'],
  check({ host, port, password, passwordFile }) {
    if (!host || !port) throw new UsageError("'teleport' needs --host and --port: where the target waits");
    if (password !== undefined && passwordFile !== undefined) throw new UsageError('give a password or a file with one, not both');
  },
  async run({ ref, host = '', port = 0, maxDowntime, password, passwordFile }, { client, output }) {
    const { withToldProgress } = await import('../../edge/progress.js');
    const { passwordIn } = await import('../../edge/password-file.js');
    const secret = passwordFile !== undefined ? await passwordIn(passwordFile) : password;
    if (!secret) output.writeNote('warning: without a password nobody proves who is at the other end: whoever is in between can take the machine\n');
    const { uuid } = await client.request('GET /machines/{ref}', { path: { ref } });
    const body = { host, port, ...(maxDowntime === undefined ? {} : { maxDowntime }), ...(secret ? { password: secret } : {}) };
    await withToldProgress(output, client, uuid, () => client.request('POST /machines/{ref}/teleport', { path: { ref }, body }));
  },
});
