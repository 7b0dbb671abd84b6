/** A machine as `showvminfo` prints it, for people. Pure. */
import type { Adapter, Machine, MachineState, PortForward, SerialPort, StorageController } from '@belvedere/client';
import { duration, labelled, longTime, onOff, sessionTime } from './lines.js';
import { formatSnapshots } from './snapshots.js';
import { hexadecimal } from './machine-readable.js';

const WIDTH = 29;
const line = (label: string, value: string | number): string => labelled(label, value, WIDTH);

const states: Readonly<Record<MachineState, string>> = {
  poweroff: 'powered off',
  starting: 'starting',
  restoring: 'restoring',
  running: 'running',
  saving: 'saving',
  teleporting: 'teleporting',
  teleportingin: 'waiting to be teleported to',
  teleported: 'teleported',
  saved: 'saved',
  paused: 'paused',
  stopping: 'stopping',
  aborted: 'aborted',
};
const devices = { none: 'Not Assigned', floppy: 'Floppy', dvd: 'DVD', disk: 'HardDisk', net: 'Network' } as const;
const attachments = { none: 'none', null: 'none', nat: 'NAT' } as const;

/**
 * @param systemType the description of the machine's system type, such as `Windows XP (32-bit)`
 * @param now milliseconds since 1970, for how long a session lasts
 */
export function formatMachine(machine: Machine, systemType: string, now: number): string {
  const { run, stateReason } = machine;
  return [
    line('Name', machine.name),
    line('Groups', '/'),
    line('Guest OS', systemType),
    line('UUID', machine.uuid),
    line('Config file', machine.settingsFile),
    line('Log folder', machine.logFolder),
    line('Hardware UUID', machine.uuid),
    line('Memory size', `${machine.memoryMiB}MB`),
    line('VRAM size', `${machine.vramMiB}MB`),
    line('Number of CPUs', machine.cpus),
    line('Chipset', 'piix3'),
    line('Firmware', 'BIOS'),
    ...machine.boot.map((device, index) => line(`Boot Device ${index + 1}`, devices[device])),
    line('ACPI', onOff(machine.acpi)),
    line('CPUID Portability Level', String(machine.cpuidPortabilityLevel)),
    line('RTC', machine.rtcUseUtc ? 'UTC' : 'local time'),
    line('State', `${states[machine.state]} (since ${longTime(machine.stateChangedAt)})`),
    ...(stateReason === null ? [] : [line('State reason', stateReason)]),
    teleporter(machine),
    line('Monitor count', machine.monitorCount),
    storage(machine.storageControllers),
    ...machine.adapters.map(adapter),
    ...machine.serialPorts.map(serialPort),
    line('Audio', 'disabled'),
    line('Clipboard Mode', 'disabled'),
    ...(run?.screens ?? []).map(({ width, height, x, y, on }, index) => line(index === 0 ? 'Video mode' : `Video mode ${index + 1}`, `${width}x${height}x32 at ${x},${y} ${on ? 'enabled' : 'disabled'}`)),
    vrde(machine),
    line('OHCI USB', 'disabled'),
    line('EHCI USB', 'disabled'),
    line('xHCI USB', 'disabled'),
    '\n',
    connection(machine, now),
    ...[...machine.notices, ...(run?.notices ?? [])].map((notice) => line('Notice', notice)),
    ...(machine.description ? ['Description:\n', `${machine.description}\n`] : []),
    line('Guest memory balloon size', '0MB'),
    ...(machine.snapshots.length ? ['* Snapshots:\n', formatSnapshots(machine.snapshots, false)] : []),
    '\n',
  ].join('');
}

const teleporter = ({ teleporter: { enabled, port, address } }: Machine): string => line('Teleporting', enabled ? `enabled (Address ${address || '0.0.0.0'}, Port ${port})` : 'disabled');

function storage(controllers: readonly StorageController[]): string {
  if (controllers.length === 0) return line('Storage Controllers', '<none>');
  return ['Storage Controllers:\n', ...controllers.map(controller)].join('');
}

function controller({ name, chipset, portCount, bootable, attachments: attached }: StorageController, index: number): string {
  const title = `#${index}: '${name}', Type: ${chipset}, Instance: 0, Ports: ${portCount} (max ${portCount}), ${bootable ? 'Bootable' : 'Not bootable'}\n`;
  return [
    title,
    ...attached.map(({ port, device, medium }) =>
      medium ? `  Port ${port}, Unit ${device}: UUID: ${medium.uuid}\n    Location: "${medium.path}"\n` : `  Port ${port}, Unit ${device}: Empty\n`,
    ),
  ].join('');
}

