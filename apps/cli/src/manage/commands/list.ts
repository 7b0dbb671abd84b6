/** `list`: machines, system types, media and the host's settings. What only a longer listing needs is loaded for that. */
import type { Client, MachineSummary, MediumType } from '@belvedere/client';
import { formatMachineLine } from '../../format/machine-line.js';
import { command, option, word } from '../../table/command.js';
import { choice } from '../../table/value.js';

const SUBJECTS = ['vms', 'runningvms', 'ostypes', 'hdds', 'dvds', 'floppies', 'systemproperties'] as const;
const OTHERS = [
  ...['bridgedifs', 'cloudnets', 'cloudprofiles', 'cloudproviders', 'cpu-profiles', 'dhcpservers', 'extpacks', 'groups', 'hddbackends', 'hostcpuids', 'hostdrives', 'hostdvds'],
  ...['hostfloppies', 'hostinfo', 'hostonlyifs', 'hostonlynets', 'intnets', 'natnets', 'natnetworks', 'ossubtypes', 'screenshotformats', 'usbfilters', 'usbhost', 'webcams'],
];

interface Request {
  subject: (typeof SUBJECTS)[number];
  long: boolean;
  sorted: boolean;
}

export const list = command<Request>({
  name: 'list',
  summary: 'List machines, system types, images or settings',
  fresh: () => ({ subject: 'vms', long: false, sorted: false }),
  words: [word({ value: choice(SUBJECTS, OTHERS), set: (request: Request, subject) => (request.subject = subject) })],
  options: [
    option({ name: 'long', letter: 'l', help: 'all that is known of each', set: (request: Request) => (request.long = true) }),
    option({ name: 'sorted', letter: 's', help: 'by name', set: (request: Request) => (request.sorted = true) }),
  ],
  unsupported: ['platform-arch'],
  async run({ subject, long, sorted }, { client, output }) {
    output.write((await blocks(client, subject, long, sorted)).join(''));
  },
});

const media: Readonly<Record<string, MediumType>> = { hdds: 'hdd', dvds: 'dvd', floppies: 'floppy' };

async function blocks(client: Client, subject: Request['subject'], long: boolean, sorted: boolean): Promise<readonly string[]> {
  const inOrder = <T>(items: readonly T[], key: (item: T) => string): readonly T[] => (sorted ? [...items].sort((a, b) => (key(a) < key(b) ? -1 : 1)) : items);
  switch (subject) {
    case 'vms':
    case 'runningvms': {
      const found = await client.request('GET /machines', subject === 'runningvms' ? { query: { state: 'running' } } : {});
      const machines = inOrder(found, ({ name }) => name);
      return long ? details(client, machines) : machines.map(formatMachineLine);
    }
    case 'ostypes': {
      const { formatOsType } = await import('../../format/ostype.js');
      return inOrder(await client.request('GET /ostypes'), ({ id }) => id).map((type) => `${formatOsType(type)}\n`);
    }
    case 'systemproperties': {
      const { formatSystemProperties } = await import('../../format/system-properties.js');
      return [formatSystemProperties(await client.request('GET /system-properties'))];
    }
    default: {
      const { formatMedium } = await import('../../format/medium.js');
      const type = media[subject];
      const found = await client.request('GET /media', { query: { ...(type && { type }) } });
      return inOrder(found, ({ path }) => path).map((medium) => `${formatMedium(medium, long)}\n`);
    }
  }
}

async function details(client: Client, machines: readonly MachineSummary[]): Promise<readonly string[]> {
  const { formatMachine } = await import('../../format/machine.js');
  const types = new Map((await client.request('GET /ostypes')).map(({ id, description }) => [id, description]));
  const shown: string[] = [];
  for (const { uuid, osType } of machines) {
    shown.push(formatMachine(await client.request('GET /machines/{ref}', { path: { ref: uuid } }), types.get(osType) ?? osType, Date.now()));
  }
  return shown;
}
