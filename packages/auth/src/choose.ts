/** From a machine's settings to its authenticator. */
import { existsSync } from 'node:fs';
import { extname, isAbsolute } from 'node:path';
import type { AuditRecord } from './audit.js';
import { type Clock, systemClock } from './clock.js';
import { AuthUnavailableError } from './errors.js';
import { GuestAgentAccounts } from './guest/accounts.js';
import type { GuestChannel } from './guest/channel.js';
import { hostAccounts } from './host/accounts.js';
import { IsolatedLibrary } from './host/isolated.js';
import { Judge, type MachineAuthenticator } from './judge.js';
import type { AuthLibrary } from './library.js';
import { GuessLimiter } from './limiter/limiter.js';
import { nullLibrary } from './null.js';
import { type HashLookup, SimpleAuth } from './simple/simple.js';

/** The types that `--vrde-auth-type` names. */
export type AuthType = 'null' | 'external' | 'guest';

export interface AuthSettings {
  readonly type: AuthType;
  /** For type `external`: `VBoxAuth` (also when empty or absent), `VBoxAuthSimple`, or the absolute path of an ES module or a native library. */
  readonly library?: string;
  /** For `VBoxAuthSimple`: the stored hashes. */
  readonly simpleUsers?: HashLookup;
  /** The serial port at which the guest's agent listens. Absent: type `guest` is refused, and a library that delegates hears `notReacted`. */
  readonly guestChannel?: GuestChannel;
  /** Absent: one of its own. Given, it is shared, seen and lifted by whoever gave it. */
  readonly limiter?: GuessLimiter;
  /** Called once for each judgement. Throwing refuses a login that was granted. */
  readonly onJudgement?: (record: AuditRecord) => void;
  /** Where `VBOX_AUTH_PAM_SERVICE` and `VRDP_AUTH_PAM_SERVICE` are read; absent: the process's own. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** What libraries are told of who asks: `vrde` (when absent) for the remote display, `vboxwebsrv` for the HTTP API. */
  readonly caller?: string;
  readonly clock?: Clock;
  /** Milliseconds. */
  readonly limits?: Partial<AuthLimits>;
}

export interface AuthLimits {
  /** For a library to load and answer. */
  readonly library: number;
  /** For the guest to answer. */
  readonly guest: number;
  /** For everything together. */
  readonly total: number;
}

const LIMITS: AuthLimits = { library: 30_000, guest: 20_000, total: 90_000 };

/** Processes of `VBoxAuth` at once. */
const HOST_ACCOUNTS_AT_ONCE = 4;
/** Milliseconds that they wait for the next login. */
const HOST_ACCOUNTS_IDLE = 60_000;

/**
 * The authenticator that `settings` ask for.
 * @throws AuthUnavailableError for settings that cannot judge anyone, so that a server is never opened on their strength
 */
export function chooseAuthenticator(settings: AuthSettings): MachineAuthenticator {
  const { type, clock = systemClock, onJudgement } = settings;
  const limits = { ...LIMITS, ...settings.limits };
  const common = { clock, limit: limits.total, ...(onJudgement ? { onJudgement } : {}) };
  if (type === 'null') return new Judge({ ...common, library: nullLibrary });
  if (type !== 'external' && type !== 'guest') throw new AuthUnavailableError(`there is no authentication type '${String(type)}'; use null, external or guest`);
  const limiter = settings.limiter ?? new GuessLimiter(clock);
  const guest = settings.guestChannel && new GuestAgentAccounts(settings.guestChannel, limits.guest, clock);
  if (type === 'external') return new Judge({ ...common, limiter, ...(guest ? { guest } : {}), library: chooseLibrary(settings, clock, limits) });
  if (!guest) throw new AuthUnavailableError("authentication type 'guest' needs a serial port of the machine at which the guest's agent (qemu-ga) listens, and this machine has none");
  return new Judge({ ...common, limiter, guest });
}

function chooseLibrary({ library, simpleUsers, env = process.env, caller = 'vrde' }: AuthSettings, clock: Clock, limits: AuthLimits): AuthLibrary {
  const alone = { atOnce: 1, limit: limits.library, clock };
  if (library === undefined || library === '' || library === 'VBoxAuth') {
    return new IsolatedLibrary('VBoxAuth', hostAccounts(process.platform, env), { ...alone, atOnce: HOST_ACCOUNTS_AT_ONCE, idle: HOST_ACCOUNTS_IDLE });
  }
  if (library === 'VBoxAuthSimple') {
    if (!simpleUsers) throw new AuthUnavailableError('VBoxAuthSimple has no list of users here; use VBoxAuth or a module of your own as the authentication library');
    return new SimpleAuth(simpleUsers);
  }
  if (!isAbsolute(library)) throw new AuthUnavailableError(`authentication library '${library}' is none of VBoxAuth and VBoxAuthSimple; give the absolute path of a module of your own`);
  const path = [library, library + NATIVE_SUFFIX].find((path) => existsSync(path));
  if (path === undefined) throw new AuthUnavailableError(`authentication library '${library}' does not exist`);
  const kind = MODULE_SUFFIXES.has(extname(path)) ? 'module' : 'native';
  return new IsolatedLibrary(path, { kind, path, caller }, alone);
}

const MODULE_SUFFIXES = new Set(['.mjs', '.js', '.cjs']);
const NATIVE_SUFFIX = ({ win32: '.dll', darwin: '.dylib' } as Partial<Record<NodeJS.Platform, string>>)[process.platform] ?? '.so';
