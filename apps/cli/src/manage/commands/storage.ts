/** `storagectl` and `storageattach`: a machine's controllers and what is attached to them. */
import type { AddStorageController, DriveType } from '@belvedere/client';
import { resolve } from 'node:path';
import { command, option, UsageError, word } from '../../table/command.js';
import { BadValue, choice, isUuid, machine, named, onOff, type ValueType, whole } from '../../table/value.js';

interface Controller extends Partial<AddStorageController> {
  ref: string;
  remove: boolean;
}

export const storagectl = command<Controller>({
  name: 'storagectl',
  summary: 'Add or remove a storage controller',
  fresh: () => ({ ref: '', remove: false }),
  words: [word({ value: machine, set: (request: Controller, ref) => (request.ref = ref) })],
  options: [
    option({ name: 'name', value: named('name', 'IDE Controller'), help: "the controller's name", set: (request: Controller, name) => (request.name = name) }),
    option({
      name: 'add',
      value: choice(['ide', 'floppy'], ['sata', 'scsi', 'sas', 'usb', 'pcie', 'virtio', 'virtio-scsi']),
      help: 'add a controller of this kind',
      set: (request: Controller, bus) => (request.bus = bus),
    }),
    option({
      name: 'controller',
      also: ['type'],
      value: choice(['PIIX3', 'PIIX4', 'ICH6', 'I82078'], ['LSILogic', 'LSILogicSAS', 'BusLogic', 'IntelAHCI', 'USB', 'NVMe', 'VirtIO']),
      help: 'its chipset',
      set: (request: Controller, chipset) => (request.chipset = chipset),
    }),
    option({ name: 'portcount', also: ['sataportcount'], value: whole('count', 1, 30), help: 'how many ports it has', set: (request: Controller, count) => (request.portCount = count) }),
    option({ name: 'bootable', value: onOff, help: 'the machine may start from what is attached to it', set: (request: Controller, on) => (request.bootable = on) }),
    option({ name: 'remove', help: 'remove the controller and detach what it has', set: (request: Controller) => (request.remove = true) }),
  ],
  unsupported: ['hostiocache', 'rename'],
  check({ name, bus, chipset, portCount, bootable, remove }) {
    if (name === undefined) throw new UsageError("'storagectl' needs --name <name>");
    if (remove && (bus ?? chipset ?? portCount ?? bootable) !== undefined) throw new UsageError('--remove takes no further options but --name');
    if (!remove && bus === undefined) throw new UsageError("'storagectl' needs --add <kind> or --remove");
  },
  async run({ ref, remove, name = '', bus = '', ...rest }, { client }) {
    if (remove) await client.request('DELETE /machines/{ref}/storage-controllers/{name}', { path: { ref, name } });
    else await client.request('POST /machines/{ref}/storage-controllers', { path: { ref }, body: { name, bus, ...rest } });
  },
});

interface Attachment {
  ref: string;
  controller?: string;
  port?: number;
  device?: number;
  type?: DriveType;
  medium?: string | null;
  force?: true;
}

/** What `--medium` takes; `null` detaches the drive. */
const medium: ValueType<string | null> = {
  syntax: 'none|emptydrive|<uuid|filename>',
  example: ['WinXP.vdi'],
  free: true,
  read(words) {
    const found = words.next('none, emptydrive, a UUID or a filename');
    if (found === 'none') return null;
    if (found === 'emptydrive') return found;
    if (found === 'additions' || found === 'iscsi' || found.startsWith('host:')) {
      throw new BadValue(`'${found}' is not supported by this version of Belvedere; use none, emptydrive, a UUID or a filename`);
    }
    if (!found) throw new BadValue('must be none, emptydrive, a UUID or a filename');
    return isUuid(found) ? found.replace(/[{}]/g, '').toLowerCase() : resolve(found);
  },
};

export const storageattach = command<Attachment>({
  name: 'storageattach',
  summary: "Attach a drive or a medium, or take it away again",
  fresh: () => ({ ref: '' }),
  words: [word({ value: machine, set: (request: Attachment, ref) => (request.ref = ref) })],
  options: [
    option({ name: 'storagectl', value: named('name', 'IDE Controller'), help: "the controller's name", set: (request: Attachment, name) => (request.controller = name) }),
    option({ name: 'port', value: whole('port', 0, 255), help: 'its port; may be left out where there is but one', set: (request: Attachment, port) => (request.port = port) }),
    option({ name: 'device', value: whole('device', 0, 255), help: 'the device at that port; may be left out where there is but one', set: (request: Attachment, device) => (request.device = device) }),
    option({ name: 'type', value: choice<DriveType>(['hdd', 'dvddrive', 'fdd']), help: 'the kind of drive', set: (request: Attachment, type) => (request.type = type) }),
    option({ name: 'medium', value: medium, help: 'what is in the drive; none: the drive is taken away', set: (request: Attachment, found) => (request.medium = found) }),
    option({ name: 'forceunmount', help: 'also where the running guest has locked the tray', set: (request: Attachment) => (request.force = true) }),
  ],
  unsupported: [
    ...['mtype', 'comment', 'setuuid', 'setparentuuid', 'passthrough', 'tempeject', 'nonrotational', 'discard', 'hotpluggable', 'bandwidthgroup', 'server', 'target'],
    ...['tport', 'lun', 'encodedlun', 'username', 'password', 'passwordfile', 'initiator', 'intnet'],
  ],
  check({ controller, medium: found }) {
    if (controller === undefined) throw new UsageError("'storageattach' needs --storagectl <name>");
    if (found === undefined) throw new UsageError("'storageattach' needs --medium none|emptydrive|<uuid|filename>");
  },
  async run({ ref, controller: name = '', port, device, type, force, medium: found = null }, { client }) {
    const place = port !== undefined && device !== undefined ? { port, device } : await onlyPlace();
    await client.request('PUT /machines/{ref}/storage-controllers/{name}/attachments', { path: { ref, name }, body: { ...place, ...(type && { type }), ...(force && { force }), medium: found } });

    /** What was left out is no question where the controller has but one port, or one device at each. */
    async function onlyPlace(): Promise<{ port: number; device: number }> {
      const { storageControllers } = await client.request('GET /machines/{ref}', { path: { ref } });
      const { portCount = 1, devicesPerPort = 1 } = storageControllers.find((controller) => controller.name === name) ?? {};
      if (port === undefined && portCount > 1) throw new UsageError(`controller '${name}' has ${portCount} ports: say which with --port`, 'storageattach');
      if (device === undefined && devicesPerPort > 1) throw new UsageError(`controller '${name}' has ${devicesPerPort} devices at each port: say which with --device`, 'storageattach');
      return { port: port ?? 0, device: device ?? 0 };
    }
  },
});
