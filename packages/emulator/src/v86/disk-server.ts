/**
 * Serves the engine's requests from the block devices given to the machine.
 */
import type { BlockDevice } from '../ports.js';
import type { DriveSlot } from '../engine.js';
import type { DiskOperation, MediumShape } from './protocol.js';

/** The most bytes of one request: a guest's largest transfer is 65536 sectors. */
const REQUEST_MOST = 65_536 * 512;

export type DiskResult = { readonly data?: Uint8Array; readonly error?: string };

/** What the engine's thread needs to know of a medium. @throws Error when its first sector cannot be read */
export async function mediumShape(slot: DriveSlot, device: BlockDevice | null): Promise<MediumShape | null> {
  if (!device) return null;
  try {
    return { size: device.size, readOnly: device.readOnly, firstSector: await device.read(0, 512) };
  } catch (error) {
    throw new Error(`the medium at ${slot} cannot be read: ${(error as Error).message}`, { cause: error });
  }
}

export class DiskServer {
  readonly #devices = new Map<DriveSlot, BlockDevice | null>();
  readonly #busy = new Map<Promise<unknown>, DriveSlot>();

  constructor(drives: readonly { readonly slot: DriveSlot; readonly device: BlockDevice | null }[]) {
    for (const { slot, device } of drives) this.#devices.set(slot, device);
  }

  /** Serves a slot from another device; resolves when no request to the old one is under way. */
  async replace(slot: DriveSlot, device: BlockDevice | null): Promise<void> {
    this.#devices.set(slot, device);
    await Promise.allSettled([...this.#busy].flatMap(([work, where]) => (where === slot ? [work] : [])));
  }

  /** Does what the guest asked for; never rejects. */
  async serve(slot: DriveSlot, operation: DiskOperation): Promise<DiskResult> {
    const work = this.#serve(slot, operation);
    this.#busy.set(work, slot);
    try {
      return await work;
    } catch (error) {
      return { error: error instanceof Error ? error.message : String(error) };
    } finally {
      this.#busy.delete(work);
    }
  }

  /** Resolves when no request is under way. */
  async quiet(): Promise<void> {
    while (this.#busy.size > 0) await Promise.allSettled(this.#busy.keys());
  }

  async #serve(slot: DriveSlot, operation: DiskOperation): Promise<DiskResult> {
    const device = this.#devices.get(slot);
    if (!device) throw new Error(`${slot} has no medium`);
    if (operation.op === 'flush') {
      await device.flush();
      return {};
    }
    const { offset } = operation;
    const length = operation.op === 'read' ? operation.length : operation.data.length;
    if (offset < 0 || length > REQUEST_MOST || offset + length > device.size) {
      throw new Error(`${length} bytes at ${offset} are beyond the ${device.size} of ${slot}`);
    }
    if (operation.op === 'read') return { data: await device.read(offset, length) };
    if (device.readOnly) throw new Error(`${slot} is read-only`);
    await device.write(offset, operation.data);
    if (operation.durable) await device.flush();
    return {};
  }
}
