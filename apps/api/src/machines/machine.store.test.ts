import 'reflect-metadata';
import { describe, expect, test } from '@jest/globals';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Database } from '../database/database.js';
import { EventHub } from '../events/event-hub.js';
import { osTypeOf } from '../ostypes/table.js';
import { MachineStore } from './machine.store.js';
import { newMachine } from './settings.js';

describe('machine store', () => {
  test('of two writers that read the same settings, the second is refused and changes nothing', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'store-'));
    const database = await Database.open(':memory:');
    const store = new MachineStore(database, new EventHub());
    const settings = newMachine('a1b2c3d4-0000-4000-8000-00000000000f', 'm', osTypeOf('Debian'));
    const record = await store.add(settings, join(folder, 'm.vbox'));

    await store.write(record, { ...settings, description: 'first' });
    await expect(store.write(record, { ...settings, description: 'second' })).rejects.toMatchObject({ code: 'VBOX_E_INVALID_OBJECT_STATE', message: expect.stringContaining('at the same time') });
    expect((await store.find('m')).settings.description).toBe('first');
    expect(await readdir(folder)).toEqual(['m.vbox']);

    const events: unknown[] = [];
    const hub = new EventHub();
    hub.onEvent((event) => events.push(event));
    await new MachineStore(database, hub).change('m', ({ settings: found }) => ({ ...found, name: 'renamed' }));
    expect(events).toEqual([{ type: 'registry', change: 'changed', uuid: settings.uuid, name: 'renamed' }]);
    await database.onApplicationShutdown();
    await rm(folder, { recursive: true });
  });
});
