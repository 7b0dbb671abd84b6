/** The shapes at this package's edges: a disk's bytes as others see them, and the host's file beneath an image. */

/** A disk's bytes, by offset; an engine sees no more of an image than this. */
export interface BlockDevice {
  /** Bytes: a multiple of 512 (2048 for a DVD). */
  readonly size: number;
  readonly readOnly: boolean;
  /** @throws ImageError outside the disk */
  read(offset: number, length: number): Promise<Uint8Array>;
  /** `data` must stay unchanged until this resolves. @throws NoSpaceError and nothing earlier is lost; ImageError outside the disk or when read-only */
  write(offset: number, data: Uint8Array): Promise<void>;
  /** Resolves when all writes that were asked for before it are on the host's disk (fdatasync). */
  flush(): Promise<void>;
  /** Flushes and lets the image go; later operations are refused. */
  close(): Promise<void>;
}

/** VMDK and VHD are read; VDI and RAW are written too. */
export type Format = 'VDI' | 'VMDK' | 'VHD' | 'RAW' | 'ISO';
/** `Standard` grows as it is written, `Fixed` has its whole size from the start, `StreamOptimized` (VMDK) is packed and written once. */
export type Variant = 'Standard' | 'Fixed' | 'StreamOptimized';

export type VdiVariant = 'Standard' | 'Fixed';

export interface Image extends BlockDevice {
  readonly format: Format;
  readonly variant: Variant;
  /** As VirtualBox prints it, without braces; absent where the format keeps none, so that a registry gives one. */
  readonly uuid: string | undefined;
  /** Changes with each opening that writes; absent where the format keeps none. */
  readonly modificationUuid: string | undefined;
  /** Of the image that a differencing image hangs on. */
  readonly parentUuid: string | undefined;
  /** Absolute, with symbolic links resolved. */
  readonly path: string;
  /** What the image hangs on, the nearest first; open for reading as long as the image is. */
  readonly parents: readonly ParentInfo[];
  /** Bytes that the image occupies on the host. */
  actualSize(): Promise<number>;
}

export interface ParentInfo {
  readonly path: string;
  readonly uuid: string | undefined;
  readonly format: Format;
}

/** How long work is watched and called off. */
export interface Work {
  /** From 0 to 1, rising. */
  readonly onProgress?: (done: number) => void;
  /** Aborting ends the work with the signal's reason. */
  readonly signal?: AbortSignal;
}

/** The host's file beneath an image. Its errors are typed (`NoSpaceError`, `ImageError`). */
export interface HostFile {
  readonly path: string;
  readonly readOnly: boolean;
  /** Length in bytes. */
  size(): Promise<number>;
  /** Bytes that it occupies, less than its length where it has holes. */
  occupied(): Promise<number>;
  /** Fills `into`; bytes past the end are zero. */
  read(into: Uint8Array, position: number): Promise<void>;
  write(data: Uint8Array, position: number): Promise<void>;
  /** Cuts or extends the file; what is added is zero. */
  truncate(size: number): Promise<void>;
  /** fdatasync. A failure is final: the host may have dropped what it could not write. */
  sync(): Promise<void>;
  close(): Promise<void>;
}
