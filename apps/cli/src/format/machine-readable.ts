/** A machine as `showvminfo --machinereadable` prints it, for programs. Pure. */
import type { Adapter, Machine, PortForward, SerialPort, StorageController } from '@belvedere/client';
import { snapshotKeys } from './snapshots.js';
import { keyed, longTime, onOff, quoted } from './lines.js';

/** @param systemType the description of the machine's system type, such as `Windows XP (32-bit)` */
export function formatMachineReadable(machine: Machine, systemType: string): string {
  const { run } = machine;
  return [
    keyed('name', machine.name),
    keyed('groups', '/'),
    keyed('ostype', systemType),
    keyed('UUID', machine.uuid),
    keyed('CfgFile', machine.settingsFile),
    keyed('LogFldr', machine.logFolder),
    keyed('hardwareuuid', machine.uuid),
    `memory=${machine.memoryMiB}\n`,
    `vram=${machine.vramMiB}\n`,
    keyed('chipset', 'piix3'),
    keyed('firmware', 'BIOS'),
    `cpus=${machine.cpus}\n`,
    `cpuid-portability-level=${machine.cpuidPortabilityLevel}\n`,
    keyed('rtcuseutc', onOff(machine.rtcUseUtc)),
    ...machine.boot.map((device, index) => keyed(`boot${index + 1}`, device)),
    keyed('acpi', onOff(machine.acpi)),
    keyed('teleporterenabled', onOff(machine.teleporter.enabled)),
    `teleporterport=${machine.teleporter.port}\n`,
    keyed('teleporteraddress', machine.teleporter.address),
    `monitorcount=${machine.monitorCount}\n`,
    keyed('VMState', machine.state),
    keyed('VMStateChangeTime', longTime(machine.stateChangedAt)),
    ...(machine.stateReason === null ? [] : [keyed('VMStateReason', machine.stateReason)]),
    ...machine.storageControllers.map(controllerKeys),
    ...machine.storageControllers.map(attachmentKeys),
    ...machine.adapters.map(adapterKeys),
    ...machine.serialPorts.map(serialKeys),
    keyed('audio', 'none'),
    keyed('clipboard', 'disabled'),
    vrdeKeys(machine),
    keyed('usb', 'off'),
    keyed('ehci', 'off'),
    keyed('xhci', 'off'),
    ...(run?.screens ?? []).map(({ width, height, x, y, on }) => `VideoMode=${quoted(`${width},${height},32`)}@${x},${y} ${on ? 1 : 0}\n`),
    connectionKeys(machine),
    ...(machine.description ? [`description=${quoted(machine.description)}\n`] : []),
    'GuestMemoryBalloon=0\n',
    snapshotKeys(machine.snapshots),
  ].join('');
}

const controllerKeys = ({ name, chipset, portCount, bootable }: StorageController, index: number): string =>
  [
    keyed(`storagecontrollername${index}`, name),
    keyed(`storagecontrollertype${index}`, chipset),
    keyed(`storagecontrollerinstance${index}`, '0'),
    keyed(`storagecontrollermaxportcount${index}`, String(portCount)),
    keyed(`storagecontrollerportcount${index}`, String(portCount)),
    keyed(`storagecontrollerbootable${index}`, onOff(bootable)),
  ].join('');

/** Every place of a controller, `none` where nothing is attached. */
function attachmentKeys({ name, portCount, devicesPerPort, attachments }: StorageController): string {
  const lines: string[] = [];
  for (let port = 0; port < portCount; port++) {
    for (let device = 0; device < devicesPerPort; device++) {
      const attached = attachments.find((candidate) => candidate.port === port && candidate.device === device);
      const place = (kind: string): string => quoted(`${name}${kind}-${port}-${device}`);
      lines.push(`${place('')}=${quoted(attached ? (attached.medium?.path ?? 'emptydrive') : 'none')}\n`);
      if (attached?.medium) lines.push(`${place('-ImageUUID')}=${quoted(attached.medium.uuid)}\n`);
    }
  }
  return lines.join('');
}

function adapterKeys({ slot, attachment, card, mac, cableConnected, forwards }: Adapter): string {
  if (attachment === 'none') return keyed(`nic${slot}`, 'none');
  return [
    ...(attachment === 'nat' ? [keyed(`natnet${slot}`, 'nat')] : []),
    keyed(`macaddress${slot}`, mac),
    keyed(`cableconnected${slot}`, onOff(cableConnected)),
    keyed(`nic${slot}`, attachment),
    keyed(`nictype${slot}`, card),
    keyed(`nicspeed${slot}`, '0'),
    ...(attachment === 'nat' ? forwards.map((rule, index) => keyed(`Forwarding(${index})`, forwardText(rule))) : []),
  ].join('');
}

const forwardText = ({ name, protocol, hostAddress, hostPort, guestAddress, guestPort }: PortForward): string => [name, protocol, hostAddress, hostPort, guestAddress, guestPort].join(',');

export const hexadecimal = (value: number): string => `0x${value.toString(16).padStart(4, '0')}`;

function serialKeys({ slot, enabled, ioBase, irq, mode, path }: SerialPort): string {
  if (!enabled) return keyed(`uart${slot}`, 'off');
  return [
    keyed(`uart${slot}`, `${hexadecimal(ioBase)},${irq}`),
    keyed(`uartmode${slot}`, path === null ? mode : `${mode},${path}`),
  ].join('');
}

function vrdeKeys({ vrde, run }: Machine): string {
  if (!vrde.enabled && !run?.vrde.port) return keyed('vrde', 'off');
  return [
    keyed('vrde', 'on'),
    `vrdeport=${run?.vrde.port ?? -1}\n`,
    keyed('vrdeports', vrde.ports),
    keyed('vrdeaddress', vrde.addresses),
    keyed('vrdeauthtype', vrde.authType),
    ...(vrde.authType === 'external' ? [keyed('vrdeauthlibrary', vrde.authLibrary ?? 'default')] : []),
    keyed('vrdemulticon', onOff(vrde.multiConnection)),
    keyed('vrdereusecon', onOff(vrde.reuseConnection)),
    keyed('vrdevideochannel', onOff(vrde.videoChannel)),
    ...(vrde.videoChannel ? [keyed('vrdevideochannelquality', String(vrde.videoChannelQuality))] : []),
    ...Object.entries(vrde.properties).map(([name, value]) => (value === null ? `vrdeproperty[${name}]=<not set>\n` : keyed(`vrdeproperty[${name}]`, value))),
  ].join('');
}

/** The remote display's sessions; only a machine that runs has any. */
function connectionKeys({ run }: Machine): string {
  if (!run) return '';
  const { clients, clientsSoFar, lastStart, lastEnd } = run.vrde;
  const [client] = clients;
  return [
    keyed('VRDEActiveConnection', onOff(client !== undefined)),
    `VRDEClients=${clientsSoFar}\n`,
    ...(client
      ? [
          keyed('VRDEStartTime', longTime(client.since)),
          `VRDEBytesSent=${client.bytesSent}\n`,
          `VRDEBytesReceived=${client.bytesReceived}\n`,
          keyed('VRDEUserName', client.user),
          keyed('VRDEDomain', client.domain),
          keyed('VRDEClientName', client.clientName),
          keyed('VRDEClientIP', client.address),
          `VRDEClientVersion=${client.clientVersion}\n`,
          keyed('VRDEEncryption', client.encryption),
        ]
      : [...(lastStart ? [keyed('VRDELastStartTime', longTime(lastStart))] : []), ...(lastEnd ? [keyed('VRDELastEndTime', longTime(lastEnd))] : [])]),
  ].join('');
}
