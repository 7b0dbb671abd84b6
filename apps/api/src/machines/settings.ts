/** A machine's settings as one value, and what a new machine has. Pure. */
import { randomBytes } from 'node:crypto';
import type { OsType } from '../ostypes/ostype.dto.js';
import { newTeleporter, type TeleporterSettings } from '../teleporter/settings.js';
import { newVrde, type VrdeSettings } from '../vrde/settings.js';
import { adapterCount, limits, serialPorts } from './limits.js';
import type { AdapterType, AttachmentMode, BootDevice, Bus, DriveType, ForwardProtocol, MediumType, SerialMode } from './words.js';

export interface AdapterSettings {
  readonly slot: number;
  readonly attachment: AttachmentMode;
  readonly type: AdapterType;
  /** Twelve hexadecimal digits, upper case. */
  readonly mac: string;
  readonly cableConnected: boolean;
  /** By NAT, sorted by name; kept while the adapter is attached to something else. */
  readonly forwards: readonly PortForward[];
  /** By NAT, the guest reaches the host's own loopback at its gateway's address. */
  readonly localhostReachable: boolean;
}

export interface PortForward {
  readonly name: string;
  readonly protocol: ForwardProtocol;
  /** Empty: all addresses of the host. */
  readonly hostAddress: string;
  readonly hostPort: number;
  /** Empty: the address that the guest is given. */
  readonly guestAddress: string;
  readonly guestPort: number;
}

/** What the documents of earlier versions lack. */
export const newNat = { forwards: [], localhostReachable: false } as const satisfies Partial<AdapterSettings>;

/** Adapters as an earlier version may have kept them. */
export const withDefaults = (hardware: HardwareSettings): HardwareSettings => ({ ...hardware, cpuidPortabilityLevel: hardware.cpuidPortabilityLevel ?? 0, adapters: hardware.adapters.map((adapter) => ({ ...newNat, ...adapter })) });

export interface SerialPortSettings {
  readonly slot: number;
  readonly enabled: boolean;
  readonly ioBase: number;
  readonly irq: number;
  readonly mode: SerialMode;
  readonly path: string | null;
}

export interface HardwareSettings {
  readonly memoryMiB: number;
  readonly vramMiB: number;
  readonly cpus: number;
  /** The higher, the fewer features the guest's processor has. */
  readonly cpuidPortabilityLevel: number;
  readonly monitorCount: number;
  readonly acpi: boolean;
  readonly rtcUseUtc: boolean;
  /** boot1 to boot4. */
  readonly boot: readonly BootDevice[];
  /** One for each slot, in order. */
  readonly adapters: readonly AdapterSettings[];
  /** One for each slot, in order. */
  readonly serialPorts: readonly SerialPortSettings[];
}

/** What the database keeps of a machine as one document. */
export interface MachineDocument {
  readonly description: string;
  readonly hardware: HardwareSettings;
  readonly vrde: VrdeSettings;
  readonly teleporter: TeleporterSettings;
}

export interface MediumRecord {
  readonly uuid: string;
  readonly type: MediumType;
  readonly path: string;
  readonly format: string;
  readonly variant: string;
  readonly sizeBytes: number;
  /** A text for people. */
  readonly description: string;
  /** What a differencing image hangs on. */
  readonly parent: MediumRecord | null;
}

/** What an image hangs on, the nearest first. */
export const parentsOf = ({ parent }: MediumRecord): MediumRecord[] => (parent ? [parent, ...parentsOf(parent)] : []);

export interface AttachmentSettings {
  readonly port: number;
  readonly device: number;
  readonly type: DriveType;
  /** `null`: the drive is empty. */
  readonly medium: MediumRecord | null;
}

export interface StorageControllerSettings {
  readonly name: string;
  readonly bus: Bus;
  readonly chipset: string;
  readonly portCount: number;
  readonly bootable: boolean;
  readonly attachments: readonly AttachmentSettings[];
}

export interface MachineSettings extends MachineDocument {
  readonly uuid: string;
  readonly name: string;
  readonly osType: string;
  readonly storageControllers: readonly StorageControllerSettings[];
  readonly extraData: Readonly<Record<string, string>>;
}

/** A locally unique address with the prefix that VirtualBox's machines have. */
export const newMac = (): string => `080027${randomBytes(3).toString('hex').toUpperCase()}`;

export function newMachine(uuid: string, name: string, osType: OsType): MachineSettings {
  return {
    uuid,
    name,
    osType: osType.id,
    description: '',
    hardware: {
      memoryMiB: Math.min(osType.memoryMiB, limits.memoryMiB.max),
      vramMiB: Math.min(osType.vramMiB, limits.vramMiB.max),
      cpus: 1,
      cpuidPortabilityLevel: 0,
      monitorCount: 1,
      acpi: true,
      rtcUseUtc: osType.rtcUseUtc,
      boot: ['floppy', 'dvd', 'disk', 'none'],
      adapters: Array.from({ length: adapterCount }, (_, index) => ({
        slot: index + 1,
        attachment: index === 0 ? 'nat' : 'none',
        type: osType.adapterType as AdapterType,
        mac: newMac(),
        cableConnected: true,
        ...newNat,
      })),
      serialPorts: serialPorts.map((port) => ({ ...port, enabled: false, mode: 'disconnected', path: null })),
    },
    vrde: newVrde,
    teleporter: newTeleporter,
    storageControllers: [],
    extraData: {},
  };
}
