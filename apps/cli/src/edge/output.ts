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

/** Streams are opened when something is printed: a command that only prints its result is quicker by the other one. */
export function openOutput(stdout: () => Stream = () => process.stdout, stderr: () => Stream = () => process.stderr): Output {
  const closed = new AbortController();
  const writer = (open: () => Stream, onError: () => void): ((text: string) => void) => {
    let stream: Stream | undefined;
    let broken = false;
    return (text) => {
      if (!stream) {
        stream = open();
        stream.on('error', () => {
          broken = true;
          onError();
        });
      }
      if (!broken) stream.write(text);
    };
  };
  const write = writer(stdout, () => closed.abort());
  const writeNote = writer(stderr, () => {});
  return { write, line: (text) => write(`${text}\n`), writeNote, note: (text) => writeNote(`${text}\n`), closed: closed.signal };
}
