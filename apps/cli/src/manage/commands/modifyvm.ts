/** `modifyvm`: the settings of a machine that is off. Each option changes one of them; all are sent as one change. */
import type { AdapterChange, BootDevice, MachineChanges, SerialPortChange, TeleporterChanges, VrdeChanges } from '@belvedere/client';
import { resolve } from 'node:path';
import { command, option, type Option, UsageError, word } from '../../table/command.js';
import { passwordIn } from '../../edge/password-file.js';
import { BadValue, cardType, choice, forwardChange, library, mac, machine, named, onOff, path, ports, property, text, type ValueType, whole } from '../../table/value.js';

interface Request {
  ref: string;
  changes: MachineChanges;
  /** By boot position, 1 to 4; positions that were not named stay as they are. */
  boot: Map<number, BootDevice>;
  passwordFile: string;
}

const setting = <V>(name: string, value: ValueType<V>, help: string, change: (changes: MachineChanges, value: V) => void, also: readonly string[] = []): Option<Request> =>
  option({ name, also, value, help, set: ({ changes }: Request, chosen: V) => change(changes, chosen) });

const vrde = <V>(name: string, value: ValueType<V>, help: string, change: (changes: VrdeChanges, value: V) => void): Option<Request> =>
  setting(name, value, help, (changes, chosen) => change((changes.vrde ??= {}), chosen));

const teleporter = <V>(name: string, value: ValueType<V>, help: string, change: (changes: TeleporterChanges, value: V) => void): Option<Request> =>
  setting(name, value, help, (changes, chosen) => change((changes.teleporter ??= {}), chosen));

/** The change of one slot, begun by whichever of its options comes first. */
function slotIn<C extends { slot: number }>(list: C[], slot: number): C {
  const found = list.find((change) => change.slot === slot) ?? ({ slot } as C);
  if (!list.includes(found)) list.push(found);
  return found;
}

const adapter = <V>(name: string, value: ValueType<V>, help: string, change: (adapter: AdapterChange, value: V) => void): Option<Request> =>
  option({ name: `${name}<1-8>`, value, help, set: ({ changes }: Request, chosen: V, slot) => change(slotIn((changes.adapters ??= []), slot), chosen) });

const serial = <V>(name: string, value: ValueType<V>, help: string, change: (port: SerialPortChange, value: V) => void): Option<Request> =>
  option({ name: `${name}<1-4>`, value, help, set: ({ changes }: Request, chosen: V, slot) => change(slotIn((changes.serialPorts ??= []), slot), chosen) });

/** `off`, or an I/O base and an interrupt as two words. */
const uart: ValueType<Partial<SerialPortChange>> = {
  syntax: 'off|<I/O base> <IRQ>',
  example: ['0x3f8', '4'],
  read(words) {
    const first = words.next('off, or an I/O base and an IRQ');
    if (first === 'off') return { enabled: false };
    const numbers = { ioBase: whole('I/O base', 1, 0xffff), irq: whole('IRQ', 0, 15) };
    return { enabled: true, ioBase: numbers.ioBase.read({ next: () => first }), irq: numbers.irq.read(words) };
  },
};

/** What is at the other end of a serial port; `guestagent`: whoever judges the logins, for authentication type `guest`. */
const uartMode: ValueType<Partial<SerialPortChange>> = {
  syntax: 'disconnected|server <socket>|client <socket>|file <filename>|guestagent',
  example: ['server', '/tmp/com1.sock'],
  read(words) {
    const mode = choice(['disconnected', 'server', 'client', 'file', 'guestagent'], ['tcpserver', 'tcpclient']).read(words);
    if (mode === 'disconnected' || mode === 'guestagent') return { mode, path: null };
    const file = words.next(mode === 'file' ? 'a filename' : 'the path of a unix socket');
    if (!file) throw new BadValue(`'${mode}' needs a path`);
    return { mode, path: resolve(file) };
  },
};

