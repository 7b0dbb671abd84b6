/**
 * An ES module of the user's that judges: its export `authenticate`, or its default export, is a function. To be used in a process of its own.
 *
 * It is given the login with the guest's judgement (`guestJudgement`) and the caller, and answers `'granted'`, `'denied'`, `'delegate'`,
 * `{ granted: true }` or `{ granted: false, reason }`, at once or by a promise; anything else refuses. An export `sessionEnded` is called
 * when a session ends.
 */
import { pathToFileURL } from 'node:url';
import { printable } from '../attempt.js';
import { denied, type LibraryAnswer, unjudged } from '../library.js';
import type { HostedLibrary } from './messages.js';

type Call = (argument: object) => unknown;

/** @throws whatever loading the module throws; Error when it exports no function to call */
export async function moduleLibrary(path: string, caller: string): Promise<HostedLibrary> {
  const module = (await import(pathToFileURL(path).href)) as Record<string, unknown>;
  const authenticate = module.authenticate ?? module.default;
  if (typeof authenticate !== 'function') throw new Error(`${path} exports neither a function authenticate nor a default function`);
  const { sessionEnded } = module;
  return {
    async authenticate(attempt, guestJudgement) {
      return answerOf(await (authenticate as Call)({ ...attempt, guestJudgement, caller }), attempt.password);
    },
    async sessionEnded(session) {
      if (typeof sessionEnded === 'function') await (sessionEnded as Call)({ ...session, caller });
    },
  };
}

/** The module's answer, if it is one. A reason that repeats the password is withheld. */
export function answerOf(answer: unknown, password: string): LibraryAnswer {
  if (answer === 'granted' || answer === 'delegate') return { result: answer };
  if (answer === 'denied') return denied('the module denies');
  const { granted, reason } = (typeof answer === 'object' && answer !== null ? answer : {}) as Record<string, unknown>;
  if (granted === true) return { result: 'granted' };
  if (granted !== false) return unjudged("the module's answer is none of 'granted', 'denied', 'delegate' and { granted, reason }");
  const told = typeof reason === 'string' && reason !== '' && !(password !== '' && reason.includes(password));
  return denied(told ? printable(reason, 200) : 'the module denies');
}
