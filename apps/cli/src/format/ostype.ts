/** System types as `list ostypes` prints them. Pure. */
import type { OsType } from '@belvedere/client';
import { labelled } from './lines.js';

const WIDTH = 13;

export const formatOsType = ({ id, description, familyId, familyDescription, is64Bit }: OsType): string =>
  [
    labelled('ID', id, WIDTH),
    labelled('Description', description, WIDTH),
    labelled('Family ID', familyId, WIDTH),
    labelled('Family Desc', familyDescription, WIDTH),
    labelled('64 bit', String(is64Bit), WIDTH),
  ].join('');
