// A writer of small bootable ISO 9660 images (ECMA-119): one folder of files, and one of them booted by El Torito without emulation.
// Pure but for `writeImage` and `readImageFile`; the same input gives the same bytes.
import { closeSync, ftruncateSync, openSync, readSync, writeSync } from 'node:fs';

export const SECTOR = 2048;

/** Where things stand, in sectors: 16 volume descriptors, then both path tables, the root folder, the boot catalogue, the files. */
const PRIMARY = 16;
const BOOT_RECORD = 17;
const TERMINATOR = 18;
const PATH_TABLE_LITTLE = 19;
const PATH_TABLE_BIG = 20;
const ROOT = 21;
const CATALOGUE = 22;
const FIRST_FILE = 23;
/** Empty sectors at the end: who reads ahead would ask a drive for more than there is, and be refused all of it. */
const PADDING = 150;

/** All times in an image are this one: 1 January 2026, 00:00 UTC. */
const RECORD_TIME = [126, 1, 1, 0, 0, 0, 0];
const VOLUME_TIME = '2026010100000000';

/**
 * @typedef {object} IsoFile
 * @property {string} name 8.3, capitals: `INITRD.GZ`
 * @property {Uint8Array} data
 *
 * @typedef {object} IsoImage
 * @property {string} volume the volume's name, at most 32 capitals, digits and underscores
 * @property {readonly IsoFile[]} files in the order they are stored
 * @property {string} boot the name of the file that is booted
 * @property {number} [bootSectors] how many 512-byte sectors the firmware loads; the whole file unless given
 * @property {boolean} [bootInfoTable] whether bytes 8 to 63 of the booted file are told where it stands, as GRUB's loader wants
 */

/**
 * Writes an image to a file.
 * @param {string} path
 * @param {IsoImage} image
 */
export function writeImage(path, image) {
  const out = openSync(path, 'w');
  try {
    for (const { sector, data } of pieces(image)) {
      for (let at = 0; at < data.length; ) at += writeSync(out, data, at, data.length - at, sector * SECTOR + at);
    }
    ftruncateSync(out, imageSectors(image) * SECTOR);
  } finally {
    closeSync(out);
  }
}

/**
 * Reads one file of an image that `writeImage` made.
 * @param {string} path
 * @param {string} name as it was given then
 * @returns {Buffer}
 */
export function readImageFile(path, name) {
  const image = openSync(path, 'r');
  try {
    const read = (/** @type {number} */ sector, /** @type {number} */ length) => {
      const bytes = Buffer.alloc(length);
      if (readSync(image, bytes, 0, length, sector * SECTOR) !== length) throw new Error(`${path} ends before sector ${sector} and ${length} bytes`);
      return bytes;
    };
    const root = read(ROOT, SECTOR);
    const wanted = identifier(name);
    for (let at = 0; at < SECTOR && root[at] !== 0; at += root[at]) {
      if (root.toString('latin1', at + 33, at + 33 + root[at + 32]) === wanted) return read(root.readUInt32LE(at + 2), root.readUInt32LE(at + 10));
    }
    throw new Error(`${path} has no file ${name}`);
  } finally {
    closeSync(image);
  }
}

/** 7.5.1. @param {string} name */
const identifier = (name) => `${name.includes('.') ? name : `${name}.`};1`;

/** @param {IsoFile} file */
const sectorsOf = (file) => Math.ceil(file.data.length / SECTOR);

/** @param {IsoImage} image @returns {number} the image's length in sectors */
const imageSectors = (image) => image.files.reduce((total, file) => total + sectorsOf(file), FIRST_FILE + PADDING);

/**
 * Everything an image consists of.
 * @param {IsoImage} image
 * @returns {{ sector: number, data: Uint8Array }[]}
 */
function pieces(image) {
  let next = FIRST_FILE;
  const placed = image.files.map((file) => {
    if (!/^[A-Z0-9_]{1,8}(\.[A-Z0-9_]{1,3})?$/.test(file.name)) throw new Error(`${file.name} is no 8.3 name in capitals`);
    const sector = next;
    next += sectorsOf(file);
    return { ...file, sector };
  });
  const boot = placed.find((file) => file.name === image.boot);
  if (!boot) throw new Error(`${image.boot} is not among the files`);
  const files = placed.map((file) => ({ sector: file.sector, data: file === boot && image.bootInfoTable ? withInfoTable(file) : file.data }));
  return [
    { sector: PRIMARY, data: primaryDescriptor(image) },
    { sector: BOOT_RECORD, data: bootRecord() },
    { sector: TERMINATOR, data: Uint8Array.from([255, ...ascii('CD001'), 1]) },
    { sector: PATH_TABLE_LITTLE, data: pathTable(false) },
    { sector: PATH_TABLE_BIG, data: pathTable(true) },
    { sector: ROOT, data: rootFolder(placed) },
    { sector: CATALOGUE, data: bootCatalogue(boot.sector, image.bootSectors ?? Math.ceil(boot.data.length / 512)) },
    ...files,
  ];
}

/** @param {string} text */
const ascii = (text) => [...text].map((letter) => letter.charCodeAt(0));

