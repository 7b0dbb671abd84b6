/** Long work on images, over the socket. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { openImage } from '@belvedere/disk';
import { mkdir, readFile, rename, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Job } from '../jobs/job.dto.js';
import type { Machine } from '../machines/machine.dto.js';
import { type Answer, TestHome } from '../test/home.js';
import type { Medium } from './medium.dto.js';

const MiB = 1 << 20;

describe('work on images', () => {
  let home: TestHome;
  const at = (name: string): string => join(home.folder, name);
  const url = (name: string, action = ''): string => `/media/${encodeURIComponent(at(name))}${action}`;
  beforeAll(async () => {
    home = await TestHome.make();
  });
  afterAll(() => home.remove());

  const create = (name: string, size = 4 * MiB): Promise<Medium> => home.get<Medium>('POST', '/media', { type: 'hdd', path: at(name), sizeBytes: size });

  /** Begins a job and waits for its end. */
  async function done(name: string, action: string, body?: object): Promise<Job> {
    const events = await home.events();
    const job = await home.get<Job>('POST', url(name, action), body);
    for (;;) {
      const { job: told } = (await events.next({ type: 'job' })) as { job: Job };
      if (told.id !== job.id || told.state === 'running') continue;
      events.close();
      expect(await home.get('GET', `/jobs/${job.id}`)).toEqual(told);
      return told;
    }
  }
  const refused = async (name: string, action: string, body: object | undefined, code: string, message: string): Promise<void> => {
    const { body: problem }: Answer = await home.ask(action === '' ? 'PATCH' : 'POST', url(name, action), { body });
    expect(problem).toMatchObject({ code, message: expect.stringContaining(message) });
  };

  const content = async (path: string, parents: readonly Medium[] = []): Promise<Buffer> => {
    const image = await openImage(at(path), { readOnly: true, resolveParent: (uuid) => parents.find((parent) => parent.uuid === uuid)?.path });
    const bytes = Buffer.from(await image.read(0, image.size));
    await image.close();
    return bytes;
  };
  const fill = async (name: string, block: number, value: number, parents: readonly Medium[] = []): Promise<void> => {
    const image = await openImage(at(name), { resolveParent: (uuid) => parents.find((parent) => parent.uuid === uuid)?.path });
    await image.write(block * MiB + 512, Buffer.alloc(MiB, value));
    await image.close();
  };

  test('a disk is cloned into every format, from every format, under a UUID of its own', async () => {
    const base = await create('k.vdi');
    await fill('k.vdi', 0, 3);
    await home.get<Medium>('POST', '/media', { type: 'hdd', path: at('kc.vdi'), parent: base.uuid });
    await fill('kc.vdi', 2, 5, [base]);
    const whole = await content('kc.vdi', [base]);
    let source = 'kc.vdi';
    for (const [format, variant, file] of [
      ['VDI', 'Fixed', 'k1.vdi'],
      ['VMDK', 'Standard', 'k2.vmdk'],
      ['VHD', 'Fixed', 'k3.vhd'],
      ['VMDK', 'standard,Stream', 'k4.vmdk'],
      ['VHD', 'Standard', 'k5.vhd'],
      ['RAW', 'Standard', 'k6.img'],
      ['vdi', undefined, 'k7.vdi'],
      [undefined, undefined, 'k8.vdi'],
    ] as const) {
      const job = await done(source, '/clone', { path: at(file), ...(format && { format }), ...(variant && { variant }) });
      expect(job).toMatchObject({ kind: 'clone', state: 'done', subject: at(source) });
      const medium = await home.get<Medium>('GET', `/media/${job.result}`);
      expect(medium).toMatchObject({ path: at(file), format: (format ?? 'VDI').toUpperCase(), variant: variant?.split(',').at(-1) ?? 'Standard', parentUuid: null, accessible: true });
      expect((await content(file)).subarray(0, whole.length).equals(whole)).toBe(true);
      source = file;
    }
    expect(new Set((await home.get<Medium[]>('GET', '/media?type=hdd')).map(({ uuid }) => uuid)).size).toBe(10);

    await refused('k.vdi', '/clone', { path: at('x.qcow2'), format: 'QCOW' }, 'VBOX_E_NOT_SUPPORTED', "format 'QCOW' is not supported: use VDI, VMDK, VHD, RAW");
    await refused('k.vdi', '/clone', { path: at('x.vmdk'), format: 'VMDK', variant: 'Fixed' }, 'VBOX_E_NOT_SUPPORTED', "variant 'Fixed' is not supported for VMDK: use Standard or Stream");
    await refused('k.vdi', '/clone', { path: at('k1.vdi') }, 'VBOX_E_OBJECT_IN_USE', 'is registered already');
    await writeFile(at('k.txt'), 'mine');
    expect(await done('k.vdi', '/clone', { path: at('k.txt') })).toMatchObject({ state: 'failed', problem: { code: 'VBOX_E_FILE_ERROR', message: expect.stringContaining('already exists') } });
    expect(await readFile(at('k.txt'), 'utf8')).toBe('mine');
  });

  test('what machines only read is not attached, and carries a differencing image', async () => {
    await create('v.vdi');
    await done('v.vdi', '/clone', { path: at('v.vmdk'), format: 'VMDK', variant: 'Stream' });
    await home.machine('v');
    await home.get('POST', '/machines/v/storage-controllers', { name: 'IDE', bus: 'ide' });
    const put = (medium: string): Promise<Answer> => home.ask('PUT', '/machines/v/storage-controllers/IDE/attachments', { body: { port: 0, device: 0, type: 'hdd', medium } });
    expect((await put(at('v.vmdk'))).body).toMatchObject({ code: 'VBOX_E_NOT_SUPPORTED', message: expect.stringContaining('createmedium --diffparent') });
    await home.get('POST', '/media', { type: 'hdd', path: at('vd.vdi'), parent: at('v.vmdk') });
    expect((await put(at('vd.vdi'))).status).toBe(200);
    expect((await home.ask('POST', '/media', { body: { type: 'hdd', path: at('n.vmdk'), sizeBytes: MiB, format: 'VMDK' } })).body).toMatchObject({ code: 'VBOX_E_NOT_SUPPORTED', message: expect.stringContaining('make a VDI') });
    await home.get('DELETE', '/machines/v');
  });

  test('a disk is cloned into one that is there, as far as it fits', async () => {
    await create('from.vdi', 2 * MiB);
    const into = await create('into.vdi', 4 * MiB);
    await fill('from.vdi', 0, 1);
    await fill('into.vdi', 0, 2);
    await fill('into.vdi', 2, 2);
    const [from, before] = [await content('from.vdi'), await content('into.vdi')];
    expect(await done('from.vdi', '/clone', { path: at('into.vdi'), existing: true })).toMatchObject({ state: 'done', result: into.uuid });
    expect((await content('into.vdi')).equals(Buffer.concat([from, before.subarray(2 * MiB)]))).toBe(true);
    await refused('from.vdi', '/clone', { path: at('from.vdi'), existing: true }, 'E_INVALIDARG', 'onto itself');
    await refused('from.vdi', '/clone', { path: at('absent.vdi'), existing: true }, 'VBOX_E_FILE_ERROR', 'no such file');
  });

  test('raw disks and floppies are made too', async () => {
    expect(await home.get('POST', '/media', { type: 'hdd', path: at('raw.img'), sizeBytes: MiB, format: 'raw', variant: 'Fixed' })).toMatchObject({ format: 'RAW', variant: 'Fixed', sizeBytes: MiB });
    expect((await stat(at('raw.img'))).size).toBe(MiB);
    expect(await home.get('POST', '/media', { type: 'floppy', path: at('a.img'), sizeBytes: 1474560 })).toMatchObject({ type: 'floppy', format: 'RAW', sizeBytes: 1474560 });
    expect((await home.ask('POST', '/media', { body: { type: 'floppy', path: at('b.img'), sizeBytes: 1000000 } })).body.message).toContain("no floppy's size");
    expect((await home.ask('POST', '/media', { body: { type: 'floppy', path: at('b.img'), sizeBytes: 1474560, format: 'VDI' } })).body.message).toContain('of format RAW');
  });

  test('a disk is made larger, and never smaller', async () => {
    const { uuid } = await create('r.vdi');
    expect(await done('r.vdi', '/resize', { sizeBytes: 8 * MiB })).toMatchObject({ kind: 'resize', subject: at('r.vdi'), state: 'done', percent: 100, result: uuid });
    expect(await home.get('GET', `/media/${uuid}`)).toMatchObject({ sizeBytes: 8 * MiB });
    await refused('r.vdi', '/resize', { sizeBytes: 4 * MiB }, 'VBOX_E_NOT_SUPPORTED', 'cannot be made smaller');
    await refused('r.vdi', '/resize', { sizeBytes: 8 * MiB + 1 }, 'E_INVALIDARG', '512-byte sectors');
    await refused('none.vdi', '/resize', { sizeBytes: 8 * MiB }, 'VBOX_E_FILE_ERROR', 'no such file');
  });

  test('a disk gives back the room of what is zero in it', async () => {
    await create('c.vdi', 16 * MiB);
    const image = await openImage(at('c.vdi'));
    for (let block = 0; block < 8; block++) await image.write(block * MiB, Buffer.alloc(MiB, 7));
    for (let block = 0; block < 7; block++) await image.write(block * MiB, Buffer.alloc(MiB));
    await image.close();
    const before = (await stat(at('c.vdi'))).size;
    expect(await done('c.vdi', '/compact')).toMatchObject({ state: 'done' });
    expect((await stat(at('c.vdi'))).size).toBeLessThanOrEqual(before - 7 * MiB);
  });

  test('one that somebody has open is refused with who it is, and one in a machine that runs too', async () => {
    await create('o.vdi');
    const image = await openImage(at('o.vdi'), { owner: 'a test' });
    expect((await home.get('GET', url('o.vdi', '/locks')))[0]).toMatchObject({ owner: 'a test', mode: 'write', pid: process.pid, life: 'alive' });
    expect(await done('o.vdi', '/compact')).toMatchObject({ state: 'failed', problem: { code: 'VBOX_E_OBJECT_IN_USE', message: expect.stringContaining('open for writing by a test') } });
    await refused('o.vdi', '/unlock', undefined, 'VBOX_E_OBJECT_IN_USE', 'that process lives on this host');
    await image.close();
    await writeFile(at('o.vdi.lock-7'), JSON.stringify({ owner: 'machine "far"', mode: 'write', pid: 4711, startTime: '', host: 'far/away', boot: 'another', pidSpace: '' }));
    expect(await home.get('POST', url('o.vdi', '/unlock'))).toMatchObject([{ owner: 'machine "far"', host: 'far', life: 'unknown' }]);
    expect(await home.get('GET', url('o.vdi', '/locks'))).toEqual([]);

    await home.machine('on');
    await home.get('POST', '/machines/on/storage-controllers', { name: 'IDE', bus: 'ide' });
    await home.get('PUT', '/machines/on/storage-controllers/IDE/attachments', { port: 0, device: 0, type: 'hdd', medium: at('o.vdi') });
    await home.get('POST', '/machines/on/start');
    for (const [action, body] of [['/resize', { sizeBytes: 8 * MiB }], ['/compact', undefined], ['/move', { path: at('p.vdi') }]] as const) await refused('o.vdi', action, body, 'VBOX_E_INVALID_OBJECT_STATE', "in use by machine 'on', which is running");
    await home.get('POST', '/machines/on/power-off');
  });

  test('an image moves, and the machines that have it follow', async () => {
    const { uuid } = await create('m.vdi');
    const child = await home.get<Medium>('POST', '/media', { type: 'hdd', path: at('mc.vdi'), parent: uuid });
    await home.machine('m');
    await home.get('POST', '/machines/m/storage-controllers', { name: 'IDE', bus: 'ide' });
    await home.get('PUT', '/machines/m/storage-controllers/IDE/attachments', { port: 0, device: 0, type: 'hdd', medium: child.uuid });
    const { settingsFile } = await home.get<Machine>('GET', '/machines/m');
    await mkdir(at('sub'));
    expect(await done('m.vdi', '/move', { path: at('sub') })).toMatchObject({ state: 'done', result: uuid });
    expect(await home.get('GET', `/media/${uuid}`)).toMatchObject({ path: at('sub/m.vdi'), accessible: true });
    await expect(stat(at('m.vdi'))).rejects.toThrow('ENOENT');
    expect(await readFile(settingsFile, 'utf8')).toContain(`location="${at('sub/m.vdi')}"`);

    await writeFile(at('taken'), 'x');
    expect(await done('sub/m.vdi', '/move', { path: at('taken') })).toMatchObject({ state: 'failed', problem: { message: expect.stringContaining('already exists') } });
    expect(await readFile(at('taken'), 'utf8')).toBe('x');
    await refused('sub/m.vdi', '/move', { path: at('mc.vdi') }, 'VBOX_E_OBJECT_IN_USE', 'is registered already');
    expect(await home.get('GET', `/media/${uuid}`)).toMatchObject({ path: at('sub/m.vdi'), accessible: true });
  });

  test('what changed outside is noted, and what is no such change is refused', async () => {
    const { uuid } = await create('n.vdi');
    await create('other.vdi');
    await rename(at('n.vdi'), at('n2.vdi'));
    await refused('n.vdi', '', { location: at('nowhere.vdi') }, 'VBOX_E_FILE_ERROR', 'no such file');
    await refused('n.vdi', '', { location: at('other.vdi') }, 'VBOX_E_OBJECT_IN_USE', 'is registered already');
    await refused('n.vdi', '', { type: 'immutable' }, 'VBOX_E_NOT_SUPPORTED', "image type 'immutable' is not supported: every disk here is 'normal'");
    expect(await home.get('PATCH', url('n.vdi'), { location: at('n2.vdi'), description: 'what it is', type: 'normal' })).toMatchObject({ uuid, path: at('n2.vdi'), description: 'what it is', accessible: true });
  });
});
