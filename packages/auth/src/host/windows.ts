/**
 * Windows's accounts: LogonUserW of advapi32.dll, as a network logon. To be used in a process of its own.
 *
 * The call itself has not been run on Windows; the meaning of its error codes is shared with the guest's judgement and tested.
 */
import koffi from 'koffi';
import { denied, type LibraryAnswer, unjudged } from '../library.js';
import { windowsReason } from '../windows-codes.js';
import type { HostedLibrary } from './messages.js';

const LOGON32_LOGON_NETWORK = 3;
const LOGON32_PROVIDER_DEFAULT = 0;

/** @throws Error on a host that is not Windows */
export function windowsLibrary(): HostedLibrary {
  if (process.platform !== 'win32') throw new Error(`Windows accounts are judged on Windows only; this host is ${process.platform}`);
  const advapi = koffi.load('advapi32.dll');
  const kernel = koffi.load('kernel32.dll');
  const logonUser = advapi.func('__stdcall', 'LogonUserW', 'int', ['str16', 'str16', 'str16', 'uint32', 'uint32', koffi.out('void **')]);
  const closeHandle = kernel.func('__stdcall', 'CloseHandle', 'int', ['void *']);
  const getLastError = kernel.func('__stdcall', 'GetLastError', 'uint32', []);

  return {
    authenticate({ user, password, domain }): LibraryAnswer {
      if (user === '') return unjudged('no user name was given');
      if (password === '') return denied('an account without a password admits nobody from the network');
      const token: [unknown] = [null];
      // A name of the form user@domain brings its domain along; '.' is this host's own list of accounts.
      const where = domain === '' ? (user.includes('@') ? null : '.') : domain;
      if (logonUser(user, where, password, LOGON32_LOGON_NETWORK, LOGON32_PROVIDER_DEFAULT, token)) {
        closeHandle(token[0]);
        return { result: 'granted' };
      }
      return denied(windowsReason(getLastError() as number));
    },
  };
}
