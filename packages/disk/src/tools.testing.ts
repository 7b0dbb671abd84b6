/** What this package's tests share: temporary folders, qemu-img, and a host's file in memory that can fail and crash. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, test } from '@jest/globals';
import type { HostFile } from './ports.js';

/** A folder that goes when the file's tests have run. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'belvedere-disk-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

const present = spawnSync('qemu-img', ['--version']).status === 0;
if (!present) process.stderr.write('skipped: comparisons with qemu-img, which is not installed (Debian: qemu-utils)\n');
/** A test that needs qemu-img; skipped with a printed reason where it is not installed. */
export const testWithQemu: typeof test.skip = present ? test : test.skip;

/** Runs qemu-img and returns what it prints. @throws with its output when it fails, as `check` does on any finding */
export function qemuImg(...args: string[]): string {
  const { status, stdout, stderr } = spawnSync('qemu-img', args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`qemu-img ${args.join(' ')}: ${status} ${stdout}${stderr}`);
  return stdout;
}

/** A differencing VDI made into one that stands alone, for qemu-img, which takes no others; its map is as it was. */
export function withoutParent(vdi: Uint8Array): Uint8Array {
  const alone = vdi.slice();
  alone[76] = 1; // u32Type
  return alone.fill(0, 424, 456); // uuidLinkage, uuidParentModify
}

type Step = { readonly write: Uint8Array; readonly at: number } | { readonly truncate: number } | 'sync';

/** A file in memory that remembers every step, so that it can be looked at as each crash would have left it. */
export class MemoryFile implements HostFile {
  readonly path = 'memory';
  readonly steps: Step[] = [];
  /** Called before each step that changes the file: what it throws is the step's failure. */
  before: (step: Step) => void = () => undefined;

  constructor(
    private bytes: Uint8Array = new Uint8Array(0),
    readonly readOnly = false,
  ) {}

  get contents(): Uint8Array {
    return this.bytes;
  }
  size(): Promise<number> {
    return Promise.resolve(this.bytes.length);
  }
  occupied(): Promise<number> {
    return this.size();
  }
  async read(into: Uint8Array, position: number): Promise<void> {
    await Promise.resolve();
    const part = this.bytes.subarray(position, position + into.length);
    into.set(part);
    into.fill(0, part.length);
  }
  async write(data: Uint8Array, at: number): Promise<void> {
    await this.step({ write: data.slice(), at });
  }
  async truncate(size: number): Promise<void> {
    await this.step({ truncate: size });
  }
  async sync(): Promise<void> {
    await this.step('sync');
  }
  async close(): Promise<void> {}

  private async step(step: Step): Promise<void> {
    await Promise.resolve();
    this.before(step);
    this.steps.push(step);
    this.bytes = apply(this.bytes, step);
  }
}

function apply(bytes: Uint8Array, step: Step): Uint8Array {
  if (step === 'sync') return bytes;
  if ('truncate' in step) return resized(bytes, step.truncate);
  const grown = resized(bytes, Math.max(bytes.length, step.at + step.write.length));
  grown.set(step.write, step.at);
  return grown;
}

function resized(bytes: Uint8Array, size: number): Uint8Array {
  if (size === bytes.length) return bytes;
  const other = new Uint8Array(size);
  other.set(bytes.subarray(0, size));
  return other;
}

const sector = 512;

/**
 * The file as a crash after each number of steps leaves it: a killed process, whose steps all count; and a power cut, which keeps all up
 * to the last sync and any choice of the sectors and truncations after it.
 * @param survives decides for each of those
 */
export function* crashes(initial: Uint8Array, steps: readonly Step[], survives: () => boolean): Generator<{ steps: number; killed: Uint8Array; cut: Uint8Array }> {
  let synced: Uint8Array = initial.slice();
  let killed: Uint8Array = initial.slice();
  let unsynced: Step[] = [];
  for (const [index, step] of steps.entries()) {
    killed = apply(killed, step);
    if (step === 'sync') {
      synced = killed.slice();
      unsynced = [];
    } else {
      unsynced.push(step);
    }
    yield { steps: index + 1, killed, cut: unsynced.flatMap(pieces).filter(survives).reduce<Uint8Array>(apply, synced.slice()) };
  }
}

/** What a disk may keep of a step by itself. */
function pieces(step: Step): Step[] {
  if (step === 'sync' || 'truncate' in step) return [step];
  const parts: Step[] = [];
  for (let at = 0; at < step.write.length; at += sector) parts.push({ write: step.write.subarray(at, at + sector), at: step.at + at });
  return parts;
}
