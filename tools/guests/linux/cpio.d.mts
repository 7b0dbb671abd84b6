export interface Entry {
  /** Its path, without a slash before it. */
  readonly name: string;
  /** Type and permissions, as in stat(2). */
  readonly mode: number;
  /** A file's bytes, or where a symbolic link leads. */
  readonly data?: Uint8Array;
}
export const FOLDER: number;
export const PROGRAM: number;
export const FILE: number;
export const SECRET: number;
/** A "newc" archive of these entries; a folder comes before what is in it. */
export function cpio(entries: readonly Entry[]): Buffer;
