/** A hard disk as the engine has it for the whole run, whatever image is behind it. */
import type { Image } from '@belvedere/disk';

export class Disk {
  constructor(private image: Image) {}

  /** Another image is behind it from now on: the guest stands still, and reads the same there. */
  use(image: Image): void {
    this.image = image;
  }

  get size(): number {
    return this.image.size;
  }

  get readOnly(): boolean {
    return this.image.readOnly;
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
