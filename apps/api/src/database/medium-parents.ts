/** Images know what they hang on, and have a description. */
import { type MigrationInterface, type QueryRunner, TableColumn, TableForeignKey, TableIndex } from 'typeorm';

const columns = [new TableColumn({ name: 'parent', type: 'varchar', length: '36', isNullable: true }), new TableColumn({ name: 'description', type: 'text', default: "''" })];
const parent = new TableForeignKey({ name: 'medium_parent', columnNames: ['parent'], referencedTableName: 'medium', referencedColumnNames: ['uuid'], onDelete: 'RESTRICT' });
const children = new TableIndex({ name: 'medium_children', columnNames: ['parent'] });

export class MediumParents1764043200000 implements MigrationInterface {
  readonly name = 'MediumParents1764043200000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.addColumns('medium', columns);
    await runner.createForeignKey('medium', parent);
    await runner.createIndex('medium', children);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.dropIndex('medium', children);
    await runner.dropForeignKey('medium', parent);
    await runner.dropColumns('medium', columns);
  }
}
