/** Moves running machines to other hosts. */
import { teleporterKey } from '@belvedere/password';
import { Injectable } from '@nestjs/common';
import { ApiError } from '../http/api-error.js';
import { MachineStore } from '../machines/machine.store.js';
import { SnapshotStore } from '../snapshots/snapshot.store.js';
import { LifecycleService } from '../supervisor/lifecycle.service.js';
import { requireNoSnapshots } from './rules.js';
import type { Teleport, Teleported } from './teleport.dto.js';

/** How long a move may take, in milliseconds: 2 GiB over a slow line. */
const moveLimit = 4 * 3_600_000;

@Injectable()
export class TeleportService {
  constructor(
    private readonly machines: MachineStore,
    private readonly lifecycle: LifecycleService,
    private readonly snapshots: SnapshotStore,
  ) {}

  /** Answers when the machine runs at the target and its process here is gone. @throws ApiError when it was not moved: it goes on here then */
  async teleport(ref: string, { host, port, password = '', maxDowntime = 250 }: Teleport): Promise<Teleported> {
    const key = await teleporterKey(password);
    // Not under the machine's lock: it can be powered off meanwhile.
    const machine = await this.machines.locked(ref, async (record) => {
      requireNoSnapshots(record, (await this.snapshots.list(record.settings.uuid)).length);
      return this.lifecycle.requireRunning(record, ['running']);
    });
    const moved = await machine.request('teleport', { host, port, password: key, maxDowntime }, moveLimit);
    if (!moved) throw new ApiError('VBOX_E_VM_ERROR', `machine '${machine.name}' ended while it was teleported`);
    await machine.gone;
    return moved;
  }
}
