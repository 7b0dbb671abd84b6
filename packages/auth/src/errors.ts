/** Settings ask for an authenticator that there is not. */
export class AuthUnavailableError extends Error {
  override readonly name = 'AuthUnavailableError';
}
