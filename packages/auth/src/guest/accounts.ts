/**
 * The accounts inside a guest, asked through its QEMU guest agent: the agent has no command for logins, but runs what the guest has.
 *
 * - Linux: `unix_chkpwd USER nonull` with the password and a zero byte on its standard input (exit 0 right, 7 wrong or locked, 9 unknown), then
 *   `unix_chkpwd USER chkexpiry` (0 valid, 12 and 27 password expired, 13 account expired). With `nullok`, an account without a password would
 *   admit whoever gives any: hence `nonull`.
 * - Windows: LogonUser called from PowerShell, the secrets on its standard input. Written after the documentation; not run against a Windows guest.
 */
import { printable } from '../attempt.js';
import type { LogonAttempt } from '../authenticator.js';
import { AbandonedError, type Clock, unlessAborted, within } from '../clock.js';
import type { GuestAccounts, GuestVerdict } from '../library.js';
import { BusyError } from '../turns.js';
import { windowsReason } from '../windows-codes.js';
import { type Execute, type Exit, GuestAgent, GuestAgentError } from './agent.js';
import type { GuestChannel } from './channel.js';

type Exec = (path: string, args: readonly string[], input?: Uint8Array) => Promise<Exit>;

/** Where distributions put it. */
const UNIX_CHKPWD = ['/usr/sbin/unix_chkpwd', '/sbin/unix_chkpwd', '/usr/bin/unix_chkpwd', '/usr/lib/pam/unix_chkpwd'];

const granted: GuestVerdict = { judgement: 'granted', reason: 'the guest knows the password' };
const wrong = (reason: string): GuestVerdict => ({ judgement: 'denied', reason });
const noJudgement = (reason: string): GuestVerdict => ({ judgement: 'noJudgement', reason });

export class GuestAgentAccounts implements GuestAccounts {
  private readonly agent: GuestAgent;

  /** @param limit milliseconds the guest has, waiting for its turn included */
  constructor(
    channel: GuestChannel,
    private readonly limit: number,
    private readonly clock: Clock,
  ) {
    this.agent = new GuestAgent(channel, clock);
  }

  async judge(attempt: LogonAttempt, signal: AbortSignal): Promise<GuestVerdict> {
    const { user, password } = attempt;
    if (user === '') return noJudgement('no user name was given');
    if (password === '') return noJudgement('no password was given');
    const problem = unfit(user);
    if (problem) return noJudgement(problem);
    try {
      return await unlessAborted(
        signal,
        within(this.clock, this.limit, 'the guest', (late) => this.agent.converse((execute, exec) => ask(execute, exec, attempt), AbortSignal.any([signal, late]))),
      );
    } catch (error) {
      if (signal.aborted) throw error;
      if (error instanceof AbandonedError) return { judgement: 'notReacted', reason: `${error.message}: does qemu-ga run in it?` };
      if (error instanceof GuestAgentError) return noJudgement(`the guest's agent refuses: ${printable(error.message)}`);
      if (error instanceof BusyError) return noJudgement(error.message);
      return { judgement: 'notReacted', reason: `the channel to the guest failed with ${error instanceof Error ? error.constructor.name : typeof error}` };
    }
  }
}

/** What no account is called, and a program might take for something else. */
const unfit = (user: string): string | undefined => {
  if (user.startsWith('-')) return 'a user name does not start with a hyphen';
  return /[\p{Cc}:/]/u.test(user) ? 'the user name contains characters that no account has' : undefined;
};

async function ask(execute: Execute, exec: Exec, attempt: LogonAttempt): Promise<GuestVerdict> {
  return (await isWindows(execute)) ? askWindows(exec, attempt) : askLinux(exec, attempt);
}

async function isWindows(execute: Execute): Promise<boolean> {
  try {
    const { id } = (await execute('guest-get-osinfo')) as { id?: unknown };
    return id === 'mswindows';
  } catch (error) {
    // An agent too old to say is asked as Linux; a Windows without unix_chkpwd then gives no judgement.
    if (error instanceof GuestAgentError) return false;
    throw error;
  }
}

async function askLinux(exec: Exec, { user, password }: LogonAttempt): Promise<GuestVerdict> {
  const found = await checkPassword(exec, user, Buffer.from(`${password}\0`, 'utf8'));
  if (!found) return noJudgement('the guest has no unix_chkpwd');
  const { path, exit } = found;
  if (exit.exitcode === 7) return wrong('wrong password, or the account is locked');
  if (exit.exitcode === 9 || exit.exitcode === 10) return wrong('unknown user');
  if (exit.exitcode !== 0) return noJudgement(`unix_chkpwd ${ending(exit)}`);

  const expiry = await exec(path, [user, 'chkexpiry']);
  if (expiry.exitcode === 0) return granted;
  if (expiry.exitcode === 13) return wrong('the account has expired');
  if (expiry.exitcode === 12 || expiry.exitcode === 27) return wrong('the password has expired and must be changed');
  return noJudgement(`unix_chkpwd chkexpiry ${ending(expiry)}`);
}

async function checkPassword(exec: Exec, user: string, input: Uint8Array): Promise<{ path: string; exit: Exit } | undefined> {
  for (const path of UNIX_CHKPWD) {
    try {
      return { path, exit: await exec(path, [user, 'nonull'], input) };
    } catch (error) {
      if (!(error instanceof GuestAgentError)) throw error;
      // guest-exec that is forbidden or unknown stays so for every path.
      if (error.errorClass !== 'GenericError' || /disabled|not allowed/i.test(error.message)) throw error;
    }
  }
  return undefined;
}

const ending = ({ exitcode, signal }: Exit): string => (exitcode === undefined ? `ended by signal ${signal ?? 'unknown'}` : `ended with code ${exitcode}`);

/** Ends with the error code of LogonUserW, 0 for a grant; 1 when it could not be called, which is no code that it has. */
const POWERSHELL = `$ErrorActionPreference = 'Stop'
try {
  $field = { [Text.Encoding]::UTF8.GetString([Convert]::FromBase64String([Console]::In.ReadLine())) }
  $user = & $field; $domain = & $field; $password = & $field
  $api = Add-Type -Namespace Belvedere -Name Logon -PassThru -MemberDefinition '[DllImport("advapi32.dll", CharSet = CharSet.Unicode, SetLastError = true)] public static extern bool LogonUser(string user, string domain, string password, int type, int provider, out IntPtr token);'
  $token = [IntPtr]::Zero
  if ($api::LogonUser($user, $domain, $password, 3, 0, [ref]$token)) { exit 0 }
  exit [Runtime.InteropServices.Marshal]::GetLastWin32Error()
} catch { exit 1 }
`;

async function askWindows(exec: Exec, { user, password, domain }: LogonAttempt): Promise<GuestVerdict> {
  const input = [user, domain || '.', password].map((text) => `${Buffer.from(text, 'utf8').toString('base64')}\r\n`).join('');
  const script = Buffer.from(POWERSHELL, 'utf16le').toString('base64');
  const exit = await exec('powershell.exe', ['-NoProfile', '-NonInteractive', '-EncodedCommand', script], Buffer.from(input));
  if (exit.exitcode === 0) return granted;
  if (exit.exitcode === undefined || exit.exitcode === 1) return noJudgement(`PowerShell ${ending(exit)}`);
  return wrong(windowsReason(exit.exitcode));
}
