/** The registry knows what is being copied and moved. */
import { type MigrationInterface, type QueryRunner, Table } from 'typeorm';

const table = new Table({
  name: 'file_plan',
  columns: [
    { name: 'id', type: 'varchar', length: '36', isPrimary: true },
    { name: 'plan', type: 'text' },
  ],
});

export class FilePlans1764054000000 implements MigrationInterface {
  readonly name = 'FilePlans1764054000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.createTable(table);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.dropTable(table.name);
  }
}
