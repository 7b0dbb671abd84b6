export type { Authenticator, Judgement, LogonAttempt } from './authenticator.js';
export { AuthUnavailableError, chooseAuthenticator, type AuthType } from './choose.js';
export { nullAuthenticator } from './null.js';
