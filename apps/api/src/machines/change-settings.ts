/** What `modifyvm` does to a machine's settings. Pure: settings and changes in, settings out, or an error that changes nothing. */
import { isAbsolute } from 'node:path';
import { invalid, unsupported } from '../http/api-error.js';
import { osTypeOf } from '../ostypes/table.js';
import { requireGuestAgent } from '../vrde/guest-agent.js';
import { changeVrde } from '../vrde/settings.js';
import { requireBootable, serialPorts, withinLimits } from './limits.js';
import { requireName } from './names.js';
import { changeForwards } from './port-forwards.js';
import type { AdapterChange, MachineChanges, SerialPortChange } from './requests.dto.js';
import { type AdapterSettings, type HardwareSettings, type MachineSettings, newMac, type SerialPortSettings } from './settings.js';
import { adapterTypes, type AdapterType, attachmentModes, type AttachmentMode, cardTypes } from './words.js';

/** @throws ApiError naming the value and what may be used instead */
export function changeSettings(settings: MachineSettings, changes: MachineChanges): MachineSettings {
  const osType = osTypeOf(changes.osType ?? settings.osType);
  const changed = {
    ...settings,
    name: changes.name === undefined ? settings.name : requireName(changes.name),
    osType: osType.id,
    description: changes.description ?? settings.description,
    hardware: changeHardware(settings.hardware, changes, osType.adapterType),
    vrde: changes.vrde ? changeVrde(settings.vrde, changes.vrde) : settings.vrde,
  };
  if (changes.vrde?.authType !== undefined || changes.serialPorts !== undefined) requireGuestAgent(changed);
  return changed;
}

function changeHardware(hardware: HardwareSettings, changes: MachineChanges, usualCard: string): HardwareSettings {
  const { memoryMiB, vramMiB, cpus, monitorCount } = changes;
  return {
    memoryMiB: memoryMiB === undefined ? hardware.memoryMiB : withinLimits('memoryMiB', memoryMiB),
    vramMiB: vramMiB === undefined ? hardware.vramMiB : withinLimits('vramMiB', vramMiB),
    cpus: cpus === undefined ? hardware.cpus : withinLimits('cpus', cpus),
    monitorCount: monitorCount === undefined ? hardware.monitorCount : withinLimits('monitorCount', monitorCount),
    cpuidPortabilityLevel: changes.cpuidPortabilityLevel ?? hardware.cpuidPortabilityLevel,
    acpi: changes.acpi ?? hardware.acpi,
    rtcUseUtc: changes.rtcUseUtc ?? hardware.rtcUseUtc,
    boot: changes.boot ? changes.boot.map(requireBootable) : hardware.boot,
    adapters: changeSlots(hardware.adapters, changes.adapters ?? [], 'network adapter', (adapter, change) => changeAdapter(adapter, change, usualCard)),
    serialPorts: changeSlots(hardware.serialPorts, changes.serialPorts ?? [], 'serial port', changeSerialPort),
  };
}

function changeSlots<T extends { readonly slot: number }, C extends { readonly slot: number }>(all: readonly T[], changes: readonly C[], noun: string, change: (current: T, change: C) => T): readonly T[] {
  const twice = changes.find(({ slot }, index) => changes.findIndex((other) => other.slot === slot) !== index);
  if (twice) throw invalid(`${noun} ${twice.slot} is named twice`);
  return all.map((current) => {
    const asked = changes.find(({ slot }) => slot === current.slot);
    return asked ? change(current, asked) : current;
  });
}

/** @param usualCard the type that is usual for the guest's system, which need not be one that the engine has */
function changeAdapter(adapter: AdapterSettings, change: AdapterChange, usualCard: string): AdapterSettings {
  return {
    slot: adapter.slot,
    attachment: change.attachment === undefined ? adapter.attachment : attachmentOf(change.slot, change.attachment),
    type: change.type === undefined ? adapter.type : requireCard(adapterTypeOf(change.slot, change.type), adapter, usualCard),
    mac: change.mac === undefined ? adapter.mac : macOf(change.slot, change.mac),
    cableConnected: change.cableConnected ?? adapter.cableConnected,
    forwards: change.forwards ? changeForwards(change.slot, adapter.forwards, change.forwards) : adapter.forwards,
    localhostReachable: change.localhostReachable ?? adapter.localhostReachable,
  };
}

/** A type that the engine has, or one that was not chosen: the usual one of the guest's system, and what is set already. */
function requireCard(type: AdapterType, { slot, type: current }: AdapterSettings, usualCard: string): AdapterType {
  if ((cardTypes as readonly string[]).includes(type) || type === usualCard || type === current) return type;
  throw unsupported(`network adapter ${slot}: the embedded engine has no card of type '${type}': use one of ${cardTypes.join(', ')}`);
}

const known: readonly string[] = attachmentModes;

export function attachmentOf(slot: number, attachment: string): AttachmentMode {
  const mode = attachment.toLowerCase();
  if (known.includes(mode)) return mode as AttachmentMode;
  throw unsupported(`network adapter ${slot}: attachment '${attachment}' is not supported: use nat, null (a card without a cable) or none`);
}

export function adapterTypeOf(slot: number, type: string): AdapterType {
  const found = adapterTypes.find((name) => name.toLowerCase() === type.toLowerCase());
  if (!found) throw unsupported(`network adapter ${slot}: card type '${type}' is not supported: use one of ${cardTypes.join(', ')}`);
  return found;
}

/** @throws ApiError for what is no unicast address */
export function macOf(slot: number, mac: string): string {
  if (mac.toLowerCase() === 'auto') return newMac();
  const digits = mac.replace(/[:-]/g, '').toUpperCase();
  if (!/^[0-9A-F]{12}$/.test(digits)) throw invalid(`network adapter ${slot}: MAC address '${mac}' is not twelve hexadecimal digits: give them, or 'auto' for a new one`);
  if (parseInt(digits.slice(0, 2), 16) & 1) throw invalid(`network adapter ${slot}: MAC address '${mac}' is a multicast address: the second digit must be even`);
  return digits;
}

/** A port that is switched on without words about its address has the PC's usual one. @throws ApiError */
export function changeSerialPort(port: SerialPortSettings, change: Omit<SerialPortChange, 'slot'>): SerialPortSettings {
  const usual = serialPorts.find(({ slot }) => slot === port.slot)!;
  const enabled = change.enabled ?? port.enabled;
  const ioBase = change.ioBase ?? port.ioBase;
  const irq = change.irq ?? port.irq;
  if (enabled && (ioBase !== usual.ioBase || irq !== usual.irq)) {
    const hex = (base: number): string => `0x${base.toString(16)}`;
    throw unsupported(`serial port ${port.slot}: address ${hex(ioBase)} with interrupt ${irq} is not supported by the embedded engine: use ${hex(usual.ioBase)} and ${usual.irq}`);
  }
  const mode = change.mode ?? port.mode;
  const needsPath = mode !== 'disconnected' && mode !== 'guestagent';
  const path = !needsPath ? null : change.path === undefined ? port.path : change.path;
  if (needsPath && !path) throw invalid(`serial port ${port.slot}: mode '${mode}' needs a path`);
  if (path && !isAbsolute(path)) throw invalid(`serial port ${port.slot}: path '${path}' is not absolute`);
  return { slot: port.slot, enabled, ioBase: enabled ? ioBase : usual.ioBase, irq: enabled ? irq : usual.irq, mode, path };
}
