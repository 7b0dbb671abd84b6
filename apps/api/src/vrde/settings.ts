/** The remote display's settings, and what changes them. Pure. */
import type { VrdeSpec } from '@belvedere/control';
import { invalid } from '../http/api-error.js';
import type { AuthType, StartVrde } from '../machines/words.js';
import { defaultAuthLibrary, libraryOf } from './libraries.js';
import { defaultPorts, parseAddresses, parsePorts } from './ports.js';
import { runProperties, setProperties, videoQuality } from './properties.js';
import { simpleUsersOf } from './simple-users.js';

export interface VrdeSettings {
  readonly enabled: boolean;
  readonly authType: AuthType;
  /** Asked where the type is `external`; `null`: the system property's. */
  readonly authLibrary: string | null;
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
  /** What the system property was when the run began: a run keeps it. */
  readonly defaultLibrary?: string;
  readonly enabled?: boolean;
  readonly properties?: Readonly<Record<string, string>>;
}

export const newVrde: VrdeSettings = { enabled: false, authType: 'null', authLibrary: null, multiConnection: false, reuseConnection: false, properties: {} };

/** @throws ApiError for what this version cannot do */
export function changeVrde(settings: VrdeSettings, change: VrdeChange): VrdeSettings {
  const { authType = settings.authType, authLibrary, videoChannel, videoChannelQuality: quality } = change;
  if (quality !== undefined && (quality < videoQuality.min || quality > videoQuality.max)) {
    throw invalid(`VRDE video channel quality ${quality} is not between ${videoQuality.min} and ${videoQuality.max}`);
  }
  const named: Record<string, string | null> = {
    ...(change.ports !== undefined ? { 'TCP/Ports': change.ports } : {}),
    ...(change.addresses !== undefined ? { 'TCP/Address': change.addresses } : {}),
    ...(videoChannel !== undefined ? { 'VideoChannel/Enabled': videoChannel ? '1' : null } : {}),
    ...(quality !== undefined ? { 'VideoChannel/Quality': quality === videoQuality.default ? null : String(quality) } : {}),
  };
  return {
    enabled: change.enabled ?? settings.enabled,
    authType,
    authLibrary: authLibrary === undefined ? settings.authLibrary : libraryOf(authLibrary ?? 'default'),
    multiConnection: change.multiConnection ?? settings.multiConnection,
    reuseConnection: change.reuseConnection ?? settings.reuseConnection,
    properties: setProperties(setProperties(settings.properties, change.properties ?? {}), named),
  };
}

export const portsOf = (settings: VrdeSettings): string => settings.properties['TCP/Ports'] ?? defaultPorts;
export const addressesOf = (settings: VrdeSettings): string => settings.properties['TCP/Address'] ?? '';

/** @throws ApiError */
export function overridesOf(vrde: StartVrde, properties: Readonly<Record<string, string | null>>): RunOverrides {
  return { ...(vrde === 'config' ? {} : { enabled: vrde === 'on' }), properties: runProperties(properties) };
}

interface DisplaySettings {
  readonly vrde: VrdeSettings;
  readonly extraData: Readonly<Record<string, string>>;
}

/** What a machine's process is told. */
export function vrdeSpec({ vrde: settings, extraData }: DisplaySettings, overrides: RunOverrides = {}): VrdeSpec {
  const run = { ...settings, properties: { ...settings.properties, ...overrides.properties } };
  const { 'TCP/Ports': _ports, 'TCP/Address': _address, ...properties } = run.properties;
  return {
    enabled: overrides.enabled ?? run.enabled,
    ports: parsePorts(portsOf(run)),
    addresses: parseAddresses(addressesOf(run)),
    authType: run.authType,
    authLibrary: run.authLibrary ?? overrides.defaultLibrary ?? defaultAuthLibrary,
    multiConnection: run.multiConnection,
    reuseConnection: run.reuseConnection,
    simpleUsers: simpleUsersOf(extraData),
    properties,
  };
}
