import { AbandonedError } from './clock.js';

/** Settings ask for an authenticator that there is not. */
export class AuthUnavailableError extends Error {
  override readonly name = 'AuthUnavailableError';
}

/** Why nobody judged. Errors of a method may quote what they were given, so only those of our own are quoted. */
export function failure(error: unknown): string {
  if (error instanceof AbandonedError) return error.message;
  if (error instanceof Error && OURS.has(error.name)) return error.message;
  return `the authentication method failed with ${errorClass(error)}`;
}

export const errorClass = (error: unknown): string => (error instanceof Error ? error.constructor.name : typeof error);

const OURS = new Set(['HostError', 'BusyError']);
