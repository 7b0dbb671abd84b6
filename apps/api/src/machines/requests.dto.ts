/** What the API takes about a machine. Bounds here keep nonsense out; what an engine can do is decided by the services. */
import { Bytes, Flag, ListOf, Nested, NestedList, OneOf, Text, TextMap, Whole } from '../http/fields.js';
import { authTypes, type AuthType, bootDevices, type BootDevice, driveTypes, type DriveType, type ForwardProtocol, forwardProtocols, serialModes, type SerialMode, startVrde, type StartVrde } from './words.js';

export class CreateMachine {
  @Text({ max: 200 }) name: string;
  @Text({ optional: true, max: 64, doc: 'default: Other' }) osType?: string;
  @Text({ optional: true, max: 38, format: 'uuid' }) uuid?: string;
  @Text({ optional: true, doc: "absolute; default: the system property 'machineFolder'" }) baseFolder?: string;
  @Flag({ doc: 'false: only the settings file is written' }) register: boolean;
}

export class RegisterMachine {
  @Text({ doc: 'absolute path of a .vbox file' }) settingsFile: string;
}

export class AdapterChange {
  @Whole({ min: 1, max: 8 }) slot: number;
  @Text({ optional: true, max: 32, doc: 'none, null or nat' }) attachment?: string;
  @Text({ optional: true, max: 32 }) type?: string;
  @Text({ optional: true, max: 17, doc: "twelve hexadecimal digits, or 'auto' for a new one" }) mac?: string;
  @Flag({ optional: true }) cableConnected?: boolean;
  @NestedList(() => PortForwardChange, { optional: true, max: 512, doc: 'done one after the other' }) forwards?: PortForwardChange[];
  @Flag({ optional: true, doc: "by NAT, the guest reaches the host's own loopback at its gateway's address" }) localhostReachable?: boolean;
}

export class PortForwardRule {
  @OneOf(forwardProtocols) protocol: ForwardProtocol;
  @Text({ max: 64, doc: 'an IP address of the host; empty: all of them' }) hostAddress: string;
  @Whole({ min: 1, max: 65535 }) hostPort: number;
  @Text({ max: 15, doc: 'an IPv4 address of the guest; empty: the one that it is given' }) guestAddress: string;
  @Whole({ min: 1, max: 65535 }) guestPort: number;
}

export class PortForwardChange {
  @Text({ max: 256, doc: "a new rule's may be empty: it is called after its ports then" }) name: string;
  @Nested(() => PortForwardRule, { nullable: true, doc: 'null: the rule is deleted' }) rule: PortForwardRule | null;
}

export class RunningAdapterChange {
  @Flag({ optional: true }) cableConnected?: boolean;
  @NestedList(() => PortForwardChange, { optional: true, max: 512, doc: 'done one after the other' }) forwards?: PortForwardChange[];
}

export class ScreenSize {
  @Whole({ min: 1, max: 65535, doc: 'pixels' }) width: number;
  @Whole({ min: 1, max: 65535, doc: 'pixels' }) height: number;
}

export class ScreenPlace {
  @Flag({ doc: 'false: it is dark, whatever the guest shows' }) on: boolean;
  @Whole({ min: -32767, max: 32767, doc: "where its upper left corner is, in pixels, beside the first screen's" }) x: number;
  @Whole({ min: -32767, max: 32767 }) y: number;
}

export class ScreenChange {
  @Nested(() => ScreenSize, { optional: true, doc: 'what the guest is asked for' }) size?: ScreenSize;
  @Nested(() => ScreenPlace, { optional: true }) place?: ScreenPlace;
}

export class SerialPortChange {
  @Whole({ min: 1, max: 4 }) slot: number;
  @Flag({ optional: true }) enabled?: boolean;
  @Whole({ optional: true, max: 0xffff }) ioBase?: number;
  @Whole({ optional: true, max: 15 }) irq?: number;
  @OneOf(serialModes, { optional: true }) mode?: SerialMode;
  @Text({ optional: true, nullable: true, doc: 'absolute' }) path?: string | null;
}

