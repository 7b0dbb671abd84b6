/** Steps from one version's tables to the next, in terms of tables and not of one database's SQL. Published steps never change; a new one has a file of its own. */
import { FilePlans1764054000000 } from './file-plans.js';
import { FileWork1764050400000 } from './file-work.js';
import { MediumParents1764043200000 } from './medium-parents.js';
import { Snapshots1764046800000 } from './snapshots.js';
import { type MigrationInterface, type QueryRunner, Table, type TableColumnOptions } from 'typeorm';

const text = (name: string, length?: number): TableColumnOptions => (length ? { name, type: 'varchar', length: String(length) } : { name, type: 'text' });
const integer = (name: string): TableColumnOptions => ({ name, type: 'integer' });
const key = (column: TableColumnOptions): TableColumnOptions => ({ ...column, isPrimary: true });
const optional = (column: TableColumnOptions): TableColumnOptions => ({ ...column, isNullable: true });

const ofMachine = { columnNames: ['machine'], referencedTableName: 'machine', referencedColumnNames: ['uuid'], onDelete: 'CASCADE' };

const firstTables: readonly Table[] = [
  new Table({
    name: 'machine',
    columns: [key(text('uuid', 36)), { ...text('name', 200), isUnique: true }, text('osType', 64), text('settingsFile'), text('document'), integer('version')],
  }),
  new Table({
    name: 'machine_state',
    columns: [
      key(text('machine', 36)),
      text('state', 16),
      text('changedAt', 30),
      optional(text('reason')),
      optional(integer('pid')),
      optional(text('processToken', 100)),
      optional(text('startedAt', 30)),
      optional(text('overrides')),
    ],
    foreignKeys: [ofMachine],
  }),
  new Table({
    name: 'storage_controller',
    columns: [key(text('machine', 36)), key(text('name', 200)), integer('position'), text('bus', 16), text('chipset', 32), integer('portCount'), { name: 'bootable', type: 'boolean' }],
    foreignKeys: [ofMachine],
  }),
  new Table({
    name: 'medium',
    columns: [key(text('uuid', 36)), text('type', 16), { ...text('path', 4096), isUnique: true }, text('format', 16), text('variant', 16), { name: 'sizeBytes', type: 'bigint' }],
  }),
  new Table({
    name: 'attachment',
    columns: [key(text('machine', 36)), key(text('controller', 200)), key(integer('port')), key(integer('device')), text('type', 16), optional(text('medium', 36))],
    foreignKeys: [
      { columnNames: ['machine', 'controller'], referencedTableName: 'storage_controller', referencedColumnNames: ['machine', 'name'], onDelete: 'CASCADE' },
      { columnNames: ['medium'], referencedTableName: 'medium', referencedColumnNames: ['uuid'], onDelete: 'RESTRICT' },
    ],
    indices: [{ name: 'attachment_medium', columnNames: ['medium'] }],
  }),
  new Table({ name: 'extra_data', columns: [key(text('machine', 36)), key(text('key', 255)), text('value')] }),
  new Table({ name: 'system_property', columns: [key(text('name', 64)), text('value')] }),
];

class Registry1764032400000 implements MigrationInterface {
  readonly name = 'Registry1764032400000';

  async up(runner: QueryRunner): Promise<void> {
    for (const table of firstTables) await runner.createTable(table);
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const table of [...firstTables].reverse()) await runner.dropTable(table.name);
  }
}

const judgement = new Table({
  name: 'judgement',
  columns: [
    key(text('id', 36)),
    text('at', 30),
    text('machine', 36),
    text('machineName', 200),
    ...['user', 'domain', 'address', 'clientName'].map((name) => text(name)),
    { name: 'clientId', type: 'bigint' },
    text('method'),
    { name: 'granted', type: 'boolean' },
    text('reason'),
  ],
  indices: [
    { name: 'judgement_at', columnNames: ['at', 'id'] },
    { name: 'judgement_machine', columnNames: ['machine', 'at', 'id'] },
  ],
});

class Judgements1764036000000 implements MigrationInterface {
  readonly name = 'Judgements1764036000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.createTable(judgement);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.dropTable(judgement.name);
  }
}

export const migrations = [Registry1764032400000, Judgements1764036000000, MediumParents1764043200000, Snapshots1764046800000, FileWork1764050400000, FilePlans1764054000000] as const;
