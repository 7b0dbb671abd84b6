/** What the API says of a machine. */
import { Flag, ListOf, Nested, NestedList, OneOf, Text, TextMap, Texts, Whole } from '../http/fields.js';
import {
  adapterTypes,
  type AdapterType,
  attachmentModes,
  type AttachmentMode,
  authTypes,
  type AuthType,
  bootDevices,
  type BootDevice,
  type Bus,
  buses,
  cardTypes,
  type CardType,
  type DriveType,
  driveTypes,
  forwardProtocols,
  type ForwardProtocol,
  machineStates,
  type MachineState,
  type MediumType,
  mediumTypes,
  serialModes,
  type SerialMode,
} from './words.js';

export class MachineSummary {
  @Text({ format: 'uuid' }) uuid: string;
  @Text() name: string;
  @OneOf(machineStates) state: MachineState;
  @Text({ doc: "VirtualBox's id of the guest's system, such as WindowsXP" }) osType: string;
}

export class PortForward {
  @Text() name: string;
  @OneOf(forwardProtocols) protocol: ForwardProtocol;
  @Text({ doc: 'empty: all addresses of the host' }) hostAddress: string;
  @Whole({ min: 1, max: 65535 }) hostPort: number;
  @Text({ doc: 'empty: the address that the guest is given' }) guestAddress: string;
  @Whole({ min: 1, max: 65535 }) guestPort: number;
}

export class Adapter {
  @Whole({ min: 1, max: 8 }) slot: number;
  @OneOf(attachmentModes) attachment: AttachmentMode;
  @OneOf(adapterTypes) type: AdapterType;
  @Text({ doc: 'twelve hexadecimal digits' }) mac: string;
  @OneOf(cardTypes, { doc: "the card that the guest finds: the engine's, where it has none of the type" }) card: CardType;
  @Flag() cableConnected: boolean;
  @NestedList(() => PortForward, { doc: 'by name' }) forwards: PortForward[];
  @Flag({ doc: "by NAT, the guest reaches the host's own loopback at its gateway's address" }) localhostReachable: boolean;
  @Text({ nullable: true, doc: 'what the administrator should know of this adapter' }) notice: string | null;
}

export class SerialPort {
  @Whole({ min: 1, max: 4 }) slot: number;
  @Flag() enabled: boolean;
  @Whole({ max: 0xffff }) ioBase: number;
  @Whole({ max: 15 }) irq: number;
  @OneOf(serialModes) mode: SerialMode;
  @Text({ nullable: true, doc: 'unix socket or file; null when disconnected, or when the guest agent is asked there' }) path: string | null;
}

export class AttachedMedium {
  @Text({ format: 'uuid' }) uuid: string;
  @OneOf(mediumTypes) type: MediumType;
  @Text() path: string;
}

export class Attachment {
  @Whole() port: number;
  @Whole() device: number;
  @OneOf(driveTypes) type: DriveType;
  @Nested(() => AttachedMedium, { nullable: true, doc: 'null: the drive is empty' }) medium: AttachedMedium | null;
}

export class StorageController {
  @Text() name: string;
  @OneOf(buses) bus: Bus;
  @Text({ doc: 'chipset, such as PIIX4 or I82078' }) chipset: string;
  @Whole() portCount: number;
  @Whole() devicesPerPort: number;
  @Flag() bootable: boolean;
  @NestedList(() => Attachment) attachments: Attachment[];
}

export class VrdeSettings {
  @Flag() enabled: boolean;
  @Text({ doc: 'ports and ranges as they were set, such as 5000,5010-5012' }) ports: string;
  @Text({ doc: 'addresses, comma-separated; empty: all addresses of the host' }) addresses: string;
  @OneOf(authTypes) authType: AuthType;
  @Text({ nullable: true, doc: "null: the system's authentication library" }) authLibrary: string | null;
  @Flag() multiConnection: boolean;
  @Flag() reuseConnection: boolean;
  @Flag() videoChannel: boolean;
  @Whole({ min: 10, max: 100 }) videoChannelQuality: number;
  @TextMap({ nullValues: true, doc: 'every known VRDE property; null: not set' }) properties: Record<string, string | null>;
}