export const modifyvm = command<Request>({
  name: 'modifyvm',
  summary: 'Change the settings of a machine that is off',
  fresh: () => ({ ref: '', changes: {}, boot: new Map(), passwordFile: '' }),
  words: [word({ value: machine, set: (request: Request, ref) => (request.ref = ref) })],
  options: [
    setting('name', named('name', 'Windows XP'), 'rename it', (changes, name) => (changes.name = name)),
    setting('os-type', text('ostype', 'WindowsXP'), "its system's type, as 'list ostypes' names them", (changes, type) => (changes.osType = type)),
    setting('description', text('text', 'our web server'), 'a text for people', (changes, description) => (changes.description = description)),
    setting('memory', whole('MB', 1, 1 << 24, '256'), "the guest's memory", (changes, size) => (changes.memoryMiB = size)),
    setting('vram', whole('MB', 0, 4096, '16'), "the guest's video memory", (changes, size) => (changes.vramMiB = size)),
    setting('cpus', whole('count', 1, 1024), 'how many processors the guest sees', (changes, count) => (changes.cpus = count)),
    setting('cpuid-portability-level', whole('level', 0, 3), "the higher, the fewer features the guest's processor has: 0 all; 1 without rdrand, popcnt and erms; 2 also without SSE3; 3 also without SSE and SSE2", (changes, level) => (changes.cpuidPortabilityLevel = level)),
    setting('monitor-count', whole('count', 1, 64), 'how many screens the guest sees: 1 to 4 on the embedded engine, each a display adapter of its own', (changes, count) => (changes.monitorCount = count)),
    setting('acpi', onOff, 'ACPI tables and the power button', (changes, on) => (changes.acpi = on)),
    setting('rtc-use-utc', onOff, "the guest's clock is set to UTC instead of local time", (changes, on) => (changes.rtcUseUtc = on)),
    option({
      name: 'boot<1-4>',
      value: choice(['none', 'floppy', 'dvd', 'disk', 'net']),
      help: 'what is tried first to fourth when the machine starts',
      set: ({ boot }: Request, device, slot) => void boot.set(slot, device),
    }),
    adapter('nic', choice(['none', 'null', 'nat'], ['bridged', 'intnet', 'hostonly', 'hostonlynet', 'generic', 'natnetwork', 'cloud']), 'what a network card is attached to', (card, attachment) => {
      card.attachment = attachment;
    }),
    adapter('nic-type', cardType, "which network card it is; one that is usual for the guest's system and that the engine has not is kept, and an NE2000 stands for it", (card, type) => (card.type = type)),
    adapter('mac-address', mac, 'its hardware address', (card, address) => (card.mac = address)),
    adapter('cable-connected', onOff, 'its cable is plugged in', (card, on) => (card.cableConnected = on)),
    adapter('nat-pf', forwardChange, 'a port of the host leads to a port of the guest, by NAT; may be given several times', (card, change) => void (card.forwards ??= []).push(change)),
    adapter('nat-localhostreachable', onOff, "by NAT, the guest reaches the host's own loopback at its gateway's address", (card, on) => (card.localhostReachable = on)),
    serial('uart', uart, 'a serial port', (port, change) => Object.assign(port, change)),
    serial('uart-mode', uartMode, "what is at the serial port's other end", (port, change) => Object.assign(port, change)),
    vrde('vrde', onOff, 'the remote display', (changes, on) => (changes.enabled = on)),
    vrde('vrde-port', ports, 'its ports: the first free one is bound', (changes, list) => (changes.ports = list)),
    vrde('vrde-address', text('address[,address...]', '127.0.0.1'), 'its addresses; empty: all of the host', (changes, list) => (changes.addresses = list)),
    vrde('vrde-auth-type', choice(['null', 'external', 'guest']), 'who judges a login: null lets anyone in, external asks the library, guest asks the guest agent for the accounts inside', (changes, type) => (changes.authType = type)),
    vrde('vrde-auth-library', library, "the library that judges where the type is external; default: 'setproperty vrdeauthlibrary'", (changes, chosen) => {
      changes.authLibrary = chosen === 'default' ? null : chosen;
    }),
    vrde('vrde-multi-con', onOff, 'several viewers at once', (changes, on) => (changes.multiConnection = on)),
    vrde('vrde-reuse-con', onOff, 'a new viewer takes over from the one before', (changes, on) => (changes.reuseConnection = on)),
    vrde('vrde-video-channel', onOff, 'moving pictures are sent as video', (changes, on) => (changes.videoChannel = on)),
    vrde('vrde-video-channel-quality', whole('percent', 10, 100, '75'), 'the quality of that video', (changes, quality) => (changes.videoChannelQuality = quality)),
    vrde('vrde-property', property, 'one of its properties; may be given several times', (changes, [name, value]) => {
      (changes.properties ??= {})[name] = value;
    }),
    teleporter('teleporter', onOff, 'starting it waits for a machine that is teleported here, instead of booting', (changes, on) => (changes.enabled = on)),
    teleporter('teleporter-port', whole('port', 1, 65535, '6000'), 'the port on which it waits', (changes, port) => (changes.port = port)),
    teleporter('teleporter-address', text('address', '127.0.0.1'), 'the address on which it waits; empty: all of the host', (changes, address) => (changes.address = address)),
    teleporter('teleporter-password', text('password', 'secret'), 'what a source has to know; others on this host can see it while the command runs', (changes, password) => (changes.password = password)),
    option({ name: 'teleporter-password-file', value: path('filename', 'teleporter.password'), help: 'a file whose first line it is', set: (request: Request, file) => (request.passwordFile = file) }),
  ],
  unsupported: [
    ...['groups', 'icon-file', 'page-fusion', 'ioapic', 'hardware-uuid', 'cpu-hotplug', 'plug-cpu', 'unplug-cpu', 'cpu-execution-cap', 'pae', 'x86-pae', 'long-mode', 'x86-long-mode'],
    ...['ibpb-on-vm-exit', 'ibpb-on-vm-entry', 'spec-ctrl', 'l1d-flush-on-sched', 'l1d-flush-on-vm-entry', 'mds-clear-on-sched', 'mds-clear-on-vm-entry', 'cpu-profile', 'hpet', 'x86-hpet'],
    ...['hwvirtex', 'triple-fault-reset', 'apic', 'x2apic', 'x86-x2apic', 'paravirt-provider', 'paravirt-debug', 'nested-paging', 'large-pages', 'vtx-vpid', 'x86-vtx-vpid', 'vtx-ux'],
    ...['x86-vtx-ux', 'nested-hw-virt', 'virt-vmsave-vmload', 'accelerate-3d', 'accelerate-2d-video', 'chipset', 'iommu', 'tpm-type', 'tpm-location', 'bios-logo-fade-in'],
    ...['bios-logo-fade-out', 'bios-logo-display-time', 'bios-logo-image-path', 'bios-boot-menu', 'bios-apic', 'bios-system-time-offset', 'bios-pxe-debug', 'firmware-logo-fade-in'],
    ...['firmware-logo-fade-out', 'firmware-logo-display-time', 'firmware-logo-image-path', 'firmware-boot-menu', 'firmware-apic', 'firmware-system-time-offset', 'firmware-pxe-debug'],
    ...['system-uuid-le', 'graphicscontroller', 'snapshot-folder', 'firmware', 'guest-memory-balloon', 'default-frontend', 'vm-process-priority', 'vm-execution-engine', 'iocache', 'iocachesize'],
    ...['nic-trace<1-8>', 'nic-trace-file<1-8>', 'nic-property<1-8>', 'nic-speed<1-8>', 'nic-boot-prio<1-8>', 'nic-promisc<1-8>', 'nic-bandwidth-group<1-8>', 'bridge-adapter<1-8>'],
    ...['cloud-network<1-8>', 'host-only-adapter<1-8>', 'host-only-net<1-8>', 'intnet<1-8>', 'nat-network<1-8>', 'nic-generic-drv<1-8>', 'nat-net<1-8>'],
    ...['nat-tftp-prefix<1-8>', 'nat-tftp-file<1-8>', 'nat-tftp-server<1-8>', 'nat-bind-ip<1-8>', 'nat-dns-pass-domain<1-8>', 'nat-dns-proxy<1-8>', 'nat-dns-host-resolver<1-8>'],
    ...['nat-settings<1-8>', 'nat-alias-mode<1-8>', 'nat-forward-broadcast<1-8>', 'nat-enable-tftp<1-8>', 'mouse', 'keyboard', 'uart-type<1-4>', 'lpt<1-2>'],
    ...['lpt-mode<1-2>', 'audio', 'audio-controller', 'audio-codec', 'audio-driver', 'audio-enabled', 'audio-in', 'audio-out', 'clipboard', 'clipboard-mode', 'clipboard-file-transfers'],
    ...['drag-and-drop', 'usb', 'usb-ehci', 'usb-ohci', 'usb-xhci', 'usb-rename', 'usb-card-reader', 'recording', 'recording-screens', 'recording-file', 'recording-max-size'],
    ...['recording-max-time', 'recording-opts', 'recording-video-fps', 'recording-video-rate', 'recording-video-res', 'vrde-extpack'],
    ...['cpuid-set', 'cpuid-remove', 'cpuid-remove-all', 'tracing-enabled', 'tracing-config'],
    ...['tracing-allow-vm-access', 'autostart-enabled', 'autostart-delay', 'guest-debug-provider', 'guest-debug-io-provider', 'guest-debug-address', 'guest-debug-port', 'pci-attach'],
    ...['pci-detach', 'testing-enabled', 'testing-mmio'],
  ],
  check({ changes, boot, passwordFile }) {
    if (changes.teleporter?.password !== undefined && passwordFile) throw new UsageError('give the teleporter a password or a file with one, not both');
    if (Object.keys(changes).length === 0 && boot.size === 0 && !passwordFile) throw new UsageError("'modifyvm' needs an option that says what to change");
  },
  async run({ ref, changes, boot, passwordFile }, { client }) {
    if (passwordFile) (changes.teleporter ??= {}).password = await passwordIn(passwordFile);
    const target = { path: { ref } };
    if (boot.size > 0) {
      const { boot: before } = await client.request('GET /machines/{ref}', target);
      changes.boot = before.map((device, index) => boot.get(index + 1) ?? device);
    }
    await client.request('PATCH /machines/{ref}', { ...target, body: changes });
  },
});