function adapter({ slot, attachment, card, mac, cableConnected, forwards, localhostReachable, notice }: Adapter): string {
  if (attachment === 'none') return line(`NIC ${slot}`, 'disabled');
  const text = `MAC: ${mac}, Attachment: ${attachments[attachment]}, Cable connected: ${onOff(cableConnected)}, Type: ${card}, Reported speed: 0 Mbps`;
  const nat = attachment === 'nat' ? [...(localhostReachable ? [line(`NIC ${slot} Settings`, "the host's own loopback is reachable")] : []), ...forwards.map((rule, index) => forward(slot, index, rule))] : [];
  return line(`NIC ${slot}`, text) + nat.join('') + (notice === null ? '' : line(`NIC ${slot} notice`, notice));
}

const forward = (slot: number, index: number, { name, protocol, hostAddress, hostPort, guestAddress, guestPort }: PortForward): string =>
  `NIC ${slot} Rule(${index}):   name = ${name}, protocol = ${protocol}, host ip = ${hostAddress}, host port = ${hostPort}, guest ip = ${guestAddress}, guest port = ${guestPort}\n`;

function serialPort({ slot, enabled, ioBase, irq, mode, path }: SerialPort): string {
  if (!enabled) return line(`UART ${slot}`, 'disabled');
  const other = { disconnected: 'disconnected', server: `attached to pipe (server) '${path}'`, client: `attached to pipe (client) '${path}'`, file: `attached to raw file '${path}'`, guestagent: 'asks the guest agent about logins' };
  return line(`UART ${slot}`, `I/O base: ${hexadecimal(ioBase)}, IRQ: ${irq}, ${other[mode]}`);
}

function vrde({ vrde: settings, run }: Machine): string {
  if (!settings.enabled && !run?.vrde.port) return line('VRDE', 'disabled');
  const address = settings.addresses || '0.0.0.0';
  const multi = `MultiConn: ${onOff(settings.multiConnection)}, ReuseSingleConn: ${onOff(settings.reuseConnection)}`;
  return [
    line('VRDE', `enabled (Address ${address}, Ports ${settings.ports}, ${multi}, Authentication type: ${settings.authType})`),
    ...(run?.vrde.port ? [line('VRDE port', run.vrde.port)] : []),
    ...(run?.vrde.problem ? [line('VRDE problem', run.vrde.problem)] : []),
    line('Video redirection', settings.videoChannel ? `enabled (Quality ${settings.videoChannelQuality})` : 'disabled'),
    ...Object.entries(settings.properties).map(([name, value]) => `VRDE property               : ${name.padEnd(10)} = ${value === null ? '<not set>' : `"${value}"`}\n`),
    line('VRDE channels', 'none: audio, upstream audio, clipboard, USB and device redirection are not there yet; their switches are kept'),
  ].join('');
}

/** The remote display's sessions; only a machine that runs has any. */
function connection({ run }: Machine, now: number): string {
  if (!run) return '';
  const { clients, clientsSoFar, lastStart, lastEnd } = run.vrde;
  const last = [...(lastStart ? [line('Last started', sessionTime(lastStart))] : []), ...(lastEnd ? [line('Last ended', sessionTime(lastEnd))] : [])];
  const lines = [line('VRDE Connection', clients.length > 0 ? 'active' : 'not active'), line('Clients so far', clientsSoFar)];
  if (clients.length === 0) return [...lines, ...last, '\n'].join('');
  for (const client of clients) {
    const elapsed = now - Date.parse(client.since);
    const speed = (bytes: number): string => `${elapsed > 0 ? Math.round((bytes * 1000) / elapsed) : 0} B/s`;
    lines.push(
      line('Start time', sessionTime(client.since)),
      line('Duration', duration(elapsed)),
      line('Sent', `${client.bytesSent} Bytes`),
      line('Average speed', speed(client.bytesSent)),
      line('Received', `${client.bytesReceived} Bytes`),
      line('Average speed', speed(client.bytesReceived)),
      line('User name', client.user),
      line('Domain', client.domain),
      line('Client name', client.clientName),
      line('Client IP', client.address),
      line('Client version', client.clientVersion),
      line('Encryption', client.encryption),
      ...(client.dropped.length ? [line('Dropped', client.dropped.map(({ feature, messages }) => `${messages} of ${feature}`).join(', '))] : []),
    );
  }
  return [...lines, '\n'].join('');
}
