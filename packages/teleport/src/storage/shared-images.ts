/**
 * Images that both hosts reach: the proof that they do, and the decision who runs.
 *
 * Both are files beside the image, under its own resolved name, as the image's lock is: what they prove is exactly what the lock needs to
 * hold, and a copy, a hard link or another folder does not show them. Where both sides are one host, the file itself is compared too.
 *
 *     IMAGE.teleport-TOKEN        the source puts a secret there; a target that can tell it sees the same folder and the same name
 *     IMAGE.teleport-ID           the decision of move ID, beside the first image: `source` or `target`, made whole by link(2)
 *     IMAGE.teleport-ID.SIDE      that side's draft, written before the pause: a full disk shows before anything is at stake
 *
 * The loser of a decision deletes it once it knows. A loser that died leaves it: a few bytes that nobody reads again.
 */
import { randomBytes } from 'node:crypto';
import { link, open, readFile, realpath, rename, stat, unlink } from 'node:fs/promises';
import type { DecisionRecord, ImageToken, Side } from '../ports.js';

export interface SharedImage {
  /** Where it is plugged in, such as `ide0-0`. */
  readonly slot: string;
  readonly path: string;
}

const TOKEN = /^[0-9a-f]{32}$/;
const SECRET = /^[0-9a-f]{64}$/;

export class SharedImages {
  private readonly put: string[] = [];

  private constructor(private readonly images: ReadonlyMap<string, string>) {}

  /** @param images that are open for writing; empty where there is none */
  static async of(images: readonly SharedImage[]): Promise<SharedImages> {
    const resolved = await Promise.all(images.map(async ({ slot, path }) => [slot, await realpath(path)] as const));
    return new SharedImages(new Map(resolved));
  }

  async putTokens(): Promise<{ tokens: ImageToken[]; secrets: Record<string, string> }> {
    const tokens: ImageToken[] = [];
    const secrets: Record<string, string> = {};
    for (const [slot, path] of this.images) {
      const [token, secret] = [randomBytes(16).toString('hex'), randomBytes(32).toString('hex')];
      await writeWhole(`${path}.teleport-${token}`, secret, 'wx');
      this.put.push(`${path}.teleport-${token}`);
      tokens.push({ slot, token });
      secrets[slot] = `${secret} ${await identity(path)}`;
    }
    return { tokens, secrets };
  }

  async removeTokens(): Promise<void> {
    for (const file of this.put.splice(0)) await remove(file);
  }

  async readTokens(tokens: readonly ImageToken[]): Promise<Record<string, string>> {
    const found: Record<string, string> = {};
    for (const { slot, token } of tokens) {
      const path = this.images.get(slot);
      if (path === undefined || !TOKEN.test(token)) continue;
      const secret = await readShort(`${path}.teleport-${token}`);
      if (secret !== undefined && SECRET.test(secret)) found[slot] = `${secret} ${await identity(path)}`;
    }
    return found;
  }

  /** @param id of the move, 32 hexadecimal digits */
  record(id: string): DecisionRecord | undefined {
    if (!TOKEN.test(id)) throw new RangeError(`no id of a move: ${id}`);
    const [first] = this.images.values();
    return first === undefined ? undefined : new SharedRecord(`${first}.teleport-${id}`);
  }
}

/** What differs between what the source put and what the target found, one sentence each. */
export function storageDifferences(secrets: Readonly<Record<string, string>>, found: Readonly<Record<string, string>>): string[] {
  const slots = [...new Set([...Object.keys(secrets), ...Object.keys(found)])].sort();
  return slots.filter((slot) => !isSame(secrets[slot], found[slot])).map((slot) => `the image at ${slot} is not the same file on both sides: attach the shared one`);
}

function isSame(put: string | undefined, found: string | undefined): boolean {
  const [secret, host, file] = (put ?? '').split(' ');
  const [otherSecret, otherHost, otherFile] = (found ?? '').split(' ');
  return put !== undefined && secret === otherSecret && (host !== otherHost || file === otherFile);
}

/** Which start of which host, and which file there. */
async function identity(path: string): Promise<string> {
  const [boot, { dev, ino }] = await Promise.all([readFile('/proc/sys/kernel/random/boot_id', 'utf8').catch(() => ''), stat(path, { bigint: true })]);
  return `${boot.trim() || 'unknown'} ${boot === '' ? '' : `${dev}:${ino}`}`;
}

/** A decision as a file that is made once. */
class SharedRecord implements DecisionRecord {
  constructor(private readonly file: string) {}

  async prepare(side: Side): Promise<void> {
    await writeWhole(`${this.file}.${side}`, side, 'w');
  }

  async decide(side: Side): Promise<Side> {
    const decided = await this.read();
    if (decided) return decided;
    const draft = `${this.file}.${side}`;
    if ((await readShort(draft)) !== side) await this.prepare(side);
    try {
      await link(draft, this.file);
      return side;
    } catch (cause) {
      // Also on network file systems that repeat a request which had succeeded, the file tells.
      const now = await this.read();
      if (now) return now;
      throw cause;
    }
  }

  async read(): Promise<Side | undefined> {
    const text = await readShort(this.file);
    if (text === undefined || text === 'source' || text === 'target') return text;
    throw new Error(`${this.file} is no decision`);
  }

  async giveBack(): Promise<void> {
    await writeWhole(`${this.file}.back`, 'source', 'w');
    await rename(`${this.file}.back`, this.file);
  }

  async tidy(side: Side): Promise<void> {
    await remove(`${this.file}.${side}`);
  }

  async forget(): Promise<void> {
    await remove(this.file);
  }
}

async function writeWhole(file: string, text: string, flag: 'w' | 'wx'): Promise<void> {
  const handle = await open(file, flag, 0o600);
  try {
    await handle.writeFile(text);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** The first 128 bytes; undefined when there is no such file. */
async function readShort(file: string): Promise<string | undefined> {
  try {
    const handle = await open(file, 'r');
    try {
      const { bytesRead, buffer } = await handle.read(Buffer.alloc(128), 0, 128, 0);
      return buffer.toString('latin1', 0, bytesRead);
    } finally {
      await handle.close();
    }
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw cause;
  }
}

async function remove(file: string): Promise<void> {
  await unlink(file).catch((cause: NodeJS.ErrnoException) => (cause.code === 'ENOENT' ? undefined : Promise.reject(cause)));
}
