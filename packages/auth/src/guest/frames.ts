/**
 * What the QEMU guest agent writes: JSON values, one a line; a byte 0xff, which no UTF-8 text holds, goes before the answer to guest-sync-delimited.
 *
 * The other end is a guest: it may write anything, at any length. What is no line of JSON is dropped, and a line that is too long with it. Pure.
 */

/** Bytes of a line. The answers that logins need have a few hundred. */
const LONGEST_LINE = 64 * 1024;

const SENTINEL = 0xff;
const NEWLINE = 0x0a;

export interface Frame {
  readonly value: unknown;
  /** It came first after a sentinel. */
  readonly delimited: boolean;
}

export class FrameReader {
  private line = new Uint8Array(256);
  private length = 0;
  private tooLong = false;
  private delimited = false;

  /** The values that `bytes` complete. */
  read(bytes: Uint8Array): Frame[] {
    const frames: Frame[] = [];
    for (const byte of bytes) {
      if (byte === SENTINEL) this.start(true);
      else if (byte !== NEWLINE) this.append(byte);
      else {
        const value = this.tooLong ? undefined : parse(this.line.subarray(0, this.length));
        if (value !== undefined) frames.push({ value, delimited: this.delimited });
        this.start(false);
      }
    }
    return frames;
  }

  private start(delimited: boolean): void {
    this.length = 0;
    this.tooLong = false;
    this.delimited = delimited;
  }

  private append(byte: number): void {
    if (this.length === LONGEST_LINE) this.tooLong = true;
    if (this.tooLong) return;
    if (this.length === this.line.length) {
      const longer = new Uint8Array(2 * this.length);
      longer.set(this.line);
      this.line = longer;
    }
    this.line[this.length++] = byte;
  }
}

function parse(line: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(line).toString('utf8'));
  } catch {
    return undefined;
  }
}
