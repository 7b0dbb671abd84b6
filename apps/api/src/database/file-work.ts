/** The registry knows which image files are being made. */
import { type MigrationInterface, type QueryRunner, Table } from 'typeorm';

const table = new Table({
  name: 'file_work',
  columns: [
    { name: 'id', type: 'varchar', length: '36', isPrimary: true },
    { name: 'path', type: 'varchar', length: '4096' },
    { name: 'image', type: 'varchar', length: '36', isNullable: true },
  ],
});

export class FileWork1764050400000 implements MigrationInterface {
  readonly name = 'FileWork1764050400000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.createTable(table);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.dropTable(table.name);
  }
}
