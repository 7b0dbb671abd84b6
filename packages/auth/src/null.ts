/** Authentication type `null`: anyone who reaches the port may connect. Pure. */
import type { Authenticator } from './authenticator.js';

export const nullAuthenticator: Authenticator = {
  judge: async () => ({ granted: true }),
};
