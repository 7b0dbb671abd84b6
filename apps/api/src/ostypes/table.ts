/**
 * Guest systems by VirtualBox's ids, with what a new machine for each should have. Pure.
 *
 * Recommendations are for a comfortable installation of that system; a 64-bit twin is named with `_64`.
 */
import { invalid } from '../http/api-error.js';
import type { OsType } from './ostype.dto.js';

interface Family {
  readonly id: string;
  readonly description: string;
  readonly adapterType: string;
  readonly rtcUseUtc: boolean;
}

const windows: Family = { id: 'Windows', description: 'Microsoft Windows', adapterType: '82540EM', rtcUseUtc: false };
const linux: Family = { id: 'Linux', description: 'Linux', adapterType: '82540EM', rtcUseUtc: true };
const bsd: Family = { id: 'BSD', description: 'BSD', adapterType: '82540EM', rtcUseUtc: true };
const solaris: Family = { id: 'Solaris', description: 'Solaris', adapterType: '82540EM', rtcUseUtc: true };
const os2: Family = { id: 'OS2', description: 'IBM OS/2', adapterType: 'Am79C973', rtcUseUtc: false };
const other: Family = { id: 'Other', description: 'Other', adapterType: 'Am79C973', rtcUseUtc: false };

/** Which widths of a system exist: 32 bits, 64 bits under the plain id with `_64`, or both. */
type Widths = '32' | '64' | 'both';
type Row = readonly [id: string, description: string, memoryMiB: number, vramMiB: number, diskGiB: number, widths?: Widths, details?: Partial<Pick<OsType, 'adapterType' | 'ideChipset' | 'rtcUseUtc'>>];

const old = { adapterType: 'Am79C973' } as const;

