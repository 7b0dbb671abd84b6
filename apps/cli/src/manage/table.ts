/** VBoxManage's commands by name. Each is loaded when it is typed, so that a short command stays short. */
import type { AnyCommand } from '../table/command.js';

interface Entry {
  readonly name: string;
  readonly also?: readonly string[];
  readonly load: () => Promise<AnyCommand>;
}

export const entries: readonly Entry[] = [
  { name: 'list', load: async () => (await import('./commands/list.js')).list },
  { name: 'showvminfo', load: async () => (await import('./commands/showvminfo.js')).showvminfo },
  { name: 'createvm', load: async () => (await import('./commands/createvm.js')).createvm },
  { name: 'registervm', load: async () => (await import('./commands/registry.js')).registervm },
  { name: 'unregistervm', load: async () => (await import('./commands/registry.js')).unregistervm },
  { name: 'modifyvm', load: async () => (await import('./commands/modifyvm.js')).modifyvm },
  { name: 'startvm', load: async () => (await import('./commands/startvm.js')).startvm },
  { name: 'controlvm', load: async () => (await import('./commands/controlvm.js')).controlvm },
  { name: 'clonevm', load: async () => (await import('./commands/clonevm.js')).clonevm },
  { name: 'snapshot', load: async () => (await import('./commands/snapshot.js')).snapshot },
  { name: 'discardstate', load: async () => (await import('./commands/state.js')).discardstate },
  { name: 'adoptstate', load: async () => (await import('./commands/state.js')).adoptstate },
  { name: 'storagectl', load: async () => (await import('./commands/storage.js')).storagectl },
  { name: 'storageattach', load: async () => (await import('./commands/storage.js')).storageattach },
  { name: 'createmedium', load: async () => (await import('./commands/medium.js')).createmedium },
  { name: 'createhd', also: ['createvdi'], load: async () => (await import('./commands/medium.js')).createhd },
  { name: 'clonemedium', also: ['clonehd', 'clonevdi'], load: async () => (await import('./commands/medium-work.js')).clonemedium },
  { name: 'modifymedium', also: ['modifyhd', 'modifyvdi'], load: async () => (await import('./commands/medium-work.js')).modifymedium },
  { name: 'closemedium', also: ['closehd', 'closedvd', 'closefloppy'], load: async () => (await import('./commands/medium.js')).closemedium },
  { name: 'showmediuminfo', also: ['showhdinfo', 'showvdiinfo'], load: async () => (await import('./commands/medium.js')).showmediuminfo },
  { name: 'setextradata', load: async () => (await import('./commands/extradata.js')).setextradata },
  { name: 'getextradata', load: async () => (await import('./commands/extradata.js')).getextradata },
  { name: 'setproperty', load: async () => (await import('./commands/setproperty.js')).setproperty },
  { name: 'internalcommands', load: async () => (await import('./commands/internalcommands.js')).internalcommands },
];

export async function loadAll(): Promise<readonly AnyCommand[]> {
  const commands: AnyCommand[] = [];
  for (const { load } of entries) commands.push(await load());
  return commands;
}

/** VirtualBox's commands that this version does not have: refused by name. */
export const unsupported: readonly string[] = [
  ...['bandwidthctl', 'checkmediumpwd', 'cloud', 'cloudprofile', 'convertdd', 'convertfromraw', 'convertvdi', 'convertvm'],
  ...['debugvm', 'dhcpserver', 'encryptmedium', 'encryptvm', 'export', 'extpack', 'getproperty', 'guestcontrol', 'guestproperty', 'hostonlyif', 'hostonlynet', 'import'],
  ...['mediumio', 'mediumproperty', 'metrics', 'modifynvram', 'movevm', 'natnetwork', 'openmedium', 'setvmstate', 'sharedfolder', 'signova'],
  ...['unattended', 'updatecheck', 'usbdevsource', 'usbfilter'],
];
