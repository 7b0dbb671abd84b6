/** How the API is, and how it stops. */
import { Injectable } from '@nestjs/common';
import { ApiContext } from '../home/context.js';
import { version } from '../home/version.js';
import { StatesService } from '../states/states.service.js';
import { LifecycleService } from '../supervisor/lifecycle.service.js';
import { StateStore } from '../supervisor/state.store.js';
import type { Status } from './system.dto.js';

@Injectable()
export class StatusService {
  constructor(
    private readonly context: ApiContext,
    private readonly states: StateStore,
    private readonly lifecycle: LifecycleService,
    private readonly saved: StatesService,
  ) {}

  async read(): Promise<Status> {
    const { home, url, startedAt } = this.context;
    return { pid: process.pid, version, url, home: home.folder, socket: home.socket, startedAt: startedAt.toISOString(), machines: await this.states.counts() };
  }

  async shutdown(machines: 'keep' | 'powerOff' | 'saveState'): Promise<Status> {
    if (machines === 'powerOff') await this.lifecycle.stopAll((uuid) => this.lifecycle.powerOff(uuid));
    if (machines === 'saveState') await this.lifecycle.stopAll((uuid) => this.saved.save(uuid));
    const status = await this.read();
    this.context.stop();
    return status;
  }
}
