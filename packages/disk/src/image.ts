/** What all open images share: bounds, order of overlapping requests, flushing, closing, and the parent beneath a differencing image. */
import { ImageError } from './errors.js';
import type { Lock } from './lock.js';
import { RangeQueue } from './ordering.js';
import type { Format, HostFile, Image, ParentInfo, Variant } from './ports.js';

/** Bytes that one request may move. */
export const maxRequest = 64 << 20;

export interface Shape {
  readonly format: Format;
  readonly variant: Variant;
  readonly uuid: string | undefined;
  readonly modificationUuid?: string | undefined;
  readonly parentUuid?: string | undefined;
  readonly parentModificationUuid?: string | undefined;
  readonly size: number;
  readonly readOnly: boolean;
}

export abstract class OpenImage implements Image {
  readonly format: Format;
  readonly variant: Variant;
  readonly uuid: string | undefined;
  readonly modificationUuid: string | undefined;
  parentUuid: string | undefined;
  parentModificationUuid: string | undefined;
  readonly size: number;
  readonly readOnly: boolean;
  readonly path: string;
  /** What this image hangs on; set by whoever opens a chain, closed with this image. */
  protected readonly layers: { parent?: OpenImage | undefined } = {};
  /** Bytes of memory that the image's own tables take as long as it is open. */
  readonly tableBytes: number = 0;
  /** What keeps others off; released by whoever opened the image, through `released`. */
  lock: Lock | undefined;
  protected readonly queue = new RangeQueue();
  private closing: Promise<void> | undefined;

  /** @param released called once the file is closed */
  constructor(
    protected readonly file: HostFile,
    shape: Shape,
    private readonly released: () => Promise<void>,
  ) {
    this.path = file.path;
    ({ format: this.format, variant: this.variant, uuid: this.uuid, size: this.size, readOnly: this.readOnly } = shape);
    ({ modificationUuid: this.modificationUuid, parentUuid: this.parentUuid, parentModificationUuid: this.parentModificationUuid } = shape);
  }

  get parents(): readonly ParentInfo[] {
    const { parent } = this.layers;
    return parent ? [{ path: parent.path, uuid: parent.uuid, format: parent.format }, ...parent.parents] : [];
  }

  get parent(): OpenImage | undefined {
    return this.layers.parent;
  }

  /** Puts the image on its parent, which is this one's to close from now on; without one, the parent that it had is the caller's. */
  setParent(parent: OpenImage | undefined): void {
    this.layers.parent = parent;
  }

  /** Puts the image on another parent that reads the same, while no request is under way. @returns the one that it had, to be closed by the caller */
  replaceParent(parent: OpenImage): Promise<OpenImage | undefined> {
    return this.queue.run(0, this.size, true, () => {
      const { parent: old } = this.layers;
      this.layers.parent = parent;
      return Promise.resolve(old);
    });
  }

  /** Whether a range reads as the parent there, or as zero without one. */
  inherits(_offset: number, length: number): boolean {
    return length === 0;
  }

  /** Whether a range reads as zero, as far as the image's own tables tell: `false` is no statement. */
  isKnownZero(_offset: number, length: number): Promise<boolean> {
    return Promise.resolve(length === 0);
  }

  protected abstract readRange(offset: number, length: number): Promise<Uint8Array>;
  protected abstract writeRange(offset: number, data: Uint8Array): Promise<void>;
  /** Makes completed writes durable. */
  protected abstract commit(): Promise<void>;

  /** What is nice to have done to the file when all is durable and nobody uses it any more. */
  protected tidy(): Promise<void> {
    return Promise.resolve();
  }

  async read(offset: number, length: number): Promise<Uint8Array> {
    this.check('read', offset, length);
    return this.queue.run(offset, length, false, () => this.readRange(offset, length));
  }

  async write(offset: number, data: Uint8Array): Promise<void> {
    this.check('write', offset, data.length);
    if (this.readOnly) throw new ImageError(this.path, 'write', 'the image is open for reading only');
    return this.queue.run(offset, data.length, true, () => this.writeRange(offset, data));
  }

  async flush(): Promise<void> {
    this.check('flush', 0, 0);
    await this.settle();
  }

  close(): Promise<void> {
    this.closing ??= this.settle().then(() => (this.readOnly ? undefined : this.tidy())).finally(() => this.letGo());
    return this.closing;
  }

  async actualSize(): Promise<number> {
    this.check('size', 0, 0);
    return this.file.occupied();
  }

  private async letGo(): Promise<void> {
    const results = await Promise.allSettled([this.file.close().finally(this.released), this.layers.parent?.close()]);
    for (const result of results) if (result.status === 'rejected') throw result.reason;
  }

  private async settle(): Promise<void> {
    await this.queue.settled();
    if (!this.readOnly) await this.commit();
  }

  /** @throws ImageError outside the disk, or after the end */
  protected check(operation: string, offset: number, length: number): void {
    if (this.closing) throw new ImageError(this.path, operation, 'the image is closed');
    const inside = Number.isSafeInteger(offset) && Number.isSafeInteger(length) && offset >= 0 && length >= 0 && offset + length <= this.size;
    if (!inside) throw new ImageError(this.path, operation, `${length} bytes at ${offset} are outside the disk of ${this.size} bytes`);
    if (length > maxRequest) throw new ImageError(this.path, operation, `${length} bytes in one request are more than ${maxRequest}`);
  }
}
