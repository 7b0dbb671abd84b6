/** Media as `list hdds`, `list dvds`, `list floppies` and `showmediuminfo` print them. Pure. */
import type { Medium } from '@belvedere/client';
import { labelled } from './lines.js';

const WIDTH = 16;
const MiB = 1 << 20;

/** A block of lines; the blank line that ends it comes with lists. @param long with the size on the host and who uses it */
export function formatMedium(medium: Medium, long: boolean): string {
  const { uuid, type, path, format, variant, sizeBytes, sizeOnDiskBytes, accessible, problem, description, parentUuid, childUuids, usedBy } = medium;
  const line = (label: string, value: string | number): string => labelled(label, value, WIDTH);
  const lines = [line('UUID', uuid)];
  if (type === 'hdd') lines.push(line('Parent UUID', parentUuid ?? 'base'));
  lines.push(line('State', accessible ? 'created' : 'inaccessible'));
  if (problem !== null) lines.push(line('Access Error', problem));
  if (description) lines.push(line('Description', description));
  lines.push(line('Type', type !== 'hdd' ? 'readonly' : parentUuid === null ? 'normal (base)' : 'normal (differencing)'), line('Location', path), line('Storage format', format));
  if (type === 'hdd') lines.push(line('Format variant', `${parentUuid !== null ? 'differencing' : variant === 'Fixed' ? 'fixed' : 'dynamic'} ${variant === 'Stream' ? 'streamOptimized' : 'default'}`));
  lines.push(line('Capacity', `${Math.floor(sizeBytes / MiB)} MBytes`));
  if (long && sizeOnDiskBytes !== null) lines.push(line('Size on disk', `${Math.ceil(sizeOnDiskBytes / MiB)} MBytes`));
  if (type === 'hdd') lines.push(line('Encryption', 'disabled'));
  usedBy.forEach(({ name, uuid: user }, index) => lines.push(index === 0 ? line('In use by VMs', `${name} (UUID: ${user})`) : `${' '.repeat(WIDTH)}${name} (UUID: ${user})\n`));
  childUuids.forEach((child, index) => lines.push(index === 0 ? line('Child UUIDs', child) : `${' '.repeat(WIDTH)}${child}\n`));
  return lines.join('');
}
