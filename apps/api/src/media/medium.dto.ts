/** What the API takes and says about disk, DVD and floppy images. */
import { Flag, NestedList, OneOf, Text, Texts, Whole } from '../http/fields.js';
import { type MediumType, mediumTypes } from '../machines/words.js';

export class MediumUser {
  @Text({ format: 'uuid' }) uuid: string;
  @Text() name: string;
}

export class Medium {
  @Text({ format: 'uuid' }) uuid: string;
  @OneOf(mediumTypes) type: MediumType;
  @Text() path: string;
  @Text({ doc: 'VDI or RAW' }) format: string;
  @Text({ doc: 'Standard or Fixed' }) variant: string;
  @Text() description: string;
  @Text({ nullable: true, format: 'uuid', doc: 'of the image that this differencing image hangs on' }) parentUuid: string | null;
  @Texts({ doc: 'images that hang on this one' }) childUuids: string[];
  @Whole({ doc: 'what the guest sees, in bytes' }) sizeBytes: number;
  @Whole({ nullable: true, doc: 'what the host stores, in bytes; null while the file is inaccessible' }) sizeOnDiskBytes: number | null;
  @Flag() accessible: boolean;
  @Text({ nullable: true, doc: 'why the file is inaccessible' }) problem: string | null;
  @NestedList(() => MediumUser, { doc: 'machines that have it attached' }) usedBy: MediumUser[];
}

export class CreateMedium {
  @OneOf(['hdd'], { doc: 'only disks can be created' }) type: 'hdd';
  @Text({ doc: 'absolute path of the new file' }) path: string;
  @Whole({ optional: true, min: 1, doc: "default: the parent's" }) sizeBytes?: number;
  @Text({ optional: true, max: 32, doc: 'VDI' }) format?: string;
  @Text({ optional: true, max: 32, doc: 'Standard or Fixed' }) variant?: string;
  @Text({ optional: true, doc: 'absolute path or UUID of the disk that the new one is to hang on, as a differencing image' }) parent?: string;
}
