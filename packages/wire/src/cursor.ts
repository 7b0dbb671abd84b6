/**
 * A position in a byte range, and the one error a format can raise.
 *
 * Every read is bounds-checked here, once, so that no PDU file ever checks a length by hand. Pure.
 */
export class WireError extends Error {
  override readonly name = 'WireError';
  /** @param where PDU and field, such as `RDP_NEG_REQ.length`; @param offset bytes from the start of the input */
  constructor(
    readonly where: string,
    readonly offset: number,
    problem: string,
  ) {
    super(`${where || 'input'} at byte ${offset}: ${problem}`);
  }
}

/** A position in a byte range; `where` names the field in progress, for errors. */
export class Cursor {
  offset = 0;
  where = '';
  readonly view: DataView;
  /** Offset of `bytes[0]` in the outermost input, so that errors in a nested range name the true position. */
  private readonly origin: number;

  constructor(
    readonly bytes: Uint8Array,
    outer?: Cursor,
  ) {
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.origin = outer ? outer.origin + outer.offset : 0;
    this.where = outer?.where ?? '';
  }

  /** Bytes that are left. */
  get remaining(): number {
    return this.bytes.length - this.offset;
  }

  /** Claims the next `length` bytes and returns the offset where they start. */
  take(length: number): number {
    const start = this.offset;
    if (length >= 0 && start + length <= this.bytes.length) {
      this.offset += length;
      return start;
    }
    throw new WireError(this.where, this.origin + start, `need ${length} bytes, have ${this.bytes.length - start}`);
  }

  /** Claims the next `length` bytes and returns a view of them. */
  takeBytes(length: number): Uint8Array {
    const start = this.take(length);
    return this.bytes.subarray(start, start + length);
  }

  /** A cursor over the next `length` bytes, which this one steps over. */
  within(length: number): Cursor {
    const inner = new Cursor(this.bytes.subarray(this.offset, this.offset + Math.max(length, 0)), this);
    this.take(length);
    return inner;
  }

  fail(problem: string): never {
    throw new WireError(this.where, this.origin + this.offset, problem);
  }
}
