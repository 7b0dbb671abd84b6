/**
 * The database: one way in, a transaction at a time.
 *
 * The embedded driver has one connection, on which two transactions would mix, so they take turns here; a server database has a pool
 * and needs no turns. Nothing outside this folder knows which one it is.
 */
import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import libsql from 'libsql';
import { DataSource, type EntityManager } from 'typeorm';
import { Queue } from '../concurrency/queue.js';
import { rows } from './rows.js';
import { migrations } from './migrations.js';

@Injectable()
export class Database implements OnApplicationShutdown {
  private readonly turns = new Queue();

  private constructor(private readonly source: DataSource) {}

  /** Opens the embedded database and brings its tables up to this version's. @param file path, or `:memory:` */
  static async open(file: string): Promise<Database> {
    const source = embedded(file);
    await source.initialize();
    try {
      await source.runMigrations({ transaction: 'each' });
    } catch (cause) {
      await source.destroy();
      throw new Error(`cannot bring the database ${file} up to this version`, { cause });
    }
    return new Database(source);
  }

  /** All of `work` or none of it. Do nothing slow inside but what must be one with it. */
  transaction<T>(work: (manager: EntityManager) => Promise<T>): Promise<T> {
    return this.turns.run(() => this.source.transaction(work));
  }

  /** Reads in a state that no half-done transaction shows through. */
  read<T>(work: (manager: EntityManager) => Promise<T>): Promise<T> {
    return this.turns.run(() => work(this.source.manager));
  }

  async onApplicationShutdown(): Promise<void> {
    await this.turns.run(() => this.source.destroy());
  }
}

export const embedded = (file: string): DataSource =>
  new DataSource({ type: 'better-sqlite3', driver: libsql, database: file, enableWAL: true, entities: [...rows], migrations: [...migrations], migrationsTableName: 'migration' });
