/**
 * The text of a `.vbox` file as a machine's settings. Pure.
 *
 * What this version has no use for is left out and named; what it cannot do but the machine would need, such as a controller of another
 * bus, is refused with its place.
 */
import { isIP } from 'node:net';
import { join, resolve } from 'node:path';
import { ApiError } from '../http/api-error.js';
import { adapterTypeOf, changeSerialPort, macOf } from '../machines/change-settings.js';
import { adapterCount, requireBootable, withinLimits } from '../machines/limits.js';
import { requireName } from '../machines/names.js';
import { changeForwards } from '../machines/port-forwards.js';
import { type AdapterSettings, type HardwareSettings, type MachineSettings, newMachine, newNat, type SerialPortSettings, type StorageControllerSettings } from '../machines/settings.js';
import { addController, controllerOf, requireDrive, requireSlot } from '../machines/storage-settings.js';
import { parseUuid } from '../machines/uuid.js';
import type { BootDevice, Bus, MediumType } from '../machines/words.js';
import { osTypeOf } from '../ostypes/table.js';
import { newTeleporter, type TeleporterSettings } from '../teleporter/settings.js';
import { changeVrde, newVrde, type VrdeSettings } from '../vrde/settings.js';
import { authTypeWords, bootWords, driveWords, forwardProtocolWords } from './words.js';
import { parseXml, type XmlElement, XmlError } from './xml.js';

/** An image that the file names; what it is will be read from the image itself. */
export interface NamedMedium {
  readonly uuid: string;
  readonly type: MediumType;
  readonly path: string;
  /** What it hangs on, which comes earlier in the list. */
  readonly parent: string | null;
  readonly description: string;
}

export interface ReadSettings {
  readonly settings: Omit<MachineSettings, 'storageControllers'>;
  /** As in the settings, with each medium by its UUID. */
  readonly storageControllers: readonly (Omit<StorageControllerSettings, 'attachments'> & { readonly attachments: readonly ReadAttachment[] })[];
  /** Each once, parents before their children. */
  readonly media: readonly NamedMedium[];
  /** Where the machine's saved state is; null for one that is not saved. */
  readonly stateFile: string | null;
  /** Parents before their children. */
  readonly snapshots: readonly ReadSnapshot[];
  /** What was left out. */
  readonly notes: readonly string[];
}

export interface ReadSnapshot {
  readonly uuid: string;
  readonly parent: string | null;
  readonly name: string;
  readonly description: string;
  /** ISO 8601. */
  readonly takenAt: string;
  /** Null for one of a machine that was off. */
  readonly stateFile: string | null;
  readonly current: boolean;
  readonly hardware: HardwareSettings;
  readonly vrde: VrdeSettings;
  readonly storageControllers: ReadSettings['storageControllers'];
}

export type ReadAttachment = Omit<StorageControllerSettings['attachments'][number], 'medium'> & { readonly medium: string | null };

/** @param folder the file's own, which locations in it start from. @throws ApiError with the place that is wrong */
export async function readSettings(text: string, folder: string): Promise<ReadSettings> {
  const root = await parseXml(text, 'VirtualBox');
  const machine = root.required('Machine');
  const stateFile = machine.attribute('stateFile');

  const osType = at(`${machine.place}/@OSType`, () => osTypeOf(machine.requiredAttribute('OSType')));
  const uuid = uuidOf(machine, 'uuid');
  const name = at(`${machine.place}/@name`, () => requireName(machine.requiredAttribute('name')));
  const fresh = newMachine(uuid, name, osType);
  const hardware = machine.required('Hardware');
  const settings = {
    ...fresh,
    description: machine.child('Description')?.text ?? '',
    extraData: Object.fromEntries((machine.child('ExtraData')?.all('ExtraDataItem') ?? []).map((item) => [item.requiredAttribute('name'), item.attribute('value') ?? ''])),
    hardware: readHardware(hardware, fresh.hardware),
    vrde: readVrde(hardware.child('RemoteDisplay')),
    teleporter: readTeleporter(machine.child('Teleporter')),
  };
  const media = readMedia(machine.child('MediaRegistry'), folder);
  // Newer files have the controllers inside the hardware, older ones beside it.
  const storageControllers = readControllers(hardware.child('StorageControllers') ?? machine.child('StorageControllers'), fresh, media);
  const snapshots = readSnapshots(machine, { fresh, media, folder });
  return { settings, storageControllers, media, snapshots, stateFile: stateFile ? resolve(folder, stateFile) : null, notes: root.unread().map((place) => `${place} is not supported in this version and was left out`) };
}

