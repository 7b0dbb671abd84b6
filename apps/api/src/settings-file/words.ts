/** The settings file's own words for what the rest of the API names otherwise: each table is read both ways. Pure. */
import type { AuthType, BootDevice, DriveType, ForwardProtocol } from '../machines/words.js';

export const authTypeWords: Readonly<Record<AuthType, string>> = { null: 'Null', external: 'External', guest: 'Guest' };
export const bootWords: Readonly<Record<BootDevice, string>> = { none: 'None', floppy: 'Floppy', dvd: 'DVD', disk: 'HardDisk', net: 'Network' };
export const driveWords: Readonly<Record<DriveType, string>> = { hdd: 'HardDisk', dvddrive: 'DVD', fdd: 'Floppy' };

export const forwardProtocolWords: Readonly<Record<ForwardProtocol, string>> = { udp: '0', tcp: '1' };

export const schemaNamespace = 'http://www.virtualbox.org/';
/** The file format's version that is written: what its elements are. */
export const schemaVersion = '1.16-linux';