export class VrdeChanges {
  @Flag({ optional: true }) enabled?: boolean;
  @Text({ optional: true, max: 1024, doc: "ports and ranges such as 5000,5010-5012; 'default': 3389" }) ports?: string;
  @Text({ optional: true, max: 1024, doc: 'IP addresses, comma-separated; empty: all addresses of the host' }) addresses?: string;
  @OneOf(authTypes, { optional: true }) authType?: AuthType;
  @Text({ optional: true, nullable: true, doc: "VBoxAuth, VBoxAuthSimple, or the absolute path of a module; null: the system's library" }) authLibrary?: string | null;
  @Flag({ optional: true }) multiConnection?: boolean;
  @Flag({ optional: true }) reuseConnection?: boolean;
  @Flag({ optional: true }) videoChannel?: boolean;
  @Whole({ optional: true, doc: '10 to 100' }) videoChannelQuality?: number;
  @TextMap({ optional: true, nullValues: true, max: 64, doc: 'VRDE properties by name; null: back to the default' }) properties?: Record<string, string | null>;
}

export class TeleporterChanges {
  @Flag({ optional: true, doc: 'the machine waits to be teleported to when it is started' }) enabled?: boolean;
  @Whole({ optional: true, min: 1, max: 65535 }) port?: number;
  @Text({ optional: true, max: 64, doc: 'an IP address; empty: all addresses of the host' }) address?: string;
  @Text({ optional: true, max: 1024, doc: 'empty: none' }) password?: string;
}

export class MachineChanges {
  @Text({ optional: true, max: 200 }) name?: string;
  @Text({ optional: true, max: 64 }) osType?: string;
  @Text({ optional: true, max: 65536 }) description?: string;
  @Whole({ optional: true }) memoryMiB?: number;
  @Whole({ optional: true }) vramMiB?: number;
  @Whole({ optional: true }) cpus?: number;
  @Whole({ optional: true, max: 3 }) cpuidPortabilityLevel?: number;
  @Whole({ optional: true }) monitorCount?: number;
  @Flag({ optional: true }) acpi?: boolean;
  @Flag({ optional: true }) rtcUseUtc?: boolean;
  @ListOf(bootDevices, { optional: true, min: 4, max: 4, doc: 'boot1 to boot4' }) boot?: BootDevice[];
  @NestedList(() => AdapterChange, { optional: true, max: 8 }) adapters?: AdapterChange[];
  @NestedList(() => SerialPortChange, { optional: true, max: 4 }) serialPorts?: SerialPortChange[];
  @Nested(() => VrdeChanges, { optional: true }) vrde?: VrdeChanges;
  @Nested(() => TeleporterChanges, { optional: true }) teleporter?: TeleporterChanges;
}

export class StartMachine {
  @OneOf(startVrde, { optional: true, doc: "the remote display for this run: on, off, or as configured (the default)" }) vrde?: StartVrde;
  @TextMap({ optional: true, nullValues: true, max: 64, doc: 'VRDE properties for this run' }) vrdeProperties?: Record<string, string | null>;
  @Flag({ optional: true, doc: 'the guest waits for resume' }) paused?: boolean;
}

export class KeyboardInput {
  @Bytes({ optional: true, max: 4096, doc: 'raw set-1 scancode bytes' }) scancodes?: number[];
  @Text({ optional: true, max: 65536, doc: 'typed on a US keyboard' }) text?: string;
}

export class AddStorageController {
  @Text({ max: 200 }) name: string;
  @Text({ max: 32, doc: 'ide or floppy' }) bus: string;
  @Text({ optional: true, max: 32, doc: 'PIIX3, PIIX4 or ICH6 for ide; I82078 for floppy' }) chipset?: string;
  @Whole({ optional: true }) portCount?: number;
  @Flag({ optional: true }) bootable?: boolean;
}

export class SetAttachment {
  @Whole({ max: 255 }) port: number;
  @Whole({ max: 255 }) device: number;
  @OneOf(driveTypes, { optional: true, doc: 'needed where nothing is attached yet, unless the medium is known' }) type?: DriveType;
  @Text({ nullable: true, doc: "absolute path, UUID, 'emptydrive', or null: detach" }) medium: string | null;
  @Flag({ optional: true, doc: 'also where the running guest has locked the tray' }) force?: boolean;
}
