/** Copies of machines and moves of images whose API died in the middle: the next one has them before or after. */
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { createRaw, createVdi, readImageInfo } from '@belvedere/disk';
import { copyFile, link, mkdir, readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Database } from '../database/database.js';
import { FilePlanRow, MachineStateRow } from '../database/rows.js';
import type { Job } from '../jobs/job.dto.js';
import type { Machine } from '../machines/machine.dto.js';
import { TestHome } from '../test/home.js';
import type { Medium } from './medium.dto.js';
import type { ClonePlan, FilePlan } from './plan.js';

jest.setTimeout(60_000); // for a busy host

const MiB = 1 << 20;
const newUuid = '01234567-89ab-4def-8123-456789abcdef';

describe('work on files whose API died', () => {
  let home: TestHome;
  let folder: string;
  const at = (name: string): string => join(folder, name);
  beforeAll(async () => {
    home = await TestHome.make();
    folder = join(home.folder, 'images');
    await mkdir(folder);
  });
  afterAll(() => home.remove());

  const machine = (name: string): Promise<Machine> => home.get<Machine>('GET', `/machines/${name}`);

  /** An API that died with this plan in the database, and with files as `files` leaves them; and the next one. */
  async function died(plan: FilePlan, files: () => Promise<unknown>, also: (database: Database) => Promise<unknown> = () => Promise.resolve()): Promise<void> {
    await home.stop();
    const database = await Database.open(join(home.folder, 'belvedere.db'));
    await database.transaction((manager) => manager.insert(FilePlanRow, { id: newUuid, plan }));
    await also(database);
    await database.onApplicationShutdown();
    await files();
    await home.start();
    await home.stop();
    const after = await Database.open(join(home.folder, 'belvedere.db'));
    expect(await after.read((manager) => manager.find(FilePlanRow))).toEqual([]);
    await after.onApplicationShutdown();
    await home.start();
  }

  async function cloned(source: string, body: object): Promise<void> {
    const events = await home.events();
    const { id } = await home.get<Job>('POST', `/machines/${source}/clone`, body);
    for (let job: Job; (job = ((await events.next({ type: 'job' })) as { job: Job }).job).id !== id || job.state === 'running'; );
    events.close();
  }

  describe('a move of an image', () => {
    async function image(name: string, on: string): Promise<{ medium: Medium; plan: FilePlan; settingsFile: string }> {
      const medium = await home.get<Medium>('POST', '/media', { type: 'hdd', path: at(name), sizeBytes: MiB });
      const { settingsFile } = await home.machine(on);
      await home.get('POST', `/machines/${on}/storage-controllers`, { name: 'IDE', bus: 'ide' });
      await home.get('PUT', `/machines/${on}/storage-controllers/IDE/attachments`, { port: 0, device: 0, type: 'hdd', medium: medium.uuid });
      return { medium, settingsFile, plan: { kind: 'move', medium: medium.uuid, from: at(name), to: at(`to-${name}`) } };
    }
    const pathOf = async ({ uuid }: Medium): Promise<unknown> => home.get('GET', `/media/${uuid}`);

    test('that had its new name, or its whole copy, and the old one still: it is at the old place', async () => {
      for (const [name, make] of [['linked.vdi', link], ['copied.vdi', copyFile]] as const) {
        const { medium, plan } = await image(name, `m-${name}`);
        await died(plan, async () => {
          await make(at(name), at(`to-${name}`));
          await writeFile(at(`to-${name}.draft-${newUuid}`), 'half an image');
        });
        expect(await pathOf(medium)).toMatchObject({ path: at(name), accessible: true });
        expect((await readdir(folder)).filter((file) => file.includes(name))).toEqual([name]);
      }
    });

    test('that had its new name alone: it is at the new place, for the registry and the settings file', async () => {
      const { medium, plan, settingsFile } = await image('gone.vdi', 'gone');
      await died(plan, () => rename(at('gone.vdi'), at('to-gone.vdi')));
      expect(await pathOf(medium)).toMatchObject({ path: at('to-gone.vdi'), accessible: true });
      expect(await readFile(settingsFile, 'utf8')).toContain(`location="${at('to-gone.vdi')}"`);
    });

    test('another image, and the image itself by another path, stay where they are', async () => {
      const { medium, plan } = await image('own.vdi', 'own');
      await died(plan, () => createVdi(at('to-own.vdi'), { size: MiB }));
      await died({ ...plan, to: join(folder, '..', 'images', 'own.vdi') } as FilePlan, () => Promise.resolve());
      const raw = await home.get<Medium>('POST', '/media', { type: 'hdd', path: at('raw.img'), sizeBytes: MiB, format: 'RAW' });
      await died({ kind: 'move', medium: raw.uuid, from: at('raw.img'), to: at('to-raw.img') }, () => createRaw(at('to-raw.img'), { size: MiB }));
      expect(await pathOf(medium)).toMatchObject({ path: at('own.vdi'), accessible: true });
      expect(await pathOf(raw)).toMatchObject({ path: at('raw.img'), accessible: true });
      expect((await readdir(folder)).filter((file) => /own|raw/.test(file)).sort()).toEqual(['own.vdi', 'raw.img', 'to-own.vdi', 'to-raw.img']);
    });
  });

  describe('a copy of a machine', () => {
    let source: Machine;
    beforeAll(async () => void (source = await home.machine('source')));
    const at = (copy: string, ...names: string[]): string => join(dirname(source.folder), copy, ...names);
    const plan = (copy: string, uuid: string, more: Partial<ClonePlan>): ClonePlan => ({ kind: 'clone', machine: uuid, settingsFile: at(copy, `${copy}.vbox`), registers: true, images: [], states: [], saved: null, ...more });

    test('that the registry does not know yet: nothing is left of it, and all that is not its own', async () => {
      const image = '11111111-2222-4333-8444-555555555555';
      const [disk, other, state] = [at('half', 'half-disk1.vdi'), at('half', 'other.vdi'), at('half', 'Snapshots', `${newUuid}.sav`)];
      const half = plan('half', newUuid, { images: [{ path: disk, image }, { path: other, image }], states: [state], saved: state });
      const begin = async (): Promise<void> => {
        await mkdir(at('half', 'Snapshots'), { recursive: true });
        await createVdi(disk, { uuid: image, size: MiB });
        await writeFile(`${other}.draft-${newUuid}`, 'half an image');
        await writeFile(state, 'half a state');
        await writeFile(at('half', 'half.vbox-123-4.tmp'), '<VirtualBox');
      };
      await died(half, begin);
      expect(await readdir(dirname(source.folder))).not.toContain('half');
      await died(half, async () => {
        await begin();
        await createVdi(other, { size: MiB });
      });
      expect(await readdir(at('half'))).toEqual(['other.vdi']);
    });

    test('that the registry knows: it gets its settings file and its state', async () => {
      await cloned('source', { name: 'whole', register: true, mode: 'all' });
      const { uuid, settingsFile } = await machine('whole');
      const saved = at('whole', 'Snapshots', `${uuid}.sav`);
      await died(
        plan('whole', uuid, { states: [saved], saved }),
        async () => {
          await rename(settingsFile, `${settingsFile}-123-4.tmp`);
          await mkdir(dirname(saved), { recursive: true });
          await writeFile(saved, 'a state');
        },
        (database) => database.transaction((manager) => manager.update(MachineStateRow, { machine: uuid }, { state: 'poweroff' })),
      );
      expect(await machine('whole')).toMatchObject({ state: 'saved' });
      expect(await readFile(settingsFile, 'utf8')).toContain(`{${uuid}}`);
      expect((await readdir(at('whole'))).sort()).toEqual(['Snapshots', 'whole.vbox']);
    });

    test('that is not to be registered, and has its settings file: it stays', async () => {
      await home.get('POST', '/media', { type: 'hdd', path: join(folder, 'kept.vdi'), sizeBytes: MiB });
      await home.machine('plain');
      await home.get('POST', '/machines/plain/storage-controllers', { name: 'IDE', bus: 'ide' });
      await home.get('PUT', '/machines/plain/storage-controllers/IDE/attachments', { port: 0, device: 0, type: 'hdd', medium: join(folder, 'kept.vdi') });
      await cloned('plain', { name: 'side', register: false });
      const uuid = /<Machine uuid="\{([0-9a-f-]+)\}"/.exec(await readFile(at('side', 'side.vbox'), 'utf8'))![1]!;
      const disk = at('side', 'side-disk1.vdi');
      await died(plan('side', uuid, { registers: false, images: [{ path: disk, image: (await readImageInfo(disk)).uuid! }] }), () => Promise.resolve());
      expect((await readdir(at('side'))).sort()).toEqual(['side-disk1.vdi', 'side.vbox']);
      expect(await home.get('POST', '/machines/register', { settingsFile: at('side', 'side.vbox') })).toMatchObject({ name: 'side', notices: [] });
    });
  });
});
