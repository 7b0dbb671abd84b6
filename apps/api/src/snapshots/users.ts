/** Who needs an image beside the machines that have it attached. */
import { type EntityManager, In } from 'typeorm';
import { MachineRow, SnapshotMediumRow, SnapshotRow } from '../database/rows.js';

/** The snapshots that need an image. */
export async function snapshotUsersOf(manager: EntityManager, medium: string): Promise<{ snapshot: string; name: string; machine: string }[]> {
  const uses = await manager.findBy(SnapshotMediumRow, { medium });
  const rows = uses.length ? await manager.findBy(SnapshotRow, { uuid: In(uses.map(({ snapshot }) => snapshot)) }) : [];
  const machines = new Map((rows.length ? await manager.findBy(MachineRow, { uuid: In(rows.map(({ machine }) => machine)) }) : []).map(({ uuid, name }) => [uuid, name]));
  return rows.map(({ uuid, name, machine }) => ({ snapshot: uuid, name, machine: machines.get(machine)! }));
}
