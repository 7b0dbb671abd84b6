/** `showvminfo`: all that is known of a machine. */
import type { Client, Machine } from '@belvedere/client';
import { formatMachineReadable } from '../../format/machine-readable.js';
import { formatMachine } from '../../format/machine.js';
import { command, option, word } from '../../table/command.js';
import { machine } from '../../table/value.js';

interface Request {
  ref: string;
  readable: boolean;
}

export const showvminfo = command<Request>({
  name: 'showvminfo',
  summary: 'Show the settings and the state of a machine',
  fresh: () => ({ ref: '', readable: false }),
  words: [word({ value: machine, set: (request: Request, ref) => (request.ref = ref) })],
  options: [
    option({ name: 'machinereadable', help: 'as key="value" lines for programs', set: (request: Request) => (request.readable = true) }),
    option({ name: 'details', help: 'all of it, which is also the default', set: () => {} }),
  ],
  unsupported: ['log', 'password', 'password-id'],
  async run({ ref, readable }, { client, output }) {
    const found = await client.request('GET /machines/{ref}', { path: { ref } });
    const type = await systemTypeOf(client, found);
    output.write(readable ? formatMachineReadable(found, type) : formatMachine(found, type, Date.now()));
  },
});

/** The description of a machine's system type; its id where the API knows no such type. */
export async function systemTypeOf(client: Client, { osType }: Pick<Machine, 'osType'>): Promise<string> {
  return (await client.request('GET /ostypes')).find(({ id }) => id === osType)?.description ?? osType;
}
