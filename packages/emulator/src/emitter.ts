/**
 * A list of listeners.
 */
import type { Unsubscribe } from './ports.js';

export class Emitter<Args extends unknown[]> {
  readonly #listeners = new Set<(...args: Args) => void>();

  on(listener: (...args: Args) => void): Unsubscribe {
    // A function of its own, so that the same listener may be added twice.
    const entry = (...args: Args): void => listener(...args);
    this.#listeners.add(entry);
    return () => void this.#listeners.delete(entry);
  }

  emit(...args: Args): void {
    for (const listener of [...this.#listeners]) listener(...args);
  }
}
