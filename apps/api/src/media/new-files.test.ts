/** Work on images that is called off, or whose API dies, leaves nothing behind. */
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { createRaw, createVdi, readImageInfo, readLocks } from '@belvedere/disk';
import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Database } from '../database/database.js';
import { FileWorkRow, MediumRow } from '../database/rows.js';
import type { Job } from '../jobs/job.dto.js';
import { TestHome } from '../test/home.js';
import type { Medium } from './medium.dto.js';

jest.setTimeout(60_000); // for a busy host

const MiB = 1 << 20;

describe('files of images in the making', () => {
  let home: TestHome;
  let folder: string;
  const at = (name: string): string => join(folder, name);
  const url = (name: string, action = ''): string => `/media/${encodeURIComponent(at(name))}${action}`;
  beforeAll(async () => {
    home = await TestHome.make();
    folder = join(home.folder, 'images');
    await mkdir(folder);
  });
  afterAll(() => home.remove());

  /** Begins a job, cancels it when it has come on, and waits for its end. */
  async function cancelled(name: string, action: string, body: object): Promise<Job> {
    const events = await home.events();
    const { id } = await home.get<Job>('POST', url(name, action), body);
    try {
      for (let asked = false; ; ) {
        const { job } = (await events.next({ type: 'job' })) as { job: Job };
        if (job.id !== id) continue;
        if (job.state !== 'running') return job;
        if (job.percent === 0 || asked) continue;
        asked = true;
        await home.get('DELETE', `/jobs/${id}`);
      }
    } finally {
      events.close();
    }
  }

  test('a clone that is cancelled leaves the source as it was, unlocked, and nothing else', async () => {
    await home.get('POST', '/media', { type: 'hdd', path: at('a.vdi'), sizeBytes: 2048 * MiB });
    const before = await readFile(at('a.vdi'));
    expect(await cancelled('a.vdi', '/clone', { path: at('b.vdi'), variant: 'Fixed' })).toMatchObject({ state: 'cancelled', result: null, problem: null });
    expect(await readdir(folder)).toEqual(['a.vdi']);
    expect((await readFile(at('a.vdi'))).equals(before)).toBe(true);
    expect(await readLocks(at('a.vdi'))).toEqual([]);
    expect((await home.ask('GET', url('b.vdi'))).status).toBe(404);
    await home.get('DELETE', `${url('a.vdi')}?delete=true`);
  });

  test('a resize that is cancelled leaves the disk as it was, and may be done again', async () => {
    await home.get('POST', '/media', { type: 'hdd', path: at('f.vdi'), sizeBytes: 4 * MiB, variant: 'Fixed' });
    const before = (await stat(at('f.vdi'))).size;
    expect(await cancelled('f.vdi', '/resize', { sizeBytes: 2048 * MiB })).toMatchObject({ state: 'cancelled', result: null });
    expect(await readdir(folder)).toEqual(['f.vdi']);
    expect((await stat(at('f.vdi'))).size).toBe(before);
    expect(await home.get('GET', url('f.vdi'))).toMatchObject({ sizeBytes: 4 * MiB, accessible: true });
    const events = await home.events();
    const { id } = await home.get<Job>('POST', url('f.vdi', '/resize'), { sizeBytes: 8 * MiB });
    for (let job: Job; (job = ((await events.next({ type: 'job' })) as { job: Job }).job).id !== id || job.state === 'running'; );
    events.close();
    expect(await home.get('GET', url('f.vdi'))).toMatchObject({ sizeBytes: 8 * MiB });
    await home.get('DELETE', `${url('f.vdi')}?delete=true`);
  });

  test('what an API that died left is removed by the next one; what somebody else put there is not', async () => {
    await home.stop();
    const draft = 'd.vdi.draft-01234567-89ab-4def-8123-456789abcdef';
    await writeFile(at(draft), 'half an image');
    await writeFile(at('other.vdi.draft-01234567-89ab-4def-8123-456789abcdef'), 'of somebody else');
    const [whole, foreign, registered] = ['whole.vdi', 'foreign.vdi', 'registered.vdi'];
    const image = await createVdi(at(whole), { size: MiB });
    await createVdi(at(foreign), { size: MiB });
    await createRaw(at('raw.img'), { size: MiB });
    const known = await createVdi(at(registered), { size: MiB });
    const database = await Database.open(join(home.folder, 'belvedere.db'));
    const note = (path: string, uuid: string | null): Promise<unknown> => database.transaction((manager) => manager.insert(FileWorkRow, { id: path, path: at(path), image: uuid }));
    for (const [path, uuid] of [['d.vdi', image], [whole, image], [foreign, image], ['raw.img', null], [registered, known], ['no/folder.vdi', null]] as const) await note(path, uuid);
    await database.transaction((manager) => manager.insert(MediumRow, { uuid: known, type: 'hdd', path: at(registered), format: 'VDI', variant: 'Standard', sizeBytes: MiB, parent: null, description: '' }));
    await database.onApplicationShutdown();
    await home.start();
    await home.stop();
    expect((await readdir(folder)).sort()).toEqual([foreign, 'other.vdi.draft-01234567-89ab-4def-8123-456789abcdef', 'raw.img', registered].sort());
    const after = await Database.open(join(home.folder, 'belvedere.db'));
    expect(await after.read((manager) => manager.count(FileWorkRow))).toBe(0);
    await after.onApplicationShutdown();
    await home.start();
  });

  test('what is being made is noted, and no longer when it is made or refused', async () => {
    const made = await home.get<Medium>('POST', '/media', { type: 'hdd', path: at('n.vdi'), sizeBytes: MiB });
    expect((await readImageInfo(at('n.vdi'))).uuid).toBe(made.uuid);
    expect((await home.ask('POST', '/media', { body: { type: 'hdd', path: at('raw.img'), sizeBytes: MiB, format: 'RAW' } })).body.message).toContain('already exists');
    await home.stop();
    await home.start();
    expect(await home.get('GET', url('n.vdi'))).toMatchObject({ uuid: made.uuid, accessible: true });
    expect((await stat(at('raw.img'))).size).toBe(MiB);
  });
});
