/** A machine for tests of its process: small, with nothing in it that a test does not ask for. */
import { join } from 'node:path';
import type { MachineSpec } from '@belvedere/control';

/** What a test wants to be otherwise: parts of the hardware and of the remote display, or whole settings. */
export type Changes = Partial<Omit<MachineSpec, 'hardware' | 'vrde'>> & { readonly hardware?: Partial<MachineSpec['hardware']>; readonly vrde?: Partial<MachineSpec['vrde']> };

/** @param folder where all its files are, named after it */
export const machineSpec = (folder: string, name: string, { hardware, vrde, ...changes }: Changes = {}): MachineSpec => ({
  uuid: '6f1c2d9a-0000-4000-8000-000000000001',
  name,
  folder,
  controlSocket: join(folder, `${name}.sock`),
  exitFile: join(folder, `${name}.exit`),
  auditFile: join(folder, `${name}.audit`),
  identityFolder: join(folder, 'identity'),
  startPaused: false,
  stateFile: join(folder, `${name}.sav`),
  restore: false,
  ...changes,
  hardware: {
    engine: 'v86',
    memoryMiB: 32,
    vramMiB: 8,
    cpus: 1,
    monitorCount: 1,
    acpi: true,
    rtcUseUtc: true,
    boot: ['disk', 'none', 'none', 'none'],
    drives: [],
    serialPorts: [],
    adapters: [],
    ...hardware,
  },
  vrde: { enabled: true, ports: [0], addresses: ['127.0.0.1'], authType: 'null', authLibrary: '', multiConnection: false, reuseConnection: false, simpleUsers: {}, properties: {}, ...vrde },
});
