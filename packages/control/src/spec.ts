/**
 * What the control plane hands to a machine process: one machine's settings, whole and resolved.
 *
 * Paths are absolute. Names are VirtualBox's. Pure types.
 */

export type BootDevice = 'none' | 'floppy' | 'dvd' | 'disk' | 'net';
export type DriveType = 'hdd' | 'dvddrive' | 'fdd';

export type MediumFormat = 'VDI' | 'VMDK' | 'VHD' | 'RAW' | 'ISO';

export interface MediumSpec {
  readonly path: string;
  /** What the image was registered as: a guest can write what looks like another format's header into a raw disk. */
  readonly format: MediumFormat;
  readonly readOnly: boolean;
  /** What a differencing image hangs on, the nearest first. */
  readonly parents: readonly { readonly uuid: string; readonly path: string; readonly format: MediumFormat }[];
}

export interface DriveSpec {
  readonly bus: 'ide' | 'floppy';
  /** Controller's name as the administrator gave it, for messages. */
  readonly controller: string;
  readonly port: number;
  readonly device: number;
  readonly type: DriveType;
  /** `null`: the drive is there and empty. */
  readonly medium: MediumSpec | null;
}

export interface SerialSpec {
  /** 1 to 4, as in `--uart1`. */
  readonly slot: number;
  readonly ioBase: number;
  readonly irq: number;
  /**
   * `server`: a unix socket is made at `path`; `client`: one is connected to; `file`: output is appended to it; `guestagent`: the machine process
   * talks to the guest's QEMU guest agent there, to ask it about logins, and `path` is null.
   */
  readonly mode: 'disconnected' | 'server' | 'client' | 'file' | 'guestagent';
  readonly path: string | null;
}

export interface AdapterSpec {
  /** 1 to 8, as in `--nic1`. */
  readonly slot: number;
  readonly attachment: 'none' | 'null' | 'nat';
  readonly type: string;
  /** Twelve hexadecimal digits. */
  readonly mac: string;
  readonly cableConnected: boolean;
  /** Ports of the host that lead to the guest; only by NAT. */
  readonly forwards: readonly PortForwardSpec[];
  /** By NAT, the guest reaches the host's own loopback at its gateway's address. */
  readonly localhostReachable: boolean;
}

export interface PortForwardSpec {
  readonly name: string;
  readonly protocol: 'tcp' | 'udp';
  /** Empty: all addresses of the host. */
  readonly hostAddress: string;
  readonly hostPort: number;
  /** Empty: the address that the guest is given. */
  readonly guestAddress: string;
  readonly guestPort: number;
}

export interface HardwareSpec {
  readonly engine: 'v86';
  readonly memoryMiB: number;
  readonly vramMiB: number;
  readonly cpus: number;
  readonly monitorCount: number;
  readonly acpi: boolean;
  /** The guest's clock holds UTC; otherwise the host's local time. */
  /** The higher, the fewer features the guest's processor has; absent: 0, all. */
  readonly cpuPortabilityLevel?: number;
  readonly rtcUseUtc: boolean;
  readonly boot: readonly BootDevice[];
  readonly drives: readonly DriveSpec[];
  readonly serialPorts: readonly SerialSpec[];
  readonly adapters: readonly AdapterSpec[];
}

export interface VrdeSpec {
  readonly enabled: boolean;
  /** Tried in order; the first free one is bound. */
  readonly ports: readonly number[];
  /** Empty: all addresses of the host, IPv6 beside IPv4. */
  readonly addresses: readonly string[];
  readonly authType: 'null' | 'external' | 'guest';
  readonly authLibrary: string;
  readonly multiConnection: boolean;
  readonly reuseConnection: boolean;
  /** Hashes of `VBoxAuthSimple`, by user: the machine's extradata `VBoxAuthSimple/users/<user>`. */
  readonly simpleUsers: Readonly<Record<string, string>>;
  /** VRDE properties by name, such as `Security/Method`. */
  readonly properties: Readonly<Record<string, string>>;
}

/** Where a machine waits to be teleported to. */
export interface TeleporterSpec {
  readonly port: number;
  /** Empty: all addresses of the host. */
  readonly address: string;
  /** What both sides derive from the password; empty: none. */
  readonly password: string;
}

export interface MachineSpec {
  readonly uuid: string;
  readonly name: string;
  /** The machine's folder; its process writes `Logs/` there. */
  readonly folder: string;
  /** The control socket that the process opens, mode 0600. */
  readonly controlSocket: string;
  /** Written when the process ends while nobody listens: an `ExitRecord` as JSON. */
  readonly exitFile: string;
  /** One `JudgementRecord` a line is appended for every login that was judged, whether anybody listens or not. */
  readonly auditFile: string;
  /** Folder of the remote display server's key and certificate. */
  readonly identityFolder: string;
  readonly startPaused: boolean;
  /** The machine's saved state, which it writes when it is asked to. Whoever finds the file there finds a machine that is saved. */
  readonly stateFile: string;
  /** It begins with the state in `stateFile`. */
  readonly restore: boolean;
  /** It waits for a machine that is teleported here, instead of booting. */
  readonly arrival?: TeleporterSpec;
  readonly hardware: HardwareSpec;
  readonly vrde: VrdeSpec;
}

/** What is recorded of every login. Never a password. */
export interface JudgementRecord {
  /** A UUID of its own, so that a record that is read twice counts once. */
  readonly id: string;
  /** ISO 8601. */
  readonly at: string;
  readonly user: string;
  readonly domain: string;
  readonly address: string;
  readonly clientName: string;
  readonly clientId: number;
  readonly machineId: string;
  /** `null`, `guest`, `VBoxAuth`, `VBoxAuthSimple`, or the path of a module. */
  readonly method: string;
  readonly granted: boolean;
  readonly reason: string;
}

/** An address or a user that guessed too often. */
export interface Lockout {
  readonly kind: 'address' | 'user';
  readonly name: string;
  /** Wrong passwords. */
  readonly failures: number;
  /** ISO 8601. */
  readonly since: string;
  readonly until: string;
}

/** How a machine process ended. */
export interface ExitRecord {
  /** `saved`: its state is in the file that the machine was told. */
  readonly state: 'poweroff' | 'saved' | 'teleported' | 'aborted';
  /** Why, for `aborted`; where a state was left, for `teleported`. */
  readonly reason?: string;
  /** The process lives on under this number, and relays the viewers of a machine that was teleported. The control socket is closed. */
  readonly relay?: number;
  /** ISO 8601. */
  readonly at: string;
}
