/** `VBoxAuth`: the host's own accounts, by whatever the host's system judges them. */
import { existsSync } from 'node:fs';
import { printable } from '../attempt.js';
import { AuthUnavailableError } from '../errors.js';
import type { HostTarget } from './messages.js';

type Environment = Readonly<Record<string, string | undefined>>;

/** Where PAM services are configured. */
const PAM_FOLDERS = ['/etc/pam.d', '/usr/lib/pam.d', '/usr/share/pam.d'];

/**
 * PAM's service: VirtualBox's variables, newest first, else `login`.
 * @throws AuthUnavailableError for a service that is not there: PAM would use its service `other` instead, which may admit anyone
 */
export function pamService(env: Environment, exists: (path: string) => boolean = existsSync): string {
  for (const variable of ['VBOX_AUTH_PAM_SERVICE', 'VRDP_AUTH_PAM_SERVICE']) {
    const service = env[variable];
    if (!service) continue;
    if (/^\w[\w.-]{0,127}$/.test(service) && PAM_FOLDERS.some((folder) => exists(`${folder}/${service}`))) return service;
    throw new AuthUnavailableError(`${variable} is '${printable(service)}', but there is no such PAM service; use the name of a file in /etc/pam.d, such as login`);
  }
  return 'login';
}

/** @throws AuthUnavailableError on a system whose accounts nobody here can judge */
export function hostAccounts(platform: NodeJS.Platform, env: Environment): HostTarget {
  if (platform === 'linux') return { kind: 'pam', service: pamService(env) };
  if (platform === 'win32') return { kind: 'windows' };
  if (platform === 'darwin') return { kind: 'macos' };
  throw new AuthUnavailableError(`the accounts of a host with ${platform} cannot be judged; use VBoxAuthSimple or a module of your own as the authentication library`);
}
