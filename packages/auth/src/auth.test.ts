import { expect, test } from '@jest/globals';
import { AuthUnavailableError, chooseAuthenticator, nullAuthenticator } from './index.js';

const attempt = { user: '', password: '', domain: '', clientId: 1, machineId: 'm', address: '::1', clientName: '' };

test('type null grants a login without name and password', async () => {
  expect(await chooseAuthenticator('null').judge(attempt, new AbortController().signal)).toEqual({ granted: true });
  expect(chooseAuthenticator('null')).toBe(nullAuthenticator);
});

test.each(['external', 'guest'] as const)('type %s yields no authenticator rather than one that grants', (type) => {
  expect(() => chooseAuthenticator(type)).toThrow(AuthUnavailableError);
});
