/** `createmedium`, `closemedium` and `showmediuminfo`, with their older names. */
import type { CreateMedium } from '@belvedere/client';
import { extname } from 'node:path';
import { withProgress } from '../../edge/progress.js';
import { formatMedium } from '../../format/medium.js';
import { command, option, type Option, UsageError, word, type Word } from '../../table/command.js';
import { choice, path, whole } from '../../table/value.js';
import { findMedium, format, type Format, reference, suffixOf, target, type Target, variant } from './medium-ref.js';

const MiB = 1 << 20;
/** 2 TiB in MB: what the disk formats here can hold. */
const MAX_MIB = 2 << 20;

interface Creation extends Partial<CreateMedium> {
  kind?: 'disk' | 'floppy';
  format?: Format;
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
      option({ name: 'format', value: format, help: 'VDI, the default, or RAW; of VMDK and VHD, which machines only read, clonemedium makes copies', set: (request: Creation, found) => (request.format = found) }),
      option({
        name: 'variant',
        value: variant(['Standard', 'Fixed'], ['Split2G', 'Stream', 'ESX', 'Formatted', 'RawDisk']),
        help: 'Standard grows as the guest writes, Fixed has its whole size at once',
        set: (request: Creation, found) => (request.variant = found),
      }) as Option<Creation>,
      option({ name: 'diffparent', value: reference, help: 'the disk that the new one hangs on: it holds only what differs from that, which must not change any more', set: (request: Creation, parent) => (request.parent = parent) }) as Option<Creation>,
    ],
    unsupported: ['property', 'property-file', 'static', 'comment', 'type'],
    check({ path: file, sizeBytes, parent }) {
      if (file === undefined) throw new UsageError(`'${name}' needs --filename <filename>`);
      if (sizeBytes === undefined && parent === undefined) throw new UsageError(`'${name}' needs --size <MB> or --sizebyte <bytes>`);
    },
    async run({ path: file = '', sizeBytes, kind, format: asked = kind === 'floppy' ? 'RAW' : 'VDI', variant: found = 'Standard', parent }, { client, output }) {
      const body: CreateMedium = {
        type: kind === 'floppy' ? 'floppy' : 'hdd',
        path: extname(file) ? file : file + suffixOf(asked),
        ...(sizeBytes !== undefined && { sizeBytes }),
        format: asked,
        variant: found,
        ...(parent !== undefined && { parent }),
      };
      const medium = await withProgress(output, client.request('POST /media', { body }));
      output.line(`Medium created. UUID: ${medium.uuid}`);
    },
  });

export const createmedium = creation('createmedium', [], [
  word({ value: choice(['disk', 'floppy'], ['dvd']), optional: true, set: (request: Creation, kind) => (request.kind = kind) }),
]);
export const createhd = creation('createhd', ['createvdi'], []);

interface Closing extends Target {
  file: boolean;
}

export const closemedium = command<Closing>({
  name: 'closemedium',
  also: ['closehd', 'closedvd', 'closefloppy'],
  summary: 'Forget an image that no machine has attached',
  fresh: () => ({ ref: '', file: false }),
  words: [word({ value: target, set: (request: Closing, found) => void Object.assign(request, found) })],
  options: [option({ name: 'delete', help: 'delete its file too', set: (request: Closing) => (request.file = true) })],
  async run(request, { client, output }) {
    const { uuid } = await findMedium(request, client, 'closemedium');
    const closing = client.request('DELETE /media/{ref}', { path: { ref: uuid }, query: { delete: request.file } });
    await (request.file ? withProgress(output, closing) : closing);
  },
});

export const showmediuminfo = command<Target>({
  name: 'showmediuminfo',
  also: ['showhdinfo', 'showvdiinfo'],
  summary: 'Show what is known of an image; its file need not be registered',
  fresh: () => ({ ref: '' }),
  words: [word({ value: target, set: (request: Target, found) => void Object.assign(request, found) })],
  options: [],
  async run(request, { client, output }) {
    output.write(formatMedium(await findMedium(request, client, 'showmediuminfo', true), true));
  },
});
