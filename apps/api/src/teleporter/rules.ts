/** Which machines can be teleported, and which can wait for one. Pure. */
import { ApiError } from '../http/api-error.js';
import type { MachineRecord } from '../machines/machine-rows.js';

const refused = (text: string): ApiError => new ApiError('VBOX_E_INVALID_OBJECT_STATE', text, { interface: 'IMachine' });

/** @throws ApiError for a machine that has any: what they hold would stay behind */
export function requireNoSnapshots({ settings: { name } }: MachineRecord, count: number): void {
  if (count > 0) throw refused(`machine '${name}' has ${count} snapshot${count === 1 ? '' : 's'}, and cannot be teleported with them: delete them first`);
}

/** @throws ApiError for a machine that cannot be started to wait */
export function requireMayWait(record: MachineRecord, { restore, paused, snapshots }: { readonly restore: boolean; readonly paused: boolean; readonly snapshots: number }): void {
  const { name } = record.settings;
  if (restore) throw refused(`machine '${name}' has a saved state, and is to wait for a machine that is teleported here: discard the state ('discardstate'), or switch the teleporter off ('modifyvm --teleporter off')`);
  if (paused) throw refused(`machine '${name}' waits for a machine that is teleported here, and that one runs when it comes: it cannot be started paused`);
  requireNoSnapshots(record, snapshots);
}
