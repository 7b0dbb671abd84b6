/** A VDI written from its beginning to its end. Its header is written last. */
import { ImageError } from '../errors.js';
import type { HostFile, VdiVariant } from '../ports.js';
import { newUuid } from '../uuid.js';
import { type ImageWriter, type NewDisk, writerPiece } from '../writer.js';
import { Block, blockSize, headerSector, ImageType, mapSize, maxBlocks, newHeader } from './header.js';
import { layoutOf, type Linkage, linkageFields } from './create.js';

export class VdiWriter implements ImageWriter {
  readonly wantsZeroes: boolean;
  private readonly entries: Uint32Array;
  private readonly layout: { readonly offBlocks: number; readonly second: number; readonly offData: number };
  private used = 0;

  /** @throws ImageError for a disk that is larger than a VDI may be */
  constructor(
    private readonly file: HostFile,
    private readonly disk: NewDisk,
    private readonly variant: VdiVariant,
    /** Of a differencing image. */
    private readonly linkage?: Linkage,
  ) {
    const blocks = Math.ceil(disk.size / blockSize);
    if (blocks > maxBlocks) throw new ImageError(disk.path, 'size', `${disk.size} bytes are more than the ${maxBlocks * blockSize} that a VDI may have`);
    this.wantsZeroes = variant === 'Fixed';
    this.entries = new Uint32Array(mapSize(blocks) / 4).fill(0xffffffff);
    this.layout = layoutOf(blocks);
  }

  async write(offset: number, data: Uint8Array): Promise<void> {
    const position = this.used++;
    this.entries[offset / writerPiece] = position;
    await this.file.write(data, this.layout.offData + position * blockSize);
  }

  /** What the parent has at this place is not to be seen. */
  writeZero(offset: number): Promise<void> {
    this.entries[offset / writerPiece] = Block.ZERO;
    return Promise.resolve();
  }

  async finish(): Promise<void> {
    const { file, entries, used } = this;
    const { offBlocks, second, offData } = this.layout;
    const { size, uuid } = this.disk;
    const map = new Uint8Array(entries.buffer);
    await file.write(map, offBlocks);
    await file.write(map, second);
    await file.truncate(offData + used * blockSize);
    await file.sync();
    const u32Type = this.linkage ? ImageType.DIFF : this.variant === 'Fixed' ? ImageType.FIXED : ImageType.NORMAL;
    const header = newHeader({ u32Type, offBlocks, offData, cbDisk: BigInt(size), cBlocks: Math.ceil(size / blockSize), cBlocksAllocated: used, uuidCreate: uuid, uuidModify: newUuid(), ...linkageFields(this.linkage) });
    await file.write(headerSector(header), 0);
    await file.sync();
  }
}
