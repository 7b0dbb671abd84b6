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

const off = ['0', 'false', 'off'];

/** A property that is known, but has no effect yet: its default may be set, anything else is refused. */
const later = (name: string, defaults: readonly string[], reason: string): Property => ({
  take(value) {
    if (!defaults.includes(value.toLowerCase())) throw unsupported(`VRDE property ${name}: '${value}' has no effect in this version: ${reason}; leave it unset`);
    return undefined;
  },
});

const noVideo = 'moving pictures are sent like the rest of the screen';
const noChannel = (what: string): string => `the remote display has no ${what} channel that could be switched off`;

const table: Readonly<Record<string, Property>> = {
  'TCP/Ports': { take: (value) => normalPorts(value) },
  'TCP/Address': { take: (value) => normalAddresses(value) || undefined },
  'VideoChannel/Enabled': later('VideoChannel/Enabled', off, noVideo),
  'VideoChannel/Quality': later('VideoChannel/Quality', ['75'], noVideo),
  'VideoChannel/DownscaleProtection': later('VideoChannel/DownscaleProtection', off, noVideo),
  'Client/DisableDisplay': later('Client/DisableDisplay', off, 'every client that may connect sees the screen'),
  'Client/DisableInput': later('Client/DisableInput', off, 'every client that may connect has keyboard and mouse'),
  'Client/DisableAudio': later('Client/DisableAudio', off, noChannel('sound')),
  'Client/DisableUSB': later('Client/DisableUSB', off, noChannel('USB')),
  'Client/DisableClipboard': later('Client/DisableClipboard', off, noChannel('clipboard')),
  'Client/DisableUpstreamAudio': later('Client/DisableUpstreamAudio', off, noChannel('sound')),
  'Client/DisableRDPDR': later('Client/DisableRDPDR', off, noChannel('device redirection')),
  'H3DRedirect/Enabled': later('H3DRedirect/Enabled', off, 'machines have no 3D adapter'),
  'Security/Method': securityMethod,
  'Security/ServerCertificate': file('Security/ServerCertificate'),
  'Security/ServerPrivateKey': file('Security/ServerPrivateKey'),
  'Security/CACertificate': file('Security/CACertificate'),
  'Security/TLSMinVersion': tlsMinVersion,
  'Teleport/ViewerAddress': viewerAddress,
  'Audio/RateCorrectionMode': later('Audio/RateCorrectionMode', [], noChannel('sound')),
  'Audio/LogPath': later('Audio/LogPath', [], noChannel('sound')),
};

export const propertyNames: readonly string[] = Object.keys(table);

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
