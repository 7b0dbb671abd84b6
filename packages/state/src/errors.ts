/** What is wrong with a state's file. Pure. */

export class StateFileError extends Error {
  override readonly name = 'StateFileError';
  /** @param problem what is wrong, and what to do where that is not plain */
  constructor(
    readonly path: string,
    problem: string,
    options?: ErrorOptions,
  ) {
    super(`saved state '${path}': ${problem}`, options);
  }
}

export const damaged = (path: string, problem: string, options?: ErrorOptions): StateFileError => new StateFileError(path, `${problem}: the file is damaged, discard the state`, options);

/** The typed form of what a host's file operation threw. */
export function hostError(path: string, step: string, cause: unknown): Error {
  if (cause instanceof StateFileError) return cause;
  const { code, message } = cause as NodeJS.ErrnoException;
  return new StateFileError(path, `could not ${step}: ${reasons[code ?? ''] ?? message}`, { cause });
}

const reasons: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  EACCES: 'permission denied',
  EROFS: 'the file system is read-only',
  EISDIR: 'it is a folder',
  ENOSPC: "the host's file system has no space left: make room and try again",
  EDQUOT: "the user's share of the host's file system is used up: make room and try again",
};
