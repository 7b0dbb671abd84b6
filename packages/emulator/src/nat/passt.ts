/**
 * passt, which carries a guest's connections over the host's sockets: where it stands, and one process of it.
 *
 * The process is given one end of a pair of sockets and ends when the other end closes, whatever becomes of this process; so it needs no path
 * that its user could not reach. Frames go over it with their length before them, four bytes, high byte first.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import type { Duplex } from 'node:stream';
import { cacheFolder } from '../firmware.js';
import { formatAddress, MTU, type NatNetwork } from './network.js';

/** What a frame's length may be: passt sends nothing longer than it was told, and anything else means that the two have lost step. */
const FRAME_MOST = 65_536;
/** Bytes that may wait for passt before the guest's frames are lost. */
const WAITING_MOST = 4 * 1024 * 1024;
/** Milliseconds in which passt answers its first question, on a busy host. */
const READY = 20_000;
/** Bytes of its last words that are kept. */
const WORDS_MOST = 4096;

/** The folder that the set-up program puts passt into where the system has none. */
export const passtCacheFolder = (env: NodeJS.ProcessEnv = process.env, platform: NodeJS.Platform = process.platform): string => join(cacheFolder(env, platform), 'passt');

/**
 * Finds the program. `BELVEDERE_PASST` names the only one.
 *
 * @throws Error that says what to install
 */
export async function findPasst(env: NodeJS.ProcessEnv = process.env): Promise<string> {
  const folders = [passtCacheFolder(env), ...(env.PATH ?? '').split(delimiter), '/usr/bin', '/usr/local/bin'];
  const candidates = env.BELVEDERE_PASST ? [env.BELVEDERE_PASST] : folders.filter(Boolean).map((folder) => join(folder, 'passt'));
  for (const candidate of candidates) {
    const found = await access(candidate, constants.X_OK).then(() => true, () => false);
    if (found) return candidate;
  }
  throw new Error(
    `no passt, which connects a guest by NAT: ${env.BELVEDERE_PASST ? `BELVEDERE_PASST names ${env.BELVEDERE_PASST}, which cannot be run` : 'it is neither in the PATH nor in the cache'}; install it ` +
      '(Debian, Ubuntu and Fedora: the package passt), run npm run setup, or set the network adapter to null',
  );
}

export interface PasstOptions {
  readonly program: string;
  readonly network: NatNetwork;
  /** The gateway's address leads to the host's own loopback. */
  readonly localhostReachable: boolean;
}

export class Passt {
  /** Resolves once the process is gone, with its last words. */
  readonly ended: Promise<string>;
  readonly #process: ChildProcess;
  readonly #socket: Duplex;
  #rest: Buffer = Buffer.alloc(0);
  #words = '';

  private constructor(
    { program, network, localhostReachable }: PasstOptions,
    private readonly frame: (frame: Buffer) => void,
  ) {
    const address = formatAddress;
    this.#process = spawn(
      program,
      [
        ...['--foreground', '--stderr', '--quiet', '--ipv4-only', '--fd', '3', '--mtu', String(MTU)],
        ...['--address', address(network.guest), '--netmask', String(network.prefix), '--gateway', address(network.gateway), '--dns', address(network.dns)],
        ...['--mac-addr', network.mac.toString('hex').replace(/..(?=.)/g, '$&:')],
        // All that passt would take from the interface is given above, and loopback is there on a host without a network.
        ...['--interface', 'lo', '--tcp-ports', 'none', '--udp-ports', 'none'],
        ...(localhostReachable ? [] : ['--no-map-gw']),
      ],
      { stdio: ['ignore', 'ignore', 'pipe', 'pipe'], env: {} },
    );
    this.#socket = this.#process.stdio[3] as Duplex;
    this.#socket.on('data', (bytes: Buffer) => this.#take(bytes));
    // Its end is told by the process.
    this.#socket.on('error', () => undefined);
    this.#process.stderr!.on('data', (bytes: Buffer) => {
      this.#words = (this.#words + bytes.toString()).slice(-WORDS_MOST);
    });
    this.ended = new Promise((resolve) => {
      this.#process.once('error', (error) => resolve(error.message));
      this.#process.once('close', (code, signal) => resolve(this.#reason(code, signal)));
    });
  }

  /** Starts the process; resolves when it answers. @throws Error with its last words when it does not */
  static async start(options: PasstOptions, frame: (frame: Buffer) => void): Promise<Passt> {
    let answered!: () => void;
    const answer = new Promise<undefined>((resolve) => {
      answered = () => resolve(undefined);
    });
    let ready = false;
    const passt = new Passt(options, (received) => {
      if (ready) return frame(received);
      ready = true;
      answered();
    });
    passt.send(whoHas(options.network));
    let timer!: NodeJS.Timeout;
    const late = new Promise<string>((resolve) => {
      timer = setTimeout(() => resolve(`it did not answer in ${READY / 1000} s`), READY);
    });
    const problem = await Promise.race([answer, passt.ended, late]);
    clearTimeout(timer);
    if (problem === undefined) return passt;
    await passt.end();
    throw new Error(`${options.program} does not run: ${problem}`);
  }

  send(frame: Uint8Array): void {
    if (!this.#socket.writable || this.#socket.writableLength > WAITING_MOST) return;
    const length = Buffer.alloc(4);
    length.writeUInt32BE(frame.length);
    this.#socket.cork();
    this.#socket.write(length);
    this.#socket.write(frame);
    queueMicrotask(() => this.#socket.uncork());
  }

  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  /** Resolves when the process is gone. */
  async end(): Promise<void> {
    this.#socket.destroy();
    this.#process.kill('SIGKILL');
    await this.ended;
  }

  #take(bytes: Buffer): void {
    let rest = this.#rest.length > 0 ? Buffer.concat([this.#rest, bytes]) : bytes;
    while (rest.length >= 4) {
      const length = rest.readUInt32BE(0);
      if (length > FRAME_MOST) return void this.#process.kill('SIGKILL');
      if (rest.length < 4 + length) break;
      this.frame(rest.subarray(4, 4 + length));
      rest = rest.subarray(4 + length);
    }
    this.#rest = rest;
  }

  #reason(code: number | null, signal: string | null): string {
    const words = this.#words.trim().split('\n').filter((line) => !line.startsWith('Failed to send ') && !line.startsWith("Don't run as root")).join('; ');
    return `it ended with ${signal ?? `code ${code}`}${words ? `: ${words}` : ''}`;
  }
}

/** RFC 826: who has the gateway's address, asked in the guest's name. passt answers once it serves. */
function whoHas({ guest, gateway }: NatNetwork): Buffer {
  const asker = Buffer.from('020000000001', 'hex');
  return Buffer.concat([Buffer.alloc(6, 0xff), asker, Buffer.from('08060001080006040001', 'hex'), asker, guest, Buffer.alloc(6), gateway]);
}
