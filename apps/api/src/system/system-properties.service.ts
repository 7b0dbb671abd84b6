/** Settings of the whole host. */
import { Injectable } from '@nestjs/common';
import { isAbsolute, normalize } from 'node:path';
import { Database } from '../database/database.js';
import { SystemPropertyRow } from '../database/rows.js';
import { ApiContext } from '../home/context.js';
import { invalid } from '../http/api-error.js';
import { LoginService } from '../logins/login.service.js';
import { adapterCount, limits, serialPorts } from '../machines/limits.js';
import { defaultAuthLibrary, libraryOf, requireLibraryFile, webLibraryOf } from '../vrde/libraries.js';
import type { SystemProperties, SystemPropertyChanges } from './system.dto.js';

@Injectable()
export class SystemPropertiesService {
  constructor(
    private readonly context: ApiContext,
    private readonly database: Database,
    private readonly logins: LoginService,
  ) {}

  async read(): Promise<SystemProperties> {
    const { home } = this.context;
    const rows = await this.database.read((manager) => manager.find(SystemPropertyRow));
    const set = new Map(rows.map(({ name, value }) => [name, value]));
    return {
      machineFolder: set.get('machineFolder') ?? home.machineFolder,
      vrdeAuthLibrary: set.get('vrdeAuthLibrary') ?? defaultAuthLibrary,
      webServiceAuthLibrary: set.get('webServiceAuthLibrary') ?? null,
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

  async change({ machineFolder, vrdeAuthLibrary, webServiceAuthLibrary }: SystemPropertyChanges): Promise<SystemProperties> {
    const values = new Map<string, string | null>();
    if (vrdeAuthLibrary !== undefined) {
      const library = libraryOf(vrdeAuthLibrary);
      await requireLibraryFile(library);
      values.set('vrdeAuthLibrary', library);
    }
    if (webServiceAuthLibrary !== undefined) {
      const library = webLibraryOf(webServiceAuthLibrary);
      if (library !== 'null') await requireLibraryFile(library);
      values.set('webServiceAuthLibrary', library);
    }
    if (machineFolder === '' || machineFolder === 'default') values.set('machineFolder', null);
    else if (machineFolder !== undefined) {
      if (!isAbsolute(machineFolder)) throw invalid(`machine folder '${machineFolder}' is not absolute`);
      values.set('machineFolder', normalize(machineFolder));
    }
    await this.database.transaction(async (manager) => {
      for (const [name, value] of values) {
        if (value === null) await manager.delete(SystemPropertyRow, { name });
        else await manager.save(SystemPropertyRow, { name, value });
      }
    });
    const library = values.get('webServiceAuthLibrary');
    if (library !== undefined) this.logins.libraryChanged(library);
    return this.read();
  }
}

/** Bytes of the largest disk image that can be made: as many blocks of 1 MiB as fit the image's map. */
const maxDiskSize = 2 ** 43;
