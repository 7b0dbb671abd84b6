/** A snapshot by what people call it. Pure. */
import { notFound } from '../http/api-error.js';
import { parseUuid } from '../machines/uuid.js';
import type { SnapshotRecord } from './stored.js';

/** @param ref a name or a UUID; of two with one name, the older. @param name the machine's @throws ApiError */
export function findSnapshot<S extends SnapshotRecord>(all: readonly S[], name: string, ref: string): S {
  const uuid = parseUuid(ref);
  const found = all.filter((snapshot) => snapshot.uuid === uuid || snapshot.name === ref).sort((a, b) => a.takenAt.localeCompare(b.takenAt))[0];
  if (found) return found;
  throw notFound(`Could not find a snapshot named '${ref}' of machine '${name}'${all.length ? `; it has ${all.map((snapshot) => `'${snapshot.name}'`).join(', ')}` : ': it has none'}`, 'IMachine');
}
