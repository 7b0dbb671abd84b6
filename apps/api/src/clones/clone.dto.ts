/** What the API takes about copies of machines. */
import { Flag, OneOf, Text } from '../http/fields.js';

export const cloneModes = ['machine', 'machineAndChildren', 'all'] as const;

export class CloneMachine {
  @Text({ max: 200 }) name: string;
  @Text({ optional: true, max: 38, format: 'uuid' }) uuid?: string;
  @Text({ optional: true, doc: "absolute; default: the system property 'machineFolder'" }) baseFolder?: string;
  @Text({ optional: true, max: 200, doc: "name or UUID of the snapshot that is copied; default: the machine as it is now" }) snapshot?: string;
  @OneOf(cloneModes, { optional: true, doc: 'machine, the default: one state of it; machineAndChildren: the snapshot and those that were taken after it; all: the machine and all its snapshots. The latter two copy saved states, too' }) mode?: (typeof cloneModes)[number];
  @Flag({ optional: true, doc: "the copy's disks hang on the snapshot's" }) link?: boolean;
  @Flag({ optional: true, doc: 'network adapters keep their addresses' }) keepMacs?: boolean;
  @Flag({ optional: true, doc: "disks' files keep their names" }) keepDiskNames?: boolean;
  @Flag({ doc: 'false: only its files are made' }) register: boolean;
}
