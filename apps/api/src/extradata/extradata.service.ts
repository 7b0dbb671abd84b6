/** Texts that scripts keep with a machine, or with the host. */
import { Injectable } from '@nestjs/common';
import { Database } from '../database/database.js';
import { ExtraDataRow } from '../database/rows.js';
import { invalid } from '../http/api-error.js';
import { LoginService } from '../logins/login.service.js';
import { MachineStore } from '../machines/machine.store.js';
import { DisplayService } from '../supervisor/display.service.js';
import { isSimpleUser, requireHash, simpleUserOf } from '../vrde/simple-users.js';

/** Longest key, in UTF-16 code units. */
const longestKey = 255;

@Injectable()
export class ExtraDataService {
  constructor(
    private readonly database: Database,
    private readonly machines: MachineStore,
    private readonly display: DisplayService,
    private readonly logins: LoginService,
  ) {}

  async global(): Promise<Record<string, string>> {
    const rows = await this.database.read((manager) => manager.find(ExtraDataRow, { where: { machine: '' }, order: { key: 'ASC' } }));
    return Object.fromEntries(rows.map(({ key, value }) => [key, value]));
  }

  /** Sessions that a user's hash opened end when it changes. */
  async setGlobal(asked: string, value: string | null): Promise<void> {
    const key = requireGood(asked, value);
    await this.database.transaction(async (manager) => {
      if (value === null) await manager.delete(ExtraDataRow, { machine: '', key });
      else await manager.save(ExtraDataRow, { machine: '', key, value });
    });
    if (isSimpleUser(key)) this.logins.userChanged(simpleUserOf(key));
  }

  async ofMachine(ref: string): Promise<Record<string, string>> {
    return { ...(await this.machines.find(ref)).settings.extraData };
  }

  /** Hashes of a running machine's users are in force at once. */
  async setOfMachine(ref: string, asked: string, value: string | null): Promise<void> {
    const key = requireGood(asked, value);
    await this.machines.locked(ref, async (record) => {
      const others = Object.entries(record.settings.extraData).filter(([name]) => name !== key);
      const settings = { ...record.settings, extraData: Object.fromEntries(value === null ? others : [...others, [key, value]]) };
      if (isSimpleUser(key)) await this.display.write(record, settings);
      else await this.machines.write(record, settings);
    });
  }
}

/** @returns the key */
function requireGood(asked: string, value: string | null): string {
  const key = requireKey(asked);
  if (isSimpleUser(key) && value !== null) requireHash(key, value);
  return key;
}

function requireKey(key: string): string {
  // eslint-disable-next-line no-control-regex
  if (key === '' || key.length > longestKey || /[\x00-\x1f\x7f\ufffe\uffff]|\p{Surrogate}/u.test(key)) throw invalid(`extra data key '${key}' is not 1 to ${longestKey} characters without control characters`);
  return key;
}
