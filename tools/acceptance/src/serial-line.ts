/** The other end of a machine's serial line: what the guest says there, by the line and as a whole, and what it is told. */
import { connect, type Socket } from 'node:net';
import { once } from 'node:events';

/** The prompt of a guest's root shell; BusyBox ends it with the question where the cursor is. */
export const PROMPT = /# (.\[6n)?$/;

/** Characters that are kept of what the guest has said. */
const MOST = 1 << 20;

export class SerialLine {
  /** What the guest has said, the last of it, with its line feeds. */
  text = '';
  /** Settles when the other end has gone. */
  readonly ended: Promise<void>;
  private rest = '';
  private readonly listeners: ((line: string) => void)[] = [];
  private readonly looks = new Set<() => void>();

  private constructor(private readonly socket: Socket) {
    socket.setEncoding('latin1');
    socket.on('data', (piece) => this.receive(String(piece)));
    socket.on('error', () => undefined); // a process that was killed may reset its connections: its end is told by `close`
    this.ended = new Promise((resolve) => socket.once('close', () => {
      resolve();
      for (const look of [...this.looks]) look();
    }));
  }

  /** @param path what `--uartmode1 server` was told, of a machine that runs */
  static async open(path: string): Promise<SerialLine> {
    const socket = connect(path);
    await once(socket, 'connect');
    return new SerialLine(socket);
  }

  /** Calls for each whole line to come, without what ends it. */
  onLine(listener: (line: string) => void): void {
    this.listeners.push(listener);
  }

  write(text: string): void {
    this.socket.write(text);
  }

  /** Waits until the guest has said something like this, also as the beginning of a line. @throws when the time (milliseconds) is over, or the line ends before */
  said(pattern: RegExp, timeout: number): Promise<void> {
    return new Promise((resolve, reject) => {
      const end = (error?: Error): void => {
        clearTimeout(timer);
        this.looks.delete(look);
        if (error) reject(error);
        else resolve();
      };
      const last = (): string => JSON.stringify(this.text.slice(-300));
      const look = (): void => {
        if (pattern.test(this.text)) end();
        else if (this.socket.closed) end(new Error(`the serial line ended before the guest said ${pattern}; its last words: ${last()}`));
      };
      const timer = setTimeout(() => end(new Error(`the guest did not say ${pattern} within ${timeout} ms; its last words: ${last()}`)), timeout);
      this.looks.add(look);
      look();
    });
  }

  /** Forgets what the guest has said. */
  forget(): void {
    this.text = '';
  }

  close(): void {
    this.socket.destroy();
  }

  private receive(piece: string): void {
    this.text = (this.text + piece).slice(-MOST);
    const lines = (this.rest + piece).split('\n');
    this.rest = lines.pop()!.slice(-MOST);
    for (const line of lines) for (const listener of this.listeners) listener(line.replace(/\r+$/, ''));
    for (const look of [...this.looks]) look();
  }
}
