// The mirror for unattended installations: which packages it takes, that a repacked package is the same package, and what it serves to whom.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { closure, parsePackages } from '../debian-mirror/packages.mjs';
import { repack } from '../debian-mirror/repack.mjs';
import { MIRROR_DIRECTORY, serveMirror } from './mirror.js';

let folder: string;
beforeAll(async () => void (folder = await mkdtemp(join(tmpdir(), 'belvedere-mirror-'))));
afterAll(() => rm(folder, { recursive: true }));

const paragraph = (name: string, more = ''): string => `Package: ${name}\nVersion: 1\nFilename: pool/${name}.deb\nSize: 1\nSHA256: 00\n${more}`;
const chosen = (index: string[], ...wanted: string[]): string[] => closure(parsePackages(index.join('\n\n')), wanted).map(({ name }) => name);

test('an index is read field by field, with lines that go on', () => {
  const [first, second, ...others] = parsePackages(`${paragraph('a', 'Depends: b,\n c (>= 2)\n')}\n${paragraph('b')}\n\n`);
  expect(others).toEqual([]);
  expect(first!.fields.get('Depends')).toBe('b,\n c (>= 2)');
  expect([second!.name, second!.filename, second!.size]).toEqual(['b', 'pool/b.deb', 1]);
  expect(() => parsePackages('Package: a\nVersion: 1')).toThrow('the package a has no field Filename in its index');
});

test('a choice brings what it needs in turn: versions and architectures aside, circles too, and of alternatives the one that is there', () => {
  const index = [
    paragraph('a', 'Pre-Depends: b (>= 2)\nDepends: c:any | d, virtual [i386]'), paragraph('b', 'Depends: a'), paragraph('d'), paragraph('e'),
    paragraph('first', 'Provides: virtual (= 1)'), paragraph('second', 'Provides: other, virtual'),
  ];
  expect(chosen(index, 'a')).toEqual(['a', 'b', 'd', 'first']);
  expect(chosen(index, 'a', 'second')).toEqual(['a', 'b', 'd', 'second']);
  expect(chosen(index, 'e')).toEqual(['e']);
  expect(() => chosen(index, 'none')).toThrow('the archive has no package none, which is asked for');
  expect(() => chosen([paragraph('a', 'Depends: x | y')], 'a')).toThrow('the archive has no package x, which a needs');
});

const hasDpkg = spawnSync('dpkg-deb', ['--version']).status === 0;
if (!hasDpkg) process.stderr.write('skipped: packages under another compression: dpkg-deb is not installed (Debian: dpkg)\n');

(hasDpkg ? test : test.skip)('a package under another compression is the same to dpkg', async () => {
  const root = join(folder, 'package');
  await mkdir(join(root, 'DEBIAN'), { recursive: true });
  await writeFile(join(root, 'DEBIAN', 'control'), 'Package: a\nVersion: 1\nArchitecture: all\nMaintainer: nobody\nDescription: a test\n');
  await writeFile(join(root, 'file'), 'x'.repeat(1001), { mode: 0o755 });
  const [before, after] = [join(folder, 'before.deb'), join(folder, 'after.deb')];
  const dpkg = (...args: string[]): string => {
    const { status, stdout, stderr } = spawnSync('dpkg-deb', args, { encoding: 'latin1' });
    if (status !== 0) throw new Error(stderr);
    return stdout;
  };
  dpkg('--root-owner-group', '-Zxz', '--build', root, before);
  const { size, sha256 } = await repack(before, after);
  const bytes = await readFile(after);
  expect([bytes.length, createHash('sha256').update(bytes).digest('hex')]).toEqual([size, sha256]);
  for (const what of ['--field', '--contents', '--fsys-tarfile', '--ctrl-tarfile']) expect(dpkg(what, after)).toBe(dpkg(what, before));
  await expect(repack(root, after)).rejects.toThrow('ended with 2');
});

test('a mirror sends files of its folder and nothing else, and tells which', async () => {
  await mkdir(join(folder, 'served', 'pool'), { recursive: true });
  await writeFile(join(folder, 'served', 'pool', 'a+b.deb'), 'content');
  await writeFile(join(folder, 'secret'), 'secret');
  const mirror = await serveMirror(join(folder, 'served'), '127.0.0.1');
  const told: string[] = [];
  mirror.onSent((path) => void told.push(path));
  // Not by fetch, which would tidy up paths by itself.
  const ask = (path: string, method = 'GET'): Promise<[number, string]> =>
    new Promise((resolve, reject) => {
      request({ host: '127.0.0.1', port: mirror.port, path, method }, (response) => {
        let body = '';
        response.on('data', (piece) => void (body += String(piece))).on('end', () => resolve([response.statusCode!, body]));
      }).on('error', reject).end();
    });
  try {
    expect(await ask(`${MIRROR_DIRECTORY}/pool/a%2bb.deb`)).toEqual([200, 'content']);
    expect(await ask(`${MIRROR_DIRECTORY}/pool/a+b.deb`, 'HEAD')).toEqual([200, '']);
    for (const path of ['/pool/a+b.deb', `${MIRROR_DIRECTORY}/pool`, `${MIRROR_DIRECTORY}/none`, `${MIRROR_DIRECTORY}/../secret`, `${MIRROR_DIRECTORY}/%2e%2e/secret`, `${MIRROR_DIRECTORY}/%zz`, `${MIRROR_DIRECTORY}/a%00`]) {
      expect(await ask(path)).toEqual([404, '']);
    }
    expect(await ask(`${MIRROR_DIRECTORY}/pool/a+b.deb`, 'PUT')).toEqual([404, '']);
    expect(told).toEqual(['/pool/a+b.deb', '/pool/a+b.deb']);
    expect(mirror.sent).toEqual(told);
  } finally {
    await mirror.close();
  }
});
