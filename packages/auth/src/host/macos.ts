/**
 * macOS's accounts: Open Directory's C functions. To be used in a process of its own.
 *
 * The calls have not been run on macOS. `dscl -authonly` is not used: it wants the password as an argument, which every user of the host can read.
 */
import koffi from 'koffi';
import { denied, type LibraryAnswer, unjudged } from '../library.js';
import type { HostedLibrary } from './messages.js';

const FRAMEWORKS = '/System/Library/Frameworks';
const kCFStringEncodingUTF8 = 0x08000100;
/** The node that the login window searches: local accounts and bound directories. */
const kODNodeTypeAuthentication = 0x2201;
const kODRecordTypeUsers = 'dsRecTypeStandard:Users';

const REASONS: Readonly<Record<number, string>> = {
  5000: 'wrong password',
  5300: 'unknown user',
  5301: 'the account is disabled',
  5302: 'the account has expired',
  5303: 'the account is inactive',
  5304: 'the account is locked for a time',
  5305: 'the account is locked',
  5400: 'the password has expired',
  5401: 'the password must be changed',
};

export const macosReason = (code: number): string => `${REASONS[code] ?? 'Open Directory refuses'} (code ${code})`;

/** @throws Error on a host that is not macOS */
export function macosLibrary(): HostedLibrary {
  if (process.platform !== 'darwin') throw new Error(`macOS accounts are judged on macOS only; this host is ${process.platform}`);
  const foundation = koffi.load(`${FRAMEWORKS}/CoreFoundation.framework/CoreFoundation`);
  const directory = koffi.load(`${FRAMEWORKS}/OpenDirectory.framework/OpenDirectory`);
  const error = koffi.out('void **');
  const stringCreate = foundation.func('CFStringCreateWithCString', 'void *', ['void *', 'str', 'uint32']);
  const errorCode = foundation.func('CFErrorGetCode', 'long', ['void *']);
  const release = foundation.func('CFRelease', 'void', ['void *']);
  const nodeCreate = directory.func('ODNodeCreateWithNodeType', 'void *', ['void *', 'void *', 'uint32', error]);
  const copyRecord = directory.func('ODNodeCopyRecord', 'void *', ['void *', 'void *', 'void *', 'void *', error]);
  const verifyPassword = directory.func('ODRecordVerifyPassword', 'bool', ['void *', 'void *', error]);
  const allowed = directory.func('ODRecordAuthenticationAllowed', 'bool', ['void *', error]);

  return {
    authenticate({ user, password }): LibraryAnswer {
      if (user === '') return unjudged('no user name was given');
      if (password === '') return denied('an account without a password admits nobody from the network');
      const owned: unknown[] = [];
      const own = <T>(object: T): T => {
        if (object) owned.push(object);
        return object;
      };
      const text = (value: string) => own(stringCreate(null, value, kCFStringEncodingUTF8));
      const problem: [unknown] = [null];
      const refusal = (): LibraryAnswer => {
        const code = own(problem[0]) ? Number(errorCode(problem[0])) : 0;
        return denied(macosReason(code));
      };
      try {
        const node = own(nodeCreate(null, null, kODNodeTypeAuthentication, problem));
        if (!node) return unjudged('Open Directory has no node to authenticate with');
        const record = own(copyRecord(node, text(kODRecordTypeUsers), text(user), null, problem));
        if (!record) return denied(macosReason(5300));
        if (!verifyPassword(record, text(password), problem) || !allowed(record, problem)) return refusal();
        return { result: 'granted' };
      } finally {
        for (const object of owned) release(object);
      }
    },
  };
}
