/** Media as `list hdds`, `list dvds`, `list floppies` and `showmediuminfo` print them. Pure. */
import type { Medium } from '@belvedere/client';
import { labelled } from './lines.js';

const WIDTH = 16;
const MiB = 1 << 20;

/** A block of lines; the blank line that ends it comes with lists. @param long with the size on the host and who uses it */
export function formatMedium(medium: Medium, long: boolean): string {
  const { uuid, type, path, format, variant, sizeBytes, sizeOnDiskBytes, accessible, problem, usedBy } = medium;
  const line = (label: string, value: string | number): string => labelled(label, value, WIDTH);
  const lines = [line('UUID', uuid)];
  if (type === 'hdd') lines.push(line('Parent UUID', 'base'));
  lines.push(line('State', accessible ? 'created' : 'inaccessible'));
  if (problem !== null) lines.push(line('Access Error', problem));
  lines.push(line('Type', type === 'hdd' ? 'normal (base)' : 'readonly'), line('Location', path), line('Storage format', format));
  if (type === 'hdd') lines.push(line('Format variant', variant === 'Fixed' ? 'fixed default' : 'dynamic default'));
  lines.push(line('Capacity', `${Math.floor(sizeBytes / MiB)} MBytes`));
  if (long && sizeOnDiskBytes !== null) lines.push(line('Size on disk', `${Math.ceil(sizeOnDiskBytes / MiB)} MBytes`));
  if (type === 'hdd') lines.push(line('Encryption', 'disabled'));
  usedBy.forEach(({ name, uuid: user }, index) => lines.push(index === 0 ? line('In use by VMs', `${name} (UUID: ${user})`) : `${' '.repeat(WIDTH)}${name} (UUID: ${user})\n`));
  return lines.join('');
}
