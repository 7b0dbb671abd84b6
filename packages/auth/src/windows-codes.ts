/** What Windows's error codes say of a login that LogonUserW refused. [MS-ERREF] 2.2. Pure. */
const REASONS: Readonly<Record<number, string>> = {
  1311: 'no domain controller answers',
  1326: 'wrong user name or password',
  1327: 'an account restriction forbids it',
  1328: 'outside the hours of the account',
  1329: 'the account may not use this computer',
  1330: 'the password has expired',
  1331: 'the account is disabled',
  1385: 'the account has no right to log on from the network',
  1793: 'the account has expired',
  1907: 'the password must be changed',
  1909: 'the account is locked',
};

export const windowsReason = (code: number): string => `${REASONS[code] ?? 'Windows refuses'} (code ${code})`;
