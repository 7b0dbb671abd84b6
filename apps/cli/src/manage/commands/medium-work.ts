/** `clonemedium` and `modifymedium`, with their older names: what is done to an image that is there. */
import type { CloneMedium, MediumChanges } from '@belvedere/client';
import { followJob } from '../../edge/job.js';
import { command, option, UsageError, word } from '../../table/command.js';
import { choice, path, text, whole } from '../../table/value.js';
import { findMedium, format, reference, target, type Target, variant } from './medium-ref.js';

const MiB = 1 << 20;
/** 2 TiB in MB: what the disk formats here can hold. */
const MAX_MIB = 2 << 20;

interface Clone extends CloneMedium {
  source: Target;
}

export const clonemedium = command<Clone>({
  name: 'clonemedium',
  also: ['clonehd', 'clonevdi'],
  summary: 'Copy a disk image, with all that it hangs on, into one of any format',
  fresh: () => ({ source: { ref: '' }, path: '' }),
  words: [
    word({ value: target, set: (request: Clone, source) => (request.source = source) }),
    word({ value: reference, set: (request: Clone, file) => (request.path = file) }),
    word({ value: choice(['disk'], ['dvd', 'floppy']), optional: true, set: () => undefined }),
  ],
  options: [
    option({ name: 'format', value: format, help: "the copy's format; the source's when not given", set: (request: Clone, name) => (request.format = name) }),
    option({ name: 'variant', value: variant(['Standard', 'Fixed', 'Stream'], ['Split2G', 'ESX']), help: 'Standard takes no room for what is zero, Fixed has its whole size, Stream (VMDK) is packed', set: (request: Clone, name) => (request.variant = name) }),
    option({ name: 'existing', help: 'into the disk that is there, as far as it fits', set: (request: Clone) => (request.existing = true) }),
  ],
  check({ source, existing, format: name, variant: kind }) {
    if (source.type !== undefined && source.type !== 'hdd') throw new UsageError('only disks are cloned: copy the file of a DVD or a floppy');
    if (existing && (name ?? kind) !== undefined) throw new UsageError('--existing keeps the format and the variant of the disk that is there');
  },
  async run({ source, ...body }, context) {
    const { client, output } = context;
    const uuid = await followJob(context, () => client.request('POST /media/{ref}/clone', { path: { ref: source.ref }, body }), `POST /media/${source.ref}/clone`);
    const made = await client.request('GET /media/{ref}', { path: { ref: uuid } });
    output.line(`Clone medium created in format '${made.format}'. UUID: ${uuid}`);
  },
});

interface Modification extends MediumChanges {
  target: Target;
  sizeBytes?: number;
  compact?: true;
  move?: string;
}

export const modifymedium = command<Modification>({
  name: 'modifymedium',
  also: ['modifyhd', 'modifyvdi'],
  summary: 'Change a disk image: its size, its place, its description',
  fresh: () => ({ target: { ref: '' } }),
  words: [word({ value: target, set: (request: Modification, found) => (request.target = found) })],
  options: [
    option({ name: 'resize', value: whole('MB', 1, MAX_MIB, '20000'), help: 'make it larger: what the guest sees, in MB of 1,048,576 bytes', set: (request: Modification, size) => (request.sizeBytes = size * MiB) }),
    option({ name: 'resizebyte', value: whole('bytes', 1, MAX_MIB * MiB, '20971520000'), help: 'the same in bytes', set: (request: Modification, size) => (request.sizeBytes = size) }),
    option({ name: 'compact', help: 'give back the room of what is zero in it', set: (request: Modification) => (request.compact = true) }),
    option({ name: 'move', value: path('filename', 'elsewhere.vdi'), help: 'move its file there, or into that folder', set: (request: Modification, place) => (request.move = place) }),
    option({ name: 'setlocation', also: ['set-location'], value: path('filename', 'elsewhere.vdi'), help: 'its file was moved there by somebody else', set: (request: Modification, place) => (request.location = place) }),
    option({ name: 'description', value: text('text', 'what it is'), help: 'a text for people', set: (request: Modification, words) => (request.description = words) }),
    option({ name: 'type', value: choice(['normal'], ['writethrough', 'immutable', 'shareable', 'readonly', 'multiattach']), help: 'normal, which every disk is', set: (request: Modification, type) => (request.type = type) }),
  ],
  unsupported: ['autoreset', 'property'],
  check({ sizeBytes, compact, move, location, description, type }) {
    if ([sizeBytes, compact, move, location, description, type].every((asked) => asked === undefined)) throw new UsageError("'modifymedium' needs to be told what to change: --resize, --compact, --move, --setlocation or --description");
    if (move !== undefined && location !== undefined) throw new UsageError('--move moves the file, --setlocation says that it was moved: give one of the two');
  },
  async run({ target: asked, sizeBytes, compact, move, ...changes }, context) {
    const { client, output } = context;
    const { uuid } = await findMedium(asked, client, 'modifymedium');
    const path = { ref: uuid };
    if (Object.keys(changes).length > 0) await client.request('PATCH /media/{ref}', { path, body: changes });
    if (changes.location !== undefined) output.line(`Set new location of medium with UUID ${uuid} finished`);
    if (changes.description !== undefined) output.line('Medium description has been changed.');
    if (sizeBytes !== undefined) await followJob(context, () => client.request('POST /media/{ref}/resize', { path, body: { sizeBytes } }), `POST /media/${uuid}/resize`);
    if (compact) await followJob(context, () => client.request('POST /media/{ref}/compact', { path }), `POST /media/${uuid}/compact`);
    if (move !== undefined) {
      await followJob(context, () => client.request('POST /media/{ref}/move', { path, body: { path: move } }), `POST /media/${uuid}/move`);
      output.line(`Move medium with UUID ${uuid} finished`);
    }
  },
});
