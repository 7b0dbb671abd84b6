/**
 * A home of its own for each test file, and commands typed there as a person would: a shell, the repository's commands on its path.
 *
 * Two homes do not see each other. Closing one ends its machines and its API, and checks that no process of it is left.
 */
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { connect, createServer, type AddressInfo } from 'node:net';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Client, findHome } from '@belvedere/client';
import { TestCard, TestCardError } from '@belvedere/guests';
import { fromPng, type Picture, until } from '@belvedere/viewers';

const root = fileURLToPath(new URL('../../..', import.meta.url));

/** What a command did. */
export interface Done {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Status {
  readonly pid: number;
  readonly url: string;
  readonly home: string;
}

export class Home {
  /** The folder that commands are typed in: relative names of files are meant from here. */
  readonly folder: string;
  readonly path: string;
  private readonly base: string;
  /** What commands typed here have around them. */
  readonly environment: NodeJS.ProcessEnv;

  /** @param within a command that runs another one, such as `ip netns exec NAME`: everything typed here runs so */
  constructor(private readonly within: readonly string[] = []) {
    this.base = mkdtempSync(join(tmpdir(), 'belvedere-'));
    this.path = join(this.base, 'home');
    this.folder = join(this.base, 'folder');
    mkdirSync(this.folder);
    this.environment = { ...process.env, BELVEDERE_HOME: this.path, PATH: [join(root, 'node_modules/.bin'), process.env.PATH].join(delimiter) };
    // Only what a user's shell has, not what a test runner adds.
    for (const name of ['NODE_OPTIONS', 'NODE_ENV', 'JEST_WORKER_ID']) delete this.environment[name];
  }

  /** Runs a line in a shell, whatever comes of it. */
  attempt(line: string): Promise<Done> {
    return new Promise((resolve) => {
      const [program = 'sh', ...words] = [...this.within, 'sh', '-c', line];
      execFile(program, words, { cwd: this.folder, env: this.environment, maxBuffer: 16 << 20 }, (error, stdout, stderr) => {
        resolve({ code: error ? (typeof error.code === 'number' ? error.code : -1) : 0, stdout, stderr });
      });
    });
  }

  /** Runs a line that must succeed and returns what it printed. */
  async type(line: string): Promise<string> {
    const { code, stdout, stderr } = await this.attempt(line);
    if (code !== 0) throw new Error(`${line}: exit code ${code}\n${stdout}${stderr}`);
    return stdout;
  }

  /** The API that the first command started, asked without a command: for what is asked often. */
  get client(): Client {
    return new Client({ door: { socketPath: findHome({ BELVEDERE_HOME: this.path }).socket } });
  }

  async status(): Promise<Status> {
    return JSON.parse(await this.type('belvedere status --json')) as Status;
  }

  /** `showvminfo --machinereadable`, by key. */
  async info(machine: string): Promise<ReadonlyMap<string, string>> {
    const lines = (await this.type(`VBoxManage showvminfo "${machine}" --machinereadable`)).split('\n').filter(Boolean);
    return new Map(lines.map((line) => {
      const [, key, value] = /^"?(.*?)"?=(.*)$/.exec(line) ?? [];
      return [key ?? line, (value ?? '').replace(/^"(.*)"$/, '$1')] as const;
    }));
  }

  /** The port that a running machine's remote display has. */
  async port(machine: string): Promise<number> {
    const port = Number((await this.info(machine)).get('vrdeport'));
    if (!(port > 0)) throw new Error(`machine "${machine}" has no open port for its remote display`);
    return port;
  }

  /** The engine's own picture of one of the machine's screens, counted from 0. */
  async screenshot(machine: string, screen = 0): Promise<Picture> {
    const file = join(this.base, `${machine}.png`);
    await this.type(`VBoxManage controlvm "${machine}" screenshotpng "${file}" ${screen}`);
    return fromPng(readFileSync(file));
  }

  /** The same, asked without a command: for looks that follow each other. */
  async screen(machine: string): Promise<Picture> {
    return fromPng(await this.client.request('GET /machines/{ref}/screens/{screen}/screenshot', { path: { ref: machine, screen: 0 } }));
  }

  /** The path for a machine's serial line: what `--uartmode1 server` is told. */
  serialPath(machine: string): string {
    return join(this.base, `${machine}.serial`);
  }

  /** The test card at a running machine's serial line, once it answers. */
  async testCard(machine: string): Promise<TestCard> {
    const socket = connect(this.serialPath(machine));
    await once(socket, 'connect');
    const card = new TestCard(socket);
    // What is asked before the card has started is lost when it starts.
    await card.hello().catch((error: unknown) => (error instanceof TestCardError ? card.hello() : Promise.reject(error as Error)));
    return card;
  }

  /** Waits until a machine's state is the wanted one. */
  async untilState(machine: string, wanted: string, timeout = 30_000): Promise<void> {
    await until(`state ${wanted} of "${machine}"`, async () => ((await this.info(machine)).get('VMState') === wanted ? true : undefined), { timeout, interval: 100 });
  }

  /** Ends all machines and the API. @throws when a process of this home is left, which is ended then */
  async close(): Promise<void> {
    try {
      await this.type('belvedere shutdown --machines poweroff');
      await until('the end of all processes', () => (this.processes().length === 0 ? true : undefined), { timeout: 15_000 });
    } finally {
      for (const pid of this.processes()) process.kill(pid, 'SIGKILL');
      rmSync(this.base, { recursive: true, force: true });
    }
  }

  /** Every process that was started with this home, by Linux's record of its environment. */
  processes(): number[] {
    const mine = `BELVEDERE_HOME=${this.path}`;
    return readdirSync('/proc').filter((name) => /^\d+$/.test(name)).filter((pid) => {
      try {
        return readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0').includes(mine);
      } catch {
        return false; // another user's, or gone
      }
    }).map(Number);
  }
}

/** A TCP port that is free now. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
