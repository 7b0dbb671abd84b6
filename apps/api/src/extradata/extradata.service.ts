/** Texts that scripts keep with a machine, or with the host. */
import { Injectable } from '@nestjs/common';
import { Database } from '../database/database.js';
import { ExtraDataRow } from '../database/rows.js';
import { invalid } from '../http/api-error.js';
import { MachineStore } from '../machines/machine.store.js';

/** Longest key, in UTF-16 code units. */
const longestKey = 255;

@Injectable()
export class ExtraDataService {
  constructor(
    private readonly database: Database,
    private readonly machines: MachineStore,
  ) {}

  async global(): Promise<Record<string, string>> {
    const rows = await this.database.read((manager) => manager.find(ExtraDataRow, { where: { machine: '' }, order: { key: 'ASC' } }));
    return Object.fromEntries(rows.map(({ key, value }) => [key, value]));
  }

  async setGlobal(asked: string, value: string | null): Promise<void> {
    const key = requireKey(asked);
    await this.database.transaction(async (manager) => {
      if (value === null) await manager.delete(ExtraDataRow, { machine: '', key });
      else await manager.save(ExtraDataRow, { machine: '', key, value });
    });
  }

  async ofMachine(ref: string): Promise<Record<string, string>> {
    return { ...(await this.machines.find(ref)).settings.extraData };
  }

  async setOfMachine(ref: string, asked: string, value: string | null): Promise<void> {
    const key = requireKey(asked);
    await this.machines.change(ref, ({ settings }) => {
      const others = Object.entries(settings.extraData).filter(([name]) => name !== key);
      return { ...settings, extraData: Object.fromEntries(value === null ? others : [...others, [key, value]]) };
    });
  }
}

function requireKey(key: string): string {
  // eslint-disable-next-line no-control-regex
  if (key === '' || key.length > longestKey || /[\x00-\x1f\x7f\ufffe\uffff]|\p{Surrogate}/u.test(key)) throw invalid(`extra data key '${key}' is not 1 to ${longestKey} characters without control characters`);
  return key;
}
