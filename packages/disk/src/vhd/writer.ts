/** A VHD written from its beginning to its end. The footers are written last. */
import { ImageError } from '../errors.js';
import type { HostFile } from '../ports.js';
import type { ImageWriter, NewDisk } from '../writer.js';
import { bitmapSize, dynamicHeader, dynamicHeaderSize, footerSector, footerSize, maxSize, sectorSize } from './footer.js';

const blockSize = 2 << 20;

/** @throws ImageError for a disk that is larger than the format's 2040 GiB */
function requireSize({ path, size }: NewDisk): void {
  if (size > maxSize) throw new ImageError(path, 'size', `${size} bytes are more than the ${maxSize} that a VHD may have`);
}

export class FixedVhdWriter implements ImageWriter {
  readonly wantsZeroes = true;

  constructor(
    private readonly file: HostFile,
    private readonly disk: NewDisk,
  ) {
    requireSize(disk);
  }

  write(offset: number, data: Uint8Array): Promise<void> {
    return this.file.write(data, offset);
  }

  async finish(): Promise<void> {
    const { size, uuid } = this.disk;
    await this.file.sync();
    await this.file.write(footerSector(size, uuid, false), size);
    await this.file.sync();
  }
}

export class DynamicVhdWriter implements ImageWriter {
  readonly wantsZeroes = false;
  private readonly table: DataView;
  private readonly blocks: number;
  private current = -1;
  private end: number;

  constructor(
    private readonly file: HostFile,
    private readonly disk: NewDisk,
  ) {
    requireSize(disk);
    this.blocks = Math.ceil(disk.size / blockSize);
    const bytes = new Uint8Array(Math.ceil((4 * this.blocks) / sectorSize) * sectorSize).fill(0xff);
    this.table = new DataView(bytes.buffer);
    this.end = tableOffset + bytes.length;
  }

  async write(offset: number, data: Uint8Array): Promise<void> {
    const block = Math.floor(offset / blockSize);
    const bitmap = bitmapSize(blockSize);
    if (block !== this.current) {
      this.current = block;
      this.table.setUint32(4 * block, this.end / sectorSize);
      await this.file.write(new Uint8Array(bitmap).fill(0xff), this.end);
      this.end += bitmap + blockSize;
    }
    await this.file.write(data, this.end - blockSize + (offset % blockSize));
  }

  async finish(): Promise<void> {
    const { file, end } = this;
    const { size, uuid } = this.disk;
    await file.write(new Uint8Array(this.table.buffer), tableOffset);
    await file.write(dynamicHeader(tableOffset, this.blocks, blockSize), footerSize);
    await file.truncate(end);
    await file.sync();
    const footer = footerSector(size, uuid, true);
    await file.write(footer, end);
    await file.write(footer, 0);
    await file.sync();
  }
}

const tableOffset = footerSize + dynamicHeaderSize;

