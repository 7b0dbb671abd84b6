/** Image formats and their variants in VirtualBox's words. Pure. */
import type { Format, Variant } from '@belvedere/disk';
import { unsupported } from '../http/api-error.js';
import type { MediumRecord } from '../machines/settings.js';

export type DiskFormat = Exclude<Format, 'ISO'>;

/** What can be made of each format, by VirtualBox's names. */
const variants: Readonly<Record<DiskFormat, Readonly<Record<string, Variant>>>> = {
  VDI: { Standard: 'Standard', Fixed: 'Fixed' },
  VMDK: { Standard: 'Standard', Stream: 'StreamOptimized' },
  VHD: { Standard: 'Standard', Fixed: 'Fixed' },
  RAW: { Standard: 'Standard', Fixed: 'Fixed' },
};
const formats = Object.keys(variants) as DiskFormat[];

/** Formats that a machine can write. */
export type WritableFormat = Extract<DiskFormat, 'VDI' | 'RAW'>;
const written: readonly WritableFormat[] = ['VDI', 'RAW'];

/** @throws ApiError */
export function formatOf(name: string): DiskFormat {
  const found = formats.find((format) => format === name.toUpperCase());
  if (!found) throw unsupported(`disk image format '${name}' is not supported: use ${formats.join(', ')}`);
  return found;
}

/** @throws ApiError for a format that machines only read */
export function newFormatOf(name: string): WritableFormat {
  const format = formatOf(name);
  const found = written.find((known) => known === format);
  if (!found) throw unsupported(`a new disk of format '${format}' could not be written: make a VDI; 'clonemedium --format ${format}' makes a ${format} of what it holds then`);
  return found;
}

/** @param name VirtualBox's; commas part several. @throws ApiError */
export function variantOf(format: DiskFormat, name: string): Variant {
  const known = variants[format];
  const found = name.split(',').map((part) => {
    const variant = Object.keys(known).find((candidate) => candidate.toLowerCase() === part.trim().toLowerCase());
    if (!variant) throw unsupported(`disk image variant '${part}' is not supported for ${format}: use ${Object.keys(known).join(' or ')}`);
    return variant;
  });
  const special = found.filter((variant) => variant !== 'Standard');
  return known[special[0] ?? 'Standard']!;
}

/** The name that a variant is kept and shown by. */
export const variantName = (variant: Variant): string => (variant === 'StreamOptimized' ? 'Stream' : variant);

/** What a registered image is opened as: a guest can write what looks like another format into a raw disk. */
export const imageFormat = ({ type, format }: Pick<MediumRecord, 'type' | 'format'>): Format => (type === 'dvd' ? 'ISO' : (formats.find((known) => known === format) ?? 'RAW'));

/** @throws ApiError for a disk that nobody can write, with what to do */
export function requireWritable({ type, path, format }: MediumRecord): void {
  if (type === 'hdd' && !written.some((known) => known === format)) {
    throw unsupported(`'${path}' is a ${format} image, which is read only: clone it to a VDI (clonemedium), or put a differencing VDI on it (createmedium --diffparent)`);
  }
}
