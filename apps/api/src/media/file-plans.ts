/**
 * Work on files in several steps, noted in the database before the first of them: whoever starts the API after one that was killed finds what was under way,
 * and undoes it or does the rest.
 */
import { Injectable, Logger } from '@nestjs/common';
import { randomUUID } from 'node:crypto';
import { Database } from '../database/database.js';
import { FilePlanRow } from '../database/rows.js';
import { textOf } from '../http/api-error.js';
import type { FilePlan } from './plan.js';

@Injectable()
export class FilePlans {
  private readonly log = new Logger('media');

  constructor(private readonly database: Database) {}

  /** Runs work as planned, which undoes what it did where it fails. */
  async during<T>(plan: FilePlan, work: () => Promise<T>): Promise<T> {
    const id = randomUUID();
    await this.database.transaction((manager) => manager.insert(FilePlanRow, { id, plan }));
    try {
      return await work();
    } finally {
      await this.end(id);
    }
  }

  /** Ends what an earlier API began. What cannot be ended is logged, and tried again by the next one. */
  async settle<K extends FilePlan['kind']>(kind: K, end: (plan: Extract<FilePlan, { kind: K }>) => Promise<void>): Promise<void> {
    for (const { id, plan } of await this.database.read((manager) => manager.find(FilePlanRow))) {
      if (plan.kind !== kind) continue;
      try {
        await end(plan as Extract<FilePlan, { kind: K }>);
        await this.end(id);
      } catch (error) {
        this.log.warn(`a ${kind} was under way when the API ended, and its rest could not be cleared up: ${textOf(error)}`);
      }
    }
  }

  private async end(id: string): Promise<void> {
    await this.database.transaction((manager) => manager.delete(FilePlanRow, { id }));
  }
}
