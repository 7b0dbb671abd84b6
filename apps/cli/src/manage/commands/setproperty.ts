/** `setproperty`: settings of the host as a whole. */
import type { SystemPropertyChanges } from '@belvedere/client';
import { resolve } from 'node:path';
import { command, word } from '../../table/command.js';
import { choice, library, named } from '../../table/value.js';

interface Request {
  name: 'machinefolder' | 'vrdeauthlibrary';
  value: string;
}

const OTHERS = ['hwvirtexclusive', 'vrdeextpack', 'websrvauthlibrary', 'autostartdbpath', 'loghistorycount', 'defaultfrontend', 'logginglevel', 'proxymode', 'proxyurl', 'language'];

export const setproperty = command<Request>({
  name: 'setproperty',
  summary: 'Change a setting of the host',
  fresh: () => ({ name: 'machinefolder', value: '' }),
  words: [
    word({ value: choice(['machinefolder', 'vrdeauthlibrary'], [...OTHERS, 'vrdpauthlibrary']), set: (request: Request, name) => (request.name = name) }),
    word({ value: named('default|value', 'VBoxAuthSimple'), set: (request: Request, value) => (request.value = value) }),
  ],
  async run({ name, value }, { client }) {
    // VirtualBox takes 'null' for the default too.
    const body: SystemPropertyChanges =
      name === 'machinefolder' ? { machineFolder: value === 'default' ? value : resolve(value) } : { vrdeAuthLibrary: value === 'null' ? 'default' : library.read({ next: () => value }) };
    await client.request('PATCH /system-properties', { body });
  },
});
