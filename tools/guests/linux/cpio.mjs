// A writer of cpio archives as Linux unpacks them at boot: the "newc" format, magic 070701. Pure; the same input gives the same bytes.

/**
 * @typedef {object} Entry
 * @property {string} name its path, without a slash before it
 * @property {number} mode type and permissions, as in stat(2)
 * @property {Uint8Array} [data] a file's bytes, or where a symbolic link leads
 */

export const FOLDER = 0o40755;
export const PROGRAM = 0o100755;
export const FILE = 0o100644;
export const SECRET = 0o100600;

/**
 * An archive of these entries; a folder comes before what is in it. All belongs to root, at time 0.
 * @param {readonly Entry[]} entries
 * @returns {Buffer}
 */
export function cpio(entries) {
  const twice = entries.find(({ name }, index) => entries.findIndex((other) => other.name === name) !== index);
  if (twice) throw new Error(`${twice.name} is twice in the archive`);
  return Buffer.concat([...entries.flatMap((entry, index) => record(entry, index + 1)), ...record({ name: 'TRAILER!!!', mode: 0 }, 0)]);
}

/**
 * The entries of an archive.
 * @param {Buffer} archive
 * @returns {(Entry & { data: Buffer })[]}
 */
export function unpackCpio(archive) {
  const entries = [];
  for (let at = 0; ; ) {
    if (archive.toString('latin1', at, at + 6) !== '070701') throw new Error(`no cpio entry at byte ${at}`);
    const field = (/** @type {number} */ index) => parseInt(archive.toString('latin1', at + 6 + 8 * index, at + 14 + 8 * index), 16);
    const name = archive.toString('utf8', at + 110, at + 110 + field(11) - 1);
    if (name === 'TRAILER!!!') return entries;
    const start = rounded(at + 110 + field(11));
    entries.push({ name, mode: field(1), data: archive.subarray(start, start + field(6)) });
    at = rounded(start + field(6));
  }
}

/** @param {number} offset */
const rounded = (offset) => (offset + 3) & ~3;

/** @param {Entry} entry @param {number} inode @returns {Uint8Array[]} */
function record({ name, mode, data = new Uint8Array(0) }, inode) {
  const text = Buffer.from(`${name}\0`);
  // inode, mode, uid, gid, links, mtime, file size, device (2), device of a special file (2), length of the name, checksum
  const fields = [inode, mode, 0, 0, 1, 0, data.length, 0, 0, 0, 0, text.length, 0];
  const header = Buffer.from(`070701${fields.map((field) => field.toString(16).padStart(8, '0')).join('')}`);
  return [header, text, padding(header.length + text.length), data, padding(data.length)];
}

/** What is missing to a multiple of four bytes. @param {number} length */
const padding = (length) => new Uint8Array(-length & 3);
