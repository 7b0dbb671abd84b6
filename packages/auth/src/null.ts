/** Authentication type `null`: anyone who reaches the port may connect. Pure. */
import type { Authenticator } from './authenticator.js';
import type { AuthLibrary } from './library.js';

export const nullAuthenticator: Authenticator = {
  judge: async () => ({ granted: true }),
};

export const nullLibrary: AuthLibrary = {
  name: 'null',
  authenticate: async () => ({ result: 'granted' }),
};
