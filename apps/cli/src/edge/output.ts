/** Where commands print. A reader that goes away ends the printing, never the work: `startvm VM | head -1` still starts the machine. */

export interface Output {
  /** To standard output, with a line feed. */
  line(text: string): void;
  /** To standard output, as it is. */
  write(text: string): void;
  /** To standard error, with a line feed. */
  note(text: string): void;
  /** To standard error, as it is. */
  writeNote(text: string): void;
  /** Aborts when nobody reads standard output any more. */
  readonly closed: AbortSignal;
}

type Stream = Pick<NodeJS.WriteStream, 'write' | 'on'>;

export function openOutput(stdout: Stream = process.stdout, stderr: Stream = process.stderr): Output {
  const closed = new AbortController();
  stdout.on('error', () => closed.abort());
  stderr.on('error', () => {});
  const write = (text: string): void => {
    if (!closed.signal.aborted) stdout.write(text);
  };
  const writeNote = (text: string): void => void stderr.write(text);
  return { write, line: (text) => write(`${text}\n`), writeNote, note: (text) => writeNote(`${text}\n`), closed: closed.signal };
}
