/** `registervm` and `unregistervm`. */
import { withProgress } from '../../edge/progress.js';
import { command, option, word } from '../../table/command.js';
import { machine, path } from '../../table/value.js';

interface Registration {
  settingsFile: string;
}

export const registervm = command<Registration>({
  name: 'registervm',
  summary: 'Register a machine whose settings file is there',
  fresh: () => ({ settingsFile: '' }),
  words: [word({ value: path('filename', 'machine.vbox'), set: (request: Registration, file) => (request.settingsFile = file) })],
  options: [],
  unsupported: ['password'],
  async run(body, { client }) {
    await client.request('POST /machines/register', { body });
  },
});

interface Removal {
  ref: string;
  files: boolean;
}

export const unregistervm = command<Removal>({
  name: 'unregistervm',
  summary: 'Forget a machine that is off',
  fresh: () => ({ ref: '', files: false }),
  words: [word({ value: machine, set: (request: Removal, ref) => (request.ref = ref) })],
  options: [
    option({
      name: 'delete',
      also: ['delete-all'],
      help: 'delete its files too: settings, logs, and the disk images that no other machine uses',
      set: (request: Removal) => (request.files = true),
    }),
  ],
  async run({ ref, files }, { client, output }) {
    const removal = client.request('DELETE /machines/{ref}', { path: { ref }, query: { delete: files } });
    await (files ? withProgress(output, removal) : removal);
  },
});