export class TeleporterSettings {
  @Flag({ doc: 'the machine waits to be teleported to when it is started' }) enabled: boolean;
  @Whole({ max: 65535, doc: '0: none was given' }) port: number;
  @Text({ doc: 'empty: all addresses of the host' }) address: string;
  @Flag() hasPassword: boolean;
}

export class DroppedMessages {
  @Text({ doc: 'display, input, audio, upstreamAudio, clipboard, usb, deviceRedirection, dynamicChannels or otherChannels' }) feature: string;
  @Whole({ doc: 'input events, or packets of channels' }) messages: number;
}

export class VrdeClient {
  @Whole() id: number;
  @Text() user: string;
  @Text() domain: string;
  @Text() clientName: string;
  @Text() address: string;
  @Whole() clientVersion: number;
  @Text() encryption: string;
  @Text({ format: 'date-time' }) since: string;
  @Whole() bytesSent: number;
  @Whole() bytesReceived: number;
  @NestedList(() => DroppedMessages, { doc: 'what it has sent for features that are switched off, and that nobody got' }) dropped: DroppedMessages[];
}

export class VrdeStatus {
  @Whole({ max: 65535, nullable: true, doc: 'the port really bound; null while the server does not listen' }) port: number | null;
  @Text({ optional: true, doc: 'why the server does not listen although it is switched on' }) problem?: string;
  @NestedList(() => VrdeClient) clients: VrdeClient[];
  @Whole() clientsSoFar: number;
  @Text({ optional: true, format: 'date-time' }) lastStart?: string;
  @Text({ optional: true, format: 'date-time' }) lastEnd?: string;
}

export class Screen {
  @Whole({ doc: 'pixels' }) width: number;
  @Whole({ doc: 'pixels' }) height: number;
  @Whole({ min: -32767, doc: 'where it stands beside the others, in pixels' }) x: number;
  @Whole({ min: -32767 }) y: number;
  @Flag({ doc: 'the guest shows something on it' }) on: boolean;
}

export class Run {
  @Whole({ doc: "the machine process's id" }) pid: number;
  @Text({ format: 'date-time' }) startedAt: string;
  @Nested(() => VrdeStatus) vrde: VrdeStatus;
  @NestedList(() => Screen) screens: Screen[];
  @Texts({ doc: 'what the administrator should know of this run' }) notices: string[];
}

export class Snapshot {
  @Text({ format: 'uuid' }) uuid: string;
  @Text() name: string;
  @Text() description: string;
  @Text({ nullable: true, format: 'uuid' }) parentUuid: string | null;
  @Text({ format: 'date-time' }) takenAt: string;
  @Flag({ doc: 'it holds the state of a machine that ran' }) online: boolean;
  @Flag({ doc: 'what the machine is now began from it' }) current: boolean;
}

export class Machine extends MachineSummary {
  @Text() description: string;
  @Text({ doc: 'the .vbox file' }) settingsFile: string;
  @Text() folder: string;
  @Text() logFolder: string;
  @Flag() registered: boolean;
  @Text({ format: 'date-time' }) stateChangedAt: string;
  @Text({ nullable: true, doc: 'why the machine is in its state, where there is something to say' }) stateReason: string | null;
  @OneOf(['v86']) engine: 'v86';
  @Whole() memoryMiB: number;
  @Whole() vramMiB: number;
  @Whole() cpus: number;
  @Whole({ max: 3, doc: "the higher, the fewer features the guest's processor has" }) cpuidPortabilityLevel: number;
  @Whole() monitorCount: number;
  @Flag() acpi: boolean;
  @Flag() rtcUseUtc: boolean;
  @ListOf(bootDevices, { min: 4, max: 4 }) boot: BootDevice[];
  @NestedList(() => Adapter) adapters: Adapter[];
  @NestedList(() => SerialPort) serialPorts: SerialPort[];
  @Nested(() => VrdeSettings) vrde: VrdeSettings;
  @Nested(() => TeleporterSettings) teleporter: TeleporterSettings;
  @NestedList(() => StorageController) storageControllers: StorageController[];
  @NestedList(() => Snapshot, { doc: 'parents before their children' }) snapshots: Snapshot[];
  @Texts({ doc: 'what the administrator should know of these settings' }) notices: string[];
  @Nested(() => Run, { nullable: true, doc: 'null while the machine is off' }) run: Run | null;
}
