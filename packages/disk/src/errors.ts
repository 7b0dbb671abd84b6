/** What can be wrong with an image or its host: every error names the file and says what to do. Pure. */

/** The file is not an image that can be used as asked: malformed, truncated, absurd, of the wrong kind, or closed. */
export class ImageError extends Error {
  override readonly name = 'ImageError';
  /** @param field the header's field at fault, such as `VDIHEADER.cbBlock`, or the operation that was refused */
  constructor(
    readonly path: string,
    readonly field: string,
    problem: string,
    options?: ErrorOptions,
  ) {
    super(`disk image ${path}: ${field}: ${problem}`, options);
  }
}

/** Another opener holds the image: for writing, or for reading while nobody may write it. */
export class ImageLockedError extends Error {
  override readonly name = 'ImageLockedError';
  /** @param holder who holds it, in words: owner, process and host */
  constructor(
    readonly path: string,
    readonly holder: string,
    readonly mode: 'write' | 'read',
    advice: string,
    options?: ErrorOptions,
  ) {
    super(`disk image ${path} is ${mode === 'write' ? 'open for writing' : 'being read'} by ${holder}: ${advice}`, options);
  }
}

/** The host has no room for what was to be written. What was written before is intact; the same write may be tried again once there is room. */
export class NoSpaceError extends Error {
  override readonly name = 'NoSpaceError';
  readonly code = 'ENOSPC';
  constructor(
    readonly path: string,
    options?: ErrorOptions,
  ) {
    super(`disk image ${path}: the host's file system has no space left: make room and try again`, options);
  }
}

const spaceCodes: readonly unknown[] = ['ENOSPC', 'EDQUOT', 'EFBIG'];

/** The typed form of what a host's file operation threw. */
export function hostError(path: string, step: string, cause: unknown): Error {
  if (cause instanceof ImageError || cause instanceof NoSpaceError || cause instanceof ImageLockedError) return cause;
  const code = (cause as NodeJS.ErrnoException | undefined)?.code;
  if (spaceCodes.includes(code)) return new NoSpaceError(path, { cause });
  return new ImageError(path, step, reasons[code ?? ''] ?? (cause instanceof Error ? cause.message : String(cause)), { cause });
}

const reasons: Readonly<Record<string, string>> = {
  ENOENT: 'no such file',
  EACCES: 'permission denied',
  EEXIST: 'the file already exists: choose another name or delete it first',
  EROFS: 'the file system is read-only',
  EISDIR: 'this is a directory',
};
