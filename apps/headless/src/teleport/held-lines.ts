/** Serial lines of a machine that runs before anybody has joined them: what it says meanwhile is kept for who does. State: those bytes. */
import type { SerialPort } from '@belvedere/emulator';

/** Bytes kept of one line. */
const MOST = 64 << 10;

export class HeldLines {
  readonly ports: readonly SerialPort[];
  private readonly releases: (() => void)[] = [];

  /** Keeps what comes from now on. */
  constructor(ports: readonly SerialPort[]) {
    this.ports = ports.map((port) => this.hold(port));
  }

  /** All are joined that will be: nothing more is kept. */
  release(): void {
    for (const release of this.releases.splice(0)) release();
  }

  private hold(port: SerialPort): SerialPort {
    let kept: Uint8Array[] = [];
    let size = 0;
    const stop = port.onData((bytes) => {
      if (size + bytes.length > MOST) return;
      kept.push(bytes.slice());
      size += bytes.length;
    });
    const release = (): void => {
      stop();
      kept = [];
    };
    this.releases.push(release);
    return {
      index: port.index,
      write: (bytes) => port.write(bytes),
      onData: (listener) => {
        for (const bytes of kept) listener(bytes);
        release();
        return port.onData(listener);
      },
    };
  }
}
