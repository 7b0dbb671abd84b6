/** What a move fails with. Pure. */

/**
 * Why a move did not happen. `refused`: a rule forbids it; `password`: the proof failed; `line`: the connection or the peer failed;
 * `machine`: the engine or a disk failed; `convergence`: the guest changes memory faster than it can be sent; `cancelled`: somebody said stop.
 */
export type TeleportFailure = 'refused' | 'password' | 'line' | 'machine' | 'convergence' | 'cancelled';

export class TeleportError extends Error {
  override readonly name = 'TeleportError';
  constructor(
    readonly failure: TeleportFailure,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** What came of an action, as the steps of a hand-over know it; `failed` hears why. */
export async function tried(action: () => Promise<void>, failed: (error: TeleportError) => void): Promise<'done' | 'failed'> {
  try {
    await action();
    return 'done';
  } catch (cause) {
    failed(teleportError(cause, 'machine'));
    return 'failed';
  }
}

/** Any thrown value as a `TeleportError`; one that is no `TeleportError` counts as `otherwise`. */
export const teleportError = (cause: unknown, otherwise: TeleportFailure): TeleportError =>
  cause instanceof TeleportError ? cause : new TeleportError(otherwise, cause instanceof Error ? cause.message : String(cause), { cause });
