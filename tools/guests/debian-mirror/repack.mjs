// A Debian package with the same content under a quicker compression: gzip for xz, which costs an emulated processor several times as much. deb(5), ar(5).
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { SetupError } from '../../setup/progress.mjs';

const compress = promisify(gzip);
const HEADER = 60;

/**
 * Writes the package anew.
 * @param {string} from
 * @param {string} to
 * @returns {Promise<{ size: number, md5: string, sha256: string }>} of the new file
 */
export async function repack(from, to) {
  const control = await compress(await tarOf('--ctrl-tarfile', from), { level: 1 });
  const data = await compress(await tarOf('--fsys-tarfile', from), { level: 1 });
  const bytes = Buffer.concat([Buffer.from('!<arch>\n'), ...member('debian-binary', Buffer.from('2.0\n')), ...member('control.tar.gz', control), ...member('data.tar.gz', data)]);
  writeFileSync(to, bytes);
  const sum = (/** @type {string} */ algorithm) => createHash(algorithm).update(bytes).digest('hex');
  return { size: bytes.length, md5: sum('md5'), sha256: sum('sha256') };
}

/** A member of an ar archive, of root's, at time 0. @param {string} name @param {Buffer} data */
function member(name, data) {
  const header = Buffer.alloc(HEADER, ' ');
  for (const [text, at] of /** @type {const} */ ([[name, 0], ['0', 16], ['0', 28], ['0', 34], ['100644', 40], [String(data.length), 48], ['`\n', 58]])) header.write(text, at, 'latin1');
  return [header, data, Buffer.alloc(data.length & 1, '\n')];
}

/** @param {'--ctrl-tarfile' | '--fsys-tarfile'} which @param {string} file @returns {Promise<Buffer>} */
function tarOf(which, file) {
  return new Promise((resolve, reject) => {
    const child = spawn('dpkg-deb', [which, file], { stdio: ['ignore', 'pipe', 'inherit'] });
    /** @type {Buffer[]} */
    const pieces = [];
    child.stdout.on('data', (piece) => void pieces.push(piece));
    child.once('error', reject);
    child.once('close', (code) => (code === 0 ? resolve(Buffer.concat(pieces)) : reject(new SetupError(`dpkg-deb ${which} ${file} ended with ${code}`))));
  });
}
