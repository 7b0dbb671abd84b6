/** How commands name images, and the words for formats and variants. */
import type { Client, Medium, MediumType } from '@belvedere/client';
import { resolve } from 'node:path';
import { UsageError } from '../../table/command.js';
import { BadValue, choice, isUuid, type ValueType } from '../../table/value.js';

export const FORMATS = ['VDI', 'VMDK', 'VHD', 'RAW'] as const;
export type Format = (typeof FORMATS)[number];
export const format: ValueType<Format> = choice(FORMATS, ['PARALLELS', 'QED', 'QCOW', 'VHDX', 'iSCSI']);

const SUFFIXES: Readonly<Record<Format, string>> = { VDI: '.vdi', VMDK: '.vmdk', VHD: '.vhd', RAW: '.img' };
export const suffixOf = (name: Format): string => SUFFIXES[name];

/** One variant or several, with commas between: `Standard,Stream`. */
export const variant = (words: readonly string[], unsupported: readonly string[]): ValueType<string> => {
  const one = choice(words, unsupported);
  return {
    syntax: `${one.syntax}[,...]`,
    example: one.example,
    read: (typed) =>
      typed
        .next('a variant')
        .split(',')
        .map((part) => one.read({ next: () => part.trim() }))
        .join(','),
  };
};

/** An image by UUID, or by its file, made absolute from where the command was typed. */
export const reference: ValueType<string> = {
  syntax: '<uuid|filename>',
  example: ['disk.vdi'],
  free: true,
  read: (words) => refOf(words.next('a UUID or a filename')),
};

function refOf(text: string): string {
  if (!text) throw new BadValue('must be a UUID or a filename');
  return isUuid(text) ? text.replace(/[{}]/g, '').toLowerCase() : resolve(text);
}

const TYPES: Readonly<Record<string, MediumType>> = { disk: 'hdd', dvd: 'dvd', floppy: 'floppy' };

export interface Target {
  type?: MediumType;
  ref: string;
}

/** `[disk|dvd|floppy] <uuid|filename>`: the type is a word of its own only where another word follows. */
export const target: ValueType<Target> = {
  syntax: '[disk|dvd|floppy] <uuid|filename>',
  example: ['disk', 'disk.vdi'],
  free: true,
  read(words) {
    const first = words.next('a UUID or a filename');
    const type = TYPES[first];
    return { ...(type && { type }), ref: refOf(type ? words.next('a UUID or a filename') : first) };
  },
};

/** The medium that is meant. @param unregistered a file that is not registered will do. @throws UsageError when it is of another type than was said */
export async function findMedium({ ref, type }: Target, client: Client, name: string, unregistered = false): Promise<Medium> {
  const medium = await client.request('GET /media/{ref}', { path: { ref }, ...(unregistered && { query: { unregistered } }) });
  const kind = Object.keys(TYPES).find((word) => TYPES[word] === medium.type);
  if (type && type !== medium.type) throw new UsageError(`${medium.path} is a ${kind} image: type '${name} ${kind} ...'`, name);
  return medium;
}
