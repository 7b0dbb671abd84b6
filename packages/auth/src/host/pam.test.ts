/** `VBoxAuth` against real accounts of this host, made for the test and removed after it. */
import { spawnSync } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type AuditRecord, chooseAuthenticator } from '../index.js';
import { describeAuthenticator, hurried, logon, never } from '../testing.js';
import { windowsReason } from '../windows-codes.js';
import { hostAccounts, pamService } from './accounts.js';
import { macosLibrary, macosReason } from './macos.js';
import { windowsLibrary } from './windows.js';

const missing = process.platform !== 'linux' ? 'this is not Linux' : process.getuid?.() !== 0 ? 'only root can make accounts' : spawnSync('useradd', ['--help']).error ? 'there is no useradd' : '';
if (missing) console.warn(`the tests with real PAM accounts are skipped: ${missing}`);

function run(command: string, args: string[], input = ''): void {
  const { status, stderr } = spawnSync(command, args, { input, encoding: 'utf8' });
  if (status !== 0) throw new Error(`${command} ${args.join(' ')}: ${stderr}`);
}

const PASSWORD = 'Tr0ub4dor&3';
const made: string[] = [];

function account(kind: string): string {
  const user = `bv${process.pid}${kind}`;
  run('useradd', ['--no-create-home', '--no-user-group', user]);
  made.push(user);
  run('chpasswd', [], `${user}:${PASSWORD}\n`);
  return user;
}

(missing ? describe.skip : describe)('accounts of a Linux host', () => {
  afterAll(() => made.forEach((user) => run('userdel', [user])));

  describeAuthenticator('VBoxAuth', () => {
    const authenticator = chooseAuthenticator({ type: 'external', env: {}, limiter: hurried() });
    return { authenticator, user: account('a'), password: PASSWORD, close: () => authenticator.close() };
  });

  describe('accounts that are not what they were', () => {
    let locked: string, expired: string, stale: string, empty: string;
    beforeAll(() => {
      [locked, expired, stale, empty] = ['l', 'e', 's', 'n'].map(account);
      run('usermod', ['--lock', locked]);
      run('chage', ['--expiredate', '0', expired]);
      run('chage', ['--lastday', '0', stale]);
      run('passwd', ['--delete', empty]);
    });

    test('locked, expired, with a password to be changed or with none: refused, while the process goes on', async () => {
      const records: AuditRecord[] = [];
      const authenticator = chooseAuthenticator({ type: 'external', onJudgement: (record) => records.push(record) });
      let turns = 0;
      const turning = setInterval(() => turns++, 5);
      const judgements = await Promise.all([locked, expired, stale, empty].map((user) => authenticator.judge(logon({ user, password: PASSWORD }), never())));
      clearInterval(turning);
      authenticator.close();
      expect(judgements.map(({ granted }) => granted)).toEqual([false, false, false, false]);
      const reasons = new Map(records.map(({ user, reason }) => [user, reason]));
      expect(reasons.get(locked)).toMatch(/locked/);
      expect(reasons.get(expired)).toMatch(/expired/);
      expect(reasons.get(stale)).toMatch(/changed|expired/);
      expect(reasons.get(empty)).toMatch(/wrong password/);
      // PAM waits about two seconds for the locked one; nobody else did.
      expect(turns).toBeGreaterThan(20);
    }, 60_000);
  });
});

test("PAM's service is the one that VirtualBox's variables name", () => {
  const there = (path: string) => ['/etc/pam.d/old', '/usr/lib/pam.d/new'].includes(path);
  expect(pamService({}, there)).toBe('login');
  expect(pamService({ VRDP_AUTH_PAM_SERVICE: 'old' }, there)).toBe('old');
  expect(pamService({ VRDP_AUTH_PAM_SERVICE: 'old', VBOX_AUTH_PAM_SERVICE: 'new' }, there)).toBe('new');
  expect(pamService({ VRDP_AUTH_PAM_SERVICE: 'old', VBOX_AUTH_PAM_SERVICE: '' }, there)).toBe('old');
  expect(() => pamService({ VBOX_AUTH_PAM_SERVICE: 'none' }, there)).toThrow("VBOX_AUTH_PAM_SERVICE is 'none', but there is no such PAM service");
  expect(() => pamService({ VRDP_AUTH_PAM_SERVICE: '../pam.d/old' }, () => true)).toThrow("VRDP_AUTH_PAM_SERVICE is '../pam.d/old'");
});

test('each system has its own judge, and refuses to be another', () => {
  expect(hostAccounts('linux', {})).toEqual({ kind: 'pam', service: 'login' });
  expect(hostAccounts('win32', {})).toEqual({ kind: 'windows' });
  expect(hostAccounts('darwin', {})).toEqual({ kind: 'macos' });
  expect(() => hostAccounts('aix', {})).toThrow('the accounts of a host with aix cannot be judged');
  if (process.platform !== 'win32') expect(windowsLibrary).toThrow('on Windows only');
  if (process.platform !== 'darwin') expect(macosLibrary).toThrow('on macOS only');
  expect(windowsReason(1909)).toBe('the account is locked (code 1909)');
  expect(windowsReason(5)).toBe('Windows refuses (code 5)');
  expect(macosReason(5302)).toBe('the account has expired (code 5302)');
});
