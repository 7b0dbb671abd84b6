/** A machine's settings as the text of a `.vbox` file. Pure. */
import { dirname, isAbsolute, relative, sep } from 'node:path';
import { type HistoricSnapshot, type MachineHistory, noHistory } from '../machines/history.js';
import { type AdapterSettings, type MachineSettings, type MediumRecord, parentsOf, type PortForward, type SerialPortSettings, type StorageControllerSettings } from '../machines/settings.js';
import type { VrdeSettings } from '../vrde/settings.js';
import { authTypeWords, bootWords, driveWords, forwardProtocolWords, schemaNamespace, schemaVersion } from './words.js';

interface Element {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string | number | boolean>>;
  readonly children: readonly Element[];
  readonly text?: string;
}

const element = (name: string, attributes: Element['attributes'] = {}, ...children: readonly (Element | null)[]): Element => ({ name, attributes, children: children.filter((child) => child !== null) });
const some = (name: string, children: readonly Element[]): Element | null => (children.length ? element(name, {}, ...children) : null);

/** @param file where the text will be: media inside its folder are named relative to it */
export function settingsText(settings: MachineSettings, file: string, history: MachineHistory = noHistory): string {
  const root = element('VirtualBox', { xmlns: schemaNamespace, version: schemaVersion }, machineElement(settings, dirname(file), history));
  return `<?xml version="1.0"?>\n<!-- Written by Belvedere after each change: change the machine by VBoxManage, not by this file. -->\n${render(root, '')}`;
}

function machineElement(settings: MachineSettings, folder: string, { stateFile, snapshots }: MachineHistory): Element {
  const { uuid, name, osType, description, extraData } = settings;
  return element(
    'Machine',
    { uuid: `{${uuid}}`, name, OSType: osType, snapshotFolder: 'Snapshots', ...(stateFile === null ? {} : { stateFile: locationIn(folder, stateFile) }), ...currentOf(snapshots) },
    descriptionElement(description),
    mediaRegistry([settings, ...snapshots.map((snapshot) => snapshot.settings)], folder),
    some(
      'ExtraData',
      Object.entries(extraData).map(([key, value]) => element('ExtraDataItem', { name: key, value })),
    ),
    ...snapshots.filter(({ parent }) => parent === null).map((snapshot) => snapshotElement(snapshot, snapshots, folder)),
    hardwareElement(settings),
    teleporterElement(settings),
    controllersElement(settings),
  );
}

const controllersElement = ({ storageControllers }: MachineSettings): Element => element('StorageControllers', {}, ...storageControllers.map(controllerElement));

function currentOf(snapshots: readonly HistoricSnapshot[]): Element['attributes'] {
  const current = snapshots.find((snapshot) => snapshot.current);
  return current ? { currentSnapshot: `{${current.uuid}}` } : {};
}

function snapshotElement({ uuid, name, description, takenAt, stateFile, settings }: HistoricSnapshot, all: readonly HistoricSnapshot[], folder: string): Element {
  return element(
    'Snapshot',
    { uuid: `{${uuid}}`, name, timeStamp: takenAt, ...(stateFile === null ? {} : { stateFile: locationIn(folder, stateFile) }) },
    descriptionElement(description),
    hardwareElement(settings),
    controllersElement(settings),
    some('Snapshots', all.filter(({ parent }) => parent === uuid).map((child) => snapshotElement(child, all, folder))),
  );
}

const descriptionElement = (text: string): Element | null => (text ? { name: 'Description', attributes: {}, children: [], text } : null);

/** A file inside the machine's folder is named relative to it. */
function locationIn(folder: string, path: string): string {
  const inside = relative(folder, path);
  return inside.startsWith(`..${sep}`) || isAbsolute(inside) ? path : inside;
}

function mediaRegistry(machines: readonly MachineSettings[], folder: string): Element | null {
  const attached = machines.flatMap(({ storageControllers }) => storageControllers).flatMap(({ attachments }) => attachments.flatMap(({ medium }) => (medium ? [medium] : [])));
  const media = [...new Map(attached.flatMap((medium) => [...parentsOf(medium).reverse(), medium]).map((medium) => [medium.uuid, medium])).values()];
  const ofType = (type: MediumRecord['type']): MediumRecord[] => media.filter((medium) => medium.type === type);
  const location = ({ path }: MediumRecord): string => locationIn(folder, path);
  const disk = (medium: MediumRecord): Element => {
    const { uuid, format, parent, description } = medium;
    const children = media.filter((child) => child.parent?.uuid === uuid).map(disk);
    return element('HardDisk', { uuid: `{${uuid}}`, location: location(medium), format, ...(parent ? {} : { type: 'Normal' }) }, descriptionElement(description), ...children);
  };
  const image = (medium: MediumRecord): Element => element('Image', { uuid: `{${medium.uuid}}`, location: location(medium) });
  const children = [
    some('HardDisks', ofType('hdd').filter(({ parent }) => !parent).map(disk)),
    some('DVDImages', ofType('dvd').map(image)),
    some('FloppyImages', ofType('floppy').map(image)),
  ];
  return media.length ? element('MediaRegistry', {}, ...children) : null;
}