const families: readonly (readonly [Family, readonly Row[]])[] = [
  [
    windows,
    [
      ['Windows31', 'Windows 3.1', 32, 8, 1, '32', old],
      ['Windows95', 'Windows 95', 64, 8, 2, '32', old],
      ['Windows98', 'Windows 98', 64, 8, 2, '32', old],
      ['WindowsMe', 'Windows ME', 128, 8, 4, '32', old],
      ['WindowsNT3x', 'Windows NT 3.x', 64, 8, 1, '32', old],
      ['WindowsNT4', 'Windows NT 4', 128, 16, 2, '32', old],
      ['Windows2000', 'Windows 2000', 168, 16, 4, '32', old],
      ['WindowsXP', 'Windows XP', 192, 16, 10, 'both', old],
      ['Windows2003', 'Windows Server 2003', 512, 16, 20, 'both'],
      ['WindowsVista', 'Windows Vista', 512, 16, 25, 'both'],
      ['Windows2008', 'Windows Server 2008', 1024, 16, 32, 'both'],
      ['Windows7', 'Windows 7', 1024, 18, 32, 'both'],
      ['Windows8', 'Windows 8', 1024, 128, 40, 'both'],
      ['Windows81', 'Windows 8.1', 1024, 128, 40, 'both'],
      ['Windows2012', 'Windows Server 2012', 2048, 128, 50, '64'],
      ['Windows10', 'Windows 10', 2048, 128, 50, 'both'],
      ['Windows2016', 'Windows Server 2016', 2048, 128, 50, '64'],
      ['Windows2019', 'Windows Server 2019', 2048, 128, 50, '64'],
      ['Windows2022', 'Windows Server 2022', 2048, 128, 50, '64'],
      ['Windows11', 'Windows 11', 4096, 128, 80, '64', { rtcUseUtc: true }],
      ['WindowsNT', 'Other Windows', 512, 16, 20, 'both'],
    ],
  ],
  [
    linux,
    [
      ['Linux22', 'Linux 2.2', 64, 4, 2, '32', old],
      ['Linux24', 'Linux 2.4', 128, 16, 2, 'both', old],
      ['Linux26', 'Linux 2.6, 3.x, 4.x, 5.x or 6.x', 1024, 16, 8, 'both'],
      ['ArchLinux', 'Arch Linux', 1024, 16, 8, 'both'],
      ['Debian', 'Debian', 1024, 16, 20, 'both'],
      ['Debian4', 'Debian 4 (etch)', 512, 16, 8, 'both'],
      ['Debian5', 'Debian 5 (lenny)', 512, 16, 8, 'both'],
      ['Debian6', 'Debian 6 (squeeze)', 512, 16, 8, 'both'],
      ['Debian7', 'Debian 7 (wheezy)', 1024, 16, 20, 'both'],
      ['Debian8', 'Debian 8 (jessie)', 1024, 16, 20, 'both'],
      ['Debian9', 'Debian 9 (stretch)', 1024, 16, 20, 'both'],
      ['Debian10', 'Debian 10 (buster)', 1024, 16, 20, 'both'],
      ['Debian11', 'Debian 11 (bullseye)', 1024, 16, 20, 'both'],
      ['Debian12', 'Debian 12 (bookworm)', 1024, 16, 20, 'both'],
      ['Fedora', 'Fedora', 2048, 16, 15, 'both'],
      ['Gentoo', 'Gentoo', 1024, 16, 8, 'both'],
      ['Mandriva', 'Mandriva', 1024, 16, 8, 'both'],
      ['OpenSUSE', 'openSUSE', 1024, 16, 8, 'both'],
      ['Oracle', 'Oracle Linux', 2048, 16, 20, 'both'],
      ['RedHat', 'Red Hat', 2048, 16, 20, 'both'],
      ['Turbolinux', 'Turbolinux', 384, 16, 8, 'both'],
      ['Ubuntu', 'Ubuntu', 2048, 16, 25, 'both'],
      ['Xandros', 'Xandros', 384, 16, 8, 'both'],
      ['Linux', 'Other Linux', 256, 16, 8, 'both'],
    ],
  ],
  [
    solaris,
    [
      ['Solaris', 'Solaris 10 5/09 or earlier', 1024, 16, 32, 'both'],
      ['OpenSolaris', 'Solaris 10 10/09 or later', 1024, 16, 32, 'both'],
      ['Solaris11', 'Solaris 11', 2048, 16, 32, '64'],
    ],
  ],
  [
    bsd,
    [
      ['FreeBSD', 'FreeBSD', 1024, 16, 16, 'both'],
      ['OpenBSD', 'OpenBSD', 1024, 16, 16, 'both'],
      ['NetBSD', 'NetBSD', 1024, 16, 16, 'both'],
    ],
  ],
  [
    os2,
    [
      ['OS21x', 'OS/2 1.x', 8, 4, 1],
      ['OS2Warp3', 'OS/2 Warp 3', 48, 4, 1],
      ['OS2Warp4', 'OS/2 Warp 4', 64, 4, 2],
      ['OS2Warp45', 'OS/2 Warp 4.5', 128, 4, 2],
      ['OS2eCS', 'eComStation', 256, 4, 2],
      ['OS2', 'Other OS/2', 96, 4, 2],
    ],
  ],
  [
    other,
    [
      ['DOS', 'DOS', 32, 4, 1],
      ['Netware', 'Netware', 512, 4, 4],
      ['L4', 'L4', 64, 4, 2],
      ['QNX', 'QNX', 512, 4, 4],
      ['Haiku', 'Haiku', 1024, 16, 8, 'both'],
      ['ReactOS', 'ReactOS', 512, 16, 4],
      ['Other', 'Other or unknown', 64, 4, 2, 'both'],
    ],
  ],
];

function* widthsOf(family: Family, [id, description, memoryMiB, vramMiB, diskGiB, widths = '32', details]: Row): Iterable<OsType> {
  const common = {
    familyId: family.id,
    familyDescription: family.description,
    memoryMiB,
    vramMiB,
    diskMiB: diskGiB * 1024,
    ideChipset: 'PIIX4',
    adapterType: family.adapterType,
    rtcUseUtc: family.rtcUseUtc,
    ...details,
  };
  if (widths !== '64') yield { id, description: widths === 'both' ? `${description} (32-bit)` : description, is64Bit: false, ...common };
  if (widths !== '32') yield { id: `${id}_64`, description: `${description} (64-bit)`, is64Bit: true, ...common };
}

export const osTypes: readonly OsType[] = families.flatMap(([family, rows]) => rows.flatMap((row) => [...widthsOf(family, row)]));

/** @param id in any letter case. @throws ApiError for an id that is not in the table */
export function osTypeOf(id: string): OsType {
  const found = osTypes.find((type) => type.id.toLowerCase() === id.toLowerCase());
  if (!found) throw invalid(`unknown guest system type '${id}': 'VBoxManage list ostypes' names those that there are`);
  return found;
}
