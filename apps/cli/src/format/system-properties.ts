/** The host's settings and limits as `list systemproperties` prints them. Pure. */
import type { SystemProperties } from '@belvedere/client';
import { labelled } from './lines.js';

const WIDTH = 38;

export function formatSystemProperties(properties: SystemProperties): string {
  const lines: readonly (readonly [label: string, value: string | number])[] = [
    ['API version', '7_0'],
    ['Minimum guest RAM size', `${properties.minMemoryMiB} Megabytes`],
    ['Maximum guest RAM size', `${properties.maxMemoryMiB} Megabytes`],
    ['Minimum video RAM size', `${properties.minVramMiB} Megabytes`],
    ['Maximum video RAM size', `${properties.maxVramMiB} Megabytes`],
    ['Maximum guest monitor count', properties.maxMonitors],
    ['Minimum guest CPU count', 1],
    ['Maximum guest CPU count', properties.maxCpus],
    ['Virtual disk limit (info)', `${properties.maxDiskSize} Bytes`],
    ['Maximum Serial Port count', properties.maxSerialPorts],
    ['Maximum Boot Position', properties.maxBootPosition],
    ['Maximum Network Adapter count', properties.maxAdapters],
    ['Default machine folder', properties.machineFolder],
    ['Default hard disk format', properties.defaultHardDiskFormat],
    ['VRDE auth library', properties.vrdeAuthLibrary],
    ['Webservice auth. library', properties.webServiceAuthLibrary ?? ''],
    ...noticeOf(properties.webServiceAuthLibrary),
    ['Remote desktop ExtPack', 'Belvedere'],
    ['Log folder', properties.logFolder],
  ];
  return lines.map(([label, value]) => labelled(label, value, WIDTH)).join('');
}

/** What a name of a library alone does not say. */
function noticeOf(library: string | null): [label: string, value: string][] {
  if (library === 'null') return [['Webservice auth. notice', "anyone who reaches the HTTP API's port may log in and command"]];
  if (library === null) return [['Webservice auth. notice', "nobody may log in to the HTTP API: 'setproperty websrvauthlibrary' says who judges"]];
  return [];
}