/** A buffer in whose fields numbers are stored the ways ECMA-119 wants them. */
class Fields {
  /** @param {number} length */
  constructor(length) {
    this.bytes = Buffer.alloc(length);
  }
  /** @param {number} at @param {number} length @param {string} value padded with spaces */
  text(at, length, value) {
    this.bytes.write(value.padEnd(length, ' '), at, length, 'latin1');
  }
  /** 7.2.3: both byte orders. @param {number} at @param {number} value */
  both16(at, value) {
    this.bytes.writeUInt16LE(value, at);
    this.bytes.writeUInt16BE(value, at + 2);
  }
  /** 7.3.3: both byte orders. @param {number} at @param {number} value */
  both32(at, value) {
    this.bytes.writeUInt32LE(value, at);
    this.bytes.writeUInt32BE(value, at + 4);
  }
}

/** 8.4. @param {IsoImage} image */
function primaryDescriptor(image) {
  const fields = new Fields(SECTOR);
  fields.bytes.set([1, ...ascii('CD001'), 1]);
  fields.text(8, 32, '');
  fields.text(40, 32, image.volume);
  fields.both32(80, imageSectors(image));
  fields.both16(120, 1);
  fields.both16(124, 1);
  fields.both16(128, SECTOR);
  fields.both32(132, pathTable(false).length);
  fields.bytes.writeUInt32LE(PATH_TABLE_LITTLE, 140);
  fields.bytes.writeUInt32BE(PATH_TABLE_BIG, 148);
  fields.bytes.set(directoryRecord('\0', ROOT, SECTOR, true), 156);
  for (const [at, length] of [[190, 128], [318, 128], [446, 128], [574, 128], [702, 37], [739, 37], [776, 37]]) fields.text(at, length, '');
  for (const at of [813, 830]) fields.text(at, 16, VOLUME_TIME);
  for (const at of [847, 864]) fields.text(at, 16, '0'.repeat(16));
  fields.bytes[881] = 1;
  return fields.bytes;
}

/** 9.1. @param {string} name @param {number} sector @param {number} length bytes @param {boolean} folder */
function directoryRecord(name, sector, length, folder) {
  const size = 33 + name.length + (name.length % 2 === 0 ? 1 : 0);
  const fields = new Fields(size);
  fields.bytes[0] = size;
  fields.both32(2, sector);
  fields.both32(10, length);
  fields.bytes.set(RECORD_TIME, 18);
  fields.bytes[25] = folder ? 2 : 0;
  fields.both16(28, 1);
  fields.bytes[32] = name.length;
  fields.bytes.write(name, 33, 'latin1');
  return fields.bytes;
}

/** 9.4: the one folder there is. @param {boolean} big */
function pathTable(big) {
  const bytes = Buffer.alloc(10);
  bytes[0] = 1;
  if (big) bytes.writeUInt32BE(ROOT, 2);
  else bytes.writeUInt32LE(ROOT, 2);
  if (big) bytes.writeUInt16BE(1, 6);
  else bytes.writeUInt16LE(1, 6);
  return bytes;
}

/** 6.8: itself, its parent (itself again), the files by name. @param {readonly (IsoFile & { sector: number })[]} files */
function rootFolder(files) {
  const sorted = [...files].sort((a, b) => (a.name < b.name ? -1 : 1));
  const records = [
    directoryRecord('\0', ROOT, SECTOR, true),
    directoryRecord('\x01', ROOT, SECTOR, true),
    ...sorted.map((file) => directoryRecord(identifier(file.name), file.sector, file.data.length, false)),
  ];
  const bytes = Buffer.concat(records);
  if (bytes.length > SECTOR) throw new Error(`${files.length} files do not fit the one sector of the folder`);
  return bytes;
}

/** El Torito 1.0, figure 7. */
function bootRecord() {
  const bytes = Buffer.alloc(SECTOR);
  bytes.set([0, ...ascii('CD001'), 1, ...ascii('EL TORITO SPECIFICATION')]);
  bytes.writeUInt32LE(CATALOGUE, 71);
  return bytes;
}

/** El Torito 1.0, figures 2 and 3: the validation entry, then the default entry. @param {number} sector @param {number} count of 512 bytes */
function bootCatalogue(sector, count) {
  const bytes = Buffer.alloc(64);
  bytes[0] = 1;
  bytes.set(ascii('BELVEDERE'), 4);
  bytes.set([0x55, 0xaa], 30);
  let sum = 0;
  for (let at = 0; at < 32; at += 2) sum += bytes.readUInt16LE(at);
  bytes.writeUInt16LE(-sum & 0xffff, 28);
  bytes[32] = 0x88;
  bytes.writeUInt16LE(count, 38);
  bytes.writeUInt32LE(sector, 40);
  return bytes;
}

/** The table that GRUB's CD loader reads: the volume descriptor's sector, its own sector and length, the sum of its 32-bit words from 64 on. @param {IsoFile & { sector: number }} file */
function withInfoTable(file) {
  const bytes = Buffer.alloc(Math.ceil(file.data.length / 4) * 4);
  bytes.set(file.data);
  let sum = 0;
  for (let at = 64; at < bytes.length; at += 4) sum = (sum + bytes.readUInt32LE(at)) >>> 0;
  bytes.fill(0, 8, 64);
  bytes.writeUInt32LE(PRIMARY, 8);
  bytes.writeUInt32LE(file.sector, 12);
  bytes.writeUInt32LE(file.data.length, 16);
  bytes.writeUInt32LE(sum, 20);
  return bytes;
}