/** The most snapshots that a file may have. */
const snapshotsMost = 4096;

function readSnapshots(machine: XmlElement, { fresh, media, folder }: { readonly fresh: MachineSettings; readonly media: readonly NamedMedium[]; readonly folder: string }): ReadSnapshot[] {
  const text = machine.attribute('currentSnapshot');
  const current = text ? uuidOf(machine, 'currentSnapshot') : null;
  const seen = new Set<string>();
  const read = (element: XmlElement, parent: string | null): ReadSnapshot[] => {
    const uuid = uuidOf(element, 'uuid');
    if (seen.has(uuid)) throw new XmlError(element.place, `the snapshot {${uuid}} is named twice`);
    if (seen.add(uuid).size > snapshotsMost) throw new XmlError(element.place, `there are more than ${snapshotsMost} snapshots`);
    const time = Date.parse(element.attribute('timeStamp') ?? '');
    if (Number.isNaN(time)) throw new XmlError(`${element.place}/@timeStamp`, 'is no time');
    const stateFile = element.attribute('stateFile');
    const hardware = element.required('Hardware');
    const snapshot = {
      uuid,
      parent,
      name: element.requiredAttribute('name'),
      description: element.child('Description')?.text ?? '',
      takenAt: new Date(time).toISOString(),
      stateFile: stateFile ? resolve(folder, stateFile) : null,
      current: uuid === current,
      hardware: readHardware(hardware, fresh.hardware),
      vrde: readVrde(hardware.child('RemoteDisplay')),
      storageControllers: readControllers(hardware.child('StorageControllers') ?? element.child('StorageControllers'), fresh, media),
    };
    return [snapshot, ...(element.child('Snapshots')?.all('Snapshot') ?? []).flatMap((child) => read(child, uuid))];
  };
  const all = machine.all('Snapshot').flatMap((root) => read(root, null));
  if (current !== null && !seen.has(current)) throw new XmlError(`${machine.place}/@currentSnapshot`, `{${current}} is no snapshot of this machine`);
  return all;
}

/** Adds the place to what a check of the settings' own refuses. */
function at<T>(place: string, check: () => T): T {
  try {
    return check();
  } catch (cause) {
    if (cause instanceof ApiError && !(cause instanceof XmlError)) throw new XmlError(place, cause.message, { cause });
    throw cause;
  }
}

function uuidOf(element: XmlElement, name: string): string {
  const text = element.requiredAttribute(name);
  const uuid = parseUuid(text);
  if (!uuid) throw new XmlError(`${element.place}/@${name}`, `'${text}' is no UUID`);
  return uuid;
}

function readTeleporter(found: XmlElement | undefined): TeleporterSettings {
  if (!found) return newTeleporter;
  const [enabled, port, address, key] = [found.flag('enabled', false), found.whole('port', 0), found.attribute('address') ?? '', found.attribute('password') ?? ''];
  if (port > 65535 || (enabled && port === 0)) throw new XmlError(`${found.place}/@port`, `${port} is no port to wait on`);
  if (address !== '' && !isIP(address)) throw new XmlError(`${found.place}/@address`, `'${address}' is no IP address`);
  // What another product keeps there is no key of ours: a password has to be given anew.
  return { enabled, port, address, key: /^[\w-]{43}$/.test(key) ? key : '' };
}

function readHardware(hardware: XmlElement, fresh: HardwareSettings): HardwareSettings {
  const limited = (element: string, attribute: string, name: Parameters<typeof withinLimits>[0]): number => {
    const found = hardware.child(element);
    return found ? at(`${found.place}/@${attribute}`, () => withinLimits(name, found.whole(attribute, fresh[name]))) : fresh[name];
  };
  return {
    memoryMiB: limited('Memory', 'RAMSize', 'memoryMiB'),
    vramMiB: limited('Display', 'VRAMSize', 'vramMiB'),
    cpus: limited('CPU', 'count', 'cpus'),
    monitorCount: limited('Display', 'monitorCount', 'monitorCount'),
    cpuidPortabilityLevel: Math.min(3, hardware.child('CPU')?.whole('portabilityLevel', 0) ?? 0),
    acpi: hardware.child('BIOS')?.child('ACPI')?.flag('enabled', true) ?? true,
    rtcUseUtc: hardware.child('RTC')?.word('localOrUTC', { local: 'local', UTC: 'UTC' }, 'local') === 'UTC',
    boot: readBoot(hardware.child('Boot'), fresh.boot),
    adapters: readAdapters(hardware.child('Network'), fresh.adapters),
    serialPorts: readSerialPorts(hardware.child('UART'), fresh.serialPorts),
  };
}

