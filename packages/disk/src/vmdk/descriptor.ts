/**
 * The descriptor of a VMDK: a text of `key=value` lines and one line an extent. VMware Virtual Disk Format 1.1, "The Descriptor". Pure.
 */
import { ImageError } from '../errors.js';
import { isUuid } from '../uuid.js';

export const maxDescriptorBytes = 1 << 16;
const maxExtents = 512;
/** `parentCID` of an image that hangs on nothing. */
const noParent = 'ffffffff';

export interface ExtentLine {
  readonly type: 'SPARSE' | 'FLAT' | 'ZERO';
  /** Bytes of the disk that it holds. */
  readonly size: number;
  /** A file's name without a folder; empty of `ZERO`. */
  readonly name: string;
  /** Bytes before its data in the file. */
  readonly offset: number;
}

export interface Descriptor {
  readonly createType: string;
  readonly extents: readonly ExtentLine[];
  readonly uuid: string | undefined;
  readonly modificationUuid: string | undefined;
}

const extentPattern = /^(?:RW|RDONLY) +(\d{1,15}) +([A-Z]+)(?: +"([^"]{1,255})"(?: +(\d{1,15}))?)?\s*$/;

/** @throws ImageError with the key or the extent at fault */
export function parseDescriptor(path: string, bytes: Uint8Array): Descriptor {
  const end = bytes.indexOf(0);
  const text = new TextDecoder().decode(end < 0 ? bytes : bytes.subarray(0, end));
  const refuse = (field: string, reason: string): never => {
    throw new ImageError(path, `descriptor.${field}`, reason);
  };
  const values = new Map<string, string>();
  const extents: ExtentLine[] = [];
  for (const line of text.split(/\r?\n/)) {
    const pair = /^\s*([A-Za-z0-9_.]+)\s*=\s*"?([^"]*?)"?\s*$/.exec(line);
    if (pair) values.set(pair[1]!, pair[2]!);
    else if (/^(RW|RDONLY|NOACCESS) /.test(line)) {
      if (extents.length === maxExtents) refuse('extent', `more than ${maxExtents} extents`);
      extents.push(parseExtent(line, refuse));
    }
  }
  const createType = values.get('createType') ?? refuse('createType', 'is missing');
  const parent = values.get('parentCID')?.toLowerCase() ?? noParent;
  if (parent !== noParent) refuse('parentCID', `${parent}: differencing VMDK images are not supported: flatten it where it was made`);
  const uuid = (key: string): string | undefined => {
    const value = values.get(key)?.toLowerCase();
    return value !== undefined && isUuid(value) && !/^[0-]+$/.test(value) ? value : undefined;
  };
  return { createType, extents, uuid: uuid('ddb.uuid.image'), modificationUuid: uuid('ddb.uuid.modification') };
}

function parseExtent(line: string, refuse: (field: string, reason: string) => never): ExtentLine {
  const [, sectors, type, name = '', offset = '0'] = extentPattern.exec(line) ?? refuse('extent', `'${line.slice(0, 80)}' is no extent that can be read`);
  if (type !== 'SPARSE' && type !== 'FLAT' && type !== 'ZERO') return refuse('extent', `type ${type} is not supported: SPARSE, FLAT and ZERO are`);
  if (Number(sectors) === 0) refuse('extent', `'${line.slice(0, 80)}' is empty`);
  // A file of another folder is none of the image's, whatever its descriptor says.
  if (type !== 'ZERO' && (name === '' || /[/\\\0]/.test(name) || name === '.' || name === '..')) refuse('extent', `'${name}' is no name of a file in the image's own folder`);
  return { type, size: Number(sectors) * 512, name, offset: Number(offset) * 512 };
}

/** The text of a new image with one extent, padded with zeroes to `size` bytes. */
export function descriptorText(disk: { size: number; createType: 'monolithicSparse' | 'streamOptimized'; name: string; uuid: string; modificationUuid: string }, size: number): Uint8Array {
  const { createType, name, uuid, modificationUuid } = disk;
  const sectors = disk.size / 512;
  const [heads, perTrack] = [16, 63];
  const text = [
    '# Disk DescriptorFile',
    'version=1',
    `CID=${modificationUuid.slice(0, 8)}`,
    `parentCID=${noParent}`,
    `createType="${createType}"`,
    '',
    '# Extent description',
    `${createType === 'streamOptimized' ? 'RDONLY' : 'RW'} ${sectors} SPARSE "${name}"`,
    '',
    '# The disk Data Base',
    '#DDB',
    '',
    'ddb.virtualHWVersion = "4"',
    'ddb.adapterType = "ide"',
    `ddb.geometry.cylinders = "${Math.min(16383, Math.max(1, Math.floor(sectors / (heads * perTrack))))}"`,
    `ddb.geometry.heads = "${heads}"`,
    `ddb.geometry.sectors = "${perTrack}"`,
    `ddb.uuid.image = "${uuid}"`,
    `ddb.uuid.modification = "${modificationUuid}"`,
    'ddb.uuid.parent = "00000000-0000-0000-0000-000000000000"',
    'ddb.uuid.parentmodification = "00000000-0000-0000-0000-000000000000"',
    '',
  ].join('\n');
  const bytes = new Uint8Array(size);
  const { read } = new TextEncoder().encodeInto(text, bytes);
  if (read < text.length) throw new Error(`the descriptor of ${name} needs more than ${size} bytes`);
  return bytes;
}
