/** Machines have snapshots, and know of work on them that was interrupted. */
import { type MigrationInterface, type QueryRunner, Table } from 'typeorm';

const ofMachine = { columnNames: ['machine'], referencedTableName: 'machine', referencedColumnNames: ['uuid'], onDelete: 'CASCADE' };

const tables: readonly Table[] = [
  new Table({
    name: 'snapshot',
    columns: [
      { name: 'uuid', type: 'varchar', length: '36', isPrimary: true },
      { name: 'machine', type: 'varchar', length: '36' },
      { name: 'parent', type: 'varchar', length: '36', isNullable: true },
      { name: 'name', type: 'varchar', length: '200' },
      { name: 'description', type: 'text' },
      { name: 'takenAt', type: 'varchar', length: '30' },
      { name: 'online', type: 'boolean' },
      { name: 'current', type: 'boolean' },
      { name: 'settings', type: 'text' },
    ],
    foreignKeys: [ofMachine],
    indices: [{ name: 'snapshot_machine', columnNames: ['machine'] }],
  }),
  new Table({
    name: 'snapshot_medium',
    columns: [
      { name: 'snapshot', type: 'varchar', length: '36', isPrimary: true },
      { name: 'medium', type: 'varchar', length: '36', isPrimary: true },
    ],
    foreignKeys: [
      { columnNames: ['snapshot'], referencedTableName: 'snapshot', referencedColumnNames: ['uuid'], onDelete: 'CASCADE' },
      { columnNames: ['medium'], referencedTableName: 'medium', referencedColumnNames: ['uuid'], onDelete: 'RESTRICT' },
    ],
    indices: [{ name: 'snapshot_medium_medium', columnNames: ['medium'] }],
  }),
  new Table({
    name: 'snapshot_work',
    columns: [
      { name: 'machine', type: 'varchar', length: '36', isPrimary: true },
      { name: 'plan', type: 'text' },
    ],
    foreignKeys: [ofMachine],
  }),
];

export class Snapshots1764046800000 implements MigrationInterface {
  readonly name = 'Snapshots1764046800000';

  async up(runner: QueryRunner): Promise<void> {
    for (const table of tables) await runner.createTable(table);
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const table of [...tables].reverse()) await runner.dropTable(table.name);
  }
}
