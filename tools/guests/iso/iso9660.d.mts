/** A writer of small bootable ISO 9660 images; see iso9660.mjs. */
export interface IsoFile {
  /** 8.3, capitals: `INITRD.GZ` */
  name: string;
  data: Uint8Array;
}
export interface IsoImage {
  volume: string;
  files: readonly IsoFile[];
  boot: string;
  bootSectors?: number;
  bootInfoTable?: boolean;
}
export function writeImage(path: string, image: IsoImage): void;

/** Reads one file of an image that `writeImage` made. @throws Error when it is not there */
export function readImageFile(path: string, name: string): Buffer;
