/** The way to a guest's agent: the far end of a serial port. */

export interface GuestChannel {
  /** To the guest. May throw when the machine is gone. */
  write(bytes: Uint8Array): void;
  /** From the guest, in pieces of any size. */
  onData(listener: (bytes: Uint8Array) => void): () => void;
}
