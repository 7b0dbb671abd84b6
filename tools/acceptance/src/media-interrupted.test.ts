/** Long work on images that is interrupted: by Ctrl-C where it was typed, and by the death of the API. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { readLocks } from '@belvedere/disk';
import { until } from '@belvedere/viewers';
import { Home } from './home.js';

let home: Home;
beforeAll(() => void (home = new Home()));
afterAll(() => home.close(), 60_000);

const at = (name: string): string => join(home.folder, name);
const files = (): string[] => readdirSync(home.folder).sort();
const jobs = async (): Promise<readonly { state: string; percent: number }[]> => home.client.request('GET /jobs');

/** Types a line that begins a job, and interrupts it when the job has come on. */
async function interrupted(line: string): Promise<{ code: number | null; stderr: string }> {
  const [program, ...words] = line.split(' ');
  const child = spawn(program!, words, { cwd: home.folder, env: home.environment, stdio: ['ignore', 'ignore', 'pipe'] });
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const closed = once(child, 'close') as Promise<[number | null]>;
  await until('a job that comes on', async () => ((await jobs()).some(({ state, percent }) => state === 'running' && percent > 0) ? true : undefined), { timeout: 60_000 });
  child.kill('SIGINT');
  const [code] = await closed;
  return { code, stderr };
}

describe('work on images that is interrupted', () => {
  test('by Ctrl-C: it is called off, nothing is left, and the images are as they were, and free', async () => {
    await home.type('VBoxManage createhd --filename a.vdi --size 2000');
    await home.type('VBoxManage createhd --filename f.vdi --size 4 --variant Fixed');
    const before = await home.type('VBoxManage list hdds -l');
    for (const line of ['VBoxManage clonemedium a.vdi b.vdi --variant Fixed', 'VBoxManage modifymedium f.vdi --resize 2000']) {
      const { code, stderr } = await interrupted(line);
      expect([code, stderr]).toEqual([1, expect.stringMatching(/^0%.*FAILED\nVBoxManage: error: the work was cancelled, and nothing of it is left\n$/)]);
      expect(files()).toEqual(['a.vdi', 'f.vdi']);
      expect(await home.type('VBoxManage list hdds -l')).toBe(before);
      for (const name of files()) expect(await readLocks(at(name))).toEqual([]);
    }
  }, 180_000);

  test('by the death of the API: the next one removes what was half made', async () => {
    const { pid } = await home.status();
    const child = spawn('VBoxManage', ['clonemedium', 'a.vdi', 'b.vdi', '--variant', 'Fixed'], { cwd: home.folder, env: home.environment, stdio: 'ignore' });
    const closed = once(child, 'close') as Promise<[number | null]>;
    await until('a draft', () => (files().some((name) => /^b\.vdi\.draft-[0-9a-f-]{36}$/.test(name)) ? true : undefined), { timeout: 60_000 });
    process.kill(pid, 'SIGKILL');
    expect((await closed)[0]).toBe(1);
    await until('the end of the API', () => (home.processes().includes(pid) ? undefined : true), { timeout: 60_000 });
    expect(files().filter((name) => name.startsWith('b.vdi.draft-'))).toHaveLength(2);
    expect(await home.type('VBoxManage list hdds')).not.toContain('b.vdi');
    expect(files().filter((name) => name.startsWith('b.vdi'))).toEqual([]);
    await home.type('VBoxManage clonemedium a.vdi b.vdi');
    expect(files()).toEqual(['a.vdi', 'b.vdi', 'f.vdi']);
  }, 180_000);
});
