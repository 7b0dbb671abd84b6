/** JSON values as lines of UTF-8 over a socket, each bounded in length before it is parsed. */
import type { Socket } from 'node:net';

/**
 * Calls `onValue` for each line of `socket`, in order.
 * @param limit longest line, in bytes; a longer one, or one that is no JSON, ends the connection with an error
 */
export function readLines(socket: Socket, limit: number, onValue: (value: unknown) => void): void {
  let parts: Buffer[] = [];
  let length = 0;
  socket.on('data', (chunk: Buffer) => {
    let start = 0;
    for (let end = chunk.indexOf(10); end >= 0; end = chunk.indexOf(10, start)) {
      parts.push(chunk.subarray(start, end));
      const line = Buffer.concat(parts);
      parts = [];
      length = 0;
      start = end + 1;
      let value: unknown;
      try {
        if (line.length > limit) throw new RangeError(`line of ${line.length} bytes exceeds ${limit}`);
        value = JSON.parse(line.toString('utf8'));
      } catch (cause) {
        socket.destroy(new Error('the peer does not speak the control protocol', { cause }));
        return;
      }
      onValue(value);
    }
    parts.push(chunk.subarray(start));
    length += chunk.length - start;
    if (length > limit) socket.destroy(new Error(`line of more than ${limit} bytes on the control socket`));
  });
}

export const writeLine = (socket: Socket, value: unknown): void => {
  if (!socket.destroyed && socket.writable) socket.write(`${JSON.stringify(value)}\n`);
};

export const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value);
