/**
 * A drive's medium, as v86 wants one: its bytes are in the other thread, behind the block device given to the engine.
 * v86 has no word for a failed request, so the drive itself is told through `failed`.
 */
import type { DiskBuffer } from './inside.js';
import type { DiskOperation, MediumShape } from './protocol.js';

export type Answer = { readonly data?: Uint8Array; readonly error?: string };

/** Sends a request to the other thread. */
export type Ask = (operation: DiskOperation, answer: (answer: Answer) => void) => void;

export class RemoteDisk implements DiskBuffer {
  readonly byteLength: number;
  readonly readOnly: boolean;
  /** Each write is on the host's disk before it is acknowledged. */
  durable = false;
  #generation = 0;

  /** @param failed tells the drive that the request under way cannot be done */
  constructor(
    private readonly medium: MediumShape,
    private readonly ask: Ask,
    private readonly failed: (operation: DiskOperation['op'], reason: string) => void,
  ) {
    this.byteLength = medium.size;
    this.readOnly = medium.readOnly;
  }

  get(start: number, length: number, done: (data: Uint8Array) => void): void {
    this.#request({ op: 'read', offset: start, length }, (data) => {
      if (data.length === length) done(data);
      else this.failed('read', `${data.length} bytes came for ${length} at ${start}`);
    });
  }

  set(start: number, data: Uint8Array, done: () => void): void {
    // The bytes stand in guest memory, which goes on changing.
    this.#request({ op: 'write', offset: start, data: data.slice(), durable: this.durable }, () => done());
  }

  flush(done: () => void): void {
    this.#request({ op: 'flush' }, () => done());
  }

  get_from_cache(start: number, length: number): Uint8Array | undefined {
    const { firstSector } = this.medium;
    return start === 0 && length <= firstSector.length ? firstSector.subarray(0, length) : undefined;
  }

  /** The drive was reset: nobody waits for what is under way. */
  abandon(): void {
    this.#generation++;
  }

  get_state(): unknown[] {
    return [];
  }

  set_state(): void {}

  #request(operation: DiskOperation, done: (data: Uint8Array) => void): void {
    const generation = this.#generation;
    if (operation.op !== 'flush') {
      const length = operation.op === 'read' ? operation.length : operation.data.length;
      if (operation.offset < 0 || operation.offset + length > this.byteLength) {
        this.failed(operation.op, `${length} bytes at ${operation.offset} are beyond the medium's ${this.byteLength}`);
        return;
      }
    }
    this.ask(operation, ({ data, error }) => {
      if (generation !== this.#generation) return;
      if (error !== undefined) this.failed(operation.op, error);
      else done(data ?? new Uint8Array(0));
    });
  }
}
