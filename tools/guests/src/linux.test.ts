// The small Linux guest's image: the archive that Linux unpacks, and what the set-up put into it. That it boots, the acceptance tests show.
import { gunzipSync } from 'node:zlib';
import { expect, test } from '@jest/globals';
import { readImageFile } from '../iso/iso9660.mjs';
import { cpio, FILE, FOLDER } from '../linux/cpio.mjs';
import { linuxIso } from './images.js';

/** The entries of a newc archive, read by its description alone. */
function unpack(archive: Buffer): Map<string, { mode: number; data: Buffer }> {
  const entries = new Map<string, { mode: number; data: Buffer }>();
  const rounded = (offset: number): number => (offset + 3) & ~3;
  for (let at = 0; ; ) {
    expect(archive.toString('latin1', at, at + 6)).toBe('070701');
    const field = (index: number): number => parseInt(archive.toString('latin1', at + 6 + 8 * index, at + 14 + 8 * index), 16);
    const name = archive.toString('utf8', at + 110, at + 110 + field(11) - 1);
    if (name === 'TRAILER!!!') return entries;
    const start = rounded(at + 110 + field(11));
    entries.set(name, { mode: field(1), data: archive.subarray(start, start + field(6)) });
    at = rounded(start + field(6));
  }
}

test('an archive holds what was put into it, each thing once', () => {
  const entries = [{ name: 'etc', mode: FOLDER }, ...[0, 1, 2, 3, 4, 5].map((length) => ({ name: `etc/${'x'.repeat(length + 1)}`, mode: FILE, data: Buffer.alloc(length, 0x61) }))];
  const archive = cpio(entries);
  expect([...unpack(archive)]).toEqual(entries.map(({ name, mode, ...rest }) => [name, { mode, data: 'data' in rest ? rest.data : Buffer.alloc(0) }]));
  expect(cpio(entries).equals(archive)).toBe(true);
  expect(() => cpio([entries[0]!, entries[0]!])).toThrow('etc is twice in the archive');
});

const iso = linuxIso();
if (iso === undefined) process.stderr.write("skipped: the small Linux guest, which npm run setup builds where Debian's packages can be had\n");

(iso === undefined ? test.skip : test)('the image has a kernel, and a root file system whose secrets are private', () => {
  // Linux' boot protocol: "HdrS" at 0x202 of its setup
  expect(readImageFile(iso!, 'LINUX.IMG').toString('latin1', 0x202, 0x206)).toBe('HdrS');
  const root = unpack(gunzipSync(readImageFile(iso!, 'INITRD.GZ')));
  expect(root.get('init')!.mode & 0o777).toBe(0o755);
  expect(root.get('etc/shadow')!.mode & 0o777).toBe(0o600);
  expect(root.get('etc/shadow')!.data.toString()).toMatch(/^locked:!\$6\$belvedere\$/m);
  for (const program of ['bin/busybox', 'usr/sbin/qemu-ga', 'sbin/unix_chkpwd']) expect(root.get(program)!.data.toString('latin1', 0, 4)).toBe('\x7fELF');
  expect(() => readImageFile(iso!, 'NONE')).toThrow('has no file NONE');
});
