/** `setproperty`: settings of the host as a whole. */
import type { SystemPropertyChanges } from '@belvedere/client';
import { resolve } from 'node:path';
import { command, word } from '../../table/command.js';
import { choice, library, named, type ValueType } from '../../table/value.js';

interface Request {
  name: (typeof NAMES)[number];
  value: string;
}

const NAMES = ['machinefolder', 'vrdeauthlibrary', 'websrvauthlibrary'] as const;
const OTHERS = ['hwvirtexclusive', 'vrdeextpack', 'autostartdbpath', 'loghistorycount', 'defaultfrontend', 'logginglevel', 'proxymode', 'proxyurl', 'language'];

const known = choice(NAMES, [...OTHERS, 'vrdpauthlibrary']);
/** VirtualBox says `websrv`; people write `webserv` too. */
const property: ValueType<Request['name']> = { ...known, read: ({ next }) => known.read({ next: (what) => next(what).replace(/^webserv/i, 'websrv') }) };

export const setproperty = command<Request>({
  name: 'setproperty',
  summary: 'Change a setting of the host. websrvauthlibrary names who judges logins to the HTTP API: default for the accounts of the host, VBoxAuthSimple, the path of a module, null for anyone, none for nobody',
  fresh: () => ({ name: 'machinefolder', value: '' }),
  words: [
    word({ value: property, set: (request: Request, name) => (request.name = name) }),
    word({ value: named('default|value', 'VBoxAuthSimple'), set: (request: Request, value) => (request.value = value) }),
  ],
  async run({ name, value }, { client }) {
    await client.request('PATCH /system-properties', { body: bodyOf(name, value) });
  },
});

function bodyOf(name: Request['name'], value: string): SystemPropertyChanges {
  if (name === 'machinefolder') return { machineFolder: value === 'default' ? value : resolve(value) };
  const path = (): string => library.read({ next: () => value });
  // For remote displays VirtualBox takes 'null' for the default too; for its web service it means anyone.
  if (name === 'vrdeauthlibrary') return { vrdeAuthLibrary: value === 'null' ? 'default' : path() };
  return { webServiceAuthLibrary: value === 'none' ? null : path() };
}
