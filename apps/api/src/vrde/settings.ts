/** The remote display's settings, and what changes them. Pure. */
import type { VrdeSpec } from '@belvedere/control';
import { invalid, unsupported } from '../http/api-error.js';
import type { MachineSettings } from '../machines/settings.js';
import type { AuthType, StartVrde } from '../machines/words.js';
import { defaultPorts, parseAddresses, parsePorts } from './ports.js';
import { setProperties } from './properties.js';
import { simpleUsersOf } from './simple-users.js';

export interface VrdeSettings {
  readonly enabled: boolean;
  readonly authType: AuthType;
  readonly multiConnection: boolean;
  readonly reuseConnection: boolean;
  /** By name; what is not here has its default. The ports and addresses are the properties of these names. */
  readonly properties: Readonly<Record<string, string>>;
}

/** What a request may change; a property that is absent stays. */
export interface VrdeChange {
  readonly enabled?: boolean;
  readonly ports?: string;
  readonly addresses?: string;
  readonly authType?: AuthType;
  readonly authLibrary?: string | null;
  readonly multiConnection?: boolean;
  readonly reuseConnection?: boolean;
  readonly videoChannel?: boolean;
  readonly videoChannelQuality?: number;
  readonly properties?: Readonly<Record<string, string | null>>;
}

/** What one run does otherwise than the settings say. */
export interface RunOverrides {
  readonly enabled?: boolean;
  readonly properties?: Readonly<Record<string, string>>;
}

export const newVrde: VrdeSettings = { enabled: false, authType: 'null', multiConnection: false, reuseConnection: false, properties: {} };

/** The quality of a video channel that nobody has set. */
export const defaultQuality = 75;

/** The one authentication library that may be named: with authentication type 'null' none is asked. */
export const defaultAuthLibrary = 'VBoxAuth';

/** @throws ApiError for what this version cannot do */
export function changeVrde(settings: VrdeSettings, change: VrdeChange): VrdeSettings {
  const { authType = settings.authType, authLibrary, videoChannel, videoChannelQuality: quality } = change;
  if (authType !== 'null') throw unsupported(`VRDE authentication type '${authType}' is not supported in this version: use 'null', which lets anyone in, and limit who can reach the port by the VRDE address`);
  if (typeof authLibrary === 'string') requireDefaultLibrary(authLibrary);
  if (quality !== undefined && (quality < 10 || quality > 100)) throw invalid(`VRDE video channel quality ${quality} is not between 10 and 100`);
  const named: Record<string, string> = {
    ...(change.ports !== undefined ? { 'TCP/Ports': change.ports } : {}),
    ...(change.addresses !== undefined ? { 'TCP/Address': change.addresses } : {}),
    ...(videoChannel !== undefined ? { 'VideoChannel/Enabled': videoChannel ? '1' : '0' } : {}),
    ...(quality !== undefined ? { 'VideoChannel/Quality': String(quality) } : {}),
  };
  return {
    enabled: change.enabled ?? settings.enabled,
    authType,
    multiConnection: change.multiConnection ?? settings.multiConnection,
    reuseConnection: change.reuseConnection ?? settings.reuseConnection,
    properties: setProperties(setProperties(settings.properties, change.properties ?? {}), named),
  };
}

/** @throws ApiError for any other library */
export function requireDefaultLibrary(library: string): void {
  if (library !== '' && library !== 'default' && library !== defaultAuthLibrary) {
    throw unsupported(`authentication library '${library}' is not supported in this version: no library is asked while the authentication type is 'null'; leave it '${defaultAuthLibrary}'`);
  }
}

export const portsOf = (settings: VrdeSettings): string => settings.properties['TCP/Ports'] ?? defaultPorts;
export const addressesOf = (settings: VrdeSettings): string => settings.properties['TCP/Address'] ?? '';

/** @throws ApiError */
export function overridesOf(vrde: StartVrde, properties: Readonly<Record<string, string | null>>): RunOverrides {
  return { ...(vrde === 'config' ? {} : { enabled: vrde === 'on' }), properties: setProperties({}, properties) };
}

/** What a machine's process is told. */
export function vrdeSpec({ vrde: settings, extraData }: Pick<MachineSettings, 'vrde' | 'extraData'>, overrides: RunOverrides = {}): VrdeSpec {
  const run = { ...settings, properties: { ...settings.properties, ...overrides.properties } };
  const { 'TCP/Ports': _ports, 'TCP/Address': _address, ...properties } = run.properties;
  return {
    enabled: overrides.enabled ?? run.enabled,
    ports: parsePorts(portsOf(run)),
    addresses: parseAddresses(addressesOf(run)),
    authType: run.authType,
    authLibrary: '',
    multiConnection: run.multiConnection,
    reuseConnection: run.reuseConnection,
    simpleUsers: simpleUsersOf(extraData),
    properties,
  };
}
