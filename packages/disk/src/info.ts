/** What an image is, without opening it for use. */
import { ImageError } from './errors.js';
import { openFile, resolveFile } from './file.js';
import type { Format, HostFile, Variant } from './ports.js';
import { probeFormat } from './probe.js';
import { isIso, isoSize, rawSize } from './raw.js';
import { readVdiHeader, uuidsOf, variantOf } from './vdi/image.js';
import { readVhdFooter, vhdVariant } from './vhd/image.js';
import { describeVmdk, ownExtents } from './vmdk/image.js';

export interface ImageInfo {
  readonly path: string;
  readonly format: Format;
  readonly variant: Variant;
  readonly uuid: string | undefined;
  /** Changes with each opening that writes; undefined where the format keeps none. */
  readonly modificationUuid: string | undefined;
  /** Of the image that a differencing image hangs on. */
  readonly parentUuid: string | undefined;
  /** The parent's modification UUID when this image was made: another one now means that the parent was written since. */
  readonly parentModificationUuid: string | undefined;
  /** Bytes that the guest sees. */
  readonly size: number;
  /** Bytes that it occupies on the host, without its parents. */
  readonly actualSize: number;
}

type Described = Omit<ImageInfo, 'path' | 'format' | 'actualSize'>;

/** Describes an image without locking it; only headers are read. @throws ImageError */
export async function readImageInfo(path: string, options: { readonly format?: Format } = {}): Promise<ImageInfo> {
  const real = await resolveFile(path);
  const format = options.format ?? (await probeFormat(real));
  const file = await openFile(real, true);
  try {
    const described = await describe[format](file);
    let actualSize = await file.occupied();
    if (format === 'VMDK') for (const extent of await ownExtents(file)) actualSize += await occupiedBy(extent);
    return { path: real, format, actualSize, ...described };
  } finally {
    await file.close();
  }
}

async function occupiedBy(path: string): Promise<number> {
  const file = await openFile(await resolveFile(path), true);
  return file.occupied().finally(() => file.close());
}

const noUuids = { uuid: undefined, modificationUuid: undefined, parentUuid: undefined, parentModificationUuid: undefined };

const describe: Readonly<Record<Format, (file: HostFile) => Promise<Described>>> = {
  async VDI(file) {
    const header = await readVdiHeader(file);
    return { variant: variantOf(header), size: Number(header.cbDisk), ...uuidsOf(header) };
  },
  async VMDK(file) {
    const { variant, size, uuid, modificationUuid } = await describeVmdk(file);
    return { ...noUuids, variant, size, uuid, modificationUuid };
  },
  async VHD(file) {
    const footer = await readVhdFooter(file);
    return { ...noUuids, variant: vhdVariant(footer), size: Number(footer.currentSize), uuid: footer.uniqueId };
  },
  RAW: async (file) => ({ variant: 'Fixed', size: await rawSize(file), ...noUuids }),
  async ISO(file) {
    if (!(await isIso(file))) throw new ImageError(file.path, 'volume descriptor', 'neither ISO 9660 nor UDF: not an image of a CD or DVD');
    return { variant: 'Fixed', size: isoSize(await file.size()), ...noUuids };
  },
};
