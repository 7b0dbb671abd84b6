/** Logging in to the HTTP API. */
import { Text } from '../http/fields.js';

export class Login {
  @Text({ max: 1024 }) user: string;
  @Text({ max: 4096 }) password: string;
  @Text({ optional: true, max: 1024 }) domain?: string;
}

export class LoggedIn {
  @Text({ doc: "the session's token: give it as bearer token from now on" }) token: string;
  @Text({ format: 'date-time' }) expiresAt: string;
}
