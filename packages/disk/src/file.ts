/** The host's file beneath an image: reads and writes by position, typed errors, fdatasync. Touches the file system. */
import { constants } from 'node:fs';
import { type FileHandle, open, realpath, stat } from 'node:fs/promises';
import { hostError, ImageError } from './errors.js';
import type { HostFile } from './ports.js';

/** Absolute path with symbolic links resolved, of a regular file. @throws ImageError */
export async function resolveFile(path: string): Promise<string> {
  try {
    const real = await realpath(path);
    // Checked before opening: the open of a named pipe would wait for its other end.
    if (!(await stat(real)).isFile()) throw new ImageError(path, 'open', 'not a regular file');
    return real;
  } catch (cause) {
    throw hostError(path, 'open', cause);
  }
}

/** Absolute path with symbolic links resolved, of a folder; undefined where there is none. */
export async function resolveFolder(path: string): Promise<string | undefined> {
  try {
    const real = await realpath(path);
    return (await stat(real)).isDirectory() ? real : undefined;
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT' || (cause as NodeJS.ErrnoException).code === 'ENOTDIR') return undefined;
    throw hostError(path, 'open', cause);
  }
}

/** Opens an existing regular file. @throws ImageError */
export async function openFile(path: string, readOnly: boolean): Promise<HostFile> {
  try {
    const handle = await open(path, (readOnly ? constants.O_RDONLY : constants.O_RDWR) | constants.O_NONBLOCK);
    if ((await handle.stat()).isFile()) return new DiskFile(path, readOnly, handle);
    await handle.close();
  } catch (cause) {
    throw hostError(path, readOnly ? 'open' : 'open for writing', cause);
  }
  throw new ImageError(path, 'open', 'not a regular file');
}

/** Makes a new file that only its owner may read. @throws ImageError when it exists */
export async function createFile(path: string): Promise<HostFile> {
  try {
    return new DiskFile(path, false, await open(path, 'wx+', 0o600));
  } catch (cause) {
    throw hostError(path, 'create', cause);
  }
}

/** Makes a directory's new entries durable, where the host can. */
export async function syncDirectory(path: string): Promise<void> {
  if (process.platform === 'win32') return;
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

class DiskFile implements HostFile {
  private lost: Error | undefined;

  constructor(
    readonly path: string,
    readonly readOnly: boolean,
    private readonly handle: FileHandle,
  ) {}

  async size(): Promise<number> {
    return (await this.step('read', () => this.handle.stat())).size;
  }

  async occupied(): Promise<number> {
    const { blocks, size } = await this.step('read', () => this.handle.stat());
    return process.platform === 'win32' ? size : blocks * 512; // st_blocks counts 512-byte units on every POSIX host
  }

  read(into: Uint8Array, position: number): Promise<void> {
    return this.step('read', async () => {
      let done = 0;
      while (done < into.length) {
        const { bytesRead } = await this.handle.read(into, done, into.length - done, position + done);
        if (bytesRead === 0) break;
        done += bytesRead;
      }
      into.fill(0, done);
    });
  }

  write(data: Uint8Array, position: number): Promise<void> {
    return this.step('write', async () => {
      let done = 0;
      while (done < data.length) {
        const { bytesWritten } = await this.handle.write(data, done, data.length - done, position + done);
        done += bytesWritten;
      }
    });
  }

  truncate(size: number): Promise<void> {
    return this.step('resize', () => this.handle.truncate(size));
  }

  async sync(): Promise<void> {
    if (this.lost) throw this.lost;
    try {
      await this.handle.datasync();
    } catch (cause) {
      this.lost = new ImageError(this.path, 'flush', 'the host could not keep what was written: check its disk, then open the image again', { cause });
      throw this.lost;
    }
  }

  close(): Promise<void> {
    return this.step('close', () => this.handle.close());
  }

  private async step<T>(name: string, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (cause) {
      throw hostError(this.path, name, cause);
    }
  }
}
