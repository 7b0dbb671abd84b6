/**
 * Serves the engine's requests from the block devices given to the machine. What the host has no room for is held, and whatever
 * else the same drive asks for waits behind it, so that nothing overtakes it.
 */
import type { BlockDevice } from '../ports.js';
import type { DriveSlot } from '../engine.js';
import type { DiskOperation, MediumShape } from './protocol.js';

/** The most bytes of one request: a guest's largest transfer is 65536 sectors. */
const REQUEST_MOST = 65_536 * 512;

export type DiskResult = { readonly data?: Uint8Array; readonly error?: string };

interface Held {
  readonly slot: DriveSlot;
  readonly operation: DiskOperation;
  readonly answer: (result: DiskResult) => void;
}

const isNoSpace = (error: unknown): error is Error => error instanceof Error && (error as { code?: unknown }).code === 'ENOSPC';
const textOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

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
  #held: Held[] = [];
  #reason: string | undefined;
  #retrying: Promise<void> | undefined;

  /** @param stalled told when something is held */
  constructor(
    drives: readonly { readonly slot: DriveSlot; readonly device: BlockDevice | null }[],
    private readonly stalled: () => void,
  ) {
    for (const { slot, device } of drives) this.#devices.set(slot, device);
  }

  /** Why something is held. */
  get heldBecause(): string | undefined {
    return this.#held.length > 0 ? this.#reason : undefined;
  }

  /** Does what is held, in order. @throws the host's error when there is still no room; the rest stays held */
  retry(): Promise<void> {
    this.#retrying ??= this.#retry().finally(() => (this.#retrying = undefined));
    return this.#retrying;
  }

  /** Serves a slot from another device; resolves when no request to the old one is under way. What is held for it fails. */
  async replace(slot: DriveSlot, device: BlockDevice | null): Promise<void> {
    this.#devices.set(slot, device);
    const dropped = this.#held.filter((held) => held.slot === slot);
    this.#held = this.#held.filter((held) => held.slot !== slot);
    for (const { answer } of dropped) answer({ error: `the medium at ${slot} was changed` });
    await Promise.allSettled([...this.#busy].flatMap(([work, where]) => (where === slot ? [work] : [])));
  }

  /** Does what the guest asked for; never rejects, and answers late what is held. */
  async serve(slot: DriveSlot, operation: DiskOperation): Promise<DiskResult> {
    if (this.#held.some((held) => held.slot === slot)) return this.#hold(slot, operation);
    try {
      return await this.#attempt(slot, operation);
    } catch (error) {
      return isNoSpace(error) ? this.#hold(slot, operation, error) : { error: textOf(error) };
    }
  }

  /** Resolves when no request is under way; what is held is none. */
  async quiet(): Promise<void> {
    while (this.#busy.size > 0) await Promise.allSettled(this.#busy.keys());
  }

  #hold(slot: DriveSlot, operation: DiskOperation, error?: Error): Promise<DiskResult> {
    if (error) this.#reason = error.message;
    return new Promise((answer) => {
      this.#held.push({ slot, operation, answer });
      this.stalled();
    });
  }

  async #retry(): Promise<void> {
    for (let [first] = this.#held; first; [first] = this.#held) {
      const { slot, operation, answer } = first;
      const result = await this.#attempt(slot, operation).catch((error: unknown): DiskResult => {
        if (!isNoSpace(error)) return { error: textOf(error) };
        this.#reason = error.message;
        throw error;
      });
      if (this.#held[0] !== first) continue; // the medium was changed meanwhile
      this.#held.shift();
      answer(result);
    }
  }

  async #attempt(slot: DriveSlot, operation: DiskOperation): Promise<DiskResult> {
    const work = this.#serve(slot, operation);
    this.#busy.set(work, slot);
    try {
      return await work;
    } finally {
      this.#busy.delete(work);
    }
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
