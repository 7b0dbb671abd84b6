/** The VRDE properties: their names, what each takes, and whether it has an effect in this version. Pure. */
import { isIP } from 'node:net';
import { isAbsolute, normalize } from 'node:path';
import { invalid, unsupported } from '../http/api-error.js';
import { defaultPorts, normalAddresses, normalPorts } from './ports.js';

interface Property {
  /** Checks a value and returns the one to keep; `undefined`: the default, so nothing is kept. @throws ApiError */
  take(value: string): string | undefined;
}

const methods = ['Negotiate', 'RDP', 'TLS'];

const securityMethod: Property = {
  take(value) {
    const method = methods.find((name) => name.toLowerCase() === value.toLowerCase());
    if (!method) throw invalid(`VRDE property Security/Method: '${value}' is none of ${methods.join(', ')}`);
    return method === 'Negotiate' ? undefined : method;
  },
};

/** The file is looked at by the remote display when it opens, and again when it changes. */
const file = (name: string): Property => ({
  take(value) {
    if (!isAbsolute(value)) throw invalid(`VRDE property ${name}: '${value}' is not the absolute path of a PEM file`);
    return normalize(value);
  },
});

const tlsVersions = ['1.0', '1.1', '1.2', '1.3'];

const tlsMinVersion: Property = {
  take(value) {
    if (!tlsVersions.includes(value)) throw invalid(`VRDE property Security/TLSMinVersion: '${value}' is none of ${tlsVersions.join(', ')}`);
    return value === '1.2' ? undefined : value;
  },
};

/** Of a target, for viewers that follow a machine there: an address, or a name that both the source's host and viewers can look up. */
const viewerAddress: Property = {
  take(value) {
    if (isIP(value) !== 0 || /^(?=.{1,253}$)[a-z\d]([a-z\d-]{0,61}[a-z\d])?(\.[a-z\d]([a-z\d-]{0,61}[a-z\d])?)*$/i.test(value)) return value;
    throw invalid(`VRDE property Teleport/ViewerAddress: '${value}' is neither an IP address nor the name of a host`);
  },
};

/** Switches something off for all clients: `1`. `0`, as nothing at all, leaves it on, and is kept, so that a run may differ from the settings. */
const clientSwitch = (name: string): Property => ({
  take(value) {
    if (value !== '0' && value !== '1') throw invalid(`VRDE property ${name}: '${value}' is neither 1, which switches it off for all clients, nor 0; leave it empty to switch it on again`);
    return value;
  },
});

/** What `clientSwitch` says, by the names after `Client/Disable`. */
const clientSwitches: Readonly<Record<string, Property>> = Object.fromEntries(
  ['Display', 'Input', 'Audio', 'USB', 'Clipboard', 'UpstreamAudio', 'RDPDR'].map((what) => [`Client/Disable${what}`, clientSwitch(`Client/Disable${what}`)]),
);

const off = ['0', 'false', 'off'];

/** A property that is known, but has no effect yet: its default may be set, anything else is refused. */
const later = (name: string, defaults: readonly string[], reason: string): Property => ({
  take(value) {
    if (!defaults.includes(value.toLowerCase())) throw unsupported(`VRDE property ${name}: '${value}' has no effect in this version: ${reason}; leave it unset`);
    return undefined;
  },
});

const switchWords: Readonly<Record<string, string>> = { '1': '1', true: '1', on: '1', '0': '0', false: '0', off: '0' };

/** Moving pictures are shown as video: kept as 1 or 0. */
const videoChannelEnabled: Property = {
  take(value) {
    const word = value.toLowerCase();
    if (!Object.hasOwn(switchWords, word)) throw invalid(`VRDE property VideoChannel/Enabled: '${value}' is neither 1 (or true) nor 0 (or false)`);
    return switchWords[word];
  },
};

/** What qualities of JPEG there are for video. */
export const videoQuality = { min: 10, max: 100, default: 75 };

const videoChannelQuality: Property = {
  take(value) {
    const quality = Number(value);
    if (!/^\d+$/.test(value) || quality < videoQuality.min || quality > videoQuality.max) {
      throw invalid(`VRDE property VideoChannel/Quality: '${value}' is no whole number from ${videoQuality.min} to ${videoQuality.max}`);
    }
    return String(quality);
  },
};

/** Whether moving pictures are shown as video. */
export const isVideoOn = (properties: Readonly<Record<string, string>>): boolean => properties['VideoChannel/Enabled'] === '1';

/** The quality of JPEG that video has. */
export const videoQualityOf = (properties: Readonly<Record<string, string>>): number => Number(properties['VideoChannel/Quality'] ?? videoQuality.default);

const noSound = 'the remote display has no sound channel';

const table: Readonly<Record<string, Property>> = {
  'TCP/Ports': { take: (value) => normalPorts(value) },
  'TCP/Address': { take: (value) => normalAddresses(value) || undefined },
  'VideoChannel/Enabled': videoChannelEnabled,
  'VideoChannel/Quality': videoChannelQuality,
  'VideoChannel/DownscaleProtection': later('VideoChannel/DownscaleProtection', off, 'video is sent at its full size always'),
  ...clientSwitches,
  'H3DRedirect/Enabled': later('H3DRedirect/Enabled', off, 'machines have no 3D adapter'),
  'Security/Method': securityMethod,
  'Security/ServerCertificate': file('Security/ServerCertificate'),
  'Security/ServerPrivateKey': file('Security/ServerPrivateKey'),
  'Security/CACertificate': file('Security/CACertificate'),
  'Security/TLSMinVersion': tlsMinVersion,
  'Teleport/ViewerAddress': viewerAddress,
  'Audio/RateCorrectionMode': later('Audio/RateCorrectionMode', [], noSound),
  'Audio/LogPath': later('Audio/LogPath', [], noSound),
};

export const propertyNames: readonly string[] = Object.keys(table);

/**
 * Properties as a run is told them that is to differ from the settings.
 * @param asked `null` and the empty text mean the default
 * @returns what differs: a switch that is to be on says so
 * @throws ApiError as `setProperties` does
 */
export function runProperties(asked: Readonly<Record<string, string | null>>): Record<string, string> {
  const switches = [...Object.keys(clientSwitches), 'VideoChannel/Enabled'].map((name) => name.toLowerCase());
  const plain = Object.entries(asked).map(([name, value]) => [name, !value && switches.includes(name.toLowerCase()) ? '0' : value] as const);
  return setProperties({}, Object.fromEntries(plain));
}

/** What a property is while nobody has set it; `null`: nothing. */
export const defaultOf = (name: string): string | null => (name === 'TCP/Ports' ? defaultPorts : null);

/**
 * Sets properties; `null` and the empty text set one back to its default.
 * @returns a new map without the ones that have their default
 * @throws ApiError for an unknown name or a value that cannot be
 */
export function setProperties(properties: Readonly<Record<string, string>>, changes: Readonly<Record<string, string | null>>): Record<string, string> {
  const result = new Map(Object.entries(properties));
  for (const [asked, value] of Object.entries(changes)) {
    const name = propertyNames.find((known) => known.toLowerCase() === asked.toLowerCase());
    if (name === undefined) throw invalid(`unknown VRDE property '${asked}': known are ${propertyNames.join(', ')}`);
    const kept = value === null || value === '' ? undefined : (table[name] as Property).take(value);
    if (kept === undefined || kept === defaultOf(name)) result.delete(name);
    else result.set(name, kept);
  }
  return Object.fromEntries([...result].sort(([a], [b]) => propertyNames.indexOf(a) - propertyNames.indexOf(b)));
}
