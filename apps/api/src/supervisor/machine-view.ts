/** A machine as the API shows it: its settings, its state and, while it runs, its run. */
import { Injectable } from '@nestjs/common';
import { dirname, join } from 'node:path';
import { osTypeOf } from '../ostypes/table.js';
import { addressesOf, portsOf, type VrdeSettings } from '../vrde/settings.js';
import { defaultOf, isVideoOn, propertyNames, videoQualityOf } from '../vrde/properties.js';
import { describeStatus } from '../vrde/status.js';
import { usersWithoutHash } from '../vrde/simple-users.js';
import { busLimits } from '../machines/limits.js';
import type { Adapter, Machine, Run, Snapshot, StorageController, VrdeSettings as VrdeAnswer } from '../machines/machine.dto.js';
import type { MachineRecord } from '../machines/machine-rows.js';
import type { AdapterSettings, MachineSettings, StorageControllerSettings } from '../machines/settings.js';
import { cardOf, cardTypes } from '../machines/words.js';
import type { RunningMachine } from './running-machine.js';
import { SnapshotStore } from '../snapshots/snapshot.store.js';
import type { SnapshotRecord } from '../snapshots/stored.js';
import { StateStore } from './state.store.js';
import { Supervisor } from './supervisor.js';

/** A process that takes longer than this to say how it is, in milliseconds, is shown as it last said. */
const statusLimit = 2000;

@Injectable()
export class MachineView {
  constructor(
    private readonly states: StateStore,
    private readonly supervisor: Supervisor,
    private readonly snapshots: SnapshotStore,
  ) {}

  async of(record: MachineRecord): Promise<Machine> {
    const { uuid } = record.settings;
    const machine = this.supervisor.running(uuid);
    const run = machine ? await runOf(machine) : null;
    // Read last: a machine that ended meanwhile is shown as off.
    const { state, changedAt, reason } = await this.states.get(uuid);
    const isGone = run !== null && this.supervisor.running(uuid) === undefined;
    const snapshots = (await this.snapshots.list(uuid)).map(describeSnapshot);
    return { ...describe(record), snapshots, registered: true, state, stateChangedAt: changedAt, stateReason: reason, run: isGone ? null : run };
  }

  /** A machine of which only the settings file was written. */
  unregistered(record: MachineRecord): Machine {
    return { ...describe(record), snapshots: [], registered: false, state: 'poweroff', stateChangedAt: new Date().toISOString(), stateReason: null, run: null };
  }
}

async function runOf(machine: RunningMachine): Promise<Run> {
  const late: string[] = [];
  try {
    machine.status = await machine.request('status', {}, statusLimit);
  } catch {
    late.push("the machine's process does not answer: what is shown is what it last said");
  }
  const { pid, vrde, screens, notices } = machine.status;
  return {
    pid,
    startedAt: machine.startedAt,
    vrde: describeStatus(vrde),
    screens: screens.map((screen) => ({ ...screen })),
    notices: [...notices, ...late],
  };
}

function describe({ settings, settingsFile }: MachineRecord): Omit<Machine, 'snapshots' | 'registered' | 'state' | 'stateChangedAt' | 'stateReason' | 'run'> {
  const { uuid, name, osType, description, hardware, vrde, teleporter, storageControllers } = settings;
  const folder = dirname(settingsFile);
  return {
    uuid,
    name,
    osType,
    description,
    settingsFile,
    folder,
    logFolder: join(folder, 'Logs'),
    engine: 'v86',
    ...hardware,
    boot: [...hardware.boot],
    adapters: hardware.adapters.map(describeAdapter),
    serialPorts: hardware.serialPorts.map((port) => ({ ...port })),
    vrde: describeVrde(vrde),
    teleporter: { enabled: teleporter.enabled, port: teleporter.port, address: teleporter.address, hasPassword: teleporter.key !== '' },
    storageControllers: storageControllers.map(describeController),
    notices: noticesOf(settings),
  };
}

const describeSnapshot = ({ uuid, name, description, parent, takenAt, online, current }: SnapshotRecord): Snapshot => ({ uuid, name, description, parentUuid: parent, takenAt, online, current });

const describeAdapter = (adapter: AdapterSettings): Adapter => {
  const card = cardOf(adapter.type);
  return {
    ...adapter,
    card,
    forwards: adapter.forwards.map((forward) => ({ ...forward })),
    notice: adapter.attachment !== 'none' && card !== adapter.type ? `the embedded engine has no ${adapter.type}: the guest finds an NE2000 (RTL8029) in its place; the cards there are: ${cardTypes.join(', ')}` : null,
  };
};

const describeVrde = (vrde: VrdeSettings): VrdeAnswer => ({
  enabled: vrde.enabled,
  ports: portsOf(vrde),
  addresses: addressesOf(vrde),
  authType: vrde.authType,
  authLibrary: vrde.authLibrary,
  multiConnection: vrde.multiConnection,
  reuseConnection: vrde.reuseConnection,
  videoChannel: isVideoOn(vrde.properties),
  videoChannelQuality: videoQualityOf(vrde.properties),
  properties: Object.fromEntries(propertyNames.map((name) => [name, vrde.properties[name] ?? defaultOf(name)])),
});

const describeController = ({ name, bus, chipset, portCount, bootable, attachments }: StorageControllerSettings): StorageController => ({
  name,
  bus,
  chipset,
  portCount,
  devicesPerPort: busLimits[bus].devicesPerPort,
  bootable,
  attachments: attachments.map(({ port, device, type, medium }) => ({ port, device, type, medium: medium && { uuid: medium.uuid, type: medium.type, path: medium.path } })),
});

/** What is to be known of the machine as a whole; an adapter says for itself what it lacks. */
function noticesOf({ osType, vrde, teleporter, extraData }: MachineSettings): string[] {
  const notices: string[] = [];
  if (osTypeOf(osType).is64Bit) notices.push(`guest system type ${osType}: the embedded engine has a 32-bit processor, on which a 64-bit system does not start`);
  if (vrde.enabled && vrde.authType === 'null') notices.push("remote display: with authentication type 'null' anyone who reaches its port may see and use the machine");
  if (vrde.authType === 'external') notices.push(...usersWithoutHash(extraData).map((user) => `remote display: what is stored in VBoxAuthSimple/users/${user} is no hash of a password, so '${user}' cannot log in with VBoxAuthSimple: set it again`));
  if (teleporter.enabled && teleporter.key === '') notices.push('teleporter: without a password whoever reaches its port while it waits may bring a machine: set one with --teleporter-password-file');
  return notices;
}
