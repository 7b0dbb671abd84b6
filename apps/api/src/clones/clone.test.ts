import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { openImage } from '@belvedere/disk';
import { access, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Job } from '../jobs/job.dto.js';
import type { Machine } from '../machines/machine.dto.js';
import type { Medium } from '../media/medium.dto.js';
import { TestHome } from '../test/home.js';

describe('copies of machines', () => {
  let home: TestHome;
  beforeAll(async () => {
    home = await TestHome.make();
    await home.machine('one');
    await home.get('POST', '/machines/one/storage-controllers', { name: 'IDE', bus: 'ide' });
    const path = join((await get('one')).folder, 'disk.vdi');
    await home.get('POST', '/media', { type: 'hdd', path, sizeBytes: 4 << 20 });
    await home.get('PUT', '/machines/one/storage-controllers/IDE/attachments', { port: 0, device: 0, type: 'hdd', medium: path });
    await write('one', 1);
    await home.get('POST', '/machines/one/snapshots', { name: 'first' });
    await write('one', 2);
  });
  afterAll(() => home.remove());

  const get = (name: string): Promise<Machine> => home.get<Machine>('GET', `/machines/${encodeURIComponent(name)}`);
  const diskOf = ({ storageControllers }: Machine): string => storageControllers[0]!.attachments[0]!.medium!.path;
  const there = (path: string): Promise<boolean> => access(path).then(() => true, () => false);

  async function withDisk<T>(name: string, readOnly: boolean, work: (image: Awaited<ReturnType<typeof openImage>>) => Promise<T>): Promise<T> {
    const known = new Map((await home.get<Medium[]>('GET', '/media?type=hdd')).map(({ uuid, path }) => [uuid, path]));
    const image = await openImage(diskOf(await get(name)), { readOnly, resolveParent: (uuid) => known.get(uuid) });
    try {
      return await work(image);
    } finally {
      await image.close();
    }
  }
  const write = (name: string, number: number): Promise<void> => withDisk(name, false, (image) => image.write(number * 512, new Uint8Array(512).fill(number)));
  const content = (name: string): Promise<number[]> => withDisk(name, true, async (image) => [...(await image.read(0, 8 * 512))].filter((byte, at) => at % 512 === 0 && byte !== 0));

  /** Begins a copy and waits for the job's end. */
  async function clone(body: object, source = 'one'): Promise<Job> {
    const events = await home.events();
    const { id } = await home.get<Job>('POST', `/machines/${source}/clone`, body);
    for (;;) {
      const { job } = (await events.next({ type: 'job' })) as unknown as { job: Job };
      if (job.id !== id || job.state === 'running') continue;
      events.close();
      return job;
    }
  }
  const refused = async (body: object): Promise<{ code: string; message: string }> => {
    const answer = await home.ask('POST', '/machines/one/clone', { body });
    expect(answer.status).toBeGreaterThanOrEqual(400);
    return answer.body;
  };

  test('a whole copy has a disk of its own, and addresses of its own unless it is to keep them', async () => {
    const job = await clone({ name: 'whole', register: true });
    expect(job).toMatchObject({ state: 'done', percent: 100 });
    const [source, copy] = [await get('one'), await get('whole')];
    expect(copy).toMatchObject({ uuid: job.result, memoryMiB: source.memoryMiB, snapshots: [] });
    expect(diskOf(copy)).toBe(join(copy.folder, 'whole-disk1.vdi'));
    expect(copy.adapters[0]!.mac).not.toBe(source.adapters[0]!.mac);
    expect(await content('whole')).toEqual([1, 2]);
    await write('whole', 3);
    expect(await content('one')).toEqual([1, 2]);

    await clone({ name: 'then', register: true, snapshot: 'first', keepMacs: true, keepDiskNames: true });
    expect(await content('then')).toEqual([1]);
    expect((await get('then')).adapters[0]!.mac).toBe(source.adapters[0]!.mac);
    expect(diskOf(await get('then'))).toBe(join((await get('then')).folder, 'disk.vdi'));
    for (const name of ['whole', 'then']) await home.get('DELETE', `/machines/${name}?delete=true`);
  });

  test('a linked copy hangs on the snapshot, which is kept for it', async () => {
    expect(await refused({ name: 'l', register: true, link: true })).toMatchObject({ code: 'E_INVALIDARG', message: expect.stringContaining('--snapshot') });
    await clone({ name: 'linked', register: true, link: true, snapshot: 'first' });
    expect(await content('linked')).toEqual([1]);
    await write('linked', 4);
    expect(await content('one')).toEqual([1, 2]);
    expect((await home.ask('DELETE', '/machines/one/snapshots/first')).body).toMatchObject({ code: 'VBOX_E_OBJECT_IN_USE', message: expect.stringContaining('linked clone') });
    await home.get('DELETE', '/machines/linked?delete=true');
    expect(await content('one')).toEqual([1, 2]);
  });

  test('what cannot be copied is refused, and leaves nothing', async () => {
    const { folder } = await get('one');
    expect(await refused({ name: 'one', register: true })).toMatchObject({ code: 'VBOX_E_FILE_ERROR' });
    expect(await refused({ name: 'x', register: true, mode: 'all', snapshot: 'first' })).toMatchObject({ code: 'E_INVALIDARG', message: expect.stringContaining('leave out --snapshot') });
    expect(await refused({ name: 'x', register: true, mode: 'all', link: true, snapshot: 'first' })).toMatchObject({ code: 'E_INVALIDARG', message: expect.stringContaining("leave out the mode 'all'") });
    expect(await refused({ name: 'x', register: true, mode: 'machineAndChildren', snapshot: 'none' })).toMatchObject({ code: 'VBOX_E_OBJECT_NOT_FOUND' });
    expect(await refused({ name: 'x', register: true, snapshot: 'none' })).toMatchObject({ code: 'VBOX_E_OBJECT_NOT_FOUND' });
    await home.get('POST', '/machines/one/start');
    expect(await refused({ name: 'x', register: true })).toMatchObject({ code: 'VBOX_E_INVALID_VM_STATE' });
    // A snapshot's disks are written by nobody.
    expect(await clone({ name: 'live', register: false, snapshot: 'first' })).toMatchObject({ state: 'done' });
    await home.get('POST', '/machines/one/power-off');
    const copies = join(folder, '..', 'live');
    expect((await readdir(copies)).sort()).toEqual(['live-disk1.vdi', 'live.vbox']);
    expect(await home.get('POST', '/machines/register', { settingsFile: join(copies, 'live.vbox') })).toMatchObject({ name: 'live', notices: [] });
    expect(await content('live')).toEqual([1]);
    expect(await there(join(folder, '..', 'x'))).toBe(false);
  });

  test('all of a machine, or a snapshot and what was taken after it, with their images and states', async () => {
    await home.machine('tree');
    await home.get('POST', '/machines/tree/storage-controllers', { name: 'IDE', bus: 'ide' });
    const path = join((await get('tree')).folder, 'disk.vdi');
    await home.get('POST', '/media', { type: 'hdd', path, sizeBytes: 4 << 20 });
    await home.get('PUT', '/machines/tree/storage-controllers/IDE/attachments', { port: 0, device: 0, type: 'hdd', medium: path });
    const take = (name: string): Promise<Machine> => home.get('POST', '/machines/tree/snapshots', { name });
    const restore = (machine: string, name: string): Promise<Machine> => home.get('POST', `/machines/${machine}/snapshots/${name}/restore`);
    // a, below it b and c; below c: d, taken while it runs, and the machine as it is now.
    await write('tree', 1);
    await take('a');
    await write('tree', 2);
    await take('b');
    await restore('tree', 'a');
    await withDisk('tree', false, (image) => image.write(0, new Uint8Array(1 << 20)));
    await write('tree', 3);
    await take('c');
    await home.get('POST', '/machines/tree/start');
    await take('d');
    await home.get('POST', '/machines/tree/power-off');
    await write('tree', 4);
    const contents = { a: [1], b: [1, 2], c: [3], d: [3] } as const;
    const shape = ({ snapshots }: Machine): string[] => snapshots.map(({ name, parentUuid, current, online }) => `${snapshots.find(({ uuid }) => uuid === parentUuid)?.name ?? ''}/${name}${online ? '+' : ''}${current ? '*' : ''}`);

    expect(await clone({ name: 'all', register: true, mode: 'all' }, 'tree')).toMatchObject({ state: 'done', percent: 100 });
    expect(await clone({ name: 'part', register: true, mode: 'machineAndChildren', snapshot: 'c' }, 'tree')).toMatchObject({ state: 'done' });
    expect(await clone({ name: 'side', register: false, mode: 'machineAndChildren', snapshot: 'b' }, 'tree')).toMatchObject({ state: 'done' });
    const source = await get('tree');
    expect(shape(await get('all'))).toEqual(shape(source));
    expect(shape(await get('part'))).toEqual(['/c', 'c/d+*']);
    expect(new Set([...source.snapshots, ...(await get('all')).snapshots].map(({ uuid }) => uuid)).size).toBe(8);
    expect(await content('all')).toEqual([3, 4]);
    expect(await content('part')).toEqual([3, 4]);

    // Nothing of the copies hangs on the source.
    await home.get('DELETE', '/machines/tree?delete=true');
    const { folder } = await get('all');
    const side = await home.get<Machine>('POST', '/machines/register', { settingsFile: join(folder, '..', 'side', 'side.vbox') });
    expect([shape(side), side.notices]).toEqual([['/b*'], []]);
    expect(await content('side')).toEqual([1, 2]);
    for (const [name, wanted] of Object.entries(contents)) {
      expect((await restore('all', name)).state).toBe(name === 'd' ? 'saved' : 'poweroff');
      expect(await content('all')).toEqual(wanted);
    }
    for (const name of ['all', 'part', 'side']) {
      await home.get('DELETE', `/machines/${name}?delete=true`);
      expect(await there(join(folder, '..', name))).toBe(false);
    }
  }, 60_000);
});
