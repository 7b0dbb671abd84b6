/** A hard disk as the engine has it for the whole run, whatever image is behind it. */
import type { Image } from '@belvedere/disk';

export class Disk {
  readonly size: number;

  /** @param readOnly for the guest, whatever its image is opened for at the moment */
  constructor(
    private image: Image,
    readonly readOnly = image.readOnly,
  ) {
    this.size = image.size;
  }

  /** Another image is behind it from now on: the guest stands still, and reads the same there. */
  use(image: Image): void {
    this.image = image;
  }

  read(offset: number, length: number): Promise<Uint8Array> {
    return this.image.read(offset, length);
  }

  write(offset: number, data: Uint8Array): Promise<void> {
    return this.image.write(offset, data);
  }

  flush(): Promise<void> {
    return this.image.flush();
  }

  /** The image is closed by whoever opened it. */
  close(): Promise<void> {
    return Promise.resolve();
  }
}
