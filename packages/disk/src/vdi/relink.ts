/** Hangs a differencing VDI on another parent: one write of one sector. */
import { ImageError } from '../errors.js';
import { openFile } from '../file.js';
import { lockImage } from '../lock.js';
import type { HostFile } from '../ports.js';
import type { Linkage } from './create.js';
import { headerSector, parseHeader, sectorSize, type VdiHeader } from './header.js';

/** A differencing image whose parent can be named anew; nobody else has it open meanwhile. */
export class Relinkable {
  private constructor(
    private readonly file: HostFile,
    private readonly sector: Uint8Array,
    private readonly header: VdiHeader,
    private readonly release: () => Promise<void>,
  ) {}

  /**
   * @param path with symbolic links resolved
   * @param parents the UUIDs that it may hang on now
   * @throws ImageError when it hangs on another, ImageLockedError when somebody has it
   */
  static async open(path: string, parents: readonly (string | undefined)[], owner: string): Promise<Relinkable> {
    const lock = await lockImage(path, owner);
    try {
      const file = await openFile(path, false);
      try {
        const sector = new Uint8Array(sectorSize);
        await file.read(sector, 0);
        const header = parseHeader(path, sector, await file.size());
        if (!parents.includes(header.uuidLinkage)) throw new ImageError(path, 'VDIHEADER.uuidLinkage', `hangs on {${header.uuidLinkage}}, not on {${parents[0]}}: it is no child of that image`);
        return new Relinkable(file, sector, header, lock.release);
      } catch (error) {
        await file.close();
        throw error;
      }
    } catch (error) {
      await lock.release();
      throw error;
    }
  }

  async relink({ uuid, modificationUuid }: Linkage): Promise<void> {
    await this.file.write(headerSector({ ...this.header, uuidLinkage: uuid, uuidParentModify: modificationUuid }, this.sector), 0);
    await this.file.sync();
  }

  async close(): Promise<void> {
    await this.file.close().finally(this.release);
  }
}
