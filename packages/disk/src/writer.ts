/** What a new image is written through, from its first byte to its last. Pure types. */

export interface ImageWriter {
  /** `true`: zeroes are written too, as an image of full size wants them. */
  readonly wantsZeroes: boolean;
  /** The disk's next bytes. Offsets rise, and are multiples of `writerPiece`; what is left out is zero. */
  write(offset: number, data: Uint8Array): Promise<void>;
  /** Writes what makes the file an image, and makes it durable. */
  finish(): Promise<void>;
}

export interface NewDisk {
  /** Bytes: a multiple of 512. */
  readonly size: number;
  readonly uuid: string;
  /** Where the image will be; its file has another name until it is complete. */
  readonly path: string;
}

/** Bytes that `write` is given, but for the last ones of a disk. */
export const writerPiece = 1 << 20;
