/** A VHD image, open for reading: fixed or dynamic. Knows its file as a `HostFile` only. */
import { ImageError } from '../errors.js';
import { OpenImage } from '../image.js';
import type { HostFile, Variant } from '../ports.js';
import { Recent } from '../recent.js';
import { bitmapSize, DiskType, dynamicHeaderSize, footerSize, isFooter, NO_BLOCK, parseDynamicHeader, parseFooter, sectorSize, type VhdDynamicHeader, type VhdFooter } from './footer.js';

const bitmapsKept = 64;

/** Whether the file has a VHD's footer at its end, or a copy at its beginning. */
export async function isVhd(file: HostFile): Promise<boolean> {
  const sector = new Uint8Array(footerSize);
  await file.read(sector, 0);
  if (isFooter(sector)) return true;
  const size = await file.size();
  if (size < 2 * footerSize) return false;
  await file.read(sector, size - footerSize);
  return isFooter(sector);
}

/** Reads and judges the footer; of a dynamic image the copy will do. @throws ImageError */
export async function readVhdFooter(file: HostFile): Promise<VhdFooter> {
  const size = await file.size();
  const sector = new Uint8Array(footerSize);
  if (size >= footerSize) await file.read(sector, size - footerSize);
  if (!isFooter(sector)) {
    await file.read(sector, 0);
    const footer = parseFooter(file.path, sector, size);
    if (footer.diskType === DiskType.FIXED) throw new ImageError(file.path, 'HardDiskFooter', 'the file does not end in one: it is truncated');
    return footer;
  }
  return parseFooter(file.path, sector, size);
}

export const vhdVariant = (footer: VhdFooter): Variant => (footer.diskType === DiskType.FIXED ? 'Fixed' : 'Standard');

/** @throws ImageError when it cannot be believed */
export async function openVhd(file: HostFile, released: () => Promise<void>): Promise<OpenImage> {
  const footer = await readVhdFooter(file);
  if (footer.diskType === DiskType.FIXED) return new FixedVhd(file, footer, released);
  const size = await file.size();
  const bytes = new Uint8Array(dynamicHeaderSize);
  if (footer.dataOffset + BigInt(dynamicHeaderSize) > BigInt(size)) throw new ImageError(file.path, 'HardDiskFooter.dataOffset', `${footer.dataOffset} is outside the file of ${size} bytes`);
  await file.read(bytes, Number(footer.dataOffset));
  const header = parseDynamicHeader(file.path, bytes, footer, size);
  return new DynamicVhd(file, footer, header, await readTable(file, header, size), released);
}

/** @throws ImageError when a block is outside the file */
async function readTable(file: HostFile, header: VhdDynamicHeader, size: number): Promise<DataView> {
  const bytes = new Uint8Array(4 * header.maxTableEntries);
  await file.read(bytes, Number(header.tableOffset));
  const table = new DataView(bytes.buffer);
  const whole = bitmapSize(header.blockSize) + header.blockSize;
  for (let block = 0; block < header.maxTableEntries; block++) {
    const at = table.getUint32(4 * block);
    if (at !== NO_BLOCK && at * sectorSize + whole > size) throw new ImageError(file.path, `BAT[${block}]`, `a block at sector ${at} is outside the file of ${size} bytes: the file is truncated`);
  }
  return table;
}

abstract class VhdImage extends OpenImage {
  constructor(file: HostFile, footer: VhdFooter, released: () => Promise<void>) {
    super(file, { format: 'VHD', variant: vhdVariant(footer), uuid: footer.uniqueId, size: Number(footer.currentSize), readOnly: true }, released);
  }

  protected writeRange(): Promise<void> {
    throw new ImageError(this.path, 'write', 'VHD images are open for reading only');
  }

  protected async commit(): Promise<void> {
    // nothing was written
  }
}

class FixedVhd extends VhdImage {
  protected async readRange(offset: number, length: number): Promise<Uint8Array> {
    const bytes = new Uint8Array(length);
    await this.file.read(bytes, offset);
    return bytes;
  }
}

class DynamicVhd extends VhdImage {
  override readonly tableBytes: number;
  private readonly bitmaps = new Recent<Uint8Array>(bitmapsKept);

  constructor(
    file: HostFile,
    footer: VhdFooter,
    private readonly header: VhdDynamicHeader,
    private readonly table: DataView,
    released: () => Promise<void>,
  ) {
    super(file, footer, released);
    this.tableBytes = table.byteLength;
  }

  override isKnownZero(offset: number, length: number): Promise<boolean> {
    const { blockSize } = this.header;
    for (let block = Math.floor(offset / blockSize); block * blockSize < offset + length; block++) if (this.place(block) !== undefined) return Promise.resolve(false);
    return Promise.resolve(true);
  }

  protected async readRange(offset: number, length: number): Promise<Uint8Array> {
    const { blockSize } = this.header;
    const bytes = new Uint8Array(length);
    for (let done = 0; done < length; ) {
      const block = Math.floor((offset + done) / blockSize);
      const within = (offset + done) % blockSize;
      const part = bytes.subarray(done, done + Math.min(blockSize - within, length - done));
      const place = this.place(block);
      if (place !== undefined) await this.readBlock(part, block, place, within);
      done += part.length;
    }
    return bytes;
  }

  private place(block: number): number | undefined {
    const at = this.table.getUint32(4 * block);
    return at === NO_BLOCK ? undefined : at * sectorSize;
  }

  /** A sector whose bit is clear was never written, whatever stands in its place. */
  private async readBlock(into: Uint8Array, block: number, place: number, within: number): Promise<void> {
    const size = bitmapSize(this.header.blockSize);
    const bitmap = await this.bitmaps.get(block, async () => {
      const bits = new Uint8Array(size);
      await this.file.read(bits, place);
      return bits;
    });
    await this.file.read(into, place + size + within);
    const firstSector = Math.floor(within / sectorSize);
    for (let sector = firstSector; sector * sectorSize < within + into.length; sector++) {
      if (bitmap[sector >> 3]! & (0x80 >> (sector & 7))) continue;
      into.fill(0, Math.max(0, sector * sectorSize - within), (sector + 1) * sectorSize - within);
    }
  }
}
