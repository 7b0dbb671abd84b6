/** What the API says in tests. */
import type { Machine, Medium, OsType, SystemProperties } from '@belvedere/client';

export const UUID = 'b2a1c0de-0000-4000-8000-000000000001';
export const DISK = 'b2a1c0de-0000-4000-8000-000000000002';

export const windowsXp: OsType = {
  id: 'WindowsXP',
  description: 'Windows XP (32-bit)',
  familyId: 'Windows',
  familyDescription: 'Microsoft Windows',
  is64Bit: false,
  memoryMiB: 192,
  vramMiB: 16,
  diskMiB: 10240,
  ideChipset: 'PIIX4',
  adapterType: 'Am79C973',
  rtcUseUtc: false,
};

export const properties: SystemProperties = {
  machineFolder: '/srv/my machines',
  vrdeAuthLibrary: 'VBoxAuth',
  webServiceAuthLibrary: 'VBoxAuthSimple',
  defaultHardDiskFormat: 'VDI',
  logFolder: '/srv/logs',
  minMemoryMiB: 4,
  maxMemoryMiB: 2047,
  minVramMiB: 1,
  maxVramMiB: 128,
  maxCpus: 1,
  maxMonitors: 1,
  maxAdapters: 8,
  maxSerialPorts: 4,
  maxBootPosition: 4,
  maxDiskSize: 2 ** 41,
};

export const disk: Medium = {
  uuid: DISK,
  type: 'hdd',
  path: '/home/u/WinXP.vdi',
  format: 'VDI',
  variant: 'Standard',
  sizeBytes: 10000 * 2 ** 20,
  sizeOnDiskBytes: 2 << 20,
  accessible: true,
  problem: null,
  description: '',
  parentUuid: null,
  childUuids: [],
  usedBy: [{ uuid: UUID, name: 'Windows XP' }],
};

const none = (slot: number): Machine['adapters'][number] => ({ slot, attachment: 'none', type: '82540EM', card: 'NE2000', mac: `08002700000${slot}`, cableConnected: true, forwards: [], localhostReachable: false, notice: null });

export const machine: Machine = {
  uuid: UUID,
  name: 'Windows XP',
  state: 'poweroff',
  osType: 'WindowsXP',
  description: '',
  settingsFile: '/srv/machines/Windows XP/Windows XP.vbox',
  folder: '/srv/machines/Windows XP',
  logFolder: '/srv/machines/Windows XP/Logs',
  registered: true,
  stateChangedAt: '2026-11-25T01:02:03.456Z',
  stateReason: null,
  engine: 'v86',
  memoryMiB: 256,
  vramMiB: 16,
  cpus: 1,
  monitorCount: 1,
  acpi: true,
  cpuidPortabilityLevel: 0,
  rtcUseUtc: false,
  boot: ['dvd', 'floppy', 'disk', 'none'],
  adapters: [{ slot: 1, attachment: 'nat', type: 'Am79C973', card: 'NE2000', mac: '080027A1B2C3', cableConnected: true, forwards: [{ name: 'ssh', protocol: 'tcp', hostAddress: '127.0.0.1', hostPort: 2222, guestAddress: '', guestPort: 22 }, { name: 'web', protocol: 'udp', hostAddress: '', hostPort: 80, guestAddress: '10.0.2.15', guestPort: 8080 }], localhostReachable: false, notice: null }, none(2)],
  serialPorts: [
    { slot: 1, enabled: true, ioBase: 0x3f8, irq: 4, mode: 'server', path: '/tmp/com1' },
    { slot: 2, enabled: false, ioBase: 0x2f8, irq: 3, mode: 'disconnected', path: null },
  ],
  vrde: {
    enabled: true,
    ports: '5000,5010-5012',
    addresses: '',
    authType: 'null',
    authLibrary: null,
    multiConnection: false,
    reuseConnection: false,
    videoChannel: false,
    videoChannelQuality: 75,
    properties: { 'TCP/Ports': '5000,5010-5012', 'Client/DisableInput': null },
  },
  teleporter: { enabled: false, port: 0, address: '', hasPassword: false },
  storageControllers: [
    {
      name: 'IDE Controller',
      bus: 'ide',
      chipset: 'PIIX4',
      portCount: 2,
      devicesPerPort: 2,
      bootable: true,
      attachments: [
        { port: 0, device: 0, type: 'hdd', medium: { uuid: DISK, type: 'hdd', path: '/home/u/WinXP.vdi' } },
        { port: 0, device: 1, type: 'dvddrive', medium: null },
      ],
    },
    { name: 'Floppy', bus: 'floppy', chipset: 'I82078', portCount: 1, devicesPerPort: 2, bootable: true, attachments: [] },
  ],
  snapshots: [],
  notices: [],
  run: null,
};

export const running: Machine = {
  ...machine,
  state: 'running',
  run: {
    pid: 4711,
    startedAt: '2026-11-25T01:00:00.000Z',
    vrde: { port: 5011, clients: [], clientsSoFar: 0 },
    screens: [{ width: 720, height: 400, x: 0, y: 0, on: true }],
    notices: [],
  },
};

/** A machine with one viewer since ten seconds before `NOW`. */
export const NOW = Date.parse('2026-11-25T01:10:10.000Z');
export const watched: Machine = {
  ...running,
  run: {
    ...running.run!,
    vrde: {
      port: 5011,
      clientsSoFar: 3,
      clients: [
        {
          id: 3,
          user: 'john',
          domain: 'HOME',
          clientName: 'desk',
          address: '192.0.2.7',
          clientVersion: 2600,
          encryption: 'TLS',
          since: '2026-11-25T01:10:00.000Z',
          bytesSent: 5000,
          bytesReceived: 120,
          dropped: [{ feature: 'input', messages: 12 }, { feature: 'clipboard', messages: 1 }],
        },
      ],
    },
  },
};
