import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createVdi, openImage } from '@belvedere/disk';
import { randomUUID } from 'node:crypto';
import { access, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Database } from '../database/database.js';
import { SnapshotWorkRow } from '../database/rows.js';
import type { Machine } from '../machines/machine.dto.js';
import type { Medium } from '../media/medium.dto.js';
import { TestHome } from '../test/home.js';
import { newVrde } from '../vrde/settings.js';
import type { Branch, SnapshotPlan } from './plan.js';

describe('snapshots over the socket', () => {
  let home: TestHome;
  beforeAll(async () => void (home = await TestHome.make()));
  afterAll(() => home.remove());

  const url = (name: string): string => `/machines/${encodeURIComponent(name)}`;
  const get = (name: string): Promise<Machine> => home.get<Machine>('GET', url(name));
  const take = (name: string, snapshot: string, more: object = {}): Promise<Machine> => home.get<Machine>('POST', `${url(name)}/snapshots`, { name: snapshot, ...more });
  const restore = (name: string, snapshot: string): Promise<Machine> => home.get<Machine>('POST', `${url(name)}/snapshots/${encodeURIComponent(snapshot)}/restore`);
  const remove = (name: string, snapshot: string): Promise<Machine> => home.get<Machine>('DELETE', `${url(name)}/snapshots/${encodeURIComponent(snapshot)}`);
  const refused = async (method: string, path: string, body?: unknown): Promise<{ code: string; message: string }> => {
    const answer = await home.ask(method, path, { body });
    expect(answer.status).toBeGreaterThanOrEqual(400);
    return answer.body;
  };
  const files = async ({ folder }: Machine): Promise<string[]> => readdir(join(folder, 'Snapshots')).catch(() => []);
  const there = (path: string): Promise<boolean> => access(path).then(() => true, () => false);
  const diskOf = ({ storageControllers }: Machine): string => storageControllers[0]!.attachments[0]!.medium!.path;
  const tree = ({ snapshots }: Machine): string[] => snapshots.map(({ name, parentUuid, current }) => `${snapshots.find(({ uuid }) => uuid === parentUuid)?.name ?? ''}/${name}${current ? '*' : ''}`);

  /** A machine with one disk. */
  async function machineWithDisk(name: string): Promise<Machine> {
    await home.machine(name);
    await home.get('POST', `${url(name)}/storage-controllers`, { name: 'IDE', bus: 'ide' });
    const path = join((await get(name)).folder, 'disk.vdi');
    await home.get('POST', '/media', { type: 'hdd', path, sizeBytes: 4 << 20 });
    return home.get('PUT', `${url(name)}/storage-controllers/IDE/attachments`, { port: 0, device: 0, type: 'hdd', medium: path });
  }

  async function withDisk<T>(name: string, readOnly: boolean, work: (image: Awaited<ReturnType<typeof openImage>>) => Promise<T>): Promise<T> {
    const known = new Map((await home.get<Medium[]>('GET', '/media?type=hdd')).map(({ uuid, path }) => [uuid, path]));
    const image = await openImage(diskOf(await get(name)), { readOnly, resolveParent: (uuid) => known.get(uuid) });
    try {
      return await work(image);
    } finally {
      await image.close();
    }
  }
  /** Each number has a sector of its own, so that what came before shows too. */
  const write = (name: string, number: number): Promise<void> => withDisk(name, false, (image) => image.write(number * 512, new Uint8Array(512).fill(number)));
  const content = (name: string): Promise<number[]> => withDisk(name, true, async (image) => [...(await image.read(0, 64 * 512))].filter((byte, at) => at % 512 === 0 && byte !== 0));

  test('of a machine that is off: taken, restored with the settings of their time, edited, deleted', async () => {
    const made = await machineWithDisk('one');
    const base = diskOf(made);
    await write('one', 1);
    const taken = await take('one', 'first', { description: 'how it began' });
    expect(taken.snapshots).toMatchObject([{ name: 'first', description: 'how it began', parentUuid: null, online: false, current: true }]);
    expect(diskOf(taken)).toMatch(/\/Snapshots\/\{[0-9a-f-]{36}\}\.vdi$/);
    await write('one', 2);
    await home.get('PATCH', url('one'), { memoryMiB: 128 });
    await take('one', 'second');
    await write('one', 3);
    expect(await content('one')).toEqual([1, 2, 3]);
    expect(tree(await get('one'))).toEqual(['/first', 'first/second*']);
    expect(await home.get('GET', `${url('one')}/snapshots/first`)).toMatchObject({ memoryMiB: made.memoryMiB, storageControllers: [{ attachments: [{ medium: { path: base } }] }] });

    expect(await restore('one', 'first')).toMatchObject({ memoryMiB: made.memoryMiB, state: 'poweroff' });
    expect(await content('one')).toEqual([1]);
    await write('one', 4);
    await take('one', 'third');
    expect(tree(await get('one'))).toEqual(['/first', 'first/second', 'first/third*']);
    expect(await restore('one', 'second')).toMatchObject({ memoryMiB: 128 });
    expect(await content('one')).toEqual([1, 2]);
    await write('one', 5);
    expect(await home.get('POST', `${url('one')}/restore-current-snapshot`)).toMatchObject({ memoryMiB: 128 });
    expect(await content('one')).toEqual([1, 2]);

    // Two lines begin at the machine's own disk, which stays.
    expect(await refused('DELETE', `${url('one')}/snapshots/first`)).toMatchObject({ code: 'VBOX_E_OBJECT_IN_USE', message: expect.stringContaining('2 lines of snapshots') });
    await home.get('PATCH', `${url('one')}/snapshots/third`, { name: 'renamed', description: 'x' });
    await remove('one', 'renamed');
    expect(tree(await get('one'))).toEqual(['/first', 'first/second*']);
    await remove('one', 'first');
    expect(tree(await get('one'))).toEqual(['/second*']);
    expect(await content('one')).toEqual([1, 2]);
    await remove('one', 'second');
    const alone = await get('one');
    expect(alone.snapshots).toEqual([]);
    expect(diskOf(alone)).toBe(base);
    expect(await content('one')).toEqual([1, 2]);
    expect(await files(alone)).toEqual([]);
    expect((await home.get<Medium[]>('GET', '/media?type=hdd')).map(({ path }) => path)).toEqual([base]);
  });

  test('what a snapshot needs is kept from others, and goes with its machine', async () => {
    const made = await machineWithDisk('two');
    const base = diskOf(made);
    await take('two', 'a');
    const leaf = diskOf(await take('two', 'b'));
    await restore('two', 'a');
    // The disk of b has no child, but b.
    const frozen = (await home.get<Machine>('GET', `${url('two')}/snapshots/b`)).storageControllers[0]!.attachments[0]!.medium!.path;
    expect(frozen).not.toBe(leaf);
    expect(await refused('DELETE', `/media/${encodeURIComponent(frozen)}`)).toMatchObject({ code: 'VBOX_E_OBJECT_IN_USE', message: expect.stringContaining("snapshot 'b'") });
    await machineWithDisk('other');
    expect(await refused('PUT', `${url('other')}/storage-controllers/IDE/attachments`, { port: 0, device: 1, type: 'hdd', medium: frozen })).toMatchObject({ code: 'VBOX_E_OBJECT_IN_USE' });
    await home.get('DELETE', `${url('two')}?delete=true`);
    for (const path of [base, leaf, frozen, made.folder]) expect(await there(path)).toBe(false);
    expect((await home.get<Medium[]>('GET', '/media?type=hdd')).filter(({ path }) => path.startsWith(made.folder))).toEqual([]);
  });

  test('of a machine that runs, with its state; saved ones too', async () => {
    const made = await machineWithDisk('three');
    await write('three', 1);
    await home.get('POST', `${url('three')}/start`);
    const live = await take('three', 'live');
    expect(live).toMatchObject({ state: 'running', snapshots: [{ name: 'live', online: true, current: true }] });
    const { uuid } = live.snapshots[0]!;
    expect(await files(made)).toEqual(expect.arrayContaining([`${uuid}.sav`]));
    expect(await refused('POST', `${url('three')}/snapshots/live/restore`)).toMatchObject({ code: 'VBOX_E_INVALID_VM_STATE', message: expect.stringContaining('power it off') });
    // The machine's own disk is read by its process; what hangs on it can be merged by the process itself.
    expect(await refused('DELETE', `${url('three')}/snapshots/live`)).toMatchObject({ code: 'VBOX_E_INVALID_VM_STATE', message: expect.stringContaining('while machine') });
    await take('three', 'more');
    expect(tree(await remove('three', 'more'))).toEqual(['/live*']);
    await home.get('POST', `${url('three')}/power-off`);
    await write('three', 2);
    expect(await restore('three', 'live')).toMatchObject({ state: 'saved' });
    expect(await content('three')).toEqual([1]);
    await take('three', 'saved');
    await home.get('POST', `${url('three')}/start`);
    await home.get('POST', `${url('three')}/power-off`);
    // Its state is there as often as it is wanted.
    expect(await restore('three', 'live')).toMatchObject({ state: 'saved' });
    expect(await restore('three', 'saved')).toMatchObject({ state: 'saved' });
    await home.get('DELETE', `${url('three')}/saved-state`);
    await home.get('DELETE', `${url('three')}?delete=true`);
    expect(await there(join(made.folder, 'Snapshots'))).toBe(false);
  });

  test('that cannot be taken leaves all as it was', async () => {
    const made = await machineWithDisk('four:unsaved');
    await home.get('POST', `${url('four:unsaved')}/start`);
    expect(await refused('POST', `${url('four:unsaved')}/snapshots`, { name: 'x' })).toMatchObject({ message: expect.stringContaining('no space') });
    expect(await get('four:unsaved')).toMatchObject({ state: 'running', snapshots: [] });
    expect(diskOf(await get('four:unsaved'))).toBe(diskOf(made));
    await home.get('POST', `${url('four:unsaved')}/power-off`);
    expect(await refused('POST', `${url('four:unsaved')}/snapshots/none/restore`)).toMatchObject({ code: 'VBOX_E_OBJECT_NOT_FOUND' });
    expect(await refused('POST', `${url('four:unsaved')}/restore-current-snapshot`)).toMatchObject({ code: 'VBOX_E_OBJECT_NOT_FOUND' });
    expect(await refused('POST', `${url('four:unsaved')}/snapshots`, { name: ' ' })).toMatchObject({ code: 'E_INVALIDARG' });
  });

  test('a name may have to be unique', async () => {
    await home.machine('names');
    await take('names', 'n');
    await take('names', 'n', { uniqueName: 'number' });
    await take('names', 'n', { uniqueName: 'number' });
    expect(await refused('POST', `${url('names')}/snapshots`, { name: 'n', uniqueName: 'force' })).toMatchObject({ code: 'VBOX_E_OBJECT_IN_USE' });
    expect((await get('names')).snapshots.map(({ name }) => name)).toEqual(['n', 'n 2', 'n 3']);
  });

  test('a process that dies when it has branched is after its snapshot', async () => {
    const made = await machineWithDisk('five:killed');
    await write('five:killed', 1);
    await home.get('POST', `${url('five:killed')}/start`);
    const events = await home.events();
    await home.ask('POST', `${url('five:killed')}/snapshots`, { body: { name: 'x' } });
    await events.next({ type: 'machine', name: 'five:killed', state: 'aborted' });
    events.close();
    // The next that is done to its snapshots finishes what is left.
    const after = await home.get<Machine>('PATCH', `${url('five:killed')}/snapshots/x`, { description: 'kept' });
    expect(tree(after)).toEqual(['/x*']);
    expect(diskOf(after)).not.toBe(diskOf(made));
    expect(await content('five:killed')).toEqual([1]);
    expect(await readFile(made.settingsFile, 'utf8')).toContain('disk.vdi');
  });

  describe('work that an API left in the middle', () => {
    /** As the API would have it in its database when it was killed. */
    async function leave(machine: string, plan: (media: ReadonlyMap<string, string>) => SnapshotPlan | Promise<SnapshotPlan>): Promise<void> {
      const media = new Map((await home.get<Medium[]>('GET', '/media?type=hdd')).map(({ path, uuid }) => [path, uuid]));
      await home.stop();
      const database = await Database.open(join(home.folder, 'belvedere.db'));
      const made = await plan(media);
      await database.transaction((manager) => manager.insert(SnapshotWorkRow, { machine, plan: made }));
      await database.onApplicationShutdown();
      await home.start();
    }
    const branch = (made: Machine, media: ReadonlyMap<string, string>): Branch => {
      const child = randomUUID();
      return { controller: 'IDE', port: 0, device: 0, parent: media.get(diskOf(made))!, child, path: join(made.folder, 'Snapshots', `{${child}}.vdi`) };
    };
    const takePlan = async (made: Machine, media: ReadonlyMap<string, string>, branches: readonly Branch[]): Promise<SnapshotPlan> => {
      const { memoryMiB, vramMiB, cpus, monitorCount, acpi, rtcUseUtc, boot, adapters, serialPorts } = made;
      const settings = { osType: made.osType, description: '', extraData: {}, hardware: { memoryMiB, vramMiB, cpus, monitorCount, acpi, rtcUseUtc, boot, adapters, serialPorts } as never, vrde: newVrde, storageControllers: [{ name: 'IDE', bus: 'ide' as const, chipset: 'PIIX3', portCount: 2, bootable: true, attachments: [{ port: 0, device: 0, type: 'hdd' as const, medium: media.get(diskOf(made))! }] }] };
      return { kind: 'take', branches, stateFile: null, snapshot: { uuid: randomUUID(), machine: made.uuid, parent: null, name: 'left', description: '', takenAt: new Date().toISOString(), online: false, current: true, settings } };
    };

    test('a snapshot that was not branched from is not there', async () => {
      const made = await machineWithDisk('left1');
      await leave(made.uuid, async (media) => takePlan(made, media, [branch(made, media)]));
      expect(await get('left1')).toMatchObject({ snapshots: [], storageControllers: [{ attachments: [{ medium: { path: diskOf(made) } }] }] });
      expect(tree(await take('left1', 'next'))).toEqual(['/next*']);
    });

    test('one that was is', async () => {
      const made = await machineWithDisk('left2');
      await write('left2', 1);
      let path = '';
      await leave(made.uuid, async (media) => {
        const begun = branch(made, media);
        path = begun.path;
        await mkdir(join(made.folder, 'Snapshots'));
        await createVdi(begun.path, { uuid: begun.child, parent: { path: diskOf(made), uuid: begun.parent } });
        return takePlan(made, media, [begun]);
      });
      const after = await get('left2');
      expect(tree(after)).toEqual(['/left*']);
      expect(diskOf(after)).toBe(path);
      expect(await content('left2')).toEqual([1]);
    });

    test('a restore that was not done is not, and what it made is gone', async () => {
      const made = await machineWithDisk('left3');
      await write('left3', 1);
      const [snapshot] = (await take('left3', 'a')).snapshots;
      await write('left3', 2);
      let path = '';
      await leave(made.uuid, async (media) => {
        const begun = branch(made, media);
        path = begun.path;
        await createVdi(begun.path, { uuid: begun.child, parent: { path: diskOf(made), uuid: begun.parent } });
        return { kind: 'restore', snapshot: snapshot!.uuid, branches: [begun] };
      });
      expect(await there(path)).toBe(false);
      expect(await content('left3')).toEqual([1, 2]);
    });

    test('a deletion goes on, and files that are to go are gone', async () => {
      const made = await machineWithDisk('left4');
      await write('left4', 1);
      const [first] = (await take('left4', 'a')).snapshots;
      await write('left4', 2);
      const leaf = diskOf(await get('left4'));
      await leave(made.uuid, (media) => ({ kind: 'delete', snapshot: first!.uuid, merges: [{ how: 'up', medium: media.get(diskOf(made))!, child: media.get(leaf)! }] }));
      const after = await get('left4');
      expect(after.snapshots).toEqual([]);
      expect(diskOf(after)).toBe(diskOf(made));
      expect(await content('left4')).toEqual([1, 2]);
      expect(await there(leaf)).toBe(false);
      const file = join(made.folder, 'Snapshots', 'old.sav');
      await leave(made.uuid, async () => {
        await writeFile(file, 'x');
        return { kind: 'clean', files: [file] };
      });
      expect(await there(file)).toBe(false);
    });
  });

  test('a tree of twenty: half deleted, each restored with the content that it had', async () => {
    const name = 'tree';
    await machineWithDisk(name);
    const wanted = new Map<string, number[]>();
    let seed = 7;
    const random = (below: number): number => (seed = (seed * 1103515245 + 12345) & 0x7fffffff) % below;
    let now: number[] = [];
    for (let number = 1; number <= 20; number++) {
      if (wanted.size > 2 && random(3) === 0) {
        const [back, had] = [...wanted][random(wanted.size)]!;
        await restore(name, back);
        now = had;
      }
      await write(name, number);
      now = [...now, number];
      await take(name, `s${number}`);
      wanted.set(`s${number}`, now);
    }
    let deleted = 0;
    const candidates = [...wanted.keys()].sort(() => random(3) - 1);
    for (const snapshot of candidates) {
      if (deleted === 10) break;
      const answer = await home.ask('DELETE', `${url(name)}/snapshots/${snapshot}`);
      if (answer.status === 409) {
        expect(answer.body.message).toContain('lines of snapshots');
        continue;
      }
      expect(answer.status).toBe(200);
      wanted.delete(snapshot);
      deleted++;
    }
    expect(deleted).toBe(10);
    const before = await get(name);
    expect(before.snapshots).toHaveLength(10);
    // The settings file carries the tree: another registry has it, too.
    await home.get('DELETE', `${url(name)}?delete=false`);
    for (let media = await home.get<Medium[]>('GET', '/media'); media.some(({ path }) => path.startsWith(before.folder)); media = await home.get<Medium[]>('GET', '/media')) {
      const leaf = media.find(({ path, childUuids }) => path.startsWith(before.folder) && childUuids.length === 0)!;
      await home.get('DELETE', `/media/${leaf.uuid}`);
    }
    expect(await home.get('POST', '/machines/register', { settingsFile: before.settingsFile })).toMatchObject({ notices: before.notices, snapshots: before.snapshots });
    for (const [snapshot, had] of wanted) {
      await restore(name, snapshot);
      expect([snapshot, await content(name)]).toEqual([snapshot, had]);
    }
    // Nothing is left behind: an image for each snapshot but one at the machine's own disk, and one for now.
    const known = (await home.get<Medium[]>('GET', '/media?type=hdd')).filter(({ path }) => path.includes('/tree/Snapshots/'));
    expect(await files(await get(name))).toHaveLength(known.length);
  });
});
