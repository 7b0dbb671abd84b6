/** The VRDE properties that switch a feature off for all clients, as the RDP server asks about them. Pure. */
import type { VrdeSpec } from '@belvedere/control';
import type { Feature } from '@belvedere/rdp';

const PROPERTIES: Readonly<Partial<Record<Feature, string>>> = {
  display: 'Client/DisableDisplay',
  input: 'Client/DisableInput',
  audio: 'Client/DisableAudio',
  upstreamAudio: 'Client/DisableUpstreamAudio',
  clipboard: 'Client/DisableClipboard',
  usb: 'Client/DisableUSB',
  deviceRedirection: 'Client/DisableRDPDR',
};

/** Whether clients may use a feature. What no property names is permitted to nobody, but for the carrier of channels that are asked about by themselves. */
export function permitted({ properties }: Pick<VrdeSpec, 'properties'>, feature: Feature): boolean {
  if (feature === 'dynamicChannels') return true;
  const name = PROPERTIES[feature];
  return name !== undefined && (properties[name] ?? '0') === '0';
}
