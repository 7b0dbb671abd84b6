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
  @Text({ doc: 'VDI, VMDK, VHD or RAW' }) format: string;
  @Text({ doc: 'Standard, Fixed or Stream' }) variant: string;
  @Text() description: string;
  @Text({ nullable: true, format: 'uuid', doc: 'of the image that this differencing image hangs on' }) parentUuid: string | null;
  @Texts({ doc: 'images that hang on this one' }) childUuids: string[];
  @Whole({ doc: 'what the guest sees, in bytes' }) sizeBytes: number;
  @Whole({ nullable: true, doc: 'what the host stores, in bytes; null while the file is inaccessible' }) sizeOnDiskBytes: number | null;
  @Flag() accessible: boolean;
  @Text({ nullable: true, doc: 'why the file is inaccessible' }) problem: string | null;
  @NestedList(() => MediumUser, { doc: 'machines that have it attached' }) usedBy: MediumUser[];
}

export class CloneMedium {
  @Text({ doc: 'absolute path of the copy' }) path: string;
  @Text({ optional: true, max: 32, doc: "VDI, VMDK, VHD or RAW; default: the source's" }) format?: string;
  @Text({ optional: true, max: 32, doc: 'Standard (the default), Fixed (not for VMDK) or Stream (VMDK only)' }) variant?: string;
  @Flag({ optional: true, doc: 'into the disk that is there: what fits of the source replaces what it holds; its format and UUID stay' }) existing?: boolean;
}

export class MediumChanges {
  @Text({ optional: true, doc: 'absolute path where the file is now: it was moved by somebody else' }) location?: string;
  @Text({ optional: true, max: 65536 }) description?: string;
  @Text({ optional: true, max: 32, doc: 'normal' }) type?: string;
}

export class ResizeMedium {
  @Whole({ min: 1, doc: 'what the guest shall see' }) sizeBytes: number;
}

export class MoveMedium {
  @Text({ doc: 'absolute path of the new place: a file that is not there, or a folder that is' }) path: string;
}

/** Somebody who has an image open. */
export class MediumLock {
  @Text({ doc: "the lock's own file" }) file: string;
  @Text({ nullable: true, doc: 'in words, as it said of itself' }) owner: string | null;
  @OneOf(['read', 'write']) mode: 'read' | 'write';
  @Whole({ nullable: true }) pid: number | null;
  @Text({ nullable: true }) host: string | null;
  @OneOf(['alive', 'dead', 'unknown'], { doc: 'unknown: on another host, or in another container' }) life: 'alive' | 'dead' | 'unknown';
}

export class CreateMedium {
  @OneOf(['hdd', 'floppy']) type: 'hdd' | 'floppy';
  @Text({ doc: 'absolute path of the new file' }) path: string;
  @Whole({ optional: true, min: 1, doc: "default: the parent's" }) sizeBytes?: number;
  @Text({ optional: true, max: 32, doc: 'VDI or RAW; RAW for a floppy' }) format?: string;
  @Text({ optional: true, max: 32, doc: 'Standard or Fixed' }) variant?: string;
  @Text({ optional: true, doc: 'absolute path or UUID of the disk that the new one is to hang on, as a differencing image' }) parent?: string;
}
