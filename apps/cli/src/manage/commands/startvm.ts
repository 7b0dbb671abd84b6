/** `startvm`: machines run in the background; their screens are seen over RDP. */
import { command, option, UsageError, word } from '../../table/command.js';
import { choice, machine } from '../../table/value.js';

interface Request {
  refs: string[];
  type?: 'headless';
}

export const startvm = command<Request>({
  name: 'startvm',
  summary: 'Start machines',
  fresh: () => ({ refs: [] }),
  words: [word({ value: machine, repeats: true, set: ({ refs }: Request, ref) => void refs.push(ref) })],
  options: [
    option({
      name: 'type',
      value: choice(['headless'], ['gui', 'sdl', 'separate', 'emergencystop']),
      help: 'headless, which is also the default: there is no window, connect with an RDP viewer',
      set: (request: Request, type) => (request.type = type),
    }),
  ],
  unsupported: ['putenv', 'password', 'password-id'],
  async run({ refs, type }, { client, output }) {
    if (new Set(refs).size !== refs.length) throw new UsageError('a machine is named twice', 'startvm');
    if (!type) output.note('no --type given: starting headless; connect with an RDP viewer to see the screen');
    for (const ref of refs) {
      const { name, uuid } = await client.request('GET /machines/{ref}', { path: { ref } });
      output.line(`Waiting for VM "${name}" to power on...`);
      const started = await client.request('POST /machines/{ref}/start', { path: { ref: uuid }, body: {} });
      output.line(`VM "${name}" has been successfully started.`);
      for (const notice of started.run?.notices ?? []) output.note(notice);
      if (started.run?.vrde.problem) output.note(`the remote display does not listen: ${started.run.vrde.problem}`);
    }
  },
});
