import 'reflect-metadata';
import { describe, expect, test } from '@jest/globals';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Database, embedded } from './database.js';
import { migrations } from './migrations.js';
import { MachineRow, MediumRow } from './rows.js';

describe('migrations', () => {
  test('make exactly the tables that the code uses, and take them away again', async () => {
    const source = await embedded(':memory:').initialize();
    await source.runMigrations();
    const { upQueries } = await source.driver.createSchemaBuilder().log();
    // Rows name no foreign keys, the tables do: only columns are compared.
    expect(upQueries.map(({ query }) => query).filter((query) => /ADD COLUMN|DROP COLUMN/.test(query))).toEqual([]);
    for (const { tableName, columns } of source.entityMetadatas) {
      const table = await source.createQueryRunner().getTable(tableName);
      expect(table!.columns.map(({ name, isNullable, isPrimary }) => ({ name, isNullable, isPrimary })).sort((a, b) => a.name.localeCompare(b.name))).toEqual(
        columns.map(({ databaseName, isNullable, isPrimary }) => ({ name: databaseName, isNullable, isPrimary })).sort((a, b) => a.name.localeCompare(b.name)),
      );
    }
    for (const _ of migrations) await source.undoLastMigration();
    for (const { tableName } of source.entityMetadatas) expect(await source.createQueryRunner().hasTable(tableName)).toBe(false);
    await source.destroy();
  });

  test('a database is kept, in the write-ahead mode, and a medium in use is kept by the tables themselves', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'db-'));
    const file = join(folder, 'x.db');
    const medium = { uuid: 'm', type: 'hdd' as const, path: '/x', format: 'VDI', variant: 'Standard', sizeBytes: 2 ** 42, parent: null, description: '' };
    const first = await Database.open(file);
    await first.transaction((manager) => manager.insert(MediumRow, medium));
    await expect(first.transaction((manager) => manager.insert(MediumRow, { ...medium, uuid: 'n' }))).rejects.toThrow(/UNIQUE/);
    await expect(stat(`${file}-wal`)).resolves.toBeDefined();
    await first.onApplicationShutdown();
    const second = await Database.open(file);
    expect(await second.read((manager) => manager.find(MediumRow))).toEqual([medium]);
    await second.onApplicationShutdown();
    await rm(folder, { recursive: true });
  });

  test('images of a database that knew no parents stay where they are attached, and a parent is kept by the tables', async () => {
    const source = await embedded(':memory:').initialize();
    await source.runMigrations({ transaction: 'each' });
    while (await source.createQueryRunner().hasColumn('medium', 'parent')) await source.undoLastMigration({ transaction: 'each' });
    for (const statement of [
      "INSERT INTO machine VALUES ('1', 'a', 'Other', '/a', '{}', 1)",
      "INSERT INTO storage_controller VALUES ('1', 'IDE', 0, 'ide', 'PIIX4', 2, 1)",
      "INSERT INTO medium VALUES ('m', 'hdd', '/x', 'VDI', 'Standard', 4096)",
      "INSERT INTO attachment VALUES ('1', 'IDE', 0, 0, 'hdd', 'm')",
    ]) await source.query(statement);
    await source.runMigrations({ transaction: 'each' });
    expect(await source.manager.find(MediumRow)).toEqual([{ uuid: 'm', type: 'hdd', path: '/x', format: 'VDI', variant: 'Standard', sizeBytes: 4096, parent: null, description: '' }]);
    await expect(source.manager.delete(MediumRow, { uuid: 'm' })).rejects.toThrow(/FOREIGN KEY/);
    await source.query('DELETE FROM attachment');
    await source.manager.insert(MediumRow, { uuid: 'n', type: 'hdd', path: '/y', format: 'VDI', variant: 'Standard', sizeBytes: 4096, parent: 'm', description: '' });
    await expect(source.manager.delete(MediumRow, { uuid: 'm' })).rejects.toThrow(/FOREIGN KEY/);
    await expect(source.manager.update(MediumRow, { uuid: 'n' }, { parent: 'nobody' })).rejects.toThrow(/FOREIGN KEY/);
    await source.destroy();
  });

  test('transactions take turns, and one that fails leaves nothing', async () => {
    const database = await Database.open(':memory:');
    const row = { name: 'a', osType: 'x', settingsFile: '/a', document: {} as never, version: 1 };
    const results = await Promise.allSettled([
      database.transaction(async (manager) => {
        await manager.insert(MachineRow, { ...row, uuid: '1' });
        await new Promise((resolve) => setImmediate(resolve));
        throw new Error('no');
      }),
      database.transaction((manager) => manager.insert(MachineRow, { ...row, uuid: '2' })),
      database.read((manager) => manager.find(MachineRow, { select: { uuid: true } })),
    ]);
    expect(results.map(({ status }) => status)).toEqual(['rejected', 'fulfilled', 'fulfilled']);
    expect(results[2]).toMatchObject({ value: [{ uuid: '2' }] });
    await database.onApplicationShutdown();
  });
});
