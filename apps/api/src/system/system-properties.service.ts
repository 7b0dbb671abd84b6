/** Settings of the whole host. */
import { Injectable } from '@nestjs/common';
import { isAbsolute, normalize } from 'node:path';
import { Database } from '../database/database.js';
import { SystemPropertyRow } from '../database/rows.js';
import { ApiContext } from '../home/context.js';
import { invalid } from '../http/api-error.js';
import { adapterCount, limits, serialPorts } from '../machines/limits.js';
import { defaultAuthLibrary, requireDefaultLibrary } from '../vrde/settings.js';
import type { SystemProperties, SystemPropertyChanges } from './system.dto.js';

@Injectable()
export class SystemPropertiesService {
  constructor(
    private readonly context: ApiContext,
    private readonly database: Database,
  ) {}

  async read(): Promise<SystemProperties> {
    const { home } = this.context;
    const machineFolder = await this.database.read((manager) => manager.findOneBy(SystemPropertyRow, { name: 'machineFolder' }));
    return {
      machineFolder: machineFolder?.value ?? home.machineFolder,
      vrdeAuthLibrary: defaultAuthLibrary,
      defaultHardDiskFormat: 'VDI',
      logFolder: home.logFolder,
      minMemoryMiB: limits.memoryMiB.min,
      maxMemoryMiB: limits.memoryMiB.max,
      minVramMiB: limits.vramMiB.min,
      maxVramMiB: limits.vramMiB.max,
      maxCpus: limits.cpus.max,
      maxMonitors: limits.monitorCount.max,
      maxAdapters: adapterCount,
      maxSerialPorts: serialPorts.length,
      maxBootPosition: 4,
      maxDiskSize,
    };
  }

  async change({ machineFolder, vrdeAuthLibrary }: SystemPropertyChanges): Promise<SystemProperties> {
    if (vrdeAuthLibrary !== undefined) requireDefaultLibrary(vrdeAuthLibrary);
    const name = 'machineFolder';
    if (machineFolder === '' || machineFolder === 'default') await this.database.transaction((manager) => manager.delete(SystemPropertyRow, { name }));
    else if (machineFolder !== undefined) {
      if (!isAbsolute(machineFolder)) throw invalid(`machine folder '${machineFolder}' is not absolute`);
      await this.database.transaction((manager) => manager.save(SystemPropertyRow, { name, value: normalize(machineFolder) }));
    }
    return this.read();
  }
}

/** Bytes of the largest disk image that can be made: as many blocks of 1 MiB as fit the image's map. */
const maxDiskSize = 2 ** 43;
