/** `createmedium`, `closemedium` and `showmediuminfo`, with their older names. */
import type { CreateMedium, MediumType } from '@belvedere/client';
import { extname, resolve } from 'node:path';
import { withProgress } from '../../edge/progress.js';
import { formatMedium } from '../../format/medium.js';
import { command, option, type Option, UsageError, word, type Word } from '../../table/command.js';
import { BadValue, choice, isUuid, path, type ValueType, whole } from '../../table/value.js';

const MiB = 1 << 20;
/** 2 TiB in MB: what the disk formats here can hold. */
const MAX_MIB = 2 << 20;

/** An image by UUID, or by its file. */
const reference: ValueType<string> = {
  syntax: '<uuid|filename>',
  example: ['disk.vdi'],
  free: true,
  read: (words) => refOf(words.next('a UUID or a filename')),
};

function refOf(text: string): string {
  if (!text) throw new BadValue('must be a UUID or a filename');
  return isUuid(text) ? text.replace(/[{}]/g, '').toLowerCase() : resolve(text);
}

interface Creation extends Partial<CreateMedium> {
  kind?: 'disk';
}

/** The older names imply a disk; the newer one says so, or leaves it out. */
const creation = (name: string, also: readonly string[], words: readonly Word<Creation>[]) =>
  command<Creation>({
    name,
    also,
    summary: 'Create a disk image',
    fresh: () => ({}),
    words,
    options: [
      option({ name: 'filename', value: path('filename', 'disk.vdi'), help: "the new image's file; without a suffix it gets the format's", set: (request: Creation, file) => (request.path = file) }),
      option({ name: 'size', value: whole('MB', 1, MAX_MIB, '10000'), help: 'what the guest sees, in MB of 1,048,576 bytes', set: (request: Creation, size) => (request.sizeBytes = size * MiB) }),
      option({ name: 'sizebyte', value: whole('bytes', 1, MAX_MIB * MiB, '10485760000'), help: 'the same in bytes', set: (request: Creation, size) => (request.sizeBytes = size) }),
      option({ name: 'format', value: choice(['VDI'], ['VMDK', 'VHD', 'RAW', 'PARALLELS']), help: "the image's format", set: (request: Creation, format) => (request.format = format) }),
      option({
        name: 'variant',
        value: choice(['Standard', 'Fixed'], ['Split2G', 'Stream', 'ESX', 'Formatted', 'RawDisk']),
        help: 'Standard grows as the guest writes, Fixed has its whole size at once',
        set: (request: Creation, variant) => (request.variant = variant),
      }) as Option<Creation>,
      option({ name: 'diffparent', value: reference, help: 'the disk that the new one hangs on: it holds only what differs from that, which must not change any more', set: (request: Creation, parent) => (request.parent = parent) }) as Option<Creation>,
    ],
    unsupported: ['property', 'property-file', 'static', 'comment', 'type'],
    check({ path: file, sizeBytes, parent }) {
      if (file === undefined) throw new UsageError(`'${name}' needs --filename <filename>`);
      if (sizeBytes === undefined && parent === undefined) throw new UsageError(`'${name}' needs --size <MB> or --sizebyte <bytes>`);
    },
    async run({ path: file = '', sizeBytes, format = 'VDI', variant = 'Standard', parent }, { client, output }) {
      const body: CreateMedium = { type: 'hdd', path: extname(file) ? file : `${file}.vdi`, ...(sizeBytes !== undefined && { sizeBytes }), format, variant, ...(parent !== undefined && { parent }) };
      const medium = await withProgress(output, client.request('POST /media', { body }));
      output.line(`Medium created. UUID: ${medium.uuid}`);
    },
  });

export const createmedium = creation('createmedium', [], [
  word({ value: choice(['disk'], ['dvd', 'floppy']), optional: true, set: (request: Creation, kind) => (request.kind = kind) }),
]);
export const createhd = creation('createhd', ['createvdi'], []);

const TYPES: Readonly<Record<string, MediumType>> = { disk: 'hdd', dvd: 'dvd', floppy: 'floppy' };

interface Target {
  type?: MediumType;
  ref: string;
  file: boolean;
}

/** `[disk|dvd|floppy] <uuid|filename>`: the type is a word of its own only where another word follows. */
const target: ValueType<{ type?: MediumType; ref: string }> = {
  syntax: '[disk|dvd|floppy] <uuid|filename>',
  example: ['disk', 'disk.vdi'],
  free: true,
  read(words) {
    const first = words.next('a UUID or a filename');
    const type = TYPES[first];
    const ref = type ? words.next('a UUID or a filename') : first;
    return { ...(type && { type }), ref: refOf(ref) };
  },
};
const targetWord = word({ value: target, set: (request: Target, found) => void Object.assign(request, found) });

/** The medium that is meant. @throws UsageError when it is of another type than was said */
async function find({ ref, type }: Target, client: import('@belvedere/client').Client, name: string): Promise<import('@belvedere/client').Medium> {
  const medium = await client.request('GET /media/{ref}', { path: { ref } });
  const kind = Object.keys(TYPES).find((word) => TYPES[word] === medium.type);
  if (type && type !== medium.type) throw new UsageError(`${medium.path} is a ${kind} image: type '${name} ${kind} ...'`, name);
  return medium;
}

export const closemedium = command<Target>({
  name: 'closemedium',
  also: ['closehd', 'closedvd', 'closefloppy'],
  summary: 'Forget an image that no machine has attached',
  fresh: () => ({ ref: '', file: false }),
  words: [targetWord],
  options: [option({ name: 'delete', help: 'delete its file too', set: (request: Target) => (request.file = true) })],
  async run(request, { client, output }) {
    const { uuid } = await find(request, client, 'closemedium');
    const closing = client.request('DELETE /media/{ref}', { path: { ref: uuid }, query: { delete: request.file } });
    await (request.file ? withProgress(output, closing) : closing);
  },
});

export const showmediuminfo = command<Target>({
  name: 'showmediuminfo',
  also: ['showhdinfo', 'showvdiinfo'],
  summary: 'Show what is known of an image',
  fresh: () => ({ ref: '', file: false }),
  words: [targetWord],
  options: [],
  async run(request, { client, output }) {
    output.write(formatMedium(await find(request, client, 'showmediuminfo'), true));
  },
});
