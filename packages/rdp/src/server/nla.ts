/**
 * Network Level Authentication on a server's connection: TSRequests off the stream, CredSSP's steps one after the other.
 *
 * [MS-CSSP] 3.1.5. State: the bytes that are no whole TSRequest yet. The connection owns the socket and the clock.
 */
import { ProtocolError } from '../errors.js';
import { type CredSspLogon, type CredSspStep, tsRequestLength } from '../nla/index.js';

/** Bytes held of a client that sends faster than it is answered: the longest TSRequest, and what may follow the last one. */
const MAX_HELD = 0x18000;

/** Cuts a stream into TSRequests. */
export class TsRequestReader {
  private pieces: Uint8Array[] = [];
  private size = 0;
  private waiting: { resolve(tsRequest: Uint8Array): void; reject(error: Error): void } | undefined;

  /** Throws `ProtocolError` if the client sends more than anyone may. */
  push(bytes: Uint8Array): void {
    this.pieces.push(bytes);
    this.size += bytes.length;
    if (this.size > MAX_HELD) {
      throw new ProtocolError(`${this.size} bytes, at most ${MAX_HELD} are held`, {
        state: 'credssp',
        pdu: 'TSRequest',
        section: '[MS-CSSP] 2.2.1',
      });
    }
    this.settle();
  }

  /** The next one. Rejects with `ProtocolError` if the bytes cannot be one, and when the connection ends. */
  next(): Promise<Uint8Array> {
    return new Promise((resolve, reject) => {
      this.waiting = { resolve, reject };
      this.settle();
    });
  }

  /** Takes out what is left. */
  drain(): Uint8Array {
    const bytes = this.joined();
    [this.pieces, this.size] = [[], 0];
    return bytes;
  }

  /** The connection is over. */
  close(error: Error): void {
    this.waiting?.reject(error);
    this.waiting = undefined;
  }

  private settle(): void {
    const { waiting } = this;
    if (!waiting) return;
    try {
      const bytes = this.joined();
      const length = tsRequestLength(bytes);
      if (length === undefined) return;
      this.pieces = bytes.length > length ? [bytes.subarray(length)] : [];
      this.size -= length;
      this.waiting = undefined;
      waiting.resolve(bytes.subarray(0, length));
    } catch (error) {
      this.waiting = undefined;
      waiting.reject(error as Error);
    }
  }

  private joined(): Uint8Array {
    if (this.pieces.length !== 1) this.pieces = [Buffer.concat(this.pieces)];
    return this.pieces[0];
  }
}

/** How CredSSP came out. */
export type Proof =
  | { readonly proved: true; readonly logon: CredSspLogon }
  | { readonly proved: false; readonly reason: string };

/**
 * Runs CredSSP to its end.
 * @param start takes the client's first TSRequest
 * @returns rejects when the client breaks a rule
 */
export async function runCredSsp(
  reader: TsRequestReader,
  start: (tsRequest: Uint8Array) => Promise<CredSspStep>,
  send: (bytes: Uint8Array) => void,
): Promise<Proof> {
  let take = start;
  for (;;) {
    const step = await take(await reader.next());
    if (step.state === 'authenticated') return { proved: true, logon: step.logon };
    if (step.reply) send(step.reply);
    if (step.state === 'refused') return { proved: false, reason: step.reason };
    take = (bytes) => step.next(bytes);
  }
}