function readBoot(boot: XmlElement | undefined, fresh: readonly BootDevice[]): readonly BootDevice[] {
  if (!boot) return fresh;
  const devices: BootDevice[] = ['none', 'none', 'none', 'none'];
  for (const order of boot.all('Order')) {
    const position = order.whole('position');
    if (position < 1 || position > devices.length) throw new XmlError(`${order.place}/@position`, `${position} is not between 1 and ${devices.length}`);
    devices[position - 1] = at(order.place, () => requireBootable(order.word('device', bootWords)));
  }
  return devices;
}

function readAdapters(network: XmlElement | undefined, fresh: readonly AdapterSettings[]): readonly AdapterSettings[] {
  const found = new Map(network?.all('Adapter').map((adapter) => [adapter.whole('slot'), adapter]));
  for (const [slot, adapter] of found) if (slot >= adapterCount) throw new XmlError(`${adapter.place}/@slot`, `${slot} is not between 0 and ${adapterCount - 1}`);
  return fresh.map((settings, index): AdapterSettings => {
    const adapter = found.get(index);
    if (!adapter) return network ? { ...settings, attachment: 'none' } : settings;
    const enabled = adapter.flag('enabled', false);
    const foreign = ['BridgedInterface', 'HostOnlyInterface', 'InternalNetwork', 'GenericInterface', 'NATNetwork', 'HostOnlyNetwork', 'CloudNetwork'].find((name) => adapter.child(name));
    if (enabled && foreign) throw new XmlError(`${adapter.place}/${foreign}`, 'this attachment is not supported: use NAT, or no attachment');
    const mac = adapter.attribute('MACAddress');
    const type = adapter.attribute('type');
    const nat = adapter.child('NAT');
    return {
      slot: settings.slot,
      attachment: !enabled ? 'none' : nat ? 'nat' : 'null',
      mac: mac === undefined ? settings.mac : at(`${adapter.place}/@MACAddress`, () => macOf(settings.slot, mac)),
      type: type === undefined ? settings.type : at(`${adapter.place}/@type`, () => adapterTypeOf(settings.slot, type)),
      cableConnected: adapter.flag('cable', true),
      ...readNat(settings.slot, nat ?? adapter.child('DisabledModes')?.child('NAT')),
    };
  });
}

function readNat(slot: number, nat: XmlElement | undefined): Pick<AdapterSettings, 'forwards' | 'localhostReachable'> {
  if (!nat) return newNat;
  const forwards = nat.all('Forwarding').reduce<AdapterSettings['forwards']>((rules, forwarding) => {
    const port = (name: string): number => {
      const value = forwarding.whole(name);
      if (value < 1 || value > 65535) throw new XmlError(`${forwarding.place}/@${name}`, `${value} is not between 1 and 65535`);
      return value;
    };
    const rule = { protocol: forwarding.word('proto', forwardProtocolWords), hostAddress: forwarding.attribute('hostip') ?? '', hostPort: port('hostport'), guestAddress: forwarding.attribute('guestip') ?? '', guestPort: port('guestport') };
    return at(forwarding.place, () => changeForwards(slot, rules, [{ name: forwarding.attribute('name') ?? '', rule }]));
  }, []);
  return { forwards, localhostReachable: nat.flag('localhost-reachable', false) };
}

function readSerialPorts(uart: XmlElement | undefined, fresh: readonly SerialPortSettings[]): readonly SerialPortSettings[] {
  const ports = [...fresh];
  for (const port of uart?.all('Port') ?? []) {
    const slot = port.whole('slot');
    const settings = ports[slot];
    if (!settings) throw new XmlError(`${port.place}/@slot`, `${slot} is not between 0 and ${ports.length - 1}`);
    const enabled = port.flag('enabled', false);
    const host = port.word('hostMode', { disconnected: 'Disconnected', pipe: 'HostPipe', file: 'RawFile', guestagent: 'GuestAgent' }, 'disconnected');
    const mode = host === 'pipe' ? (port.flag('server', false) ? 'server' : 'client') : host;
    if (enabled) ports[slot] = at(port.place, () => changeSerialPort(settings, { enabled, ioBase: port.whole('IOBase', settings.ioBase), irq: port.whole('IRQ', settings.irq), mode, path: port.attribute('path') ?? null }));
  }
  return ports;
}

