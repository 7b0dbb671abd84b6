/** `snapshot`: what a machine was at one time, taken, listed, restored, changed and deleted. */
import type { Client } from '@belvedere/client';
import type { Context } from '../../edge/context.js';
import { type AnyCommand, command, option, UsageError, word, type Word } from '../../table/command.js';
import { choice, machine, named, text } from '../../table/value.js';

interface Request {
  ref: string;
  snapshot: string;
  current: boolean;
  name?: string;
  description?: string;
  uniqueName?: 'number' | 'timestamp' | 'force';
  form?: 'details' | 'machinereadable';
}

const fresh = (): Request => ({ ref: '', snapshot: '', current: false });
const theSnapshot = word({ value: named('uuid|snapshot-name', 'clean'), set: (request: Request, name) => (request.snapshot = name) });
const description = option({ name: 'description', value: text('text', 'before the update'), help: 'a text for people', set: (request: Request, value) => (request.description = value) });

const unique = { Number: 'number', Timestamp: 'timestamp', Force: 'force' } as const;

const work = (name: string, summary: string, words: readonly Word<Request>[], run: (request: Request, client: Client) => Promise<unknown>): AnyCommand =>
  command<Request>({
    name,
    summary,
    fresh,
    words,
    async run(request, { client, output }: Context) {
      const { withProgress } = await import('../../edge/progress.js');
      await withProgress(output, run(request, client));
    },
  });

export const snapshot = command<Request>({
  name: 'snapshot',
  summary: 'Take, list, restore, change and delete snapshots of a machine',
  fresh,
  words: [word({ value: machine, set: (request: Request, ref) => (request.ref = ref) })],
  actions: [
    command<Request>({
      name: 'take',
      summary: 'Keep what the machine is now; a running one stands still while its memory is written, and goes on',
      fresh,
      words: [word({ value: named('snapshot-name', 'clean'), set: (request: Request, name) => (request.snapshot = name) })],
      options: [
        description,
        option({ name: 'live', help: 'the machine goes on when the snapshot is taken, as it does without this option', set: () => undefined }),
        option({ name: 'pause', help: 'the machine stands still while the snapshot is taken, as it does without this option', set: () => undefined }),
        option({
          name: 'uniquename',
          value: choice(['Number', 'Timestamp', 'Force'], ['Space']),
          help: 'where the name is taken: add a number or the time, or refuse',
          set: (request: Request, how) => (request.uniqueName = unique[how]),
        }),
      ],
      async run({ ref, snapshot: name, description: about, uniqueName }, { client, output }) {
        const { withToldProgress } = await import('../../edge/progress.js');
        const { uuid } = await client.request('GET /machines/{ref}', { path: { ref } });
        const body = { name, ...(about === undefined ? {} : { description: about }), ...(uniqueName && { uniqueName }) };
        const taken = await withToldProgress(output, client, uuid, () => client.request('POST /machines/{ref}/snapshots', { path: { ref: uuid }, body }));
        output.line(`Snapshot taken. UUID: ${taken.snapshots.find(({ current }) => current)?.uuid}`);
      },
    }),
    command<Request>({
      name: 'list',
      summary: 'List the snapshots of a machine as a tree',
      fresh,
      words: [],
      options: [
        option({ name: 'details', help: 'with their descriptions and times', set: (request: Request) => (request.form = 'details') }),
        option({ name: 'machinereadable', help: 'for programs', set: (request: Request) => (request.form = 'machinereadable') }),
      ],
      async run({ ref, form }, { client, output }) {
        const { formatSnapshots, snapshotKeys } = await import('../../format/snapshots.js');
        const { snapshots } = await client.request('GET /machines/{ref}', { path: { ref } });
        if (snapshots.length === 0) throw new Error('This machine does not have any snapshots');
        output.write(form === 'machinereadable' ? snapshotKeys(snapshots) : formatSnapshots(snapshots, form === 'details'));
      },
    }),
    work('restore', 'Throw away what the machine is now, and make it what it was', [theSnapshot], ({ ref, snapshot: name }, client) =>
      client.request('POST /machines/{ref}/snapshots/{snapshot}/restore', { path: { ref, snapshot: name } }),
    ),
    work('restorecurrent', 'Restore the snapshot that the machine began from', [], ({ ref }, client) => client.request('POST /machines/{ref}/restore-current-snapshot', { path: { ref } })),
    work('delete', 'Delete a snapshot: its disks are merged into what hangs on them', [theSnapshot], ({ ref, snapshot: name }, client) =>
      client.request('DELETE /machines/{ref}/snapshots/{snapshot}', { path: { ref, snapshot: name } }),
    ),
    command<Request>({
      name: 'edit',
      summary: 'Change the name or the description of a snapshot',
      fresh,
      words: [word({ value: named('uuid|snapshot-name', 'clean'), optional: true, set: (request: Request, name) => (request.snapshot = name) })],
      options: [
        option({ name: 'current', help: 'the snapshot that the machine began from, instead of a name', set: (request: Request) => (request.current = true) }),
        option({ name: 'name', value: named('snapshot-name', 'clean'), help: 'another name', set: (request: Request, name) => (request.name = name) }),
        description,
      ],
      async run({ ref, snapshot: given, current, name, description: about }, { client }) {
        if (current === (given !== '')) throw new UsageError('name a snapshot, or give --current', 'snapshot');
        if (name === undefined && about === undefined) throw new UsageError('give --name or --description', 'snapshot');
        const one = current ? (await client.request('GET /machines/{ref}', { path: { ref } })).snapshots.find((candidate) => candidate.current)?.uuid : given;
        if (one === undefined) throw new Error('This machine does not have any snapshots');
        await client.request('PATCH /machines/{ref}/snapshots/{snapshot}', { path: { ref, snapshot: one }, body: { ...(name === undefined ? {} : { name }), ...(about === undefined ? {} : { description: about }) } });
      },
    }),
    command<Request>({
      name: 'showvminfo',
      summary: 'Show the machine as it was',
      fresh,
      words: [theSnapshot],
      async run({ ref, snapshot: name }, { client, output }) {
        const { formatMachine } = await import('../../format/machine.js');
        const then = await client.request('GET /machines/{ref}/snapshots/{snapshot}', { path: { ref, snapshot: name } });
        const type = (await client.request('GET /ostypes')).find(({ id }) => id === then.osType);
        output.write(formatMachine(then, type?.description ?? then.osType, Date.now()));
      },
    }),
  ],
  run: () => Promise.reject(new Error('snapshot has only actions')),
});
