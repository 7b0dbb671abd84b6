/**
 * The messages to the engine's thread. A guest that reads a sector mostly waits for nothing else, so an answer that comes at once is
 * taken at once, in the middle of the guest's instruction; whatever else arrives then waits for the instruction's end.
 */
import { receiveMessageOnPort, type MessagePort } from 'node:worker_threads';
import { hostNow } from './guest-clock.js';
import { Cell, type ToWorker } from './protocol.js';

export type DiskDone = Extract<ToWorker, { type: 'diskDone' }>;

export class Mailbox {
  #seen = 0;
  #kept: ToWorker[] = [];

  constructor(
    private readonly port: MessagePort,
    private readonly cells: Int32Array,
  ) {}

  /** The next message, if any. */
  take(): ToWorker | undefined {
    if (this.#kept.length === 0) this.#receive();
    return this.#kept.shift();
  }

  /** Sleeps until a message arrives. @param timeout milliseconds */
  sleep(timeout: number): void {
    if (this.#kept.length === 0) Atomics.wait(this.cells, Cell.messages, this.#seen, timeout);
  }

  /** Waits a moment for one answer, and keeps everything else. @param patience milliseconds */
  answer(id: number, patience: number): DiskDone | undefined {
    const until = hostNow() + patience;
    for (;;) {
      this.#receive();
      const at = this.#kept.findIndex((message) => message.type === 'diskDone' && message.id === id);
      if (at >= 0) return this.#kept.splice(at, 1)[0] as DiskDone;
      const left = until - hostNow();
      if (left <= 0) return undefined;
      Atomics.wait(this.cells, Cell.messages, this.#seen, left);
    }
  }

  #receive(): void {
    // Read first: a message is posted before it is counted.
    const count = Atomics.load(this.cells, Cell.messages);
    if (count === this.#seen) return;
    this.#seen = count;
    for (;;) {
      const received = receiveMessageOnPort(this.port) as { message: ToWorker } | undefined;
      if (!received) return;
      this.#kept.push(received.message);
    }
  }
}
