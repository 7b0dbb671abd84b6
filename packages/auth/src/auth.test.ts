import { expect, test } from '@jest/globals';
import { AuthUnavailableError, chooseAuthenticator, nullAuthenticator } from './index.js';

const attempt = { user: '', password: '', domain: '', clientId: 1, machineId: 'm', address: '::1', clientName: '' };

test('type null grants a login without name and password', async () => {
  expect(await chooseAuthenticator({ type: 'null' }).judge(attempt, new AbortController().signal)).toEqual({ granted: true });
  expect(await nullAuthenticator.judge(attempt, new AbortController().signal)).toEqual({ granted: true });
});

test.each([
  ['guest without a channel', { type: 'guest' }],
  ['simple without users', { type: 'external', library: 'VBoxAuthSimple' }],
  ['a library that is no path', { type: 'external', library: 'OtherAuth' }],
  ['a library that does not exist', { type: 'external', library: '/nonexistent/auth.mjs' }],
  ['a service that is no name', { type: 'external', env: { VBOX_AUTH_PAM_SERVICE: '../login' } }],
] as const)('%s yields no authenticator rather than one that grants', (_what, settings) => {
  expect(() => chooseAuthenticator(settings)).toThrow(AuthUnavailableError);
});
