/**
 * A native library that exports VirtualBox's `AuthEntry3`, `AuthEntry2` or `AuthEntry`: the newest found is used. To be used in a process of its own.
 *
 * C calling convention; strings are zero-ended UTF-8; the UUID is 16 bytes, or NULL for a login to no machine.
 */
import koffi, { type LibraryHandle } from 'koffi';
import { uuidBytes } from '../attempt.js';
import type { EndedSession, LogonAttempt } from '../authenticator.js';
import { AuthResult, denied, GuestJudgement, type LibraryAnswer, unjudged } from '../library.js';
import type { HostedLibrary } from './messages.js';
import { dieWithParent } from './orphan.js';

const LOGIN = ['uint8_t *', 'int', 'str', 'str', 'str'];
const ARGUMENTS = {
  AuthEntry3: ['str', ...LOGIN, 'int', 'uint'],
  AuthEntry2: [...LOGIN, 'int', 'uint'],
  AuthEntry: LOGIN,
};
type Entry = keyof typeof ARGUMENTS;

function newest(library: LibraryHandle, path: string) {
  for (const name of Object.keys(ARGUMENTS) as Entry[]) {
    try {
      return { name, call: library.func(name, 'int', ARGUMENTS[name]) };
    } catch {
      // not exported: an older one may be
    }
  }
  throw new Error(`${path} exports none of AuthEntry3, AuthEntry2 and AuthEntry`);
}

/** @throws Error when the library cannot be loaded or exports no entry point */
export function nativeLibrary(path: string, caller: string): HostedLibrary {
  dieWithParent();
  const entry = newest(koffi.load(path), path);

  const call = ({ machineId, clientId }: EndedSession, guest: GuestJudgement, strings: readonly (string | null)[], fLogon: 0 | 1): number => {
    const login = [machineId === '' ? null : uuidBytes(machineId), GuestJudgement[guest], ...strings];
    if (entry.name === 'AuthEntry3') return entry.call(caller, ...login, fLogon, clientId) as number;
    if (entry.name === 'AuthEntry2') return entry.call(...login, fLogon, clientId) as number;
    return entry.call(...login) as number;
  };

  return {
    authenticate(attempt: LogonAttempt, guest: GuestJudgement): LibraryAnswer {
      const result = call(attempt, guest, [attempt.user, attempt.password, attempt.domain], 1);
      if (result === AuthResult.granted) return { result: 'granted' };
      if (result === AuthResult.delegate) return { result: 'delegate' };
      return result === AuthResult.denied ? denied('the library denies') : unjudged(`the library answered ${result}, which means nothing`);
    },
    // AuthEntry cannot tell a login from its end, and is not told. Of the strings the SDK says that they mean nothing here.
    ...(entry.name === 'AuthEntry' ? {} : { sessionEnded: (session: EndedSession) => void call(session, 'notAsked', ['', '', ''], 0) }),
  };
}