function readVrde(display: XmlElement | undefined): VrdeSettings {
  if (!display) return newVrde;
  const properties = Object.fromEntries((display.child('VRDEProperties')?.all('Property') ?? []).map((property) => [property.requiredAttribute('name'), property.attribute('value') ?? null]));
  return at(display.place, () =>
    changeVrde(newVrde, {
      enabled: display.flag('enabled', false),
      authType: display.word('authType', authTypeWords, 'null'),
      authLibrary: display.attribute('authLibrary') ?? null,
      multiConnection: display.flag('allowMultiConnection', false),
      reuseConnection: display.flag('reuseSingleConnection', false),
      properties,
    }),
  );
}

const registries: readonly (readonly [list: string, item: string, type: MediumType])[] = [
  ['HardDisks', 'HardDisk', 'hdd'],
  ['DVDImages', 'Image', 'dvd'],
  ['FloppyImages', 'Image', 'floppy'],
];

function readMedia(registry: XmlElement | undefined, folder: string): NamedMedium[] {
  const seen = new Set<string>();
  const read = (image: XmlElement, type: MediumType, parent: string | null): NamedMedium[] => {
    const uuid = uuidOf(image, 'uuid');
    if (seen.has(uuid)) throw new XmlError(image.place, `the image {${uuid}} is named twice`);
    seen.add(uuid);
    const medium = { uuid, type, path: resolve(join(folder, '.'), image.requiredAttribute('location')), parent, description: image.child('Description')?.text ?? '' };
    return [medium, ...image.all('HardDisk').flatMap((child) => read(child, type, uuid))];
  };
  return registries.flatMap(([list, item, type]) => (registry?.child(list)?.all(item) ?? []).flatMap((image) => read(image, type, null)));
}

const chipsetBus: Readonly<Record<string, Bus>> = { PIIX3: 'ide', PIIX4: 'ide', ICH6: 'ide', I82078: 'floppy' };

function readControllers(storage: XmlElement | undefined, fresh: MachineSettings, media: readonly NamedMedium[]): ReadSettings['storageControllers'] {
  return (storage?.all('StorageController') ?? []).reduce<{ machine: MachineSettings; list: ReadSettings['storageControllers'] }>(
    ({ machine, list }, element) => {
      const chipset = element.requiredAttribute('type');
      const bus = chipsetBus[chipset];
      if (!bus) throw new XmlError(`${element.place}/@type`, `a controller of type '${chipset}' is not supported: use ${Object.keys(chipsetBus).join(', ')}`);
      const name = element.requiredAttribute('name');
      const next = at(element.place, () => addController(machine, { name, bus, chipset, bootable: element.flag('Bootable', true) }));
      const { attachments: _, ...controller } = controllerOf(next, name);
      const attachments = element.all('AttachedDevice').map((device) => readAttachment(device, controllerOf(next, name), media));
      const twice = attachments.find(({ port, device }, index) => attachments.findIndex((other) => other.port === port && other.device === device) !== index);
      if (twice) throw new XmlError(element.place, `two devices are attached to port ${twice.port}, device ${twice.device}`);
      return { machine: next, list: [...list, { ...controller, attachments }] };
    },
    { machine: fresh, list: [] },
  ).list;
}

function readAttachment(element: XmlElement, controller: StorageControllerSettings, media: readonly NamedMedium[]): ReadAttachment {
  const type = element.word('type', driveWords);
  const port = element.whole('port');
  const device = element.whole('device');
  at(element.place, () => {
    requireSlot(controller, port, device);
    requireDrive(controller, type);
  });
  if (element.child('HostDrive')) throw new XmlError(`${element.place}/HostDrive`, "the host's own drives are not supported: attach an image");
  const image = element.child('Image');
  const medium = image ? uuidOf(image, 'uuid') : null;
  if (medium && !media.some(({ uuid }) => uuid === medium)) throw new XmlError(`${image!.place}/@uuid`, `{${medium}} is not in the file's MediaRegistry`);
  if (!medium && type === 'hdd') throw new XmlError(element.place, 'a hard disk needs an image');
  return { type, port, device, medium };
}
