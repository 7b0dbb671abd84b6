/** What of a machine has to be the same on both sides of a move: what its guest can see. */
import { createHash } from 'node:crypto';
import type { HardwareSpec } from '@belvedere/control';
import { type Firmware, hardwareOf, type HardwareSettings, v86Engine } from '@belvedere/emulator';
import { type Description, PAGE_SIZE, type Plain } from '@belvedere/teleport';

const hash = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

export async function describeMachine(hardware: HardwareSpec, settings: HardwareSettings, { bios, vgaBios }: Firmware): Promise<Description> {
  return {
    engine: { name: hardware.engine, version: v86Engine.version },
    firmware: { bios: hash(bios), 'video BIOS': hash(vgaBios) },
    hardware: { ...hardwareOf(settings), boot: hardware.boot, 'clock holds UTC': hardware.rtcUseUtc, ...(await contents(settings)) },
    features: v86Engine.cpuFeatures(settings.cpuPortabilityLevel ?? 0),
    snapshots: 0,
    memoryBytes: v86Engine.movingPages(settings) * PAGE_SIZE,
  };
}

/** Media that nobody writes: what they begin with, since no lock shows that they are the same. */
async function contents({ drives }: HardwareSettings): Promise<Record<string, Plain>> {
  const found: Record<string, Plain> = {};
  for (const { slot, device } of drives) if (device?.readOnly) found[`contents of ${slot}`] = hash(await device.read(0, Math.min(device.size, 1 << 20)));
  return found;
}
