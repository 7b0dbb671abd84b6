/** What happens to machines, told to whoever listens now. Nothing is kept for those who come later. */
import { Injectable } from '@nestjs/common';
import type { ApiEvent } from './event.dto.js';

@Injectable()
export class EventHub {
  private readonly listeners = new Set<(event: ApiEvent) => void>();
  private readonly closers = new Set<() => void>();

  emit(event: ApiEvent): void {
    for (const listener of [...this.listeners]) listener(event);
  }

  onEvent(listener: (event: ApiEvent) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** Calls `listener` when the API stops, so that streams end. */
  onClose(listener: () => void): () => void {
    this.closers.add(listener);
    return () => this.closers.delete(listener);
  }

  /** Ends every stream. */
  close(): void {
    for (const closer of [...this.closers]) closer();
  }
}
