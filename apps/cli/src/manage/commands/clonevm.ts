/** `clonevm`: a copy of a machine, whole or linked to a snapshot. */
import type { CloneMachine } from '@belvedere/client';
import { command, option, UsageError, word } from '../../table/command.js';
import { choice, listOf, machine, named, path, uuid } from '../../table/value.js';

interface Request extends Omit<CloneMachine, 'name'> {
  ref: string;
  name?: string;
}

const OPTIONS = ['Link', 'KeepAllMACs', 'KeepNATMACs', 'KeepDiskNames'] as const;
const MODES = { machine: 'machine', machineandchildren: 'machineAndChildren', all: 'all' } as const;

export const clonevm = command<Request>({
  name: 'clonevm',
  summary: 'Copy a machine, whole or linked to a snapshot',
  fresh: () => ({ ref: '', register: false }),
  words: [word({ value: machine, set: (request: Request, ref) => (request.ref = ref) })],
  options: [
    option({ name: 'name', value: named('name', 'Copy'), help: "the copy's name; default: the machine's with Clone behind it", set: (request: Request, name) => (request.name = name) }),
    option({ name: 'snapshot', value: named('uuid|snapshot-name', 'clean'), help: 'what is copied; default: the machine as it is now, which must be off', set: (request: Request, snapshot) => (request.snapshot = snapshot) }),
    option({
      name: 'mode',
      value: choice(['machine', 'machineandchildren', 'all']),
      help: 'machine, the default: what it is now, or a snapshot, without others; machineandchildren: the snapshot and those below it; all: with all its snapshots',
      set: (request: Request, mode) => (request.mode = MODES[mode]),
    }),
    option({
      name: 'options',
      value: listOf(OPTIONS, ['KeepHwUUIDs']),
      help: "Link: its disks hang on the snapshot's; KeepAllMACs, KeepNATMACs: network adapters keep their addresses; KeepDiskNames: disks keep their names",
      set(request: Request, chosen) {
        if (chosen.includes('Link')) request.link = true;
        if (chosen.includes('KeepAllMACs') || chosen.includes('KeepNATMACs')) request.keepMacs = true;
        if (chosen.includes('KeepDiskNames')) request.keepDiskNames = true;
      },
    }),
    option({ name: 'basefolder', value: path('folder', 'machines'), help: 'where its folder is made', set: (request: Request, folder) => (request.baseFolder = folder) }),
    option({ name: 'uuid', value: uuid, help: "the copy's UUID; default: a new one", set: (request: Request, given) => (request.uuid = given) }),
    option({ name: 'register', help: 'register the copy', set: (request: Request) => (request.register = true) }),
  ],
  unsupported: ['groups'],
  async run({ ref, name: given, ...rest }, context) {
    const { client, output } = context;
    if (rest.link && rest.snapshot === undefined) throw new UsageError('a linked clone hangs on a snapshot: name it with --snapshot', 'clonevm');
    const { name: source } = await client.request('GET /machines/{ref}', { path: { ref } });
    const name = given ?? `${source} Clone`;
    const { followJob } = await import('../../edge/job.js');
    await followJob(context, () => client.request('POST /machines/{ref}/clone', { path: { ref }, body: { name, ...rest } }), `POST /machines/${ref}/clone`);
    output.line(`Machine has been successfully cloned as "${name}"`);
  },
});
