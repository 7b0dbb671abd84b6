/** From a machine's settings to its authenticator. Pure. */
import type { Authenticator } from './authenticator.js';
import { nullAuthenticator } from './null.js';

/** The types that `--vrde-auth-type` names. */
export type AuthType = 'null' | 'external' | 'guest';

/** Settings ask for an authenticator that this version does not have. */
export class AuthUnavailableError extends Error {
  override readonly name = 'AuthUnavailableError';
}

/**
 * The authenticator that `type` names.
 * @throws AuthUnavailableError for a type that cannot judge anyone, so that a server is never opened on its strength
 */
export function chooseAuthenticator(type: AuthType): Authenticator {
  if (type === 'null') return nullAuthenticator;
  throw new AuthUnavailableError(`authentication type '${type}' is not available in this version; use 'null' and restrict the address with --vrde-address`);
}
