/** A QEMU process with the test card in it, as the peer that machines are compared with: commands and events of its monitor (QMP). */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { TestCard } from '@belvedere/guests';
import { until } from '@belvedere/viewers';

/** What the monitor tells by itself; `at` is in milliseconds of the host's clock. */
interface QmpEvent {
  readonly name: string;
  readonly at: number;
}

interface Message {
  readonly event?: string;
  readonly timestamp?: { readonly seconds: number; readonly microseconds: number };
  readonly return?: unknown;
  readonly error?: { readonly desc: string };
}

export class Qemu {
  readonly #events: QmpEvent[] = [];
  readonly #answers: ((message: Message) => void)[] = [];

  private constructor(
    private readonly process: ChildProcess,
    private readonly monitor: Socket,
    private readonly serial: string,
  ) {
    createInterface({ input: monitor }).on('line', (line) => {
      const message = JSON.parse(line) as Message;
      if (message.event !== undefined) this.#events.push({ name: message.event, at: message.timestamp!.seconds * 1000 + message.timestamp!.microseconds / 1000 });
      else if ('return' in message || message.error) this.#answers.shift()?.(message);
    });
  }

  /** @param folder for its sockets; @param name of them */
  static async start(folder: string, name: string, options: readonly string[]): Promise<Qemu> {
    const [monitor, serial] = [`${folder}/${name}.qmp`, `${folder}/${name}.com1`];
    const child = spawn('qemu-system-i386', ['-M', 'pc', '-accel', 'tcg', '-display', 'none', '-nodefaults', '-vga', 'std', '-qmp', `unix:${monitor},server=on,wait=off`, '-serial', `unix:${serial},server=on,wait=off`, ...options], { stdio: ['ignore', 'ignore', 'inherit'] });
    const socket = await until('the monitor', async () => {
      const candidate = connect(monitor);
      return once(candidate, 'connect').then(() => candidate, () => undefined);
    }, { timeout: 30_000, interval: 50 });
    const qemu = new Qemu(child, socket, serial);
    await qemu.ask('qmp_capabilities');
    return qemu;
  }

  async ask<T>(execute: string, args: object = {}): Promise<T> {
    const answered = new Promise<Message>((resolve) => this.#answers.push(resolve));
    this.monitor.write(`${JSON.stringify({ execute, arguments: args })}\n`);
    const { error, ...message } = await answered;
    if (error) throw new Error(`${execute}: ${error.desc}`);
    return message.return as T;
  }

  /** The last event of this name, waited for. */
  event(name: string): Promise<QmpEvent> {
    return until(`QEMU's ${name}`, () => this.#events.findLast((event) => event.name === name), { timeout: 300_000, interval: 5 });
  }

  async card(): Promise<TestCard> {
    const socket = connect(this.serial);
    await once(socket, 'connect');
    return new TestCard(socket);
  }

  async end(): Promise<void> {
    if (this.process.exitCode !== null || this.process.signalCode !== null) return;
    this.process.kill('SIGKILL');
    await once(this.process, 'exit');
  }
}