function hardwareElement({ hardware, vrde }: MachineSettings): Element {
  return element(
    'Hardware',
    {},
    element('CPU', { count: hardware.cpus, ...(hardware.cpuidPortabilityLevel > 0 ? { portabilityLevel: hardware.cpuidPortabilityLevel } : {}) }),
    element('Memory', { RAMSize: hardware.memoryMiB }),
    element('Boot', {}, ...hardware.boot.map((device, index) => element('Order', { position: index + 1, device: bootWords[device] }))),
    element('Display', { VRAMSize: hardware.vramMiB, monitorCount: hardware.monitorCount }),
    remoteDisplay(vrde),
    element('BIOS', {}, element('ACPI', { enabled: hardware.acpi })),
    element('Network', {}, ...hardware.adapters.map(adapterElement)),
    element('UART', {}, ...hardware.serialPorts.filter(({ enabled }) => enabled).map(serialElement)),
    element('RTC', { localOrUTC: hardware.rtcUseUtc ? 'UTC' : 'local' }),
  );
}

/** `password` is what is derived from it. */
const teleporterElement = ({ teleporter: { enabled, port, address, key } }: MachineSettings): Element | null =>
  enabled || port > 0 ? element('Teleporter', { enabled, port, ...(address === '' ? {} : { address }), ...(key === '' ? {} : { password: key }) }) : null;

function remoteDisplay(vrde: VrdeSettings): Element {
  const properties = Object.entries(vrde.properties).map(([name, value]) => element('Property', { name, value }));
  return element(
    'RemoteDisplay',
    { enabled: vrde.enabled, authType: authTypeWords[vrde.authType], ...(vrde.authLibrary === null ? {} : { authLibrary: vrde.authLibrary }), allowMultiConnection: vrde.multiConnection, reuseSingleConnection: vrde.reuseConnection },
    some('VRDEProperties', properties),
  );
}

function adapterElement(adapter: AdapterSettings): Element {
  const { slot, attachment, mac, cableConnected, type } = adapter;
  const nat = natElement(adapter);
  const isKept = nat.children.length > 0 || adapter.localhostReachable;
  return element('Adapter', { slot: slot - 1, enabled: attachment !== 'none', MACAddress: mac, cable: cableConnected, type }, attachment === 'nat' ? nat : isKept ? element('DisabledModes', {}, nat) : null);
}

const natElement = ({ forwards, localhostReachable }: AdapterSettings): Element =>
  element('NAT', localhostReachable ? { 'localhost-reachable': true } : {}, ...forwards.map(forwardElement));

function forwardElement({ name, protocol, hostAddress, hostPort, guestAddress, guestPort }: PortForward): Element {
  return element('Forwarding', {
    name,
    proto: forwardProtocolWords[protocol],
    ...(hostAddress === '' ? {} : { hostip: hostAddress }),
    hostport: hostPort,
    ...(guestAddress === '' ? {} : { guestip: guestAddress }),
    guestport: guestPort,
  });
}

function serialElement({ slot, ioBase, irq, mode, path }: SerialPortSettings): Element {
  const pipe = { hostMode: 'HostPipe', server: mode === 'server', path: path ?? '' };
  const host: Readonly<Record<SerialPortSettings['mode'], Element['attributes']>> = {
    disconnected: { hostMode: 'Disconnected' },
    server: pipe,
    client: pipe,
    file: { hostMode: 'RawFile', path: path ?? '' },
    guestagent: { hostMode: 'GuestAgent' },
  };
  return element('Port', { slot: slot - 1, enabled: true, IOBase: `0x${ioBase.toString(16)}`, IRQ: irq, ...host[mode] });
}

function controllerElement({ name, chipset, portCount, bootable, attachments }: StorageControllerSettings): Element {
  const devices = attachments.map(({ type, port, device, medium }) => element('AttachedDevice', { type: driveWords[type], port, device }, medium ? element('Image', { uuid: `{${medium.uuid}}` }) : null));
  return element('StorageController', { name, type: chipset, PortCount: portCount, useHostIOCache: true, Bootable: bootable }, ...devices);
}

function render({ name, attributes, children, text }: Element, indent: string): string {
  const written = Object.entries(attributes).map(([key, value]) => ` ${key}="${escape(String(value))}"`);
  const open = `${indent}<${name}${written.join('')}`;
  if (text !== undefined) return `${open}>${escape(text)}</${name}>\n`;
  if (!children.length) return `${open}/>\n`;
  return `${open}>\n${children.map((child) => render(child, `${indent}  `)).join('')}${indent}</${name}>\n`;
}

/** Control characters that XML cannot hold are refused where texts are set. */
const escape = (text: string): string =>
  text
    .replace(/&/g, '&amp;')
    .replace(/</g, '&lt;')
    .replace(/>/g, '&gt;')
    .replace(/"/g, '&quot;')
    .replace(/[\t\n\r]/g, (character) => `&#${character.charCodeAt(0)};`);
